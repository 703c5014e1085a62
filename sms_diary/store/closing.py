"""When a school's hours end, what has not left is taken back and told when they begin again.

The claim itself refuses what is past its hours (`claiming.CLAIMABLE`), however long the queue is.
"""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.store import numbers, schools, withdraw

_BATCH = 1000


async def shut(q: Queries, *, now: int) -> int:
    """Withdraw what missed its hours, at most so many numbers at once; how many they were.

    Of a long text that has partly left the rest waits for the next opening by itself.
    """
    rows = await q.all(
        """select distinct number_id from part
           where (state = 'queued' or state = 'retry') and closes <= :now limit :limit""",
        now=now,
        limit=_BATCH,
    )
    if not rows:
        return 0
    number_ids = {row["number_id"] for row in rows}
    await numbers.lock(q, number_ids)
    await withdraw.withdraw(q, number_ids, now=now)
    await _halves(q, number_ids, now)
    return len(number_ids)


async def _halves(q: Queries, number_ids: set[int], now: int) -> None:
    left = await q.over(
        """with rows(number_id bigint)
           select part.id, part.school_id
           from rows join part on part.number_id = rows.number_id
           where (part.state = 'queued' or part.state = 'retry') and part.closes <= :now""",
        [(number_id,) for number_id in sorted(number_ids)],
        now=now,
    )
    if not left:
        return
    known = await schools.by_ids(q, (row["school_id"] for row in left))
    await q.over(
        """with rows(id bigint, due bigint, closes bigint)
           update part set state = 'retry', due = rows.due, closes = rows.closes from rows
           where part.id = rows.id and (part.state = 'queued' or part.state = 'retry')""",
        sorted((row["id"], *_next(known[row["school_id"]], now)) for row in left),
    )


def _next(school: schools.School, now: int) -> tuple[int, int | None]:
    """When the window opens that comes next, and when that closes."""
    window = school.calendar.plain
    opens = window.next_open(now)
    return opens, window.closing(opens)
