"""What the phones get, as it happens: parts of the operator's feed joined into SMS.

It listens to the simulator only; the service is not asked. How it is shown is `screen`'s.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol, Self

from sms_diary.simulator import Event, Inbound, Submitted, feed
from sms_diary.simulator.ledger import REPORTED


@dataclass(slots=True)
class Sms:
    """One SMS on its way; `number` has digits only, `at` is in epoch milliseconds."""

    number: str
    at: int
    total: int
    parts: dict[int, Submitted] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(self.parts[seq].fragment.text for seq in sorted(self.parts))

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.total

    @property
    def delivered(self) -> bool:
        """Whether every part is on the phone and the service knows it."""
        return self.complete and all(part.state == REPORTED for part in self.parts.values())


class Shows(Protocol):
    """Where it is shown."""

    def accepted(self, sms: Sms) -> None: ...

    def delivered(self, sms: Sms) -> None: ...

    def answered(self, inbound: Inbound) -> None: ...


class Watch:
    """Follows a feed while its block lasts."""

    def __init__(self, queue: asyncio.Queue[Event], screen: Shows) -> None:
        self._queue = queue
        self._screen = screen
        self._growing: dict[tuple[str, int, int], Sms] = {}
        self._of_part: dict[int, Sms] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._show(await self._queue.get())
            self._queue.task_done()

    async def caught_up(self) -> None:
        """Return when all that has happened is shown; raises what has ended the watch."""
        assert self._task is not None
        rest = asyncio.create_task(self._queue.join())
        try:
            await asyncio.wait({rest, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rest.cancel()
        if self._task.done():
            self._task.result()

    def _show(self, event: Event) -> None:
        if event.kind == feed.SUBMITTED and event.part is not None:
            self._submitted(event.part)
        elif event.kind == feed.REPORTED and event.part is not None:
            sms = self._of_part.pop(event.part.seq, None)
            if sms is not None and sms.delivered and not self._is_followed(sms):
                self._screen.delivered(sms)
        elif event.kind == feed.INBOUND and event.inbound is not None:
            self._screen.answered(event.inbound)

    def _is_followed(self, sms: Sms) -> bool:
        return any(part.seq in self._of_part for part in sms.parts.values())

    def _submitted(self, part: Submitted) -> None:
        reference, total, seq = part.fragment.concat or (0, 1, 1)
        key = (part.number, reference, total)
        sms = self._growing.get(key) or Sms(part.number, part.at, total)
        sms.parts[seq] = part
        self._of_part[part.seq] = sms
        if sms.complete:
            self._growing.pop(key, None)
            self._screen.accepted(sms)
        else:
            self._growing[key] = sms
