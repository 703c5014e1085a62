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
    is first tried again item by item, so that one bad item does not fail its neighbours. Not so
    when `hopeless` says that the error is nobody's in particular (the database is locked): each
    item alone would only wait and fail once more.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        most: int = 1000,
        size: Callable[[Item], int] = lambda _item: 1,
        hopeless: Callable[[Exception], bool] = lambda _error: False,
    ) -> None:
        self._work = work
        self._most = most
        self._size = size
        self._hopeless = hopeless
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
            if len(outcomes) != len(batch):
                raise ValueError("the work gave not one outcome for each item")
        except Exception as error:
            await self._failed(batch, error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():  # its caller may have gone away
                future.set_result(outcome)

    async def _failed(
        self, batch: list[tuple[Item, asyncio.Future[Outcome]]], error: Exception
    ) -> None:
        if len(batch) > 1 and not self._hopeless(error):
            for one in batch:
                await self._do([one])
            return
        for _, future in batch:
            if not future.done():
                future.set_exception(error)
