"""When a school's SMS may leave: its hours, its days off and its holidays, in its own zone.

Minutes count from midnight by the wall clock, so that eight o'clock stays eight o'clock on the
night when clocks are changed. What is told when is `rhythm.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sms_diary.clock import local, millis
from sms_diary.values import value

_FURTHEST = 400
"""Days: holidays are never longer, whatever somebody has typed."""
_ALWAYS = 24 * 60


@value
class Hours:
    """One window a day, from `opens` up to but not including `closes`, both in minutes."""

    zone: ZoneInfo
    opens: int = 0
    closes: int = _ALWAYS
    off_days: frozenset[int] = frozenset()
    """Days of the week without SMS: 1 Monday … 7 Sunday."""
    holidays: tuple[tuple[date, date], ...] = ()
    """First and last day of each, both without SMS."""

    def open_at(self, moment: int) -> bool:
        return self.next_open(moment) == moment

    def next_open(self, moment: int) -> int:
        """The moment itself, or the next one at which the window opens (epoch milliseconds)."""
        for day in self.days(local(moment, self.zone).date()):
            if moment < self.at(day, self.closes):
                return max(moment, self.at(day, self.opens))
        return moment  # nothing but holidays: better by night than never

    def closing(self, moment: int) -> int | None:
        """When the window that is open at this moment closes; None: never."""
        if self.opens == 0 and self.closes == _ALWAYS and not (self.off_days or self.holidays):
            return None
        day = local(moment, self.zone).date()
        closes = self.at(day, self.closes)
        # Open by night only where there is nothing but holidays.
        return closes if moment < closes else self.at(day + timedelta(days=1), self.opens)

    def next_at(self, moment: int, minute: int) -> int:
        """The next time that it is this minute of a day with SMS, moved into the window."""
        for day in self.days(local(moment, self.zone).date()):
            if moment <= (slot := self.at(day, minute)):
                return self.next_open(slot)
        return moment

    def next_weekly(self, moment: int, weekday: int, minute: int) -> int:
        """The next time that it is this minute of this day of the week, moved into the window."""
        first = local(moment, self.zone).date()
        first += timedelta(days=(weekday - first.isoweekday()) % 7)
        slot = self.at(first, minute)
        if slot < moment:
            slot = self.at(first + timedelta(days=7), minute)
        return self.next_open(slot)

    def days(self, first: date) -> Iterator[date]:
        """Days with SMS, from this one on."""
        for ahead in range(_FURTHEST):
            day = first + timedelta(days=ahead)
            if not self.is_off(day):
                yield day

    def is_off(self, day: date) -> bool:
        return day.isoweekday() in self.off_days or any(a <= day <= b for a, b in self.holidays)

    def at(self, day: date, minute: int) -> int:
        """This minute of this day by the wall clock there, in epoch milliseconds."""
        return _at(day, minute, self.zone)


@lru_cache(maxsize=4096)
def _at(day: date, minute: int, zone: ZoneInfo) -> int:
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001  # made aware below
    return millis(wall.replace(tzinfo=zone))


def minutes(text: str) -> int:
    """«08:30» as minutes after midnight; «24:00» is the end of a day."""
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def clock(after_midnight: int) -> str:
    """Minutes after midnight as «08:30»."""
    return f"{after_midnight // 60:02d}:{after_midnight % 60:02d}"
