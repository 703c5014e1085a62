"""Folding many small writers into one commit.

A Collector stands before a function that takes a list and does it in one transaction. Callers
wait for their own outcome; while one commit is under way the next batch gathers, so the batch
grows with the load and a lone caller waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Collector(Generic[Item, Outcome]):
    """`work` takes the items of a batch and returns one outcome each, in the same order.

    When `work` raises, every caller of that batch gets the exception; a batch of more than one
    is first tried again item by item, so that one bad item does not fail its neighbours.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        most: int = 1000,
        size: Callable[[Item], int] = lambda _item: 1,
    ) -> None:
        self._work = work
        self._most = most
        self._size = size
        self._waiting: list[tuple[Item, asyncio.Future[Outcome]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Outcome:
        """Put the item into the next batch; its outcome, once that batch is committed."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await future

    async def close(self) -> None:
        """Wait until all that was added is done."""
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._take()
            await self._do(batch)
        self._task = None

    def _take(self) -> list[tuple[Item, asyncio.Future[Outcome]]]:
        total = count = 0
        for item, _ in self._waiting:
            total += self._size(item)
            if count and total > self._most:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _do(self, batch: list[tuple[Item, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._work([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    await self._do([one])
                return
            outcomes = []
            if not batch[0][1].done():
                batch[0][1].set_exception(error)
        for (_, future), outcome in zip(batch, outcomes, strict=False):
            if not future.done():  # its caller may have gone away
                future.set_result(outcome)
