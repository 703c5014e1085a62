"""The parent's page in the database: codes, slips, sessions, what a family sees, visits.

What a parent does to a consent there is `store/by_parent.py`'s.
"""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.store.parent import codes, sessions, slips


async def sweep(q: Queries, *, now: int) -> None:
    """What time ends here: codes, tries and sessions with their day, slips with their month."""
    await codes.sweep(q, now=now)
    await sessions.sweep(q, now=now)
    await slips.sweep(q, now=now)
