"""Many small writers folded into few commits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from sms_diary.collector import Collector


class Work:
    """Doubles its items; fails for a batch that has 13 in it. Each batch waits for `go`."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.go.wait()
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


async def test_what_comes_during_a_commit_goes_together_into_the_next() -> None:
    work = Work()
    collector: Collector[int, int] = Collector(work)
    adding = [asyncio.create_task(collector.add(n)) for n in range(5)]
    while not work.batches:
        await asyncio.sleep(0)
    adding += [asyncio.create_task(collector.add(n)) for n in range(5, 9)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*adding) == [2 * n for n in range(9)]
    assert [n for batch in work.batches for n in batch] == list(range(9))
    assert len(work.batches) == 2


async def test_a_lone_caller_waits_for_nobody() -> None:
    work = Work()
    work.go.set()
    collector: Collector[int, int] = Collector(work)
    assert await collector.add(1) == 2
    assert await collector.add(2) == 4
    assert work.batches == [[1], [2]]


async def test_a_batch_is_no_larger_than_allowed_and_a_large_item_goes_alone() -> None:
    work = Work()
    work.go.set()
    collector: Collector[int, int] = Collector(work, most=10, size=lambda item: item)
    await asyncio.gather(*(collector.add(n) for n in (4, 5, 6, 50, 1, 2)))
    assert work.batches == [[4, 5], [6], [50], [1, 2]]


async def test_one_bad_item_fails_alone() -> None:
    work = Work()
    work.go.set()
    collector: Collector[int, int] = Collector(work)
    done = await asyncio.gather(*(collector.add(n) for n in (1, 13, 3)), return_exceptions=True)
    assert done[0] == 2
    assert done[2] == 6
    assert isinstance(done[1], ValueError)
    assert await collector.add(4) == 8


async def test_a_caller_who_goes_away_does_not_take_the_others_along() -> None:
    work = Work()
    collector: Collector[int, int] = Collector(work)
    gone, stays = (asyncio.create_task(collector.add(n)) for n in (1, 2))
    while not work.batches:
        await asyncio.sleep(0)
    gone.cancel()
    work.go.set()
    assert await stays == 4
    await collector.close()
    assert gone.cancelled()


async def test_close_waits_for_what_was_added() -> None:
    work = Work()
    work.go.set()
    collector: Collector[int, int] = Collector(work)
    await collector.close()
    adding = asyncio.create_task(collector.add(1))
    await asyncio.sleep(0)
    await collector.close()
    assert work.batches == [[1]]
    assert await adding == 2


async def test_a_work_that_forgets_an_outcome_is_an_error_and_hangs_nobody() -> None:
    async def forgetful(items: Sequence[int]) -> list[int]:
        return list(items)[:1] if len(items) > 1 else []

    collector: Collector[int, int] = Collector(forgetful)
    async with asyncio.timeout(5):
        done = await asyncio.gather(*(collector.add(n) for n in (1, 2)), return_exceptions=True)
    assert all(isinstance(one, ValueError) for one in done)
    with pytest.raises(ValueError, match="one outcome"):
        await collector.add(3)
