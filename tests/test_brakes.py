"""What is too old to be news, and how much at once is a flood."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.model import Hold, Silence
from sms_diary.schedule import brakes
from sms_diary.words import HOLD_RU, REASON_RU

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-24", None),
        ("2026-11-17", None),
        ("2026-11-16", Silence.OLD),
        ("2026-09-01", Silence.OLD),
        ("2026-12-01", None),
    ],
)
def test_what_is_older_than_a_week_is_not_told(day: str, expected: Silence | None) -> None:
    found = brakes.stale(date.fromisoformat(day), arrived=TODAY, since=None, told_from=None)
    assert found is expected


def test_what_was_before_the_consent_is_not_told() -> None:
    yesterday = TODAY - timedelta(days=1)
    assert brakes.stale(yesterday, arrived=TODAY, since=TODAY, told_from=None) is (
        Silence.BEFORE_CONSENT
    )
    assert brakes.stale(TODAY, arrived=TODAY, since=TODAY, told_from=None) is None


def test_a_school_that_comes_with_its_history_tells_of_the_days_after_it() -> None:
    yesterday = TODAY - timedelta(days=1)
    assert brakes.stale(yesterday, arrived=TODAY, since=None, told_from=TODAY) is (
        Silence.FIRST_IMPORT
    )
    assert brakes.stale(TODAY, arrived=TODAY, since=None, told_from=TODAY) is None


def test_what_has_no_day_is_never_old() -> None:
    assert brakes.stale(None, arrived=TODAY, since=TODAY, told_from=TODAY) is None


def test_a_school_that_fills_its_journal_on_fridays_may_tell_a_week_on_friday() -> None:
    fridays = [2500, 2600, 2400]
    assert brakes.most_lines(fridays, 900) == 7500


def test_three_times_the_usual_day_is_the_most() -> None:
    assert brakes.most_lines([100, 120, 110], 30) == 330
    assert brakes.most_lines([2, 1, 3], 30) == brakes.FEW


def test_of_a_new_school_nothing_usual_is_known() -> None:
    assert brakes.most_lines([], 900) == 9000
    assert brakes.most_lines([5, 5], 1) == brakes.FEW


@given(st.lists(st.integers(1, 10**6), max_size=60), st.integers(0, 10**5))
def test_a_usual_day_is_never_a_flood(days: list[int], subscriptions: int) -> None:
    most = brakes.most_lines(days, subscriptions)
    assert most > 0
    if len(days) >= brakes.KNOWN_DAYS:
        last = days[-brakes.LOOK_BACK :]
        assert sum(last) // len(last) <= most


def test_every_reason_can_be_said_to_people() -> None:
    assert set(REASON_RU) == set(Silence)
    assert set(HOLD_RU) == set(Hold)
