"""The transport under a session: writing while the peer reads, reading while we can store.

What is written, and when the connection is given up, is `session.py`'s.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from sms_diary.channels.smpp.trace import Tap

_UNREAD_MAX = 1 << 20
"""Octets written that the peer does not read; beyond that it only makes us hoard answers."""
_LAST_OCTETS = 1.0
"""Seconds that what is written gets to go out before a connection that closes is cut."""


class Wire:
    """One connection; before it is made and after it is closed, writing does nothing."""

    def __init__(self, tap: Tap | None) -> None:
        """`tap`: where the trace gets what goes over it; None: there is no trace."""
        self._tap = tap
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._handles: dict[str, asyncio.TimerHandle] = {}
        self.reading = True
        self.congested = False
        """Whether more is written than the peer has taken for now."""

    @property
    def made(self) -> bool:
        return self._transport is not None

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connected(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer: socket.socket | None = transport.get_extra_info("socket")
        if peer is not None:
            # With Nagle's algorithm every answer would wait for the peer's delayed ACK.
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tap is not None:
            ours, theirs = map(transport.get_extra_info, ("sockname", "peername"))
            self._tap.say(f"connected from {ours[0]}:{ours[1]} to {theirs[0]}:{theirs[1]}")

    def lost(self, reason: str) -> None:
        """The connection is gone: no timer of it goes off any more."""
        if self._tap is not None:
            self._tap.say(f"closed: {reason}")
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def write(self, data: bytes) -> bool:
        """Write; False when so much is unread that the peer is not worth waiting for."""
        transport = self._transport
        if not data or transport is None or transport.is_closing():
            return True
        if self._tap is not None:
            self._tap.written(data)
        transport.write(data)
        return transport.get_write_buffer_size() <= _UNREAD_MAX

    def heard(self, data: bytes) -> None:
        """Octets came in."""
        if self._tap is not None:
            self._tap.read(data)

    def pause_reading(self) -> None:
        if self.reading and self._transport is not None and self.open:
            self.reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        self.reading = True
        if self._transport is not None and self.open:
            self._transport.resume_reading()

    def close(self) -> None:
        """Let the last octets go and close; cut when they do not go."""
        if self._transport is not None and self.open:
            self._transport.close()
            self.later("abort", _LAST_OCTETS, self._transport.abort)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def later(self, name: str, delay: float, call: Callable[[], None]) -> None:
        """Call after so many seconds, if the connection still stands."""
        self._handles[name] = self._loop.call_later(delay, call)
