"""Changed settings hold for what still waits: lines get the moment that they would have got.

As if the settings had been so when the entry came: what is late by them is told at once. Whether
a change is allowed, and which rows it is written to, is for those who call this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.db import Queries, Row
from sms_diary.model import Silence, Topic, kind_of
from sms_diary.schedule import rhythm
from sms_diary.schedule.rhythm import Rhythm, fastest
from sms_diary.store import numbers, schools, withdraw
from sms_diary.store.schools import School

_CHUNK = 500
"""Guardians whose lines are read at once."""
_WAITING = """line.id in (
    select w.id from rows join line w on w.guardian_id = rows.id where w.state = 'planned'
    union all
    select w.id from rows join line w on w.guardian_id = rows.id where w.state = 'held')"""


async def of_guardians(q: Queries, guardian_ids: Iterable[int], *, now: int) -> None:
    """The guardians' own wishes have changed; what is queued for them is withdrawn first."""
    ids = sorted(set(guardian_ids))
    rows = await q.over(
        """with rows(id bigint)
           select guardian.number_id from rows join guardian on guardian.id = rows.id""",
        [(guardian_id,) for guardian_id in ids],
    )
    number_ids = {row["number_id"] for row in rows}
    await numbers.lock(q, number_ids)
    await withdraw.withdraw(q, number_ids, now=now)
    await again(q, ids)


async def of_school(q: Queries, school_id: int, *, now: int) -> None:
    """The school's hours, holidays, digests or usual rhythms have changed."""
    await withdraw.of_school(q, school_id, now=now)
    rows = await q.all(
        """select distinct guardian_id from line where school_id = :school_id and state = 'planned'
           union select distinct guardian_id from line
           where school_id = :school_id and state = 'held'""",
        school_id=school_id,
    )
    ids = sorted(row["guardian_id"] for row in rows)
    for start in range(0, len(ids), _CHUNK):
        await again(q, ids[start : start + _CHUNK])


async def _due_of(q: Queries, guardian_ids: Iterable[int]) -> dict[int, int | None]:
    """Line -> when it is told (epoch milliseconds), of all that waits for these guardians.

    None: its topic is not wanted any more.
    """
    # Of a class: by every subscription that lets the guardian learn of it.
    found = await q.over(
        f"""with rows(id bigint)
            select line.id, line.school_id, line.topic, e.kind, e.urgent, e.arrived_at,
                   e.not_before, r.rhythm, u.state as wide
            from line join entry e on e.id = line.entry_id
            left join subscription own on own.id in (select s.id from {withdraw.COVERING})
            left join rhythm r on r.subscription_id = own.id and r.topic = line.topic
            left join consent u on u.subscription_id = own.id and u.topic = 'urgent'
            where {_WAITING}""",
        [(guardian_id,) for guardian_id in sorted(set(guardian_ids))],
    )
    known = await schools.by_ids(q, (row["school_id"] for row in found))
    of_line: dict[int, list[Row]] = {}
    for row in found:
        of_line.setdefault(row["id"], []).append(row)
    return {line_id: _due(known[own[0]["school_id"]], own) for line_id, own in of_line.items()}


async def again(q: Queries, guardian_ids: Sequence[int]) -> None:
    """All that waits for these guardians gets its moment by the settings of now."""
    found = await _due_of(q, guardian_ids)
    await q.over(
        """with rows(id bigint, due bigint)
           update line set due = rows.due from rows where line.id = rows.id""",
        sorted((line_id, due) for line_id, due in found.items() if due is not None),
    )
    await q.over(
        """with rows(id bigint)
           update line set state = 'silent', reason = :why from rows where line.id = rows.id""",
        sorted((line_id,) for line_id, due in found.items() if due is None),
        why=str(Silence.NOT_WANTED),
    )


def _due(school: School, own: Sequence[Row]) -> int | None:
    row = own[0]
    usual = school.rhythms[Topic(row["topic"])]
    how = fastest(Rhythm(one["rhythm"]) if one["rhythm"] else usual for one in own)
    if how is Rhythm.OFF:
        return None
    return rhythm.due(
        kind_of(row["kind"]), how, max(row["arrived_at"], row["not_before"] or 0),
        school.calendar, urgent=bool(row["urgent"]),
        wide=any(one["wide"] == "active" for one in own),
    )  # fmt: skip
