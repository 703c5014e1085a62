"""The HTTP channel: the contract of `channels.base` over requests to a provider.

It only joins: parts out are `outflow.py`'s, questions `asking.py`'s; what the provider brings by
itself comes by the service's own door (`callbacks.py`) and not through here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from sms_diary.channels.base import (
    Asked,
    InboundReport,
    Outgoing,
    ReceiptReport,
    Reports,
    Result,
)
from sms_diary.channels.http.account import BOUND, Account
from sms_diary.channels.http.asking import Asking
from sms_diary.channels.http.client import Client, tls
from sms_diary.channels.http.outflow import Outflow
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.clock import Clock, SystemClock
from sms_diary.errors import ChannelError


class HttpChannel:
    """One route over HTTP; implements `channels.base.Channel`."""

    def __init__(
        self,
        settings: HttpSettings,
        clock: Clock | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now`: seconds of a monotonic clock. Raises ConfigError for unreadable certificates."""
        tls(settings)
        self.name = settings.name
        self._running = False
        self._reports: Reports | None = None
        self._account = Account(settings.name, now)
        self._client = Client(settings)
        self._out = Outflow(
            settings, self._client, self._account, self._store_results, self._wake,
            now=now, clock=clock or SystemClock(),
        )  # fmt: skip
        self._asking = Asking(settings, self._client, self._store_receipts, self._store_inbound)

    # --- state, for people and readiness

    @property
    def state(self) -> str:
        """`stopped`, `bound`, `waiting` (for a provider in trouble) or `refused`."""
        return self._account.state if self._running else "stopped"

    @property
    def reason(self) -> str:
        """Why nothing leaves, in Russian, or what broke."""
        return self._account.reason

    @property
    def outstanding(self) -> int:
        """Parts handed over and not yet reported and committed."""
        return self._out.outstanding

    @property
    def balance(self) -> Decimal | None:
        """Money on the account, when it was last looked at."""
        return self._asking.balance

    def running(self) -> bool:
        """Whether it may be asked: also while the account is paused."""
        return self._running

    def ready(self) -> bool:
        return self._running and not self._account.paused

    def well(self) -> bool:
        """Whether nothing is known that would keep it from sending: after a pause that is over it
        is ready to try, and not well yet."""
        return self.ready() and self._account.state == BOUND

    def room(self) -> int:
        return self._out.room() if self.ready() else 0

    def has(self, part_id: int) -> bool:
        return self._out.has(part_id)

    # --- the contract's verbs

    async def start(self, reports: Reports) -> None:
        self._reports = reports
        self._running = True
        self._out.start(reports.mine)
        self._asking.start()

    async def send(self, batch: Sequence[Outgoing]) -> None:
        self._out.send(batch)

    async def ask(self, parts: Sequence[Asked]) -> None:
        if self._running:
            self._asking.ask(parts)

    async def stop(self) -> None:
        self._running = False
        await self._out.stop()
        await self._asking.stop()
        await self._client.close()

    # --- reports

    def _wake(self) -> None:
        if self._reports is not None and self._running:
            self._reports.room()

    def _news(self) -> Reports:
        if self._reports is None:
            raise ChannelError(self.name)
        return self._reports

    async def _store_results(self, batch: list[Result]) -> None:
        await self._news().results(self.name, batch)

    async def _store_receipts(self, batch: list[ReceiptReport]) -> None:
        await self._news().receipts(self.name, batch)

    async def _store_inbound(self, batch: list[InboundReport]) -> None:
        await self._news().inbound(self.name, batch)
