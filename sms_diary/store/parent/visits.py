"""How often the parent's page was visited, school by school and day by day. By whom is not kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.store.schools import School


async def count(q: Queries, schools: Iterable[School], *, now: int) -> None:
    """One more visit to each of these schools, on the day that it is there."""
    await q.over(
        """with rows(school_id bigint, day text)
           insert into parent_visit (school_id, day, visits)
           select school_id, day, 1 from rows where true
           on conflict (school_id, day) do update set visits = parent_visit.visits + 1""",
        sorted((one.id, local(now, one.zone).date().isoformat()) for one in schools),
    )


async def of_school(q: Queries, school_id: int, first: date, last: date) -> dict[date, int]:
    """Visits by day, both ends included; days without one are left out."""
    rows = await q.all(
        """select day, visits from parent_visit
           where school_id = :school_id and day >= :first and day <= :last order by day""",
        school_id=school_id,
        first=first.isoformat(),
        last=last.isoformat(),
    )
    return {date.fromisoformat(row["day"]): row["visits"] for row in rows}
