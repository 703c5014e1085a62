"""Lines that wait because there were too many of them: seen, told after all, or never told.

What waits for a first SMS to arrive is `welcome.py`'s. What nobody decides about expires.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sms_diary.db import Queries, Row
from sms_diary.model import Hold, LineState, Silence
from sms_diary.store import replan
from sms_diary.values import value

_CHUNK = 500
"""Guardians whose lines are released at once."""
_CLASS = """case when l.pupil_id = 0 then e.who else coalesce((
    select max(m.class_id) from membership m where m.pupil_id = l.pupil_id
      and m.from_day <= :day and (m.to_day is null or m.to_day >= :day)), 0) end"""
"""The class that a line speaks of, or is a pupil's of on that day; 0: none any more."""

Pile = tuple[str, int]
"""What is decided about at once: (kind, class)."""


@value
class Group:
    """Lines of one kind that wait, and the days that they speak of (ISO dates, "" for none)."""

    kind: str
    lines: int
    guardians: int
    first_day: str
    last_day: str
    expires: int
    """When the first of them is not worth telling any more (epoch milliseconds)."""
    class_id: int = 0
    class_name: str = ""
    """"" of all classes together, and of whoever is in none."""

    @property
    def pile(self) -> Pile:
        return (self.kind, self.class_id)


@value
class Sample:
    """Some of what waits, to be written out: each guardian's lines as `telling.told` takes them."""

    lines: int
    """Of all guardians, not only of these."""
    guardians: int
    rows: list[list[Row]]


async def groups(q: Queries, school_id: int) -> list[Group]:
    """What waits for a person in a school, kind by kind."""
    rows = await q.all(
        """select e.kind, count(*) as lines, count(distinct l.guardian_id) as guardians,
                  min(e.day) as first_day, max(e.day) as last_day, min(l.expires) as expires
           from line l join entry e on e.id = l.entry_id
           where l.school_id = :school_id and l.state = 'held' and l.reason = 'flood'
           group by e.kind order by e.kind""",
        school_id=school_id,
    )
    return [Group(**row) for row in rows]


async def piles(q: Queries, school_id: int, *, day: str) -> list[Group]:
    """The same class by class; `day` (ISO date) decides who is in which."""
    rows = await q.all(
        f"""select found.*, coalesce(c.name, '') as class_name from (
                select e.kind, {_CLASS} as class_id, count(*) as lines,
                       count(distinct l.guardian_id) as guardians, min(e.day) as first_day,
                       max(e.day) as last_day, min(l.expires) as expires
                from line l join entry e on e.id = l.entry_id
                where l.school_id = :school_id and l.state = 'held' and l.reason = 'flood'
                group by e.kind, 2) found
            left join class c on c.id = found.class_id
            order by c.key, found.kind""",
        school_id=school_id,
        day=day,
    )
    return [Group(**row) for row in rows]


async def welcomes(q: Queries, school_id: int) -> tuple[int, int]:
    """(lines, guardians) that wait for a first SMS to arrive: no person need decide."""
    row = await q.one(
        """select count(*) as lines, count(distinct guardian_id) as guardians from line
           where school_id = :school_id and state = 'held' and reason = 'welcome'""",
        school_id=school_id,
    )
    assert row is not None
    return row["lines"], row["guardians"]


async def release(
    q: Queries, school_id: int, *, now: int, only: Collection[Pile] | None = None, day: str = ""
) -> int:
    """It is told when it is due, as the settings are now; how many lines.

    `only` these piles, as `piles` shows them on that `day`; None: all. Who has not been welcomed
    yet waits for that.
    """
    waiting = await _waiting(q, school_id, only, day)
    by_guardian = _by_guardian(waiting)
    ids = sorted(by_guardian)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        await replan.again(q, chunk)
        await q.over(
            f"""with rows(id bigint, guardian_id bigint)
                update line set
                    state = case when guardian.welcomed_at is null
                        then '{LineState.HELD}' else '{LineState.PLANNED}' end,
                    reason = case when guardian.welcomed_at is null
                        then '{Hold.WELCOME}' else '' end
                from rows join guardian on guardian.id = rows.guardian_id
                where line.id = rows.id and line.state = 'held'
                  and line.reason = 'flood' and line.expires > :now""",
            sorted((line_id, one) for one in chunk for line_id in by_guardian[one]),
            now=now,
        )
    return len(waiting)


async def drop(
    q: Queries, school_id: int, *, only: Collection[Pile] | None = None, day: str = ""
) -> int:
    """None of it is told; how many lines. `only` and `day` as for `release`."""
    waiting = await _waiting(q, school_id, only, day)
    await q.over(
        """with rows(id bigint)
           update line set state = 'silent', reason = :why from rows
           where line.id = rows.id and line.state = 'held' and line.reason = 'flood'""",
        sorted((row["id"],) for row in waiting),
        why=str(Silence.NOT_RELEASED),
    )
    return len(waiting)


async def _waiting(
    q: Queries, school_id: int, only: Collection[Pile] | None, day: str
) -> Sequence[Row]:  # fmt: skip
    rows = await q.all(
        f"""select l.id, l.guardian_id, e.kind, {_CLASS} as class_id
            from line l join entry e on e.id = l.entry_id
            where l.school_id = :school_id and l.state = 'held' and l.reason = 'flood'""",
        school_id=school_id,
        day=day,
    )
    return [row for row in rows if only is None or (row["kind"], row["class_id"]) in only]


def _by_guardian(rows: Iterable[Row]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row["guardian_id"], []).append(row["id"])
    return found


async def sample(
    q: Queries, school_id: int, only: Collection[Pile], *, day: str, most: int
) -> Sample:
    """What waits in these piles; the rows are those of `most` guardians."""
    by_guardian = _by_guardian(await _waiting(q, school_id, only, day))
    few = sorted(by_guardian)[:most]
    rows = await q.over(
        """with rows(id bigint)
           select l.id, l.guardian_id, l.entry_id, l.value, l.was, g.latin, e.kind, e.subject,
                  e.work, e.day, e.lesson, e.body, e.urgent, p.full_name as pupil,
                  c.name as class_name
           from rows join line l on l.id = rows.id join entry e on e.id = l.entry_id
           join guardian g on g.id = l.guardian_id
           left join pupil p on p.id = l.pupil_id
           left join class c on l.pupil_id = 0 and c.id = e.who""",
        sorted((line_id,) for one in few for line_id in by_guardian[one]),
    )
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["guardian_id"], []).append(row)
    return Sample(sum(map(len, by_guardian.values())), len(by_guardian), list(found.values()))
