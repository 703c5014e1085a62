"""When a route is out, what waits for it goes by the next one; when it is well, it is used again.

The loop of one route, in the process that holds it. What may move is `store.rerouting`'s: never a
part that has perhaps left. Others learn of it from the database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

import structlog

from sms_diary.carrying import Ways
from sms_diary.channels.base import Outcome, Result
from sms_diary.clock import MINUTE, SECOND, Clock
from sms_diary.db import Database
from sms_diary.model import Failure, Scope
from sms_diary.store import pausing, rerouting
from sms_diary.wake import Wakes

log = structlog.get_logger(__name__)
POLL = 2.0
"""Seconds between two looks at a route."""
SAID_FOR = 20 * SECOND
"""How long a word that a route is out holds: who said it may be gone."""
TRY_AGAIN = 5 * MINUTE
"""After the last sign of trouble a route gets something to send: how else would it show that it
is well?"""
_OF_THE_ROUTE = frozenset({Failure.CONFIG, Failure.BALANCE, Failure.UNAVAILABLE})


class Watched(Protocol):
    """A channel that knows how it is."""

    name: str

    def ready(self) -> bool: ...

    def well(self) -> bool:
        """Whether nothing is known that would keep it from sending."""


class Standing:
    """How long a route has been in trouble. Times are epoch milliseconds."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._since: int | None = None
        self._refusing = False
        self._seen = 0

    def look(self, now: int, *, ready: bool, well: bool) -> None:
        """What the channel says of itself."""
        if not well and self._since is None:
            self._since = now
        if not ready:
            self._seen = now
        elif well and not self._refusing:
            self._since = None

    def heard(self, results: Sequence[Result], now: int) -> None:
        """What became of parts: one that was taken says more than any that was not."""
        if any(one.outcome is Outcome.ACCEPTED for one in results):
            self._since, self._refusing = None, False
        elif any(_of_the_route(one) for one in results):
            self._since = now if self._since is None else self._since
            self._refusing, self._seen = True, now

    def out(self, now: int) -> bool:
        """Whether it is out: in trouble for so long, and the last sign of it is fresh."""
        lasting = self._since is not None and now - self._since >= self._after
        return lasting and now - self._seen < TRY_AGAIN


def _of_the_route(result: Result) -> bool:
    """A refusal that any other message would have met as well."""
    if result.outcome is not Outcome.FAILED or result.failure not in _OF_THE_ROUTE:
        return False
    return result.scope is Scope.ACCOUNT or result.failure is not Failure.CONFIG


class Failover:
    """`after`: milliseconds of trouble after which a route counts as out."""

    def __init__(
        self, database: Database, clock: Clock, wakes: Wakes, channel: Watched, ways: Ways, *,
        after: int,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._wakes = wakes
        self._channel = channel
        self._ways = ways
        self._standing = Standing(after)
        self._out = False

    def hearing(
        self, settle: Callable[[str, Sequence[Result]], Awaitable[None]]
    ) -> Callable[[str, Sequence[Result]], Awaitable[None]]:
        """The same place for results, heard here once they are written down."""

        async def settled(route: str, results: Sequence[Result]) -> None:
            await settle(route, results)
            self._standing.heard(results, self._clock.now())

        return settled

    async def step(self) -> bool:
        """One look; whether more waits to be moved."""
        now, route = self._clock.now(), self._channel.name
        self._standing.look(now, ready=self._channel.ready(), well=self._channel.well())
        paused = await self._database.read(partial(pausing.is_paused, route=route))
        was, self._out = self._out, paused or self._standing.out(now)
        if not self._out:
            if was:
                log.info("route is tried again", route=route)
                await self._database.write(partial(rerouting.say_back, route=route))
            return False
        if not was:
            log.warning("route is out, messages go by the next one", route=route)
        await self._database.write(partial(rerouting.say_out, route=route, milliseconds=SAID_FOR))
        moved = await self._database.write(
            partial(rerouting.move, ways=self._ways, route=route, now=now)
        )
        if moved:
            log.info("messages go by another route", route=route, messages=moved)
            self._wakes.compose.set()
            self._wakes.dispatch.set()
        return moved >= rerouting.BATCH
