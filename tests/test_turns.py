"""The writer's lock: one holder, the urgent before the others, nobody forgotten."""

from __future__ import annotations

import asyncio

import pytest

from sms_diary.db.turns import TurnLock


async def _stand_in_line(lock: TurnLock, order: list[str], name: str, *, urgent: bool) -> None:
    async with lock.held(urgent=urgent):
        order.append(name)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_urgent_go_before_those_who_came_earlier() -> None:
    lock, order = TurnLock(), list[str]()
    async with lock.held(urgent=False):
        tasks = [
            asyncio.create_task(_stand_in_line(lock, order, name, urgent=name.startswith("u")))
            for name in ("first", "second", "urgent", "urgent too")
        ]
        await _settle()
    await asyncio.gather(*tasks)
    assert order == ["urgent", "urgent too", "first", "second"]


async def test_only_one_holds_it_at_a_time() -> None:
    lock, inside, most = TurnLock(), 0, 0

    async def work(number: int) -> None:
        nonlocal inside, most
        async with lock.held(urgent=number % 3 == 0):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(50)))
    assert most == 1


async def test_one_who_gives_up_does_not_keep_the_others_waiting() -> None:
    lock, order = TurnLock(), list[str]()
    async with lock.held(urgent=False):
        gone = asyncio.create_task(_stand_in_line(lock, order, "gone", urgent=True))
        stays = asyncio.create_task(_stand_in_line(lock, order, "stays", urgent=False))
        await _settle()
        gone.cancel()
    await stays
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert order == ["stays"]


async def test_one_who_gives_up_when_the_turn_comes_passes_it_on() -> None:
    lock, order = TurnLock(), list[str]()
    async with lock.held(urgent=False):
        gone = asyncio.create_task(_stand_in_line(lock, order, "gone", urgent=True))
        stays = asyncio.create_task(_stand_in_line(lock, order, "stays", urgent=False))
        await _settle()
    gone.cancel()  # its turn has been given, and it has not run yet
    await stays
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert order == ["stays"]
