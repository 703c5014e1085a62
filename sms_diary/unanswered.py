"""What the operator owes us a word on: one route's parts without a receipt, or without an answer.

Parts whose id is known and whose receipt is long in coming are asked for (query_sm); urgent ones in
doubt are repeated once. Only by the process that holds the route: it alone knows whether receipts
can come at all.
"""

from __future__ import annotations

from functools import partial

from sms_diary.channels.base import Channel
from sms_diary.clock import MINUTE, Clock
from sms_diary.db import Database
from sms_diary.store import asking, doubt
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

POLL = 5.0
"""Seconds between two looks."""
A_TIME = 10
"""Parts asked for in one look, so 120 a minute: questions must not stand in the way of SMS."""
REPEAT_AFTER = 3 * MINUTE
"""So long an urgent part in doubt waits for its receipt, while the route is connected."""


class Unanswered:
    """One route's loop; `query_after` is in milliseconds, 0 = never ask."""

    def __init__(
        self, database: Database, tools: Tools, clock: Clock, wakes: Wakes, channel: Channel,
        *, query_after: int,
    ) -> None:  # fmt: skip
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes
        self._channel = channel
        self._query_after = query_after
        self._ready_since: int | None = None

    async def step(self) -> bool:
        """One look; never more to do at once."""
        now = self._clock.now()
        if not self._channel.ready():
            self._ready_since = None
            return False
        if self._ready_since is None:
            self._ready_since = now
        if self._query_after:
            await self._ask(now)
        # Receipts that waited at the operator while there was no connection come first.
        if now - self._ready_since >= REPEAT_AFTER:
            await self._repeat(now)
        return False

    async def _ask(self, now: int) -> None:
        due = await self._database.write(
            partial(
                asking.due, tools=self._tools, route=self._channel.name, now=now,
                before=now - self._query_after, limit=A_TIME,
            )
        )  # fmt: skip
        if due:
            await self._channel.ask(due)

    async def _repeat(self, now: int) -> None:
        repeated = await self._database.write(
            partial(
                doubt.repeat_urgent, tools=self._tools, route=self._channel.name, now=now,
                before=now - REPEAT_AFTER,
            )
        )  # fmt: skip
        if repeated:
            self._wakes.dispatch.set()
