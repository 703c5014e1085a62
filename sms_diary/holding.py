"""What this process holds, and for how long it may believe so.

Routes and what only one process does are held by leases that a heartbeat prolongs; an SQLite file
by a lock beside it. What is done under a lease stands in `sending.py` and `app.py`, the SQL in
`store/leases.py`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from sms_diary.db import Database, Queries
from sms_diary.errors import DatabaseBusy
from sms_diary.store import leases
from sms_diary.store.tools import Tools
from sms_diary.wake import asked_to_end

BEATS = 6
"""A lease is prolonged this many times in its length."""
LOOK_AGAIN = 1.0
"""Seconds after which who waits for a lease looks again, at the most."""
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Held:
    until: float
    """By this machine's clock, counted from before the database was asked: never too late."""
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class Holding:
    """The leases of one process.

    `alone` (SQLite): nobody else can take one while the lock of the file is ours, so none is lost
    by being late.
    """

    def __init__(
        self, database: Database, tools: Tools, holder: str, *, seconds: float, alone: bool
    ) -> None:
        self._database = database
        self._tools = tools
        self._holder = holder
        self._seconds = seconds
        self._milliseconds = int(seconds * 1000)
        self._alone = alone
        self._held: dict[str, _Held] = {}

    def held(self, name: str) -> bool:
        """Whether it is ours for certain: told so less than its length ago. Asks nobody."""
        own = self._held.get(name)
        return own is not None and (self._alone or time.monotonic() < own.until)

    async def take(
        self, name: str, first: Callable[[Queries], Awaitable[object]] | None = None
    ) -> bool:
        """Take it if it is free; `first` is done in the same transaction. False: it is not."""
        if not await self._database.read(partial(leases.free, name=name)):
            return False
        asked = time.monotonic()
        if not await self._database.write(partial(self._take, name, first)):
            return False
        self._held[name] = _Held(asked + self._seconds)
        return True

    async def _take(
        self, name: str, first: Callable[[Queries], Awaitable[object]] | None, q: Queries
    ) -> bool:
        if not await leases.take(q, name, self._holder, self._milliseconds):
            return False
        if first is not None:
            await first(q)
        return True

    async def hold(self, name: str) -> bool:
        """Whether it is ours, or could be taken just now."""
        return self.held(name) or await self.take(name)

    async def wait(
        self, name: str, first: Callable[[Queries], Awaitable[object]] | None = None
    ) -> None:
        """Return when it is taken; while the database is away too, it is tried again."""
        while not asked_to_end():
            try:
                if await self.take(name, first):
                    return
            except Exception as error:  # tried again in a moment
                log.error("lease not taken", lease=name, error=type(error).__name__)
            await asyncio.sleep(min(LOOK_AGAIN, self._seconds / BEATS))
        raise asyncio.CancelledError  # it is not taken

    async def lost(self, name: str) -> None:
        """Return when it is ours no more."""
        if own := self._held.get(name):
            await own.lost.wait()

    async def give_back(self, name: str) -> None:
        """Let another process have it at once; one that cannot be told waits until it runs out."""
        if self._held.pop(name, None) is None:
            return
        try:
            await self._database.write(partial(leases.release, holder=self._holder, name=name))
        except Exception as error:  # it runs out by itself
            log.warning("lease not released", lease=name, error=type(error).__name__)

    async def beat(self) -> None:
        """Prolong all that is held, until cancelled; what is not prolonged in time is lost."""
        while not asked_to_end():
            await asyncio.sleep(self._seconds / BEATS)
            before = dict(self._held)
            asked = time.monotonic()
            try:
                async with asyncio.timeout(self._seconds / BEATS):
                    kept = await self._database.write(self._prolong, urgent=True)
            except Exception as error:  # the next beat may get through
                log.error("heartbeat failed", error=type(error).__name__)
                self._lose(name for name in before if not self.held(name))
                continue
            for name in kept:
                if name in before:
                    before[name].until = asked + self._seconds
            self._lose(name for name in before if name not in kept)

    async def _prolong(self, q: Queries) -> set[str]:
        kept = await leases.prolong(q, self._holder, self._milliseconds, run_out=self._alone)
        if not any(name.startswith("node:") for name in kept):
            # Another process may make ids under it by now.
            node = await leases.take_node(q, self._holder, self._milliseconds)
            self._tools.ids.move(node)
        return set(kept)

    def _lose(self, names: Iterator[str]) -> None:
        for name in list(names):
            if own := self._held.pop(name, None):
                log.warning("lease lost", lease=name)
                own.lost.set()


@contextmanager
def only_server(url: str) -> Iterator[None]:
    """An SQLite file has one server; command-line writers may come and go."""
    if not url.startswith("sqlite:"):
        yield
        return
    path = Path(url.removeprefix("sqlite:").removeprefix("//")).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseBusy(
                f"Базу {path} уже обслуживает другой процесс «sms-diary serve». Остановите его "
                "или возьмите PostgreSQL: там процессов может быть несколько."
            ) from None
        yield
    finally:
        os.close(descriptor)
