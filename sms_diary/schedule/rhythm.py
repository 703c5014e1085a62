"""When one thing is told to one guardian: at once, with the day's digest, the week's, or never.

Values in, values out. The windows are `hours.py`'s; how long a thing is worth telling is
`schedule.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

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


def due(kind: Kind, rhythm: Rhythm, arrived: int, calendar: Calendar, *, urgent: bool) -> int:
    """The moment (epoch milliseconds) at which it is told at the earliest.

    `urgent`: it is, and its guardian agreed to be told in the wider hours. Nothing that is told
    never (`OFF`) is asked for here.
    """
    if urgent:
        return calendar.urgent.next_open(arrived)
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
