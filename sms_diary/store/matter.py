"""What all lines of one entry share, worked out once: its day, its end, when it is told.

Values only; whom it concerns and what becomes of each line is the loop's (`fanout.py`).
"""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from sms_diary import schedule
from sms_diary.clock import local
from sms_diary.model import Kind, Silence, kind_of
from sms_diary.schedule import brakes, rhythm
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store.diary import Fresh
from sms_diary.store.schools import School

# One batch arrives in one moment, and a list of consents holds from one day.
_expires = lru_cache(maxsize=1024)(schedule.expires)
_due = lru_cache(maxsize=1024)(rhythm.due)
_iso = lru_cache(maxsize=1024)(date.fromisoformat)


class Matter:
    """One version of an entry. `told`: (entry, guardian) of those who know an earlier one."""

    def __init__(self, entry: Fresh, school: School, told: Set[tuple[int, int]]) -> None:
        self.entry = entry
        self.school = school
        self.kind = kind_of(entry.kind)
        self.urgent = bool(entry.urgent)
        self._told = told
        self._begins = max(entry.arrived_at, entry.not_before or 0)
        self._arrived = _day_of(entry.arrived_at, school.zone)
        self._day = _day(entry, self.kind, school.zone)
        self.expires = _expires(self.kind, self._begins, entry.day, entry.until, school.zone)

    def due(self, how: Rhythm, *, wide: bool) -> int:
        """When it is told (epoch milliseconds) to who wishes to be told so."""
        if how is Rhythm.OFF:
            return self._begins
        return _due(
            self.kind, how, self._begins, self.school.calendar, urgent=self.urgent, wide=wide
        )

    def stale(self, guardian_id: int, since: int) -> Silence | None:
        """Why it is no news to a guardian whose consent holds `since` (epoch milliseconds).

        A correction of what this guardian knows always is.
        """
        if (self.entry.id, guardian_id) in self._told:
            return None
        return brakes.stale(
            self._day,
            arrived=self._arrived,
            since=_day_of(since, self.school.zone),
            told_from=self.school.told_from,
        )


@lru_cache(maxsize=65_536)
def _day_of(moment: int, zone: ZoneInfo) -> date:
    return local(moment, zone).date()


def _day(entry: Fresh, kind: Kind, zone: ZoneInfo) -> date:
    """The day on which it happened; what speaks of another day is as old as its teacher says."""
    if kind is Kind.ANNOUNCEMENT or not entry.day:
        return _day_of(entry.at, zone)
    return _iso(entry.day)
