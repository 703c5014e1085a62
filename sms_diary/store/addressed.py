"""Which SMS of a number that several schools know each of them may read.

Neither school may learn of the other, so a school reads what concerns it. What concerns it is
told, in this order, by

1. whom the service answered, where it understood the SMS: ДА goes to the school that had asked;
2. the child or the school that the text names (`keywords.whom`). A text that names those of two
   schools is read by neither, only by those who run the service (`sms-diary inbound list`);
3. the route it came by, where the schools have routes of their own;
4. else nothing in it tells of either, and both may read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from sms_diary.db import Queries, Row
from sms_diary.keywords import whom
from sms_diary.keywords.whom import Party
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class _School:
    """One that has a guardian with this number."""

    id: int
    route: str
    """"" is the first of the configuration, whatever that is."""
    party: Party


async def readable(
    q: Queries, tools: Tools, school_id: int, rows: Sequence[Row]
) -> set[int]:  # fmt: skip
    """Ids of those SMS that the school may read: rows of `inbound`, of its guardians' numbers."""
    shared = await _shared(q, {row["number_id"] for row in rows})
    answered = await _answered(q, [row["id"] for row in rows if row["number_id"] in shared])
    return {
        row["id"]
        for row in rows
        if row["number_id"] not in shared
        or school_id in _whose(tools, row, shared[row["number_id"]], answered.get(row["id"], set()))
    }


def _whose(
    tools: Tools, row: Row, schools: Sequence[_School], answered: set[int]
) -> set[int]:  # fmt: skip
    every = {school.id for school in schools}
    if row["state"] == "done" and row["handled_by"] is None and answered and answered <= every:
        return answered
    text = row["text"] and tools.vault.text(row["text"], "inbound.text", row["id"])
    named = whom.concerns(text or "", [school.party for school in schools])
    if named is not None:
        return {schools[at].id for at in named} if len(named) == 1 else set()
    by_route = {school.id for school in schools if school.route == row["route"]}
    return by_route or {school.id for school in schools if not school.route} or every


async def _shared(q: Queries, number_ids: Iterable[int]) -> dict[int, list[_School]]:
    """Number -> the schools that know it, where they are more than one."""
    rows = await q.over(
        """with rows(number_id bigint)
           select g.number_id, s.id, s.name, s.short_name, s.route, p.full_name
           from rows join guardian g on g.number_id = rows.number_id
           join school s on s.id = g.school_id
           left join subscription own on own.guardian_id = g.id
           left join pupil p on p.id = own.pupil_id
           where exists (select 1 from guardian o where o.number_id = g.number_id
                         and o.school_id <> g.school_id)
           order by g.number_id, s.id, p.id""",
        [(number_id,) for number_id in sorted(set(number_ids))],
    )
    return {
        number_id: [_school(list(of_school)) for _, of_school in groupby(own, lambda r: r["id"])]
        for number_id, own in groupby(rows, lambda r: r["number_id"])
    }


def _school(rows: Sequence[Row]) -> _School:
    first = rows[0]
    children = tuple(row["full_name"] for row in rows if row["full_name"])
    return _School(
        first["id"], first["route"], Party((first["name"], first["short_name"]), children)
    )


async def _answered(q: Queries, inbound_ids: Iterable[int]) -> Mapping[int, set[int]]:
    """SMS -> the schools in whose name it was answered; 0: in that of all."""
    rows = await q.over(
        """with rows(id bigint)
           select m.inbound_id, m.school_id from rows
           join message m on m.inbound_id = rows.id and m.ground = 'reply'""",
        [(inbound_id,) for inbound_id in sorted(set(inbound_ids))],
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row["inbound_id"], set()).add(row["school_id"])
    return found
