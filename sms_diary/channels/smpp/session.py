"""One connection to an SMSC: bind, sequence numbers, what is said when, the end.

What a PDU that came in does is `intake.py`'s, what silence asks for `timers.py`'s, the transport
`wire.py`'s; what an answer, a receipt or an inbound SMS means is decided by the `Events`.
Reconnecting is `link.py`'s.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sms_diary.channels import pdu
from sms_diary.channels.base import Asked, Outgoing
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.intake import Answer, Intake
from sms_diary.channels.smpp.pacing import Pacer
from sms_diary.channels.smpp.query import Told
from sms_diary.channels.smpp.requests import Kind, build_bind, build_query, session_pdu
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.smpp.timers import Due, Timers
from sms_diary.channels.smpp.trace import Tap
from sms_diary.channels.smpp.wire import Wire
from sms_diary.errors import PduError

_LAST_SEQUENCE = 0x7FFF_FFFF  # SMPP 3.4 §5.1.4
_GOODBYE = 1.0
"""Seconds for unbind_resp, and again for the last octets; then the connection is cut."""


class Events(Protocol):
    """Whom a session tells; each is called once for a burst, and never waits."""

    def bound(self, session: Session, /) -> None: ...

    def answered(self, session: Session, answers: Sequence[Answer], /) -> None: ...

    def delivered(self, session: Session, delivers: Sequence[Deliver], /) -> None:
        """Each must be answered by `Session.acknowledge`, once it is stored."""

    def told(self, session: Session, told: Sequence[Told], /) -> None:
        """What the SMSC said to `Session.ask`, refusals too."""

    def writable(self, session: Session, /) -> None: ...

    def lost(self, session: Session, /) -> None:
        """The connection is gone; unanswered parts have been told as answers before."""


class Session(asyncio.Protocol):
    """Created for one connection and of no use after it."""

    def __init__(
        self,
        settings: SmppSettings,
        kind: Kind,
        pacer: Pacer,
        events: Events,
        now: Callable[[], float],
        tap: Tap | None = None,
    ) -> None:
        self._settings = settings
        self._kind = kind
        self._events = events
        self._now = now
        self._framer = pdu.Framer()
        self._intake = Intake()
        self._timers = Timers(settings, now())
        self._wire = Wire(tap)
        self._sequence = 0
        self._unacknowledged = 0
        self.pacer = pacer
        """How fast parts may leave by it; outlives it."""
        self.bind_status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The command_status of the bind response."""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reason = ""
        """Why it was closed, in words for a log."""

    @property
    def is_bound(self) -> bool:
        return self._intake.serving

    @property
    def in_flight(self) -> int:
        """Parts written and not answered."""
        return len(self._intake.window)

    @property
    def useful(self) -> bool:
        """Whether anything was done on it, or it ended for nothing but leisure."""
        return self._intake.useful or self.reason == Due.IDLE

    @property
    def asking(self) -> set[int]:
        """The ids of parts that were asked for and not answered."""
        return {asked.part_id for asked, _ in self._intake.queries.values()}

    @property
    def counts(self) -> Counter[str]:
        """Odd things seen on it."""
        return self._intake.counts

    @property
    def may_write(self) -> bool:
        """Whether a part written now would go out; on a dying connection it surely would not."""
        return self.is_bound and not self._wire.congested and self._wire.open

    @property
    def may_ask(self) -> bool:
        """Whether the peer may be asked for parts; one that knows no query_sm never again."""
        return self.may_write and self._intake.queries_served

    # --- what the channel asks for

    def submit(self, parts: Iterable[tuple[Outgoing, bytes]]) -> None:
        """Write parts with their submit_sm bodies in one go."""
        now = self._now()
        window = self._intake.window
        frames: list[bytes] = []
        for part, body in parts:
            sequence = self._next()
            window.add(sequence, part, now)
            frames.append(pdu.frame(pdu.SUBMIT_SM, sequence, body))
        self._timers.worked(now)
        self._write(b"".join(frames))

    def ask(self, asked: Asked) -> None:
        """Write a query_sm. PduError when it cannot be asked for so."""
        sequence = self._next()
        query = build_query(asked, sequence, self._settings)
        self._intake.queries[sequence] = (asked, self._now())
        self._write(query)

    def acknowledge(self, sequences: Sequence[int], status: int = pdu.OK) -> None:
        """Answer deliver_sm that were stored, or with another status could not be."""
        self._unacknowledged -= len(sequences)
        self._write(b"".join([pdu.deliver_sm_resp(sequence, status) for sequence in sequences]))
        if not self._wire.reading and self._unacknowledged <= self._settings.max_unanswered // 2:
            self._resume_reading()

    async def unbind(self) -> None:
        """Say goodbye (SMPP 3.4 §4.2) and close, within about three seconds."""
        if not self._wire.made:
            return
        self._leave("unbound by us")
        await asyncio.wait([self.closed], timeout=2 * _GOODBYE)
        self.cut("unbound by us")
        await asyncio.wait([self.closed], timeout=_GOODBYE)

    def close(self, reason: str) -> None:
        """Let the last octets go and close; cut when they do not go."""
        if self._wire.open:
            self.reason = self.reason or reason
            self._intake.serving = False
            self._wire.close()

    def cut(self, reason: str) -> None:
        """Close without waiting for a peer that does not react."""
        self.reason = self.reason or reason
        self._intake.serving = False
        self._wire.abort()

    def _leave(self, reason: str) -> None:
        """Unbind, and close when that was answered or a moment has passed."""
        if not self.may_write:
            self.close(reason)
            return
        self.reason = reason
        self._intake.serving = False
        self._write(session_pdu("unbind", self._next()))
        self._wire.later("goodbye", _GOODBYE, lambda: self.close(reason))

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire.connected(transport)
        self._write(build_bind(self._kind, self._next(), self._settings))
        self._schedule_tick()

    def connection_lost(self, exc: Exception | None) -> None:
        self.reason = self.reason or (type(exc).__name__ if exc else "closed by the peer")
        self._wire.lost(self.reason)
        intake = self._intake
        intake.serving = False
        intake.queries.clear()
        intake.answers.extend(Answer(part, None) for part in intake.window.clear())
        self._flush()
        self._events.lost(self)
        self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._wire.congested = True
        self._timers.congested(self._now())

    def resume_writing(self) -> None:
        self._wire.congested = False
        self._timers.congested(None)
        self._events.writable(self)

    def data_received(self, data: bytes) -> None:
        self._wire.heard(data)
        intake = self._intake
        now = self._now()
        self._timers.heard(now)
        answered_before = intake.submits_answered
        try:
            for frame in self._framer.feed(data):
                intake.take(frame)
        except PduError as error:
            intake.garbled(error)
        if intake.submits_answered != answered_before:
            self._timers.answered(now)
        if intake.enquiry_answered:
            intake.enquiry_answered = False
            self._timers.enquiry_answered()
        self._note_bind(now)
        self._flush()
        if intake.ended:
            self.close(intake.ended)

    def _note_bind(self, now: float) -> None:
        status = self._intake.bind_status
        if status is None or self.bind_status.done():
            return
        self.bind_status.set_result(status)
        if status == pdu.OK:
            self._timers.restart(now)
            self._events.bound(self)

    # --- out

    def _flush(self) -> None:
        """Reply and tell, once for all that came in one burst."""
        intake = self._intake
        if intake.replies:
            self._write(b"".join(intake.replies))
            intake.replies.clear()
        if delivers := intake.delivers:
            intake.delivers = []
            self._timers.worked(self._now())
            self._unacknowledged += len(delivers)
            if self._unacknowledged > self._settings.max_unanswered:
                self._wire.pause_reading()
            self._events.delivered(self, delivers)
        if answers := intake.answers:
            intake.answers = []
            self._events.answered(self, answers)
        if told := intake.told:
            intake.told = []
            self._events.told(self, told)

    def _write(self, data: bytes) -> None:
        if not self._wire.write(data):
            self.cut(Due.DEAF)

    def _next(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def _resume_reading(self) -> None:
        # Answers may have waited unread: their time, and the peer's, starts anew.
        now = self._now()
        self._timers.restart(now)
        self._intake.window.restart(now)
        self._wire.resume_reading()

    # --- time

    def _schedule_tick(self) -> None:
        self._wire.later("tick", self._timers.period, self._on_tick)

    def _on_tick(self) -> None:
        self._schedule_tick()
        if not self._wire.reading:
            return
        now = self._now()
        self._expire(now - self._settings.response_timeout)
        if not self.is_bound:
            return
        due = self._timers.due(now, busy=bool(self.in_flight or self._unacknowledged))
        if due is Due.ENQUIRE:
            self._timers.enquired(now)
            self._write(session_pdu("enquire_link", self._next()))
        elif due is Due.IDLE:
            self._leave(due)
        elif due:
            self.cut(due)

    def _expire(self, limit: float) -> None:
        """Parts whose answer is overdue; a peer that answers none of them is left."""
        self._intake.expire_queries(limit)
        if overdue := self._intake.window.expire(limit):
            self._intake.answers.extend(Answer(part, None) for part in overdue)
            self._flush()
            if self._timers.answers_nothing(limit):
                self.cut("submits are not answered")
