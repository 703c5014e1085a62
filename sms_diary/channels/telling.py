"""Where a channel brings what it has, once it is started: the news of one route.

Channels are made before anybody listens. How news are gathered is `reporting.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.channels.base import InboundReport, ReceiptReport, Reports, Result
from sms_diary.errors import ChannelError


class Telling:
    """Results, receipts and SMS of one route on their way to whoever listens."""

    def __init__(self, route: str) -> None:
        self._route = route
        self._reports: Reports | None = None
        self._awake = False

    def start(self, reports: Reports) -> None:
        self._reports, self._awake = reports, True

    def quiet(self) -> None:
        """Wake nobody any more; what is still to be told is told."""
        self._awake = False

    def wake(self) -> None:
        """There may be more room."""
        if self._reports is not None and self._awake:
            self._reports.room()

    async def results(self, batch: Sequence[Result]) -> None:
        await self._listening().results(self._route, batch)

    async def receipts(self, batch: Sequence[ReceiptReport]) -> None:
        await self._listening().receipts(self._route, batch)

    async def inbound(self, batch: Sequence[InboundReport]) -> None:
        await self._listening().inbound(self._route, batch)

    def _listening(self) -> Reports:
        if self._reports is None:
            raise ChannelError(self._route)
        return self._reports
