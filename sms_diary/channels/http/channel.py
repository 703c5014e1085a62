"""The HTTP channel: the contract of `channels.base` over requests to a provider.

It only joins: parts out are `outflow.py`'s, questions `asking.py`'s and `rounds.py`'s; what the
provider brings by itself comes by the service's own door (`callbacks.py`) and not through here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sms_diary.channels.base import Asked, Outgoing, Purse, Reports
from sms_diary.channels.http.account import BOUND, Account
from sms_diary.channels.http.asking import Asking
from sms_diary.channels.http.client import Answer, Client, tls
from sms_diary.channels.http.outflow import Outflow
from sms_diary.channels.http.questions import Questions
from sms_diary.channels.http.rounds import Rounds
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.telling import Telling
from sms_diary.clock import Clock, SystemClock


class HttpChannel:
    """One route over HTTP; implements `channels.base.Channel`."""

    def __init__(
        self,
        settings: HttpSettings,
        clock: Clock | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        heard: Callable[[Answer], None] = lambda _answer: None,
    ) -> None:
        """`now`: seconds of a monotonic clock; `heard`: who is shown every reply to a sending.

        Raises ConfigError for unreadable certificates.
        """
        tls(settings)
        self.name = settings.name
        self._running = False
        self._tell = tell = Telling(settings.name)
        clock = clock or SystemClock()
        self._account = Account(settings.name, now)
        self._client = Client(settings)
        self._out = Outflow(
            settings, self._client, self._account, tell.results, tell.wake, now=now, clock=clock,
            heard=heard,
        )  # fmt: skip
        questions = Questions(settings, self._client)
        self._asking = Asking(settings, questions, tell)
        self._rounds = Rounds(settings, questions, tell, clock)

    # --- state, for people and readiness

    @property
    def state(self) -> str:
        """`stopped`, `bound`, `waiting` (for a provider in trouble), `refused`, or `trying` when
        the pause for one of them is over and the next message must show how it is."""
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
    def purse(self) -> Purse:
        """The money on the account."""
        return Purse(self._rounds.balance, self._rounds.low, self._out.spent)

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
        self._tell.start(reports)
        self._running = True
        self._out.start(reports.mine)
        self._rounds.start()

    async def send(self, batch: Sequence[Outgoing]) -> None:
        self._out.send(batch)

    async def ask(self, parts: Sequence[Asked]) -> None:
        if self._running:
            self._asking.ask(parts)

    async def stop(self) -> None:
        self._running = False
        self._tell.quiet()
        await self._out.stop()
        await self._asking.stop()
        await self._rounds.stop()
        await self._client.close()
