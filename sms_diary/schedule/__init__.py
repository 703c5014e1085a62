"""When a thing is told at the earliest, and until when it is worth telling.

Values in, values out: moments are epoch milliseconds, days are ISO dates in the school's zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sms_diary.clock import DAY, MINUTE, millis
from sms_diary.model import Kind

LANES = URGENT_LANE, PROMPT_LANE, DIGEST_LANE = 0, 1, 2

# Few at a time: a lane goes before all of the next one, whatever other schools have in that. So
# not announcements, which may be for thousands and can wait their turn.
_LANES = {
    Kind.ABSENCE: PROMPT_LANE,
    Kind.TIMETABLE_CHANGE: PROMPT_LANE,
}
_KEPT = {
    Kind.MARK: 7 * DAY,
    Kind.TERM_MARK: 14 * DAY,
    Kind.ABSENCE: 2 * DAY,
    Kind.ANNOUNCEMENT: 3 * DAY,
}
_LESSONS_BEGIN = time(8, 0)
_LESSONS_END = time(16, 0)

REPLY_EXPIRES = 10 * MINUTE
"""An answer to a parent's SMS that is later than this is no answer."""


def lane(kind: Kind, *, urgent: bool) -> int:
    """Which queue a line goes by: lower lanes leave first."""
    return URGENT_LANE if urgent else _LANES.get(kind, DIGEST_LANE)


def expires(kind: Kind, arrived: int, day: str, until: int | None, zone: ZoneInfo) -> int:
    """The moment from which it is not told any more.

    Marks and absences count from their arrival, not from their date: many schools fill the
    journal on Friday. What is about a coming day ends with that day's lessons, homework when
    they begin: yesterday's timetable never goes out.
    """
    if until is not None:
        return until
    if kind is Kind.HOMEWORK and day:
        return _on(day, _LESSONS_BEGIN, zone)
    if kind is Kind.TIMETABLE_CHANGE and day:
        return _on(day, _LESSONS_END, zone)
    return arrived + _KEPT.get(kind, 7 * DAY)


def end_of_day(day: date, zone: ZoneInfo) -> int:
    """The midnight that ends a day."""
    return millis(datetime.combine(day + timedelta(days=1), time(0), zone))


def _on(day: str, at: time, zone: ZoneInfo) -> int:
    return millis(datetime.combine(date.fromisoformat(day), at, zone))
