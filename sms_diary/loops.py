"""How every loop runs: do what there is, wait for a hint or the poll, survive errors.

What the loops do stands in `fanout`, `compose`, `dispatch`, `receipts`, `inbound` and `requests`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from sms_diary.wake import Wake, asked_to_end

POLL = 1.0
"""Seconds after which a loop looks for work even without a hint."""
_PAUSE_FIRST, _PAUSE_LONGEST = 0.2, 10.0
log = structlog.get_logger(__name__)


async def run(
    name: str, step: Callable[[], Awaitable[bool]], wake: Wake, *, poll: float = POLL
) -> None:
    """Call `step` until cancelled. It returns whether there may be more to do at once.

    An error is logged by its kind only (its text may hold personal data) and tried again with
    growing pauses: the work stands in a table and is not lost.
    """
    pause = _PAUSE_FIRST
    while not asked_to_end():
        try:
            more = await step()
        except Exception as error:  # a loop must outlive whatever a step meets
            log.error("loop failed", loop=name, error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSE_LONGEST)
            continue
        pause = _PAUSE_FIRST
        if not more:
            await wake.wait(poll)
