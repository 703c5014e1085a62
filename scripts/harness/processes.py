"""Our own programs, each as a process of its own: started, waited for, stopped, killed, weighed.

What they do is not known here. Linux: figures are read from /proc.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_START_LIMIT = 150.0
"""Seconds; a service waits two minutes for a database that recovers."""
_STOP_LIMIT = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")
SERVING = re.compile(r"Сервис работает: http://127\.0\.0\.1:(\d+) ")
LISTENING = re.compile(r"Имитатор SMSC: 127\.0\.0\.1:(\d+),")
PLAYING = re.compile(r"Имитатор провайдера .+: http://127\.0\.0\.1:(\d+)/")
PHONES = re.compile(r"Телефоны родителей: http://127\.0\.0\.1:(\d+)/")


class ProcessEnded(Exception):
    """It ended, or did not say in time what was waited for; the text is the end of its log."""


@dataclass(frozen=True, slots=True)
class Weight:
    """CPU seconds so far, children that ended included; resident memory in MiB, now and most."""

    cpu: float
    rss: float
    peak: float


NOTHING = Weight(0.0, 0.0, 0.0)


class Program:
    """`python -m …` with its output in a pipe and its errors in a file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, *arguments: str, log: Path, listens: bool = False) -> Program:
        """Start `python -m` with these arguments; settings come from them alone.

        `listens`: it reads what it is told by `tell`.
        """
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SMS_DIARY_") and name != "CREDENTIALS_DIRECTORY"
        }
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *arguments, cwd=ROOT, env=clean,
                stdin=asyncio.subprocess.PIPE if listens else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        return cls(process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def said(self, pattern: re.Pattern[str]) -> str:
        """Wait for a line of its output; the pattern's first group. Raises ProcessEnded."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_START_LIMIT):
                async for line in self._process.stdout:
                    if found := pattern.search(line.decode()):
                        return found.group(1)
                await self._process.wait()  # its output ends a moment before it does
        except TimeoutError:
            pass
        raise ProcessEnded(self.errors())

    def tell(self, line: str) -> None:
        """Write a line to its input. Only where it listens."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def errors(self) -> str:
        """The end of what it wrote to its log."""
        return self._log.read_text(encoding="utf-8")[-2000:]

    async def ended(self) -> tuple[int, str]:
        """Wait until it ends by itself; its exit code and the end of its log."""
        async with asyncio.timeout(_START_LIMIT):
            code = await self._process.wait()
        return code, self.errors()

    async def gone(self) -> int:
        """Wait for its end, however long; its exit code, negative for a signal."""
        return await self._process.wait()

    async def kill(self) -> None:
        """kill -9, and wait until it is gone; one that is gone already is left alone."""
        self._send(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; one that does not is killed."""
        self._send(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_LIMIT):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    def _send(self, number: signal.Signals) -> None:
        """Not through the process's own method: that collects the exit code, and loses it to us."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def weight(self) -> Weight:
        """What it has used so far (proc(5))."""
        folder = Path(f"/proc/{self.pid}")
        # Fields after the name in brackets: utime, stime, cutime, cstime are the 14th to 17th.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        memory = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        rss, peak = (int(memory[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        return Weight(sum(map(int, fields[11:15])) / _TICKS, rss, peak)
