"""What a route does beside sending: tasks that end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Tasks:
    """`begin` as many as there are to do; `stop` cancels what is left of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Again and again, with so long a pause after each."""
        self.begin(_for_ever(work, seconds))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _for_ever(work: Callable[[], Awaitable[None]], pause: float) -> None:
    while True:
        await work()
        await asyncio.sleep(pause)


async def kept(route: str, store: Awaitable[None]) -> bool:
    """Whether news were committed."""
    try:
        await store
    except Exception as error:  # the class alone: texts of these errors hold what was kept
        log.error("news not stored", route=route, error=type(error).__name__)
        return False
    return True
