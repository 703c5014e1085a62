"""What the operator owes us a word on: one route's parts without a receipt, or without an answer.

Parts whose id is known and whose receipt is long in coming are asked for (query_sm); urgent ones in
doubt are repeated once. Only by the process that holds the route: it alone knows whether receipts
can come at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sms_diary.channels.base import Channel
from sms_diary.clock import MINUTE, SECOND, Clock
from sms_diary.db import Database
from sms_diary.store import asking, doubt
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

POLL = 5.0
"""Seconds between two looks."""
A_TIME = 10
"""Parts asked for in one look, so 120 a minute: questions must not stand in the way of SMS."""
LOOK_UP_AFTER = 10 * SECOND
"""So long a part in doubt may still be on its way into the operator's books."""
REPEAT_AFTER = 3 * MINUTE
"""So long an urgent part in doubt waits for its receipt, while the route is connected."""


class Unanswered:
    """One route's loop.

    `query_after` is in milliseconds, 0 = never ask; `looks_up`: whether the operator can be asked
    for what is in doubt, by our own id; `reachable`: whether it can be asked now, if that is not
    whether the channel is ready.
    """

    def __init__(  # noqa: PLR0913  # what a channel can is said by whoever builds it
        self, database: Database, tools: Tools, clock: Clock, wakes: Wakes, channel: Channel,
        *, query_after: int, at_a_time: int = A_TIME, looks_up: bool = False,
        reachable: Callable[[], bool] | None = None,
    ) -> None:  # fmt: skip
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes
        self._channel = channel
        self._query_after = query_after
        self._at_a_time = at_a_time
        self._looks_up = looks_up
        self._reachable = reachable or channel.ready
        self._ready_since: int | None = None

    async def step(self) -> bool:
        """One look; never more to do at once."""
        now = self._clock.now()
        if not self._reachable():
            self._ready_since = None
            return False
        if self._ready_since is None:
            self._ready_since = now
        if self._query_after:
            await self._ask(now)
        if self._looks_up:
            await self._look_up(now)
        # Receipts that waited at the operator while there was no connection come first.
        if now - self._ready_since >= REPEAT_AFTER:
            await self._repeat(now)
        return False

    async def _ask(self, now: int) -> None:
        due = await self._database.write(
            partial(
                asking.due, tools=self._tools, route=self._channel.name, now=now,
                before=now - self._query_after, limit=self._at_a_time,
            )
        )  # fmt: skip
        if due:
            await self._channel.ask(due)

    async def _look_up(self, now: int) -> None:
        doubted = await self._database.write(
            partial(
                asking.in_doubt, tools=self._tools, route=self._channel.name, now=now,
                before=now - LOOK_UP_AFTER, limit=self._at_a_time,
            )
        )  # fmt: skip
        if doubted:
            await self._channel.ask(doubted)

    async def _repeat(self, now: int) -> None:
        repeated = await self._database.write(
            partial(
                doubt.repeat_urgent, tools=self._tools, route=self._channel.name, now=now,
                before=now - REPEAT_AFTER,
            )
        )  # fmt: skip
        if repeated:
            self._wakes.dispatch.set()
