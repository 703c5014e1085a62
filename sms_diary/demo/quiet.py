"""Waits until nothing is under way: the demo's next step begins where the last has ended.

It asks the tables, as the stages themselves do, and the simulated operator. What is due later is
not waited for: the diary's clock leaps there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sms_diary.app import Service
from sms_diary.clock import ShiftedClock
from sms_diary.errors import SmsDiaryError
from sms_diary.simulator import Smsc
from sms_diary.simulator.ledger import REPORTED
from sms_diary.store import counts

PATIENCE = 60.0
"""Seconds of the machine's time for one step."""
_EVERY = 0.03


async def until_quiet(service: Service, smsc: Smsc, clock: ShiftedClock) -> None:
    """Return when all lines are told and every part's receipt is stored.

    Raises SmsDiaryError saying what is missing, when that takes longer than `PATIENCE`.
    """
    waiting = ""

    async def quiet() -> bool:
        nonlocal waiting
        async with service.base.database.reading() as q:
            queues = await counts.queues(q)
            totals = await counts.totals(q)
        if queues.to_fan == 0 and queues.oldest_due is not None:
            clock.advance(max(queues.oldest_due - clock.now(), 0))
            service.wakes.compose.set()
        unknown = sum(part.state != REPORTED for part in smsc.ledger)
        left = totals["parts"] - totals["delivered"]
        waiting = (
            f"первых SMS не отправлено: {queues.requests}, "
            f"записей не разослано: {queues.to_fan}, строк ждёт: {queues.planned}, "
            f"частей без отчёта: {max(left, unknown)}, под сомнением: {queues.doubt}"
        )
        return not (queues.requests or queues.to_fan or queues.planned or left or unknown)

    await until(quiet, lambda: waiting)


async def until_answered(smsc: Smsc, number: str, parts: int) -> None:
    """Return when a phone has got more than `parts` parts; raises SmsDiaryError as above."""

    async def answered() -> bool:
        return parts_of(smsc, number) > parts

    await until(answered, lambda: "нет ответа на SMS родителя")


def parts_of(smsc: Smsc, number: str) -> int:
    """How many parts a phone (digits only) has got."""
    return sum(part.number == number for part in smsc.ledger)


async def until(done: Callable[[], Awaitable[bool]], waiting: Callable[[], str]) -> None:
    """Ask until it is so. Raises SmsDiaryError with what `waiting` says after `PATIENCE`."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await done():  # noqa: ASYNC110  # the tables are asked, they do not call
                await asyncio.sleep(_EVERY)
    except TimeoutError:
        raise SmsDiaryError(f"За {PATIENCE:.0f} секунд не дождались: {waiting()}.") from None
