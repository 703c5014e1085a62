"""What an erasure would destroy: the very same work, done, counted and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sms_diary.db import Database, Queries
from sms_diary.store.persons.erase import Erased

Work = Callable[[Queries], Awaitable[list[Erased] | None]]
"""Destroys, and says what; None where there is nothing."""


class _RolledBack(Exception):
    """Ends a preview, so that nothing of it stays."""


async def preview(database: Database, work: Work) -> list[Erased] | None:
    """What the work would do; nothing is changed."""
    found: list[Erased] | None = None
    try:
        async with database.transaction() as q:
            found = await work(q)
            raise _RolledBack
    except _RolledBack:
        return found
