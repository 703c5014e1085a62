"""Noting what the events door did not take, and by which key it did, for whoever connects a
journal.

A stranger can make the door refuse as often as they like: so notes are few, made seldom, and
hold only our own words.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from sms_diary.clock import MINUTE, Clock
from sms_diary.db import Database, Queries
from sms_diary.store import door_notes, key_use
from sms_diary.store.door_notes import Answered
from sms_diary.store.tools import Tools

log = structlog.get_logger(__name__)
EVERY = 0.2
"""Seconds between two writes at the least; what comes meanwhile is counted, and goes with the
next."""
USED_EVERY = 10 * MINUTE
"""Between two notes of one key at the least."""
_MOST = 200
"""Different answers that are counted meanwhile."""


class Noting:
    def __init__(self, database: Database, tools: Tools, clock: Clock) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._seen: Counter[Answered] = Counter()
        self._next = 0.0
        self._used: dict[int, int] = {}

    async def note(self, one: Answered) -> None:
        """Never an error: the caller gets the same answer, noted or not."""
        if one in self._seen or len(self._seen) < _MOST:
            self._seen[one] += 1
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        seen, self._seen = self._seen, Counter()
        await self._try(
            partial(door_notes.add, tools=self._tools, seen=seen, now=self._clock.now())
        )

    async def used(self, credential_id: int) -> None:
        """This key has brought events that were taken; never an error."""
        now = self._clock.now()
        if now < self._used.get(credential_id, now):
            return
        self._used[credential_id] = now + USED_EVERY
        await self._try(partial(key_use.note, credential_id=credential_id, now=now))

    async def _try(self, work: Callable[[Queries], Awaitable[None]]) -> None:
        try:
            await self._database.write(work)
        except Exception as error:  # a note is not worth a failure
            log.warning("door not noted", error=type(error).__name__)
