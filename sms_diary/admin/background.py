"""Work that outlives the request that began it: known by a key, ended with the service."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any


class Background:
    """What this process does behind its pages. What it has done stands in the database."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}
        self._said: dict[Hashable, tuple[str, int, int]] = {}

    def begin(self, key: Hashable, work: Coroutine[Any, Any, None]) -> None:
        """Begin it; while it runs it is `running`. The work sees to its own failures."""
        task = asyncio.create_task(work)
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._ended(key))

    def _ended(self, key: Hashable) -> None:
        self._tasks.pop(key, None)
        self._said.pop(key, None)

    def running(self, key: Hashable) -> bool:
        return key in self._tasks

    def say(self, key: Hashable, what: str, done: int, of: int) -> None:
        """How far the work is; `of` 0: nobody knows of how much."""
        self._said[key] = (what, done, of)

    def said(self, key: Hashable) -> tuple[str, int, int]:
        return self._said.get(key, ("", 0, 0))

    async def wait(self, key: Hashable, seconds: float) -> bool:
        """Whether it has ended, after so long at the most."""
        if task := self._tasks.get(key):
            await asyncio.wait([task], timeout=seconds)
        return not self.running(key)

    async def stop(self) -> None:
        """End all of it; what is half done is gone on with or begun anew by a person."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
