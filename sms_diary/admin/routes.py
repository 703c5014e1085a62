"""The routes as the desk shows them: how each is configured, and how its channel is just now.

What the channel says holds for this process; a route that another one holds is shown as such.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence

from sms_diary.channels.base import Purse
from sms_diary.channels.http import HttpChannel
from sms_diary.channels.smpp import SmppChannel
from sms_diary.clock import Clock
from sms_diary.values import value

EVERY = 2.0
"""Seconds between two looks at how the channels are."""


@value
class Configured:
    """One route of the configuration, without anything secret. `rate` in parts a second, 0: no
    limit; `window`: parts on their way at once."""

    name: str
    speaks: str
    rate: float
    window: int


@value
class Sight:
    """A route now. `since`: when its present state began (epoch milliseconds), as far as this
    process has seen it; `rate`: what is allowed just now, None where nothing limits."""

    configured: Configured
    held: bool
    ready: bool
    since: int | None
    outstanding: int
    rate: float | None
    connections: tuple[int, int] | None
    purse: Purse | None


class Routes:
    def __init__(
        self, configured: Sequence[Configured] = (),
        channels: Sequence[SmppChannel | HttpChannel] = (),
        held: Callable[[str], bool] = lambda _: False,
    ) -> None:  # fmt: skip
        self.configured = configured
        self._channels = {channel.name: channel for channel in channels}
        self._held = held
        self._since: dict[str, tuple[str, int]] = {}

    def look(self, *, now: int) -> None:
        """Note when a channel's state has changed."""
        for name, channel in self._channels.items():
            state = f"{channel.state} {channel.ready()}"
            if self._since.get(name, ("", 0))[0] != state:
                self._since[name] = (state, now)

    async def watching(self, clock: Clock) -> None:
        """Look until cancelled."""
        while True:
            self.look(now=clock.now())
            await asyncio.sleep(EVERY)

    def sights(self) -> Mapping[str, Sight]:
        """Every configured route, in order."""
        return {one.name: self._sight(one) for one in self.configured}

    def _sight(self, one: Configured) -> Sight:
        channel = self._channels.get(one.name)
        if channel is None or not self._held(one.name):
            return Sight(one, False, False, None, 0, None, None, None)
        connections, rate = None, one.rate or math.inf
        if isinstance(channel, SmppChannel):
            connections, rate = channel.connections, channel.rate
        _, since = self._since.get(one.name, ("", None))
        return Sight(
            one, True, channel.ready(), since, channel.outstanding,
            None if math.isinf(rate) else rate, connections, channel.purse,
        )  # fmt: skip
