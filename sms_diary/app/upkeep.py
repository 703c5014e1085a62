"""What a service does beside the pipeline, in whichever process has the lease: small steps only.

The heads of the ledger are published, what is past its time is destroyed, messages that have ended
are counted, and what a used up budget held goes on.
"""

from __future__ import annotations

from functools import partial

import structlog

from sms_diary.clock import DAY, Clock
from sms_diary.db import Database
from sms_diary.reports import heads
from sms_diary.store import budget, retention, tally
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

log = structlog.get_logger(__name__)
SELDOM = 600.0
"""Seconds between looks at what changes once a day."""
TALLY_POLL = 30.0
"""Seconds between looks whether messages have ended that no report counts yet."""
BUDGET_POLL = 60.0
"""Seconds between looks whether what a used up budget holds may go on."""
_COUNTED_AT_ONCE = 500
"""Few enough that what is on its way to the operator does not feel it."""


class Upkeep:
    def __init__(self, database: Database, tools: Tools, clock: Clock, wakes: Wakes) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes
        self._published_at = 0

    async def publish_heads(self) -> bool:
        """Once a day the ends of the consent ledger's chains go into the log, out of our reach."""
        now = self._clock.now()
        if now - self._published_at >= DAY:
            self._published_at = now
            for fields in await self._database.read(partial(heads.published, now=now)):
                log.info("consent ledger head", **fields)
        return False

    async def destroy_old(self) -> bool:
        """A little of every school's texts and ledger that is past its time of keeping."""
        now, more = self._clock.now(), False
        for period in await self._database.read(retention.periods):
            work = partial(retention.step, tools=self._tools, period=period, now=now)
            more |= await self._database.write(work)
        return more

    async def count(self) -> bool:
        """Some of the messages that have ended go into the tally, which reports read."""
        return await self._database.write(partial(tally.step, limit=_COUNTED_AT_ONCE))

    async def go_on(self) -> bool:
        """What was held because a month's budget was used up goes on when there is one again."""
        if await self._database.write(partial(budget.go_on, now=self._clock.now())):
            self._wakes.compose.set()
        return False
