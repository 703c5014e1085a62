"""One TCP connection to an SMSC: bind, sequence numbers, writing, timers, the end.

What a PDU that came in does is `intake.py`'s; what an answer, a receipt or an inbound SMS
means is decided by the `Events`. Reconnecting is `link.py`'s.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, cast

from sms_diary.channels import pdu
from sms_diary.channels.base import Outgoing
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.intake import Answer, Intake
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.errors import PduError

_LAST_SEQUENCE = 0x7FFF_FFFF  # SMPP 3.4 §5.1.4
_UNREAD_MAX = 1 << 20
"""Octets written that the peer does not read; beyond that it only makes us hoard answers."""
_GOODBYE = 1.0
"""Seconds for unbind_resp, and again for the last octets; then the connection is cut."""


class Events(Protocol):
    """Whom a session tells; each is called once for a burst, and never waits."""

    def bound(self, session: Session, /) -> None: ...

    def answered(self, session: Session, answers: Sequence[Answer], /) -> None: ...

    def delivered(self, session: Session, delivers: Sequence[Deliver], /) -> None:
        """Each must be answered by `Session.acknowledge`, once it is stored."""

    def writable(self, session: Session, /) -> None: ...

    def lost(self, session: Session, /) -> None:
        """The connection is gone; unanswered parts have been told as answers before."""


class Session(asyncio.Protocol):
    """Created for one connection and of no use after it."""

    def __init__(self, settings: SmppSettings, events: Events, now: Callable[[], float]) -> None:
        self._settings = settings
        self._events = events
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._framer = pdu.Framer()
        self._intake = Intake()
        self._sequence = 0
        self._unacknowledged = 0
        self._reading = True
        self._congested = False
        self._transport: asyncio.Transport | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asked_at: float | None = None
        self._heard_at = self._answered_at = now()
        self.bind_status: asyncio.Future[int] = self._loop.create_future()
        """The command_status of the bind response."""
        self.closed: asyncio.Future[None] = self._loop.create_future()
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
        """Whether any part was answered on it."""
        return self._intake.submits_answered > 0

    @property
    def counts(self) -> Counter[str]:
        """Odd things seen on it."""
        return self._intake.counts

    @property
    def may_write(self) -> bool:
        """Whether a part written now would go out; on a dying connection it surely would not."""
        transport = self._transport
        return (
            self.is_bound
            and not self._congested
            and transport is not None
            and not transport.is_closing()
        )

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
        self._write(b"".join(frames))

    def acknowledge(self, sequences: Sequence[int], status: int = pdu.OK) -> None:
        """Answer deliver_sm that were stored, or with another status could not be."""
        self._unacknowledged -= len(sequences)
        self._write(b"".join([pdu.deliver_sm_resp(sequence, status) for sequence in sequences]))
        if not self._reading and self._unacknowledged <= self._settings.max_unanswered // 2:
            self._resume_reading()

    async def unbind(self) -> None:
        """Say goodbye (SMPP 3.4 §4.2) and close, within about three seconds."""
        if self._transport is None:
            return
        if self.may_write:
            self._intake.serving = False
            self._write(pdu.session_pdu("unbind", self._next()))
            await asyncio.wait([self.closed], timeout=_GOODBYE)
        self.close("unbound by us")
        await asyncio.wait([self.closed], timeout=2 * _GOODBYE)

    def close(self, reason: str) -> None:
        """Let the last octets go and close; cut when they do not go."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self.reason = reason
        self._intake.serving = False
        transport.close()
        self._timers["abort"] = self._loop.call_later(_GOODBYE, transport.abort)

    def cut(self, reason: str) -> None:
        """Close without waiting for a peer that does not react."""
        self.reason = self.reason or reason
        self._intake.serving = False
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer: socket.socket | None = transport.get_extra_info("socket")
        if peer is not None:
            # With Nagle's algorithm every answer would wait for the peer's delayed ACK.
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        settings = self._settings
        bind = pdu.session_pdu(
            f"bind_{settings.bind}",
            self._next(),
            system_id=settings.system_id,
            password=settings.password,
            system_type=settings.system_type,
        )
        self._write(bind)
        self._schedule_tick()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in self._timers.values():
            timer.cancel()
        intake = self._intake
        intake.serving = False
        self.reason = self.reason or (type(exc).__name__ if exc else "closed by the peer")
        intake.answers.extend(Answer(part, None) for part in intake.window.clear())
        self._flush()
        self._events.lost(self)
        self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._congested = True

    def resume_writing(self) -> None:
        self._congested = False
        self._events.writable(self)

    def data_received(self, data: bytes) -> None:
        intake = self._intake
        self._heard_at = self._now()
        answered_before = intake.submits_answered
        try:
            for frame in self._framer.feed(data):
                intake.take(frame)
        except PduError as error:
            intake.counts["impossible length"] += 1
            intake.replies.append(pdu.generic_nack(error.sequence, error.status))
            intake.ended = intake.ended or "impossible command_length"
        if intake.submits_answered != answered_before:
            self._answered_at = self._heard_at
        if intake.enquiry_answered:
            intake.enquiry_answered = False
            self._asked_at = None
        self._note_bind()
        self._flush()
        if intake.ended:
            self.close(intake.ended)

    def _note_bind(self) -> None:
        status = self._intake.bind_status
        if status is None or self.bind_status.done():
            return
        self.bind_status.set_result(status)
        if status == pdu.OK:
            self._answered_at = self._heard_at
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
            self._unacknowledged += len(delivers)
            if self._unacknowledged > self._settings.max_unanswered:
                self._pause_reading()
            self._events.delivered(self, delivers)
        if answers := intake.answers:
            intake.answers = []
            self._events.answered(self, answers)

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if not data or transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > _UNREAD_MAX:
            self.cut("the peer does not read")

    def _next(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def _pause_reading(self) -> None:
        if self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        self._reading = True
        # Answers may have waited unread: their time, and the peer's, starts anew.
        self._heard_at = self._answered_at = self._now()
        self._intake.window.restart(self._heard_at)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # --- time

    def _schedule_tick(self) -> None:
        period = min(1.0, self._settings.enquire_link / 4, self._settings.response_timeout / 4)
        self._timers["tick"] = self._loop.call_later(period, self._on_tick)

    def _on_tick(self) -> None:
        self._schedule_tick()
        if not self._reading:
            return
        now = self._now()
        self._expire(now - self._settings.response_timeout)
        if not self.is_bound:
            return
        if self._asked_at is None:
            if now - self._heard_at >= self._settings.enquire_link:
                self._asked_at = now
                self._write(pdu.session_pdu("enquire_link", self._next()))
        elif now - max(self._asked_at, self._heard_at) >= self._settings.response_timeout:
            self.cut("the peer does not answer")

    def _expire(self, limit: float) -> None:
        """Parts whose answer is overdue; a peer that answers none of them is left."""
        overdue = self._intake.window.expire(limit)
        if overdue:
            self._intake.answers.extend(Answer(part, None) for part in overdue)
            self._flush()
            if self._answered_at <= limit:
                self.cut("submits are not answered")
