"""How loops run and end, whatever a step meets while it is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sms_diary import loops
from sms_diary.wake import Wake


class _Broken:
    """A step under way on a connection that breaks while the step is cancelled."""

    def __init__(self, then: Callable[[], Awaitable[bool]]) -> None:
        self.begun = asyncio.Event()
        self._then = then

    async def step(self) -> bool:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return await self._then()
        raise AssertionError


async def _raises() -> bool:
    raise ConnectionError("closed in the middle of the rollback")


async def _nothing_happened() -> bool:
    return False


@pytest.mark.parametrize("then", [_raises, _nothing_happened])
async def test_a_loop_ends_though_a_driver_has_swallowed_its_end(
    then: Callable[[], Awaitable[bool]],
) -> None:
    step = _Broken(then)
    task = asyncio.create_task(loops.run("broken", step.step, Wake(), poll=0.01))
    await step.begun.wait()
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([task])


async def test_a_loop_outlives_an_error() -> None:
    calls = asyncio.Queue[int]()

    async def step() -> bool:
        calls.put_nowait(1)
        raise ConnectionError("for now")

    task = asyncio.create_task(loops.run("failing", step, Wake()))
    async with asyncio.timeout(5):
        assert [await calls.get(), await calls.get()] == [1, 1]
    task.cancel()
    await asyncio.wait([task])
