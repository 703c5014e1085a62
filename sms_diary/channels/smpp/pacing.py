"""How many parts may leave now: a token bucket in parts per second that slows when throttled.

It counts and never waits: time is read from a monotonic source that is passed in. Which pacer a
part must pass (its session's, the route's) is `outflow.py`'s.

A limit that nobody told us is found by what gets through. A refusal cuts the rate to just below
what the SMSC took in the last second, and that is remembered as its ceiling. From then on the
rate comes back fast while it is far below the ceiling, lingers just under it, and only after a
good while tries what is above: refusals are rare, and a limit that was lifted is found again.

Some SMSCs refuse a share whatever the pace. Being slower does not help there and would end at a
standstill: when cuts were in vain, a small share is borne and the rate comes back.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

_UNLIMITED = 1 << 30
_DEPTH = 0.05
"""How far below what gets through a cut goes: an SMSC counts by the second, we by the part."""
_HALF = 0.5
"""No cut goes deeper at once: silence of a moment must not look like a limit of nothing."""
_CUT_PAUSE = 0.5
"""Seconds in which refusals count once: an SMSC that counts by the second refuses all its rest."""
_GROWTH = 1.5
"""Per second, as long as the rate is far below the ceiling."""
_LINGER = 10.0
"""Seconds from just below the ceiling up to it; then as slowly, and ever faster, beyond."""
_BURST = 0.05
"""Seconds of the rate that may gather: timers are late, and an SMSC counts by the second."""
_STEP = 0.02
_BORNE = 0.12
"""Share of refusals that is borne when slowing down has changed nothing."""
_MEMORY = 1 / 64
"""Weight of one answer in that share."""
_CALM_SECONDS, _CALM_PARTS = 1.0, 60
"""Both without a refusal: the last cut has helped."""
_IN_VAIN = 2
"""Cuts without calm between them, after which so small a share of refusals is borne."""
_LONG_AGO = 3600.0
_CLIMB = 60.0
"""Seconds of growth after which any rate is past `_NO_MATTER`."""
_NO_MATTER = 1e6
"""A rate that nothing on this machine reaches: the limit that was found is forgotten."""


class Meter:
    """How many there were in the last second, to a fiftieth of it."""

    _PARTS = 50

    def __init__(self) -> None:
        self._slots: deque[tuple[int, int]] = deque()

    def add(self, now: float, count: int) -> None:
        slots, slot = self._slots, int(now * self._PARTS)
        if slots and slots[-1][0] == slot:
            count += slots.pop()[1]
        slots.append((slot, count))
        self._forget(slot)

    def last_second(self, now: float) -> int:
        self._forget(int(now * self._PARTS))
        return sum(count for _, count in self._slots)

    def _forget(self, slot: int) -> None:
        while self._slots and self._slots[0][0] <= slot - self._PARTS:
            self._slots.popleft()


class _Cut(NamedTuple):
    """What the last refusal did."""

    at: float
    rate: float
    """After it."""
    ceiling: float
    """What the SMSC takes, as far as we know."""

    def grown(self, now: float) -> float:
        """The rate that has come of it by now."""
        calm = min(now - self.at, _LONG_AGO)
        if math.isinf(self.ceiling):
            return self.rate * math.pow(_GROWTH, min(calm, _CLIMB))
        near = self.ceiling * (1 - _DEPTH)
        if self.rate < near:
            climb = math.log(near / self.rate, _GROWTH)
            if calm < climb:
                return self.rate * math.pow(_GROWTH, calm)
            calm -= climb
        return max(self.rate, self.ceiling * (1 + _DEPTH * math.pow(calm / _LINGER - 1, 3)))


class Pacer:
    """Parts per second, with the rate of now between one and the configured limit."""

    def __init__(self, rate: float, now: Callable[[], float]) -> None:
        self._limit = rate or math.inf
        self._now = now
        self._rate = self._limit
        self._at = now()
        self._cut: _Cut | None = None
        self._tokens = 1.0 if math.isinf(self._limit) else self._burst()
        self._taken = Meter()
        self._accepted = Meter()
        self._slowed_at = -math.inf
        self._refused_at = -math.inf
        self._calm_parts = 0
        self._share = 0.0
        self._vain = 0

    @property
    def rate(self) -> float:
        """Parts per second at present; infinite when nothing limits."""
        self._refill()
        return self._rate

    def allowance(self, seconds: float) -> int:
        """Parts that may leave within so many seconds from now."""
        self._refill()
        if math.isinf(self._rate):
            return _UNLIMITED
        return int(self._tokens + self._rate * seconds)

    def take(self, wanted: int) -> int:
        """Up to `wanted` parts that may leave right now; they count as gone."""
        now = self._refill()
        given = wanted
        if not math.isinf(self._rate):
            given = min(wanted, int(self._tokens))
            self._tokens -= given
        if given:
            self._taken.add(now, given)
        return given

    def wait(self) -> float:
        """Seconds until it is worth to ask again: a few parts at once, not a timer for each."""
        self._refill()
        if math.isinf(self._rate):
            return 0.0
        worth = min(self._burst(), max(1.0, self._rate * _STEP))
        return max(0.001, (worth - self._tokens) / self._rate)

    def accepted(self, count: int) -> None:
        """So many parts were taken by the SMSC."""
        self._accepted.add(self._now(), count)
        self._calm_parts += count
        self._share *= math.pow(1 - _MEMORY, count)

    def throttled(self, written_at: float = math.inf, count: int = 1) -> bool:
        """The SMSC said that `count` parts, the last one written then, were too fast.

        Whether the rate was cut. Parts that had left before the last cut say nothing new.
        """
        now = self._refill()
        if written_at <= self._slowed_at:
            return False
        self._note_refusal(now, count)
        if now - self._slowed_at < _CUT_PAUSE:
            return False
        if self._share > _BORNE:
            self._vain = 0
        elif self._vain < _IN_VAIN:
            self._vain += 1
        else:
            if self._cut is not None and not math.isinf(self._cut.ceiling):
                self._cut = _Cut(now, self._rate, math.inf)
            return False
        self._slow_down(now)
        return True

    def _note_refusal(self, now: float, count: int) -> None:
        calm_since = max(self._refused_at, self._slowed_at)
        if self._calm_parts >= _CALM_PARTS and now - calm_since >= _CALM_SECONDS:
            self._vain = 0
        self._refused_at, self._calm_parts = now, 0
        self._share = 1 - (1 - self._share) * math.pow(1 - _MEMORY, count)

    def _slow_down(self, now: float) -> None:
        """Go to just below what gets through."""
        last = self._cut
        taken = float(self._taken.last_second(now))
        rate = max(taken, 1.0) if math.isinf(self._rate) else self._rate
        through = min(rate, float(self._accepted.last_second(now)))
        least = max(rate * _HALF, min(1.0, self._limit))
        # What gets through by far too seldom is an SMSC that stands still: no limit to remember.
        known = through if through >= least else last.ceiling if last else rate
        self._rate = max(least, through * (1 - _DEPTH))
        self._cut = _Cut(now, self._rate, max(self._rate, known))
        self._slowed_at = now
        self._tokens = 0.0

    def _burst(self) -> float:
        return max(1.0, self._rate * _BURST)

    def _refill(self) -> float:
        now = self._now()
        passed = now - self._at
        self._at = now
        if self._cut is not None:
            self._rate = min(self._limit, self._cut.grown(now))
            if self._rate >= min(self._limit, _NO_MATTER):
                self._rate = self._limit
                self._cut = None
        if not math.isinf(self._rate):
            self._tokens = min(self._burst(), self._tokens + passed * self._rate)
        return now
