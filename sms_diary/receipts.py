"""Delivery receipts: stored before they are acknowledged, applied at once where possible.

The sweep does what needs time: receipts nobody claims go to parts in doubt, retries fall due,
what is too late expires, and 72 hours without a receipt mean `unknown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import SECOND, Clock
from sms_diary.db import Database
from sms_diary.store import receipts, sweeps
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

UNCLAIMED = 3 * SECOND
"""A receipt that nobody claims for this long may belong to a part in doubt."""


ORPHANS = 500
"""Receipts without a part that one sweep looks at again."""


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

    async def store(self, route: str, reports: Sequence[ReceiptReport]) -> None:
        """Commit the receipts; after that, and only then, may they be acknowledged."""
        keep = partial(
            receipts.store, tools=self._tools, route=route, reports=reports, now=self._clock.now()
        )
        await self._database.write(keep)

    async def sweep(self) -> bool:
        """One round of what time brings."""
        now = self._clock.now()
        async with self._database.transaction() as q:
            released = await sweeps.release_retries(q, now=now)
            await sweeps.expire(q, now=now)
            await sweeps.give_up_waiting(q, now=now)
            if not self._alone:
                await sweeps.recover(q, dead=await sweeps.dead_owners(q))
            _, self._orphan = await receipts.match_again(
                q, now=now, after=self._orphan, limit=ORPHANS
            )
            await receipts.resolve_doubt(q, now=now, before=now - UNCLAIMED)
        if released:
            self._wakes.dispatch.set()
        return False
