"""Keeps one session up: connects, binds, and after a loss waits and tries again.

Pauses grow and are drawn at random, so that many gateways do not come back in one moment; a
refused name or password is tried again only after minutes. What goes over the session is the
channel's concern.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sms_diary.channels import pdu
from sms_diary.channels.smpp import results
from sms_diary.channels.smpp.session import Events, Session
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.model import Failure

logger = logging.getLogger(__name__)


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


class Link:
    """At most one session at a time; `reason` says why there is none."""

    def __init__(
        self,
        settings: SmppSettings,
        events: Events,
        now: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._events = events
        self._now = now
        self._jitter = jitter
        self._ordinary = Backoff(settings.backoff_first, settings.backoff_max)
        self._refused = Backoff(settings.refused_first, settings.refused_max)
        self._task: asyncio.Task[None] | None = None
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

    def start(self) -> None:
        """Connect in the background and stay connected. ConfigError for an unreadable CA file."""
        context = self._settings.tls_context()
        self._task = asyncio.get_running_loop().create_task(self._run(context))

    async def stop(self) -> None:
        """Unbind if bound, and connect no more."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        if self.session is not None:
            await self.session.unbind()
        self.session = None
        self._state, self.reason = State.STOPPED, ""

    async def _run(self, context: ssl.SSLContext | None) -> None:
        while True:
            self._state = State.CONNECTING
            try:
                pause = await self._live_once(context)
            except (OSError, ValueError) as error:  # ValueError: no possible host name
                self.session = None
                pause = self._pause(self._ordinary)
                self._state, self.reason = State.WAITING, type(error).__name__
            logger.warning(
                "route %s: %s (%s), next try in %.1f s",
                self._settings.name, self._state, self.reason, pause,
            )  # fmt: skip
            await asyncio.sleep(pause)

    async def _live_once(self, context: ssl.SSLContext | None) -> float:
        """Connect, bind, live until the end; the pause before the next try."""
        session = await self._connect(context)
        since = self._now()
        status = await self._bound(session)
        if status == pdu.OK:
            self.reason = ""
            self._refused.reset()
        else:
            session.close("bind refused")
        await asyncio.wait([session.closed])
        self._counts += session.counts
        self.session = None
        if session.useful or self._now() - since > self._settings.backoff_max:
            self._ordinary.reset()
        if status is not None and status != pdu.OK:
            return self._turned_away(status)
        self._state, self.reason = State.WAITING, session.reason
        return self._pause(self._ordinary)

    async def _connect(self, context: ssl.SSLContext | None) -> Session:
        settings = self._settings
        async with asyncio.timeout(settings.connect_timeout):
            _, session = await asyncio.get_running_loop().create_connection(
                self._new_session,
                settings.host,
                settings.port,
                ssl=context,
                server_hostname=settings.host if context else None,
            )
        self._counts["connections"] += 1
        return session

    def _new_session(self) -> Session:
        # Kept from here on: the bind response may come before create_connection returns.
        self.session = Session(self._settings, self._events, self._now)
        return self.session

    async def _bound(self, session: Session) -> int | None:
        """The status of the bind response; None when there is none in time."""
        ends: list[asyncio.Future[Any]] = [session.bind_status, session.closed]
        await asyncio.wait(
            ends,
            timeout=self._settings.response_timeout,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if session.bind_status.done():
            return session.bind_status.result()
        session.cut("no answer to bind")
        return None

    def _turned_away(self, status: int) -> float:
        self.reason = results.code(status)
        if results.meaning(status).failure is Failure.CONFIG:
            # Wrong name, password or rights: only a person helps, and hammering gets
            # an account locked.
            self._state = State.REFUSED
            return self._refused.grow() * (1 + self._jitter() / 4)
        self._state = State.WAITING
        return self._pause(self._ordinary)

    def _pause(self, backoff: Backoff) -> float:
        return backoff.grow() * self._jitter()
