"""Where a moment lies among the ids of a school's messages, or of its audit log: no index over time
is needed.

Ids are made in the order of time (`ids.py`), and so are the moments that rows bear.
"""

from __future__ import annotations

from sms_diary.clock import MINUTE
from sms_diary.db import Queries

_CLOSE = 1 << 32
"""Ids of about a second: nearer than that the rows themselves are looked at."""
_SKEW = MINUTE
"""By how much the clocks of two processes may differ."""

_BEARS = {"message": "created_at", "desk_audit": "at"}
"""The moment that a row of these tables bears."""


async def since(q: Queries, school_id: int, moment: int, *, of: str = "message") -> int:
    """An id before which all of the school's rows of the table are older than `moment` (epoch
    ms)."""
    low, _ = await _edge(q, school_id, moment - _SKEW, of)
    return low


async def until(q: Queries, school_id: int, moment: int, *, of: str = "message") -> int:
    """An id from which on none of the school's rows is older than `moment`."""
    _, high = await _edge(q, school_id, moment + _SKEW, of)
    return high


async def _edge(q: Queries, school_id: int, moment: int, of: str) -> tuple[int, int]:
    """Ids below the first were made before, from the second on at `moment` or later."""
    ends = await q.one(
        f"""select (select min(id) from {of} where school_id = :school_id) as first,
                   (select max(id) from {of} where school_id = :school_id) as last""",
        school_id=school_id,
    )
    if ends is None or ends["first"] is None:
        return 0, 0
    low, high = int(ends["first"]), int(ends["last"]) + 1
    while high - low > _CLOSE:
        middle = (low + high) // 2
        row = await q.one(
            f"""select id, {_BEARS[of]} as at from {of}
               where school_id = :school_id and id >= :middle order by id limit 1""",
            school_id=school_id, middle=middle,
        )  # fmt: skip
        if row is None or row["at"] >= moment:
            high = middle
        else:
            low = int(row["id"]) + 1
    return low, high
