"""How many lines a school tells on its days: what is usual there, and how far today has got.

What is too many is `schedule.brakes`'s to say; what becomes of held lines `held.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sms_diary.db import Queries
from sms_diary.schedule.brakes import KNOWN_DAYS, LOOK_BACK, most_lines


async def most(q: Queries, today: Mapping[int, str]) -> dict[int, int]:
    """How many lines are no flood today (ISO date) in each of these schools."""
    rows = await q.over(
        """with rows(school_id bigint, day text)
           select told_day.school_id, told_day.lines
           from rows join told_day on told_day.school_id = rows.school_id
                                  and told_day.day < rows.day
           order by told_day.school_id, told_day.day""",
        sorted(today.items()),
    )
    usual: dict[int, list[int]] = {school_id: [] for school_id in today}
    for row in rows:
        usual[row["school_id"]].append(row["lines"])
    new = [school_id for school_id, days in usual.items() if len(days) < KNOWN_DAYS]
    counts = await _subscriptions(q, new) if new else {}
    return {i: most_lines(days[-LOOK_BACK:], counts.get(i, 0)) for i, days in usual.items()}


async def told(q: Queries, school_id: int, day: str) -> int:
    """How many lines a school has told on a day (ISO date) so far."""
    row = await q.one(
        "select lines from told_day where school_id = :school_id and day = :day",
        school_id=school_id,
        day=day,
    )
    return int(row["lines"]) if row else 0


async def _subscriptions(q: Queries, school_ids: Iterable[int]) -> dict[int, int]:
    rows = await q.over(
        """with rows(id bigint)
           select rows.id, (select count(*) from subscription s where s.school_id = rows.id) as many
           from rows""",
        [(school_id,) for school_id in sorted(school_ids)],
    )
    return {row["id"]: row["many"] for row in rows}


async def count(q: Queries, lines: Mapping[tuple[int, str], int]) -> dict[tuple[int, str], int]:
    """Add these to what (school, day) has told; how many those are now.

    Below zero takes back what a flood has not told.
    """
    rows = await q.over(
        """with rows(school_id bigint, day text, lines bigint)
           insert into told_day (school_id, day, lines)
           select school_id, day, lines from rows where true
           on conflict (school_id, day) do update set lines = told_day.lines + excluded.lines
           returning school_id, day, lines""",
        sorted((*key, number) for key, number in lines.items()),
    )
    return {(row["school_id"], row["day"]): row["lines"] for row in rows}
