"""The service's processes of a chaos run: they are killed as a story says, and come back.

The diary's time goes on while they are dead: each start gets `--now` moved on, or what happened
before would lie in the future.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from scripts.harness import settings
from scripts.harness.processes import SERVING, ProcessEnded, Program
from scripts.harness.story import Death

_KILLED = -9
_START_LIMIT, _START_PAUSE = 180.0, 0.3
"""Seconds for which the database may be away, and between two tries."""


class DiaryTime:
    """The diary's present; it may leap, and never goes back."""

    def __init__(self) -> None:
        self._start = datetime.fromisoformat(settings.NOW)
        self._began = time.monotonic()

    def leap(self, ahead: timedelta) -> None:
        self._start += ahead

    def __str__(self) -> str:
        return (self._start + timedelta(seconds=time.monotonic() - self._began)).isoformat()


class Fleet:
    """All of them, on one database; `start` first."""

    def __init__(self, config: Path, folder: Path, size: int, clock: DiaryTime) -> None:
        self._config = config
        self._log = folder / "service.log"
        self._clock = clock
        self._size = size
        self._programs: list[Program] = []
        self._spares: list[Program] = []
        """For each place one that has been loaded and waits."""
        self._ports = [0] * size
        self.kills: Counter[str] = Counter()
        """By kind: moment, early, point, silent (its point was not passed in time)."""
        self.points: Counter[str] = Counter()
        """Kills at each named point."""
        self.ended: list[str] = []
        """Ends that nobody brought about: the ends of their logs."""
        self.refused = 0
        """Starts that failed because the database was not there."""

    @property
    def doors(self) -> list[int]:
        """Ports of those that serve."""
        return [port for port in self._ports if port]

    async def start(self) -> None:
        self._spares = [await self._spare() for _ in range(self._size)]
        self._programs = list(self._spares)  # until they have begun
        await asyncio.gather(*(self._begin(place) for place in range(self._size)))

    async def stop(self) -> None:
        """Ask all of them to end, and wait."""
        self._ports = [0] * self._size
        await asyncio.gather(*(one.stop() for one in self._programs))
        await asyncio.gather(*(one.kill() for one in self._spares))

    async def again(self) -> None:
        """Ask all of them to end, and let them serve by the diary's new time."""
        self._ports = [0] * self._size
        await asyncio.gather(*(one.stop() for one in self._programs))
        await asyncio.gather(*(self._begin(place) for place in range(self._size)))

    async def suffer(self, deaths: Sequence[Sequence[Death]]) -> None:
        """Each process dies its deaths; returns when all serve again and are left in peace."""
        await asyncio.gather(*(self._suffer(place, own) for place, own in enumerate(deaths)))

    def check(self) -> None:
        """Note who is not alive though nobody killed it."""
        for place, program in enumerate(self._programs):
            if not program.alive:
                self._ports[place] = 0
                self.ended.append(program.errors())

    async def _suffer(self, place: int, deaths: Sequence[Death]) -> None:
        for number, death in enumerate(deaths, 1):
            following = deaths[number] if number < len(deaths) else Death(0.0)
            await self._die(place, death)
            await self._begin(place, following.point, early=following.early)

    async def _die(self, place: int, death: Death) -> None:
        program = self._programs[place]
        try:
            async with asyncio.timeout(death.after):
                code = await program.gone()
        except TimeoutError:
            self._ports[place] = 0
            await program.kill()
            self.kills["early" if death.early else "silent" if death.point else "moment"] += 1
            return
        self._ports[place] = 0
        if death.point and code == _KILLED:
            self.kills["point"] += 1
            self.points[death.point.partition(":")[0]] += 1
        else:
            self.ended.append(program.errors())

    async def _begin(self, place: int, point: str = "", *, early: bool = False) -> None:
        """Let the spare of that place serve; wait until it does, unless it is to die before."""
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit:
            program, self._spares[place] = self._spares[place], await self._spare()
            program.tell(json.dumps({"now": str(self._clock), "point": point}))
            self._programs[place] = program
            if early:
                return
            try:
                self._ports[place] = int(await program.said(SERVING))
            except ProcessEnded:
                if program.alive:  # and too slow: nobody would ever see it go
                    raise
                if await program.gone() != _KILLED:
                    self.refused += 1
                    await asyncio.sleep(_START_PAUSE)
                    continue
            return
        raise ProcessEnded(f"the service does not start: {self._log.read_text()[-2000:]}")

    async def _spare(self) -> Program:
        arguments = ("scripts.harness.warm", "--config", str(self._config))
        return await Program.start(*arguments, log=self._log, listens=True)
