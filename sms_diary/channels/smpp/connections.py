"""All connections of a route: which there are, and how they are together.

Each is kept up by a `link.Link` of its own; what goes over them is `outflow.py`'s and
`inflow.py`'s.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from sms_diary.channels.smpp.link import Link, State, Turn
from sms_diary.channels.smpp.requests import KINDS
from sms_diary.channels.smpp.session import Events, Session
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.smpp.trace import Trace

_WORST_FIRST = (State.REFUSED, State.WAITING, State.CONNECTING, State.BOUND, State.STOPPED)


class Connections:
    """`sessions` transceivers or transmitters, with `pair` a receiver for each."""

    def __init__(
        self,
        settings: SmppSettings,
        events: Events,
        now: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._now = now
        kinds = KINDS[settings.bind]
        self._links = [
            Link(settings, kind, events, now, jitter)
            for _ in range(settings.sessions)
            for kind in kinds
        ]
        self._trace: Trace | None = None
        self._senders = [link for link in self._links if link.kind == kinds[0]]

    def start(self) -> None:
        """Connect in the background. ConfigError when the CA file cannot be read."""
        context = self._settings.tls_context()
        turn = Turn(self._settings, self._now)
        self._trace = Trace(self._settings) if self._settings.trace else None
        for link in self._links:
            link.start(turn, context, self._trace)

    async def stop(self) -> None:
        """Say goodbye on all of them at once."""
        await asyncio.gather(*(link.stop() for link in self._links))
        if self._trace is not None:
            await self._trace.stop()
            self._trace = None

    def sending(self) -> list[Session]:
        """Sessions that are bound and may send, also those that are congested just now."""
        sessions = [link.session for link in self._senders]
        return [session for session in sessions if session is not None and session.is_bound]

    def open(self) -> list[Session]:
        """All there are, those that bind or say goodbye too."""
        return [link.session for link in self._links if link.session is not None]

    @property
    def bound(self) -> tuple[int, int]:
        """How many are bound, and of how many."""
        return sum(link.state is State.BOUND for link in self._links), len(self._links)

    @property
    def state(self) -> State:
        """The worst of all."""
        return self._worst.state

    @property
    def reason(self) -> str:
        """Why the worst is not bound; of several, which one and how many are."""
        worst = self._worst
        if len(self._links) == 1 or worst.state in (State.BOUND, State.STOPPED):
            return worst.reason
        bound, of = self.bound
        return f"{worst.kind}: {worst.reason or worst.state}; {bound} of {of} bound"

    @property
    def counts(self) -> Counter[str]:
        """Odd things of all sessions, and connections made."""
        return sum((link.counts for link in self._links), Counter())

    @property
    def _worst(self) -> Link:
        return min(self._links, key=lambda link: _WORST_FIRST.index(link.state))
