"""Delivery receipts: stored before they are acknowledged, applied at once where possible.

The sweep does what needs time: receipts nobody claims go to parts in doubt, retries fall due,
what is too late expires, and 72 hours without a receipt mean `unknown`. One process sweeps, whoever
holds `SWEEP`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from sms_diary import crash
from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import MINUTE, SECOND, Clock
from sms_diary.db import Database, Queries
from sms_diary.store import closing, doubt, idempotency, receipts, sweeps
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

SWEEP = "sweep"
"""The lease under which the sweep is done."""
ORPHANS = 500
"""Receipts without a part that one sweep looks at again."""
_DEAD_EVERY = 10 * SECOND
"""Who takes a route over looks at once for what was left; the sweep, for routes nobody takes."""
_HELD_EVERY = MINUTE
"""No index finds held lines by their end, and none of them is sent meanwhile."""


class Receipts:
    def __init__(
        self, database: Database, tools: Tools, clock: Clock, wakes: Wakes, *, alone: bool
    ) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes
        self._alone = alone
        self._orphan = 0
        self._looked_for_dead = 0
        self._looked_at_held = 0
        self.ambiguous: Counter[str] = Counter()
        """Receipts that could mean several parts, and were applied to none, by route."""

    async def store(self, route: str, reports: Sequence[ReceiptReport]) -> None:
        """Commit the receipts; after that, and only then, may they be acknowledged."""
        self.ambiguous[route] += await self._database.write(
            partial(self._store, route, reports, self._clock.now())
        )
        crash.passing("receipt.committed")

    async def _store(
        self, route: str, reports: Sequence[ReceiptReport], now: int, q: Queries
    ) -> int:
        ambiguous = await receipts.store(q, self._tools, route, reports, now=now)
        crash.passing("receipt.written")
        return ambiguous

    async def sweep(self) -> bool:
        """One round of what time brings."""
        released = await self._database.write(partial(self._sweep, self._clock.now()))
        crash.passing("sweep.committed")
        if released:
            self._wakes.dispatch.set()
        return False

    async def _sweep(self, now: int, q: Queries) -> int:
        if await closing.shut(q, now=now):
            self._wakes.compose.set()
        released = await sweeps.release_retries(q, now=now)
        await sweeps.expire(q, now=now)
        if now - self._looked_at_held >= _HELD_EVERY:
            self._looked_at_held = now
            await sweeps.expire_held(q, now=now)
            await idempotency.sweep(q, now=now)
        await sweeps.give_up_waiting(q, now=now)
        if not self._alone and now - self._looked_for_dead >= _DEAD_EVERY:
            self._looked_for_dead = now
            await sweeps.unheld(q)
        _, self._orphan = await receipts.match_again(
            q, self._tools, now=now, after=self._orphan, limit=ORPHANS
        )
        await doubt.resolve(q, self._tools, now=now, before=now - doubt.UNCLAIMED)
        crash.passing("sweep.written")
        return released
