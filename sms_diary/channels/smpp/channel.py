"""The SMPP channel: the contract of `channels.base` over connections to an SMSC.

It only joins: parts out are `outflow.py`'s, receipts and inbound SMS `inflow.py`'s, questions
`asking.py`'s, and the connections `connections.py`'s.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from sms_diary.channels.base import Asked, Outgoing, Reports
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.asking import Asking
from sms_diary.channels.smpp.connections import Connections
from sms_diary.channels.smpp.inflow import Inflow
from sms_diary.channels.smpp.intake import Answer
from sms_diary.channels.smpp.outflow import Outflow
from sms_diary.channels.smpp.query import Told
from sms_diary.channels.smpp.session import Session
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.telling import Telling


class SmppChannel:
    """One route over SMPP; implements `channels.base.Channel` and `session.Events`."""

    def __init__(
        self,
        settings: SmppSettings,
        *,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = settings.name
        self._stopping = False
        self._tell = tell = Telling(settings.name)
        self._connections = Connections(settings, self, now, jitter)
        sending = self._connections.sending
        self._out = Outflow(settings, sending, tell.results, tell.wake, now)
        self._in = Inflow(settings, tell.receipts, tell.inbound)
        self._asking = Asking(settings, sending, self._in.told, now)

    # --- state, for people and readiness

    @property
    def state(self) -> str:
        """`stopped`, `connecting`, `bound`, `waiting` (for the next try) or `refused`.

        The worst of several connections; parts may leave all the same (`ready`).
        """
        return self._connections.state

    @property
    def reason(self) -> str:
        """Why it is not bound: an SMPP status, a class of error, or words.

        Of several connections, for the worst one, with how many are bound.
        """
        return self._connections.reason

    @property
    def purse(self) -> None:
        """SMPP says nothing of money."""

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections are bound, and of how many."""
        return self._connections.bound

    @property
    def rate(self) -> float:
        """Parts per second at present; infinite when nothing limits."""
        return self._out.rate

    @property
    def outstanding(self) -> int:
        """Parts handed over and not yet reported and committed."""
        return self._out.outstanding

    @property
    def counts(self) -> Counter[str]:
        """Connections made, odd PDUs and questions by kind."""
        return self._connections.counts + self._asking.counts

    def ready(self) -> bool:
        return not self._stopping and bool(self._connections.sending())

    def well(self) -> bool:
        """Whether nothing is known that would keep it from sending."""
        return self.ready()

    def room(self) -> int:
        return self._out.room() if self.ready() else 0

    def has(self, part_id: int) -> bool:
        return self._out.has(part_id)

    # --- the contract's verbs

    async def start(self, reports: Reports) -> None:
        """Connect in the background. ConfigError when the CA file cannot be read."""
        self._tell.start(reports)
        self._stopping = False
        self._out.start(reports.mine)
        self._connections.start()

    async def send(self, batch: Sequence[Outgoing]) -> None:
        self._out.send(batch)

    async def ask(self, parts: Sequence[Asked]) -> None:
        if not self._stopping:
            self._asking.ask(parts)

    async def stop(self) -> None:
        self._stopping = True
        self._tell.quiet()
        self._asking.stop()
        await self._out.stop(self._in_flight)
        await self._in.stop()  # its acknowledgements need the sessions
        await self._connections.stop()
        await self._in.stop()  # what came with the goodbyes
        await self._out.drain()

    def _in_flight(self) -> int:
        return sum(session.in_flight for session in self._connections.open())

    # --- session.Events

    def bound(self, _session: Session) -> None:
        self._out.pump()
        self._tell.wake()

    def answered(self, session: Session, answers: Sequence[Answer]) -> None:
        self._out.answered(session, answers)

    def delivered(self, session: Session, delivers: Sequence[Deliver]) -> None:
        self._in.delivered(session, delivers)

    def told(self, _session: Session, told: Sequence[Told]) -> None:
        self._asking.told(told)

    def writable(self, _session: Session) -> None:
        self._out.pump()

    def lost(self, _session: Session) -> None:
        self._out.lost()
