"""Where a moment lies among the ids of a school's messages: no index over time is needed.

Ids are made in the order of time (`ids.py`), and so are the moments that messages bear.
"""

from __future__ import annotations

from sms_diary.clock import MINUTE
from sms_diary.db import Queries

_CLOSE = 1 << 32
"""Ids of about a second: nearer than that the rows themselves are looked at."""
_SKEW = MINUTE
"""By how much the clocks of two processes may differ."""


async def since(q: Queries, school_id: int, moment: int) -> int:
    """An id before which all of the school's messages are older than `moment` (epoch ms)."""
    low, _ = await _edge(q, school_id, moment - _SKEW)
    return low


async def until(q: Queries, school_id: int, moment: int) -> int:
    """An id from which on none of the school's messages is older than `moment`."""
    _, high = await _edge(q, school_id, moment + _SKEW)
    return high


async def _edge(q: Queries, school_id: int, moment: int) -> tuple[int, int]:
    """Ids below the first were made before, from the second on at `moment` or later."""
    ends = await q.one(
        """select (select min(id) from message where school_id = :school_id) as first,
                  (select max(id) from message where school_id = :school_id) as last""",
        school_id=school_id,
    )
    if ends is None or ends["first"] is None:
        return 0, 0
    low, high = int(ends["first"]), int(ends["last"]) + 1
    while high - low > _CLOSE:
        middle = (low + high) // 2
        row = await q.one(
            """select id, created_at from message
               where school_id = :school_id and id >= :middle order by id limit 1""",
            school_id=school_id, middle=middle,
        )  # fmt: skip
        if row is None or row["created_at"] >= moment:
            high = middle
        else:
            low = int(row["id"]) + 1
    return low, high
