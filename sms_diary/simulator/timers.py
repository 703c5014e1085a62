"""Cheap waiting for very many things that all wait equally long.

What lives here: one deque and one timer instead of a timer a message. What does not: what is due.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_GRAIN = 0.005  # seconds; what is due within it goes along, so that timers stay few


class DelayQueue(Generic[T]):
    """Calls `act` with the things whose `delay` (seconds) is over, oldest first, in batches."""

    def __init__(self, delay: float, act: Callable[[list[T]], None]) -> None:
        self._delay = delay
        self._act = act
        self._waiting: deque[tuple[float, list[T]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, things: list[T]) -> None:
        """Let a batch wait; the list is the queue's from now on."""
        due = asyncio.get_running_loop().time() + self._delay
        self._waiting.append((due, things))
        if self._timer is None:
            self._arm(due)

    def _arm(self, due: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(due, self._fire)

    def _fire(self) -> None:
        until = asyncio.get_running_loop().time() + _GRAIN
        batch: list[T] = []
        while self._waiting and self._waiting[0][0] <= until:
            batch += self._waiting.popleft()[1]
        self._timer = None
        if self._waiting:
            self._arm(self._waiting[0][0])
        self._act(batch)

    def cancel(self) -> None:
        """Forget everything that waits."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
