"""Lines that wait because there were too many of them: seen, told after all, or never told.

What waits for a first SMS to arrive is `welcome.py`'s. What nobody decides about expires.
"""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.model import Hold, LineState, Silence
from sms_diary.store import replan
from sms_diary.values import value

_CHUNK = 500
"""Guardians whose lines are released at once."""


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


async def release(q: Queries, school_id: int, *, now: int) -> int:
    """All of it is told when it is due, as the settings are now; how many lines.

    Who has not been welcomed yet waits for that.
    """
    waiting = await _waiting(q, school_id)
    ids = sorted(waiting)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        await replan.again(q, chunk)
        await q.over(
            f"""with rows(id bigint)
                update line set
                    state = case when guardian.welcomed_at is null
                        then '{LineState.HELD}' else '{LineState.PLANNED}' end,
                    reason = case when guardian.welcomed_at is null
                        then '{Hold.WELCOME}' else '' end
                from rows join guardian on guardian.id = rows.id
                where line.guardian_id = rows.id and line.state = 'held'
                  and line.reason = 'flood' and line.expires > :now""",
            [(guardian_id,) for guardian_id in chunk],
            now=now,
        )
    return sum(waiting.values())


async def drop(q: Queries, school_id: int) -> int:
    """None of it is told; how many lines."""
    waiting = await _waiting(q, school_id)
    await q.over(
        """with rows(id bigint)
           update line set state = 'silent', reason = :why from rows
           where line.guardian_id = rows.id and line.state = 'held' and line.reason = 'flood'""",
        [(guardian_id,) for guardian_id in sorted(waiting)],
        why=str(Silence.NOT_RELEASED),
    )
    return sum(waiting.values())


async def _waiting(q: Queries, school_id: int) -> dict[int, int]:
    """Guardian -> lines that wait."""
    rows = await q.all(
        """select guardian_id, count(*) as lines from line
           where school_id = :school_id and state = 'held' and reason = 'flood'
           group by guardian_id""",
        school_id=school_id,
    )
    return {row["guardian_id"]: row["lines"] for row in rows}
