"""How many messages may leave now: a bucket of one second's worth."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """`rate` in messages a second, 0 = no limit; `now` in seconds."""

    def __init__(self, rate: float, now: Callable[[], float]) -> None:
        self._rate = rate
        self._now = now
        self._at = now()
        self._tokens = max(1.0, rate)

    def within(self, seconds: float, unlimited: int) -> int:
        """Messages that may leave within so many seconds."""
        if not self._rate:
            return unlimited
        now = self._now()
        self._tokens = min(max(1.0, self._rate), self._tokens + (now - self._at) * self._rate)
        self._at = now
        return max(0, int(self._tokens + self._rate * seconds))

    def take(self, count: int) -> None:
        if self._rate:
            self._tokens -= count

    def wait(self) -> float:
        """Seconds until one more may leave."""
        if not self._rate:
            return 0.0
        return max(0.01, (1.0 - self._tokens) / self._rate)
