"""A hint that there is work: the loops wake at once in-process, and by poll all the same.

Losing a hint costs a poll interval, never a message: what is to be done stands in a table.
"""

from __future__ import annotations

import asyncio


def asked_to_end() -> bool:
    """Whether the task that asks was cancelled.

    Loops ask before each round. A driver that meets a broken connection while it is cancelled
    raises what it met in place of CancelledError; a loop that outlives errors would outlive its
    own end then, and nobody cancels it twice.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Wake:
    """Set by whoever made work, waited for by whoever does it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return when hinted, or after `seconds`; the hint is then used up."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()


class Wakes:
    """One hint per loop."""

    def __init__(self) -> None:
        self.fanout = Wake()
        self.compose = Wake()
        self.dispatch = Wake()
        self.receipts = Wake()
        self.inbound = Wake()
        self.requests = Wake()
        self.codes = Wake()
