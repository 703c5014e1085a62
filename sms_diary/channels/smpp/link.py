"""Keeps one session up: connects, binds, and after a loss waits and tries again.

Pauses grow and are drawn at random, so that many gateways do not come back in one moment; a
refused name or password is tried again only after minutes. Which links a route has is
`connections.py`'s, what goes over a session the channel's concern.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Any

from smpplib import consts

from sms_diary.channels import pdu
from sms_diary.channels.smpp import results
from sms_diary.channels.smpp.pacing import Pacer
from sms_diary.channels.smpp.requests import Kind
from sms_diary.channels.smpp.session import Events, Session
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.smpp.trace import Trace
from sms_diary.model import Failure

logger = logging.getLogger(__name__)

_WRONG_NAME = (int(consts.SMPP_ESME_RINVPASWD), int(consts.SMPP_ESME_RINVSYSID))


class State(StrEnum):
    """What a link is about; `refused` needs a person, the others pass by themselves."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    BOUND = "bound"
    WAITING = "waiting"
    REFUSED = "refused"


class Backoff:
    """Doubling pauses in seconds, from `first` to `most`."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._next = first

    def reset(self) -> None:
        self._next = self._first

    def grow(self) -> float:
        """The ceiling of the next pause."""
        ceiling, self._next = self._next, min(self._most, self._next * 2)
        return ceiling


class Turn:
    """One link of a route connects at a time: many with a wrong password are one wrong try."""

    def __init__(self, settings: SmppSettings, now: Callable[[], float]) -> None:
        self.refused = Backoff(settings.refused_first, settings.refused_max)
        """Pauses after a refusal, of all links together."""
        self._lock = asyncio.Lock()
        self._now = now
        self._nobody_before = now()

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            await asyncio.sleep(max(0.0, self._nobody_before - self._now()))
        except BaseException:
            self._lock.release()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._lock.release()

    def close(self, pause: float) -> None:
        """Let nobody try for so many seconds."""
        self._nobody_before = self._now() + pause


class Link:
    """At most one session at a time; `reason` says why there is none."""

    def __init__(
        self,
        settings: SmppSettings,
        kind: Kind,
        events: Events,
        now: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self.kind = kind
        self._settings = settings
        self._events = events
        self._now = now
        self._jitter = jitter
        self._pacer = Pacer(settings.rate, now)
        self._ordinary = Backoff(settings.backoff_first, settings.backoff_max)
        self._task: asyncio.Task[None] | None = None
        self._trace: Trace | None = None
        self._counts: Counter[str] = Counter()
        self._state = State.STOPPED
        self.session: Session | None = None
        """The connection of now, bound or binding."""
        self.reason = ""

    @property
    def state(self) -> State:
        bound = self.session is not None and self.session.is_bound
        return State.BOUND if bound else self._state

    @property
    def counts(self) -> Counter[str]:
        """Odd things of all sessions, and connections made."""
        return self._counts + self.session.counts if self.session else self._counts

    def start(self, turn: Turn, context: ssl.SSLContext | None, trace: Trace | None) -> None:
        """Connect in the background and stay connected; without TLS there is no context."""
        self._trace = trace
        self._state = State.CONNECTING
        self._task = asyncio.get_running_loop().create_task(self._run(turn, context))

    async def stop(self) -> None:
        """Unbind if bound, and connect no more; takes three seconds at the most."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        if self.session is not None:
            await self.session.unbind()
        self.session = None
        self._state, self.reason = State.STOPPED, ""

    async def _run(self, turn: Turn, context: ssl.SSLContext | None) -> None:
        while True:
            try:
                pause = await self._live_once(turn, context)
            except (OSError, ValueError) as error:  # ValueError: no possible host name
                self.session = None
                pause = self._pause()
                self._state, self.reason = State.WAITING, type(error).__name__
            logger.warning(
                "route %s, %s: %s (%s), next try in %.1f s",
                self._settings.name, self.kind, self._state, self.reason, pause,
            )  # fmt: skip
            await asyncio.sleep(pause)

    async def _live_once(self, turn: Turn, context: ssl.SSLContext | None) -> float:
        """Connect, bind, live until the end; the pause before the next try."""
        async with turn:
            self._state = State.CONNECTING
            session = await self._connect(context)
            since = self._now()
            status = await self._bound(session)
            if status is not None and status != pdu.OK:
                session.close("bind refused")
                await asyncio.wait([session.closed])
                self._forget(session)
                return self._turned_away(status, turn)
        if status == pdu.OK:
            self.reason = ""
            turn.refused.reset()
        await asyncio.wait([session.closed])
        self._forget(session)
        if session.useful or self._now() - since > self._settings.backoff_max:
            self._ordinary.reset()
        self._state, self.reason = State.WAITING, session.reason
        return self._pause()

    def _forget(self, session: Session) -> None:
        self._counts += session.counts
        self.session = None

    async def _connect(self, context: ssl.SSLContext | None) -> Session:
        """A connection to the first address of the host that takes one."""
        host = self._settings.host.strip("[]")  # as an IPv6 address is often written
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._settings.connect_timeout):
            found = await loop.getaddrinfo(host, self._settings.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        if len(addresses) == 1:
            addresses = [host]  # an address itself may name an interface too
        # One after the other, each with its time: a dead IPv6 must not keep us from IPv4.
        for address in addresses[:-1]:
            try:
                return await self._connect_to(address, context)
            except OSError:
                continue
        return await self._connect_to(addresses[-1], context)

    async def _connect_to(self, address: str, context: ssl.SSLContext | None) -> Session:
        settings = self._settings
        named = settings.server_name or settings.host.strip("[]")
        async with asyncio.timeout(settings.connect_timeout):
            _, session = await asyncio.get_running_loop().create_connection(
                self._new_session,
                address,
                settings.port,
                ssl=context,
                server_hostname=named if context else None,
                local_addr=(settings.local_address, 0) if settings.local_address else None,
            )
        self._counts["connections"] += 1
        return session

    def _new_session(self) -> Session:
        # Kept from here on: the bind response may come before create_connection returns.
        tap = self._trace.tap() if self._trace else None
        self.session = Session(self._settings, self.kind, self._pacer, self._events, self._now, tap)
        return self.session

    async def _bound(self, session: Session) -> int | None:
        """The status of the bind response; None when there is none in time."""
        ends: list[asyncio.Future[Any]] = [session.bind_status, session.closed]
        await asyncio.wait(
            ends,
            timeout=self._settings.bind_timeout,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if session.bind_status.done():
            return session.bind_status.result()
        session.cut("no answer to bind")
        return None

    def _turned_away(self, status: int, turn: Turn) -> float:
        self.reason = results.code(status)
        meaning = results.meaning(status, self._settings.vendor_codes)
        if meaning.failure is not Failure.CONFIG:
            self._state = State.WAITING
            return self._pause()
        # Wrong name, password or rights: only a person helps, and hammering gets an account
        # locked.
        self._state = State.REFUSED
        pause = turn.refused.grow() * (1 + self._jitter() / 4)
        if status in _WRONG_NAME:
            turn.close(pause)
        return pause

    def _pause(self) -> float:
        return self._ordinary.grow() * self._jitter()
