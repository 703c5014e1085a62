"""How many parts may leave now: a token bucket in parts per second that slows when throttled.

It counts and never waits: time is read from a monotonic source that is passed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_UNLIMITED = 1 << 30
_CUT = 0.85
_CUT_PAUSE = 0.5
"""Seconds in which one burst of refusals counts once: they answer parts sent before the cut."""
_GROWTH = 1.02
"""Per second without a refusal, until the configured rate is reached again."""
_BURST = 0.05
"""Seconds of the rate that may gather: timers are late, and an SMSC counts by the second."""
_STEP = 0.02
_LONG_AGO = 3600.0
_NO_MATTER = 1e6
"""A rate that nothing on this machine reaches: the limit that was guessed is forgotten."""


class Pacer:
    """Parts per second, with the rate of now between one and the configured limit."""

    def __init__(self, rate: float, now: Callable[[], float]) -> None:
        self._limit = rate or math.inf
        self._now = now
        self.rate = self._limit
        """Parts per second at present; infinite when nothing limits."""
        self._at = self._second = now()
        self._cut_at = -math.inf
        self._tokens = 1.0 if math.isinf(self._limit) else self._burst()
        self._taken = 0
        self._measured = 0.0

    def allowance(self, seconds: float) -> int:
        """Parts that may leave within so many seconds from now."""
        self._refill()
        if math.isinf(self.rate):
            return _UNLIMITED
        return int(self._tokens + self.rate * seconds)

    def take(self, wanted: int) -> int:
        """Up to `wanted` parts that may leave right now; they count as gone."""
        now = self._refill()
        given = wanted
        if not math.isinf(self.rate):
            given = min(wanted, int(self._tokens))
            self._tokens -= given
        self._measure(now, given)
        return given

    def wait(self) -> float:
        """Seconds until it is worth to ask again: a few parts at once, not a timer for each."""
        self._refill()
        if math.isinf(self.rate):
            return 0.0
        worth = min(self._burst(), max(1.0, self.rate * _STEP))
        return max(0.001, (worth - self._tokens) / self.rate)

    def throttled(self) -> None:
        """The SMSC said that we are too fast: slow down, at most once in half a second."""
        now = self._refill()
        if now - self._cut_at < _CUT_PAUSE:
            return
        self._cut_at = now
        base = self.rate
        if math.isinf(base):
            self._measure(now, 0)
            base = max(self._measured, float(self._taken))
        self.rate = max(base * _CUT, min(1.0, self._limit))
        self._tokens = 0.0

    def _burst(self) -> float:
        return max(1.0, self.rate * _BURST)

    def _refill(self) -> float:
        now = self._now()
        passed = now - self._at
        self._at = now
        if math.isinf(self.rate):
            return now
        if self.rate < self._limit and now - self._cut_at > _CUT_PAUSE:
            self.rate = min(self._limit, self.rate * _GROWTH ** min(passed, _LONG_AGO))
            if self.rate > _NO_MATTER:
                self.rate = self._limit
        self._tokens = min(self._burst(), self._tokens + passed * self.rate)
        return now

    def _measure(self, now: float, taken: int) -> None:
        """The real rate over the last full second, for a limit that nobody told us."""
        if now - self._second >= 1.0:
            self._measured = self._taken / (now - self._second)
            self._second, self._taken = now, 0
        self._taken += taken
