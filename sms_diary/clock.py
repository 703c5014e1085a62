"""Time as a value: epoch milliseconds from a clock that is passed in.

The diary's time (what is due, what has expired) comes from here and may be set with
`--now`. Leases run by the database's clock and webhook signatures by the machine's:
those two are about other machines, not about the school day.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Anything that tells the time in epoch milliseconds."""

    def now(self) -> int: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class ShiftedClock:
    """A clock that starts at a given moment and runs at the usual speed; `advance` leaps ahead."""

    def __init__(self, start: int) -> None:
        self._offset = start - time.monotonic_ns() // 1_000_000

    def now(self) -> int:
        return self._offset + time.monotonic_ns() // 1_000_000

    def advance(self, milliseconds: int) -> None:
        self._offset += milliseconds


class ManualClock:
    """A clock that stands still until it is moved: for tests."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def advance(self, milliseconds: int) -> None:
        self._now += milliseconds


def local(moment: int, zone: ZoneInfo) -> datetime:
    """Epoch milliseconds as an aware datetime in `zone`."""
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone)


def millis(moment: datetime) -> int:
    """An aware datetime as epoch milliseconds."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place on the time line")
    return int(moment.timestamp() * 1000)
