"""When one thing is told to one guardian: at once, with the day's digest, the week's, or never.

Values in, values out. The windows are `hours.py`'s; how long a thing is worth telling is
`schedule.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from sms_diary.clock import local
from sms_diary.model import Kind, Topic
from sms_diary.schedule.hours import Hours
from sms_diary.values import value


class Rhythm(StrEnum):
    NOW = "now"
    DAY = "day"
    WEEK = "week"
    OFF = "off"


USUAL: Mapping[Topic, Rhythm] = {
    Topic.MARKS: Rhythm.DAY,
    Topic.ABSENCES: Rhythm.NOW,
    Topic.HOMEWORK: Rhythm.OFF,
    Topic.TIMETABLE: Rhythm.NOW,
    Topic.ANNOUNCEMENTS: Rhythm.NOW,
}
"""Where neither the guardian nor the school has chosen."""

FASTEST_FIRST = tuple(Rhythm)
_RANKS = {rhythm: rank for rank, rhythm in enumerate(FASTEST_FIRST)}


def fastest(rhythms: Iterable[Rhythm]) -> Rhythm:
    """Of several children in one class: what concerns them all is told as soon as for any."""
    return min(rhythms, key=_RANKS.__getitem__)


@lru_cache(maxsize=1024)
def chosen(words: str) -> Mapping[Topic, Rhythm]:
    """A school's own defaults, «marks=now homework=day», over the usual ones.

    Raises ValueError for what is no topic or no rhythm.
    """
    pairs = (word.partition("=")[::2] for word in words.split())
    return MappingProxyType({**USUAL, **{Topic(topic): Rhythm(how) for topic, how in pairs}})


_TERM_IS_NEAR = timedelta(days=21)
"""Marks for a term are put in shortly before it ends; holidays further away are not its end."""


@value
class Calendar:
    """When a school tells what: `plain` and `urgent` hours, and its slots for digests."""

    plain: Hours
    urgent: Hours
    """Has no days off: a pipe bursts on Sunday too."""
    settle: int
    """Milliseconds in which a slip can be corrected before it is told."""
    digest_at: int
    """Minutes after midnight."""
    digest_day: int
    """Of the weekly digest: 1 Monday … 7 Sunday."""

    def window(self, *, urgent: bool, wide: bool) -> Hours:
        """The hours in which it may leave: the wider ones only with a consent of their own."""
        return self.urgent if urgent and wide else self.plain


def due(
    kind: Kind, rhythm: Rhythm, arrived: int, calendar: Calendar, *, urgent: bool, wide: bool = True
) -> int:
    """The moment (epoch milliseconds) at which it is told at the earliest.

    What is urgent waits for no correction and no digest; `wide`: its guardian agreed to be told of
    it in the wider hours. Nothing that is told never (`OFF`) is asked for here.
    """
    if urgent:
        return calendar.window(urgent=True, wide=wide).next_open(arrived)
    settled = arrived + calendar.settle
    if kind is Kind.TERM_MARK:
        return _end_of_term(settled, calendar)
    if rhythm is Rhythm.NOW:
        return calendar.plain.next_open(settled)
    if rhythm is Rhythm.WEEK:
        return calendar.plain.next_weekly(settled, calendar.digest_day, calendar.digest_at)
    return calendar.plain.next_at(settled, calendar.digest_at)


def _end_of_term(settled: int, calendar: Calendar) -> int:
    """The digest of the last day before the holidays that are near, else the next one."""
    plain = calendar.plain
    today = local(settled, plain.zone).date()
    for first, _ in sorted(plain.holidays):
        last = _last_day_before(first, plain)
        if today <= last <= today + _TERM_IS_NEAR:
            return plain.next_at(max(settled, plain.at(last, 0)), calendar.digest_at)
    return plain.next_at(settled, calendar.digest_at)


def _last_day_before(first: date, plain: Hours) -> date:
    day = first - timedelta(days=1)
    while plain.is_off(day) and first - day < timedelta(days=14):
        day -= timedelta(days=1)
    return day
