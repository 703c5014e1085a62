"""One route of this process: waits for its lease, sends while it holds it, lets go in order.

What is handed over is `dispatch.py`'s; which process holds what, `holding.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog

from sms_diary import loops
from sms_diary.channels.base import Channel, Reports
from sms_diary.holding import LOOK_AGAIN, Holding
from sms_diary.store import leases, sweeps
from sms_diary.wake import Wake, asked_to_end

log = structlog.get_logger(__name__)
Loop = tuple[str, Callable[[], Awaitable[bool]], Wake, float]
"""Name, step, hint and poll in seconds, as `loops.run` takes them."""


class Sending:
    """Runs `steps` over a channel for as long as its route is ours."""

    def __init__(
        self, holding: Holding, channel: Channel, reports: Reports, steps: Sequence[Loop]
    ) -> None:
        self._holding = holding
        self._channel = channel
        self._reports = reports
        self._steps = [
            (name, self._while_held(step), wake, poll) for name, step, wake, poll in steps
        ]
        self._lease = leases.of_route(channel.name)
        # What whoever had it before had claimed is in doubt, in the transaction that takes it.
        self._first = partial(sweeps.taken_over, route=channel.name)

    async def take(self) -> bool:
        """Take the route now if it is free; `run` begins with it then."""
        return await self._holding.take(self._lease, self._first)

    async def run(self) -> None:
        """Take the route, send, and when it is lost queue up for it again; until cancelled.

        Whoever cancels this waits for it: claiming stops, what is under way is answered and
        written down within the channel's bounds, then it says goodbye and gives the lease back.
        """
        while not asked_to_end():
            if not self._holding.held(self._lease):
                log.info("route is held by another process, waiting", route=self._channel.name)
                await self._holding.wait(self._lease, self._first)
            try:
                await self._send()
            except Exception as error:  # one route must not end the others
                log.error("route failed", route=self._channel.name, error=type(error).__name__)
                await asyncio.sleep(LOOK_AGAIN)
            finally:
                await self._holding.give_back(self._lease)

    def _while_held(self, step: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
        """Whoever was stopped for a while must not begin a step as if nothing had happened."""

        async def guarded() -> bool:
            return self._holding.held(self._lease) and await step()

        return guarded

    async def _send(self) -> None:
        try:
            await self._channel.start(self._reports)
            async with looping(self._steps):
                await self._holding.lost(self._lease)
            log.warning("route is lost, letting go", route=self._channel.name)
        finally:
            # After its loops have ended: what is on its way is still settled.
            await self._channel.stop()


@asynccontextmanager
async def looping(steps: Sequence[Loop]) -> AsyncIterator[None]:
    """Loops that run while the block lasts; its end waits for the steps that are under way."""
    tasks = [
        asyncio.create_task(loops.run(name, step, wake, poll=poll))
        for name, step, wake, poll in steps
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
