"""News folded into few calls: what comes in bursts is brought on in lists, one call at a time.

While a call is being committed the next list gathers, so a slow database makes lists longer,
not tasks more. Knows nothing of any wire.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
_RETRY_FIRST = 0.2
_RETRY_MAX = 10.0


class Reporter(Generic[T]):
    """Brings items to `store`, and tells `settled` whether they were committed.

    With `insist` a list that failed is tried again until it is committed (results exist
    nowhere else); without it the caller is told and the peer repeats.
    """

    def __init__(
        self,
        store: Callable[[list[T]], Awaitable[None]],
        settled: Callable[[list[T], bool], None],
        *,
        insist: bool = False,
    ) -> None:
        self._store = store
        self._settled = settled
        self._insist = insist
        self._waiting: list[T] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, items: Iterable[T]) -> None:
        """Take items; returns at once."""
        self._waiting.extend(items)
        if self._waiting and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def drain(self, limit: float) -> bool:
        """Wait until everything taken is settled; False, with the rest given up, at the limit."""
        if self._task is None:
            return True
        done, _ = await asyncio.wait([self._task], timeout=limit)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._waiting.clear()
        return bool(done)

    async def _run(self) -> None:
        pause = _RETRY_FIRST
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                if await self._stored(batch) or not self._insist:
                    pause = _RETRY_FIRST
                    continue
                self._waiting[:0] = batch
                await asyncio.sleep(pause)
                pause = min(_RETRY_MAX, pause * 2)
        finally:
            self._task = None

    async def _stored(self, batch: list[T]) -> bool:
        try:
            await self._store(batch)
        except Exception as error:
            # The class alone: texts of database errors may hold what was to be stored.
            logger.error("news of %d not stored: %s", len(batch), type(error).__name__)
            if not self._insist:
                self._settled(batch, False)
            return False
        self._settled(batch, True)
        return True
