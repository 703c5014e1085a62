"""A channel that keeps what it is handed: the contract of `channels.base`, without a wire.

Nothing is answered by itself: a test says what the operator makes of each part, and when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sms_diary.channels.base import (
    Asked,
    InboundReport,
    Outcome,
    Outgoing,
    ReceiptReport,
    Reports,
    Result,
)
from sms_diary.model import Failure, PartState


class RecordingChannel:
    """A `Channel` with a window; parts stay in it until their result is committed."""

    def __init__(self, name: str = "main", *, window: int = 1000) -> None:
        self.name = name
        self.sent: list[Outgoing] = []
        """Everything that was handed over, in order."""
        self.open: dict[int, Outgoing] = {}
        """What waits for its result."""
        self.asked: list[Asked] = []
        """Every part that was asked for, in order."""
        self._window = window
        self._reports: Reports | None = None
        self._inbound = 0

    # --- the contract

    def room(self) -> int:
        return self._window - len(self.open) if self.ready() else 0

    def ready(self) -> bool:
        return self._reports is not None

    def has(self, part_id: int) -> bool:
        return part_id in self.open

    async def start(self, reports: Reports) -> None:
        self._reports = reports

    async def send(self, batch: Sequence[Outgoing]) -> None:
        assert len(batch) <= self.room(), "more was handed over than there is room for"
        await asyncio.sleep(0)  # a wire takes its time
        self.sent += batch
        self.open.update((part.part_id, part) for part in batch)

    async def ask(self, parts: Sequence[Asked]) -> None:
        self.asked += parts

    async def stop(self) -> None:
        self._reports = None

    # --- what the operator does

    def texts(self, number: str = "") -> list[str]:
        """Texts handed over, to one number or to all."""
        return [part.text for part in self.sent if number in ("", part.number)]

    async def accept(self, *parts: Outgoing) -> None:
        """Take these parts, or all that wait, under ids of the operator's own."""
        await self.settle(*(
            Result(part.part_id, Outcome.ACCEPTED, provider_id=provider_id(part))
            for part in parts or tuple(self.open.values())
        ))  # fmt: skip

    async def refuse(self, failure: Failure, *parts: Outgoing, code: str = "") -> None:
        """Refuse these parts, or all that wait."""
        await self.settle(*(
            Result(part.part_id, Outcome.FAILED, failure=failure, code=code)
            for part in parts or tuple(self.open.values())
        ))  # fmt: skip

    async def settle(self, *results: Result) -> None:
        assert self._reports is not None
        await self._reports.results(self.name, results)
        for result in results:
            self.open.pop(result.part_id, None)
        self._reports.room()

    async def report(self, state: PartState, *parts: Outgoing) -> None:
        """Send receipts for these parts, or for all that were ever handed over."""
        assert self._reports is not None
        await self._reports.receipts(self.name, [
            ReceiptReport(provider_id(part), state, part.number, "", None, b"receipt")
            for part in parts or tuple(self.sent)
        ])  # fmt: skip

    async def hear(self, number: str, text: str) -> None:
        """An SMS from a phone; each is another one, also with the same words."""
        assert self._reports is not None
        self._inbound += 1
        raw = f"{self._inbound} {text}".encode()
        await self._reports.inbound(self.name, [InboundReport(number, "1234", text, raw)])


def provider_id(part: Outgoing) -> str:
    """What the operator calls a part."""
    return f"{part.part_id:X}"
