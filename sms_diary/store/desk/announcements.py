"""Announcements as the desk lists them: what each says, how far it has got, whom it is for.

Steering them is `store.announcements`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from sms_diary.db import Queries, Row
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Shown:
    """One announcement. Moments are epoch milliseconds."""

    id: int
    text: str
    """"" where its time of keeping is over."""
    urgent: bool
    arrived_at: int
    not_before: int | None
    silence: str
    """A word of `Silence`: nobody else is told; "" of one that goes its way."""
    unfinished: bool
    """Whether there are guardians for whom it has not been planned yet."""
    classes: tuple[str, ...] = ()
    pupils: int = 0
    """For how many pupils by name; neither classes nor pupils: the whole school."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """State of its lines -> how many guardians."""

    @property
    def waiting(self) -> int:
        """Guardians who are still to be told."""
        return sum(self.lines.get(state, 0) for state in ("planned", "held", "taken"))

    @property
    def running(self) -> bool:
        return self.unfinished or self.waiting > 0


@value
class Progress:
    """How far the messages of one have come, and why others were not written to."""

    messages: Mapping[str, int]
    """State of messages -> how many."""
    silent: Mapping[str, int]
    """Reason (a word of `Silence`) -> how many guardians."""


@value
class Pupil:
    """Somebody whom an announcement may be for; `external_id` is the journal's own, or ""."""

    id: int
    name: str
    class_name: str
    external_id: str


_COLUMNS = """e.id, e.body, e.urgent, e.arrived_at, e.not_before, e.silence,
    case when e.fan is null then 0 else 1 end as unfinished"""


async def page(
    q: Queries, tools: Tools, school_id: int, *, before: int, limit: int
) -> list[Shown]:  # fmt: skip
    """The school's, newest first, older than `before`."""
    rows = await q.all(
        f"""select {_COLUMNS} from entry e
            where e.school_id = :school_id and e.kind = 'announcement' and e.id < :before
            order by e.id desc limit :limit""",
        school_id=school_id,
        before=before,
        limit=limit,
    )
    return await _whole(q, tools, rows)


async def one(q: Queries, tools: Tools, school_id: int, entry_id: int) -> Shown | None:
    """None where the school has no such announcement."""
    rows = await q.all(
        f"""select {_COLUMNS} from entry e
            where e.id = :id and e.school_id = :school_id and e.kind = 'announcement'""",
        school_id=school_id,
        id=entry_id,
    )
    found = await _whole(q, tools, rows)
    return found[0] if found else None


async def progress(q: Queries, entry_id: int) -> Progress:
    """Of one that is the school's."""
    messages = await q.all(
        """select m.state, count(distinct m.id) as many
           from line l join message m on m.id = l.message_id
           where l.entry_id = :id group by m.state""",
        id=entry_id,
    )
    silent = await q.all(
        """select reason, count(distinct guardian_id) as many from line
           where entry_id = :id and state = 'silent' group by reason""",
        id=entry_id,
    )
    return Progress(
        {row["state"]: row["many"] for row in messages},
        {row["reason"]: row["many"] for row in silent},
    )


async def pupils(q: Queries, school_id: int, ids: Sequence[int], *, day: str) -> list[Pupil]:
    """Those of these pupils who are in a class of the school on that day (ISO date)."""
    rows = await q.over(
        """with rows(id bigint)
           select p.id, p.full_name, p.external_id, min(c.name) as class_name
           from rows join pupil p on p.id = rows.id
           join membership m on m.pupil_id = p.id join class c on c.id = m.class_id
           where p.school_id = :school_id and p.full_name is not null
             and m.from_day <= :day and (m.to_day is null or m.to_day >= :day)
           group by p.id, p.full_name, p.external_id""",
        [(pupil_id,) for pupil_id in sorted(set(ids))],
        school_id=school_id,
        day=day,
    )
    found = [
        Pupil(row["id"], row["full_name"], row["class_name"], row["external_id"] or "")
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.class_name, one.name.replace("Ё", "Е")))


async def _whole(q: Queries, tools: Tools, rows: Sequence[Row]) -> list[Shown]:
    ids = [(row["id"],) for row in sorted(rows, key=lambda row: row["id"])]
    lines: dict[int, dict[str, int]] = {}
    for row in await q.over(
        """with rows(id bigint)
           select l.entry_id, l.state, count(*) as many
           from rows join entry e on e.id = rows.id
           join line l on l.entry_id = e.id and l.version = e.version
           group by l.entry_id, l.state""",
        ids,
    ):
        lines.setdefault(row["entry_id"], {})[row["state"]] = row["many"]
    whom: dict[int, list[Row]] = {}
    for row in await q.over(
        """with rows(id bigint)
           select a.entry_id, a.pupil_id, c.name from rows
           join audience a on a.entry_id = rows.id left join class c on c.id = a.class_id
           order by a.entry_id, c.name""",
        ids,
    ):
        whom.setdefault(row["entry_id"], []).append(row)
    return [
        replace(
            _shown(tools, row),
            classes=tuple(one["name"] for one in whom.get(row["id"], ()) if one["name"]),
            pupils=sum(one["pupil_id"] > 0 for one in whom.get(row["id"], ())),
            lines=lines.get(row["id"], {}),
        )
        for row in rows
    ]


def _shown(tools: Tools, row: Row) -> Shown:
    body = row["body"]
    return Shown(
        id=row["id"],
        text=tools.vault.text(body, "entry.body", row["id"]) if body else "",
        urgent=bool(row["urgent"]),
        arrived_at=row["arrived_at"],
        not_before=row["not_before"],
        silence=row["silence"],
        unfinished=bool(row["unfinished"]),
    )
