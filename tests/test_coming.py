"""The next digests of a school, and how their days are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.admin.days import span
from sms_diary.clock import DAY, HOUR
from sms_diary.schedule.coming import digests
from sms_diary.schedule.hours import clock, minutes
from sms_diary.schedule.rhythm import Rhythm
from tests.test_rhythm import SCHOOL, at

MOMENTS = st.integers(at("2026-09-01T00:00"), at("2027-06-01T00:00"))


def test_the_next_digests_are_of_the_days_and_of_the_week() -> None:
    assert digests(SCHOOL, at("2026-11-26T12:00"), 4) == [
        (at("2026-11-26T18:00"), Rhythm.DAY),
        (at("2026-11-27T18:00"), Rhythm.DAY),
        (at("2026-11-27T18:00"), Rhythm.WEEK),
        (at("2026-11-28T18:00"), Rhythm.DAY),
    ]


def test_days_off_and_holidays_have_no_digest() -> None:
    assert digests(SCHOOL, at("2026-10-23T19:00"), 2) == [
        (at("2026-11-02T08:00"), Rhythm.WEEK),
        (at("2026-11-02T18:00"), Rhythm.DAY),
    ]


@given(MOMENTS, st.integers(0, 24 * 60 - 1), st.integers(1, 7))
def test_digests_come_in_order_within_the_hours_and_go_on(
    now: int, digest_at: int, digest_day: int
) -> None:
    calendar = replace(SCHOOL, digest_at=digest_at, digest_day=digest_day)
    found = digests(calendar, now, 12)
    moments = [moment for moment, _ in found]
    assert moments == sorted(moments)
    assert all(moment >= now and calendar.plain.open_at(moment) for moment in moments)
    of_days = [moment for moment, whose in found if whose is Rhythm.DAY]
    assert len(of_days) == len(set(of_days))
    assert all(later - one <= 12 * DAY + HOUR for one, later in pairwise(of_days))


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 24), date(2026, 11, 24), "24 ноября"),
        (date(2026, 11, 24), date(2026, 11, 28), "24–28 ноября"),
        (date(2026, 12, 28), date(2027, 1, 10), "28 декабря – 10 января 2027"),
        (date(2027, 1, 4), date(2027, 1, 10), "4–10 января 2027"),
    ],
)
def test_days_are_written_as_people_write_them(first: date, last: date, said: str) -> None:
    assert span(first, last, year=2026) == said


@given(st.integers(0, 24 * 60))
def test_minutes_of_a_day_are_read_as_they_are_written(minute: int) -> None:
    assert minutes(clock(minute)) == minute
