"""Tells whoever looks on that something happened: the page, the demo, tests.

What lives here: events and their listeners. What does not: the state itself; a page that hears
of a change reads it from the SMSC.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from sms_diary.simulator.inbound import Inbound
from sms_diary.simulator.ledger import Submitted

SUBMITTED, DONE, REPORTED, INBOUND, STORED = (
    "submitted",  # the SMSC took a part
    "done",  # the part reached its final state
    "reported",  # its receipt was acknowledged
    "inbound",  # a parent sent an SMS
    "stored",  # all of it was acknowledged
)


class Event(NamedTuple):
    """One thing that happened: to a part of ours, or to a parent's own SMS."""

    kind: str
    part: Submitted | None = None
    inbound: Inbound | None = None


class Feed:
    """Hands events out; costs next to nothing while nobody listens."""

    def __init__(self) -> None:
        self.revision = 0
        self._changed = asyncio.Event()
        self._queues: set[asyncio.Queue[Event]] = set()

    def parts(self, kind: str, parts: list[Submitted]) -> None:
        """Tell that all these parts came to the same point."""
        self._tell([Event(kind, part=part) for part in parts] if self._queues else [])

    def inbound(self, kind: str, inbound: Inbound) -> None:
        """Tell of a parent's SMS."""
        self._tell([Event(kind, inbound=inbound)])

    def touch(self) -> None:
        """Tell that something changed that is no event: a bind, a lost session."""
        self._tell([])

    def _tell(self, events: list[Event]) -> None:
        self.revision += 1
        self._changed.set()
        for queue in self._queues:
            for event in events:
                queue.put_nowait(event)

    async def wait(self, revision: int) -> int:
        """Return the present revision as soon as it is another one than `revision`."""
        while self.revision == revision:
            self._changed.clear()
            await self._changed.wait()
        return self.revision

    @contextmanager
    def listen(self) -> Generator[asyncio.Queue[Event], None, None]:
        """Give a queue of all events from now on, for as long as the block lasts."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
