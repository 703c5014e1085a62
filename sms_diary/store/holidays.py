"""The days without school of a school's calendar: nothing but urgent SMS leaves on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from sms_diary.db import Queries
from sms_diary.store import replan
from sms_diary.values import value


@value
class Holiday:
    """First and last day, both without SMS."""

    first: date
    last: date
    name: str


def crossing(every: Iterable[Holiday]) -> bool:
    """Whether two of them have a day in common."""
    days = sorted((one.first, one.last) for one in every)
    return any(following[0] <= before[1] for before, following in pairwise(days))


async def of_school(q: Queries, school_id: int) -> list[Holiday]:
    """In the order of their days."""
    return (await of_schools(q, [school_id])).get(school_id, [])


async def of_schools(q: Queries, school_ids: Iterable[int]) -> dict[int, list[Holiday]]:
    """The same of each school that has any."""
    rows = await q.over(
        """with rows(id bigint)
           select holiday.* from rows join holiday on holiday.school_id = rows.id
           order by holiday.school_id, holiday.from_day""",
        [(school_id,) for school_id in sorted(set(school_ids))],
    )
    found: dict[int, list[Holiday]] = {}
    for row in rows:
        first, last = date.fromisoformat(row["from_day"]), date.fromisoformat(row["to_day"])
        found.setdefault(row["school_id"], []).append(Holiday(first, last, row["name"]))
    return found


async def write(q: Queries, school_id: int, every: Iterable[Holiday]) -> None:
    """These in the place of all that were; who calls it plans anew what waits."""
    await q.run("delete from holiday where school_id = :school_id", school_id=school_id)
    rows = [(school_id, one.first.isoformat(), one.last.isoformat(), one.name) for one in every]
    await q.insert("holiday", "school_id, from_day, to_day, name", rows)


async def put(q: Queries, school_id: int, one: Holiday, *, now: int) -> None:
    """Add it, or change the one that begins on the same day; what waits is planned anew."""
    await q.run(
        """insert into holiday (school_id, from_day, to_day, name)
           values (:school_id, :first, :last, :name)
           on conflict (school_id, from_day) do update
           set to_day = excluded.to_day, name = excluded.name""",
        school_id=school_id,
        first=one.first.isoformat(),
        last=one.last.isoformat(),
        name=one.name,
    )
    await replan.of_school(q, school_id, now=now)


async def remove(q: Queries, school_id: int, first: date, *, now: int) -> bool:
    """Take out the one that begins on this day; False if there is none."""
    gone = await q.run(
        "delete from holiday where school_id = :school_id and from_day = :first",
        school_id=school_id,
        first=first.isoformat(),
    )
    await replan.of_school(q, school_id, now=now)
    return gone == 1
