"""What parents were not told, and why; and what is still to be told: the other half of messages.

Each line of either by the time at which an SMS would have gone or is to go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.schedule import LANES
from sms_diary.store.desk.own import Own
from sms_diary.values import value

WINDOW = 10_000
"""Lines that are looked at for one page, or counted."""
_SILENT = "(l.state = 'silent' or l.state = 'expired')"
_DIGITS = 19


@value
class Key:
    """Where a page begins: beyond this line."""

    due: int
    id: int

    @classmethod
    def read(cls, text: str) -> Key | None:
        """«DUE-ID» as `str` writes it; None for anything else."""
        numbers = text.split("-")
        if len(numbers) != len(("due", "id")):
            return None
        if not all(one.isascii() and one.isdigit() and len(one) < _DIGITS for one in numbers):
            return None
        return cls(*map(int, numbers))

    def __str__(self) -> str:
        return f"{self.due}-{self.id}"


NEWEST, OLDEST = Key(10**18, 0), Key(0, 0)


@value
class Wanted:
    """What a list is narrowed by; "", 0 and None: by nothing. Moments are epoch milliseconds."""

    since: int | None = None
    until: int | None = None
    reason: str = ""
    guardian_id: int = 0
    class_id: int = 0

    @property
    def is_narrow(self) -> bool:
        """Whether what is looked for may be rare where no index leads to it."""
        return bool(self.reason or self.guardian_id or self.class_id)


@value
class Untold:
    """One line. Names are "" where they were erased, `subject` and `day` where it has none."""

    id: int
    due: int
    """When an SMS would have gone, or is to go (epoch milliseconds)."""
    guardian_id: int
    guardian: str
    pupil: str
    """"" where it concerns a class or the school."""
    class_name: str
    kind: str
    subject: str
    day: str
    state: str
    reason: str

    @property
    def key(self) -> Key:
        return Key(self.due, self.id)


@value
class Page:
    """`next`: where the next page begins; None at the end. A page may be short and yet have one."""

    rows: list[Untold]
    next: Key | None


async def page(
    q: Queries, school_id: int, wanted: Wanted, *, own: Own, after: Key = NEWEST, limit: int = 50
) -> Page:
    """What was not told, the latest first."""
    lines, where, given = _conditions(wanted, own)
    after = _until(wanted, after)
    floor = (
        await _below(q, school_id, after) if wanted.is_narrow or own.classes is not None else None
    )
    if floor and wanted.since is not None and floor.due < wanted.since:
        floor = None
    rows = await q.all(
        f"""select l.id, l.due from {lines}
            where l.school_id = :school_id and {_SILENT} and (l.due, l.id) < (:due, :id)
              and l.due >= :floor {where}
            order by l.due desc, l.id desc limit :limit""",
        school_id=school_id, due=after.due, id=after.id, floor=floor.due if floor else 0,
        limit=limit + 1, **given,
    )  # fmt: skip
    found = await _shown(q, [row["id"] for row in rows[:limit]])
    found.sort(key=lambda one: (one.due, one.id), reverse=True)
    return Page(found, found[-1].key if len(rows) > limit else floor)


async def waiting(
    q: Queries, school_id: int, wanted: Wanted, *, own: Own, after: Key = OLDEST, limit: int = 50
) -> Page:
    """What is to be told at its time, the next first."""
    lines, where, given = _conditions(wanted, own)
    first = f"""select l.id from {lines}
        where l.school_id = :school_id and l.lane = rows.lane and l.state = 'planned'
          and (l.due, l.id) > (:due, :id) {where} order by l.due, l.id limit :limit"""
    of_each = {
        "sqlite": f"join line x on x.id in ({first})",
        "postgresql": f"join lateral ({first}) y on true join line x on x.id = y.id",
    }
    rows = await q.over(
        f"with rows(lane bigint) select x.id, x.due from rows {of_each[q.engine]}",
        [(lane,) for lane in LANES],
        school_id=school_id, due=after.due, id=after.id, limit=limit + 1, **given,
    )  # fmt: skip
    keys = sorted((row["due"], row["id"]) for row in rows)
    found = await _shown(q, [own_id for _, own_id in keys[:limit]])
    found.sort(key=lambda one: (one.due, one.id))
    return Page(found, found[-1].key if len(keys) > limit else None)


async def reasons(q: Queries, school_id: int, wanted: Wanted, *, own: Own) -> list[tuple[str, int]]:
    """How often each reason stands with what is wanted among the newest `WINDOW` lines of the
    days that are asked for, commonest first."""
    lines, where, given = _conditions(wanted, own)
    after = _until(wanted, NEWEST)
    floor = await _below(q, school_id, after) or OLDEST
    rows = await q.all(
        f"""select l.reason, count(*) as n from {lines}
            where l.school_id = :school_id and {_SILENT} and (l.due, l.id) < (:due, :id)
              and l.due >= :floor {where}
            group by l.reason order by n desc, l.reason""",
        school_id=school_id, due=after.due, id=after.id, floor=floor.due, **given,
    )  # fmt: skip
    return [(row["reason"], row["n"]) for row in rows]


def _conditions(wanted: Wanted, own: Own) -> tuple[str, str, dict[str, Any]]:
    """The tables that are needed, what must hold, and its parameters."""
    said, given = own.line_condition("l", "e"), own.given()
    for condition, name, asked in (
        ("l.due >= :since", "since", wanted.since),
        ("l.due < :until", "until", wanted.until),
        ("l.reason = :reason", "reason", wanted.reason or None),
        ("l.guardian_id = :guardian_id", "guardian_id", wanted.guardian_id or None),
        (own.line_of_class("l"), "class_id", wanted.class_id or None),
    ):
        if asked is not None:
            said.append(condition)
            given[name] = asked
    if wanted.class_id:
        given["day"] = own.day
    lines = "line l" if own.classes is None else "line l join entry e on e.id = l.entry_id"
    return lines, "".join(f" and {one}" for one in said), given


def _until(wanted: Wanted, after: Key) -> Key:
    """Where what is wanted begins, of a page that goes on after this one."""
    if wanted.until is None:
        return after
    return min(after, Key(wanted.until, 0), key=lambda one: (one.due, one.id))


async def _below(q: Queries, school_id: int, after: Key) -> Key | None:
    """The last of the `WINDOW` lines below a key; None if there are fewer."""
    row = await q.one(
        f"""select l.due, l.id from line l
            where l.school_id = :school_id and {_SILENT} and (l.due, l.id) < (:due, :id)
            order by l.due desc, l.id desc limit 1 offset :skip""",
        school_id=school_id, due=after.due, id=after.id, skip=WINDOW - 1,
    )  # fmt: skip
    return Key(row["due"], row["id"]) if row else None


async def _shown(q: Queries, ids: Sequence[int]) -> list[Untold]:
    rows = await q.over(
        """with rows(id bigint)
           select l.id, l.due, l.guardian_id, l.state, l.reason, e.kind, e.subject, e.day,
                  g.full_name as guardian, p.full_name as pupil, c.name as class_name
           from rows join line l on l.id = rows.id join entry e on e.id = l.entry_id
           join guardian g on g.id = l.guardian_id left join pupil p on p.id = l.pupil_id
           left join class c on c.id = e.who and l.pupil_id = 0""",
        sorted((own_id,) for own_id in ids),
    )
    return [_one(row) for row in rows]


def _one(row: Row) -> Untold:
    return Untold(
        row["id"], row["due"], row["guardian_id"], row["guardian"] or "", row["pupil"] or "",
        row["class_name"] or "", row["kind"], row["subject"], row["day"], row["state"],
        row["reason"],
    )  # fmt: skip
