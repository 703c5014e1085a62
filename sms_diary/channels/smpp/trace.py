"""The PDUs of a route in a file, for those who look with an operator's support for what is wrong.

A session hands over octets and goes on; a thread of its own makes lines of them
(`trace_lines.py`) and writes them, each half second and at the end. Nothing that happens to the
file stops or slows sending: the trace goes off and says so once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self

from sms_diary.channels import pdu
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.smpp.trace_lines import Lines
from sms_diary.errors import PduError

logger = logging.getLogger(__name__)

PERSONAL_RU = "в файл пишутся номера и тексты: выключите trace_personal, когда закончите"
_MOST = 50 * 1024 * 1024
"""Octets of the file, beyond which it becomes `FILE.1` in place of the one before."""
_PERIOD = 0.5
_MOST_WAITING = 16 * 1024 * 1024
"""Octets of PDUs that wait for a slow disk; what is more is left out, and that is said."""
_LAST_LINES = 5.0
"""Seconds for which the end waits for the disk."""
_IN, _OUT, _SAID = "<-", "->", "=="


class _Seen(NamedTuple):
    at: float
    tap: Tap
    way: str
    octets: bytes


class Tap:
    """Where one session hands over what it reads and writes."""

    def __init__(self, trace: Trace, name: str) -> None:
        self.name = name
        self.framers = {_IN: pdu.Framer(), _OUT: pdu.Framer()}
        self.lost = False
        """Whether the stream that comes in is no SMPP any more."""
        self._trace = trace

    def read(self, octets: bytes) -> None:
        self._trace.take(self, _IN, octets)

    def written(self, octets: bytes) -> None:
        self._trace.take(self, _OUT, octets)

    def say(self, words: str) -> None:
        """What happens to the connection, in words for a log."""
        self._trace.take(self, _SAID, words.encode())


class Trace:
    """The trace of one route, from its start to its stop. Not used again after it."""

    def __init__(self, settings: SmppSettings) -> None:
        self._route = settings.name
        self._lines = Lines(settings)
        self._file = TraceFile(settings.trace)
        self._sessions = 0
        self._seen: deque[_Seen] = deque()
        # Each is counted by one thread alone.
        self._taken = self._told = 0
        self._left_out = self._left_out_told = 0
        self._off = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="smpp-trace", daemon=True)
        if settings.trace_personal:
            logger.warning("route %s: %s", self._route, PERSONAL_RU)
        self._thread.start()

    def tap(self) -> Tap:
        """For one connection; they are numbered from 1."""
        self._sessions += 1
        return Tap(self, f"{self._route}#{self._sessions}")

    def take(self, tap: Tap, way: str, octets: bytes) -> None:
        """Remember for the thread; the caller's whole cost."""
        if self._off:
            return
        if self._taken - self._told > _MOST_WAITING:
            self._left_out += 1
            return
        self._taken += len(octets)
        self._seen.append(_Seen(time.time(), tap, way, octets))

    async def stop(self) -> None:
        """Write what is left; a disk that hangs is not waited for longer than five seconds."""
        self._stopping.set()
        await asyncio.to_thread(self._thread.join, _LAST_LINES)

    # --- in the thread

    def _work(self) -> None:
        try:
            while not self._stopping.wait(_PERIOD):
                self._write()
            self._write()
        except Exception as wrong:
            # Our own mistakes too: no trace is worth a message.
            why = wrong.strerror if isinstance(wrong, OSError) else None
            logger.warning(
                "route %s: the trace is off, sending goes on: %s",
                self._route, why or type(wrong).__name__,
            )  # fmt: skip
        finally:
            self._off = True
            self._seen.clear()
            self._file.close()

    def _write(self) -> None:
        """Everything seen by now; OSError when the file does not take it."""
        lines = []
        for _ in range(len(self._seen)):
            seen = self._seen.popleft()
            moment = datetime.fromtimestamp(seen.at, UTC).astimezone()
            start = f"{moment.isoformat(timespec='milliseconds')} {seen.tap.name} {seen.way} "
            lines += [f"{start}{words}\n" for words in self._words(seen)]
            self._told += len(seen.octets)
        if left_out := self._left_out - self._left_out_told:
            lines.append(f"the disk is slow: {left_out} bursts of PDUs are left out\n")
            self._left_out_told += left_out
        self._file.write("".join(lines).encode("utf-8", "backslashreplace"))

    def _words(self, seen: _Seen) -> Iterator[str]:
        tap, way, octets = seen.tap, seen.way, seen.octets
        if way == _SAID:
            yield octets.decode()
        elif way == _IN and tap.lost:
            yield self._lines.garbage(octets)
        else:
            try:
                for frame in tap.framers[way].feed(octets):
                    yield self._lines.told(frame)
            except PduError:
                tap.lost = True
                yield self._lines.garbage(octets)


class TraceFile:
    """A file that is appended to and never grows beyond a bound; seen by its owner alone."""

    def __init__(self, path: str, *, most: int = _MOST) -> None:
        self._path = path
        self._most = most
        self._handle = -1

    def write(self, data: bytes) -> None:
        """Append. OSError when the disk is full or the file is not ours to write.

        A file that was moved or removed meanwhile (by logrotate, by another process with the same
        path) is made anew.
        """
        if self._moved():
            self.close()
        if self._handle < 0:
            self.open()
        size = os.fstat(self._handle).st_size
        if size and size + len(data) > self._most:
            os.replace(self._path, f"{self._path}.1")
            self.close()
            self.open()
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._handle, rest) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Make it, or take the one that is there. OSError when that cannot be.

        A pipe that nobody reads is refused and not waited for.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._handle = os.open(self._path, flags, 0o600)

    def close(self) -> None:
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.close(self._handle)
        self._handle = -1

    def _moved(self) -> bool:
        if self._handle < 0:
            return False
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._handle))
        except FileNotFoundError:
            return True
