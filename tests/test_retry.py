"""What becomes of a part that a channel did not take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import retry
from sms_diary.clock import DAY, HOUR, MINUTE, SECOND
from sms_diary.model import Failure

NOW = 1_800_000_000_000
REFUSALS = [Failure.BAD_NUMBER, Failure.BLOCKED, Failure.REJECTED]


@pytest.mark.parametrize("failure", REFUSALS)
def test_what_the_operator_refuses_is_never_tried_again(failure: Failure) -> None:
    assert retry.decide(failure, 1, now=NOW, expires=NOW + DAY, delay=5.0).at is None


def test_pauses_double_from_half_a_minute_to_an_hour() -> None:
    pauses = [_pause(Failure.UNKNOWN, attempts) for attempts in (1, 2, 3, 7, 8, 50)]
    assert pauses == [30 * SECOND, MINUTE, 2 * MINUTE, 32 * MINUTE, HOUR, HOUR]


def _pause(failure: Failure, attempts: int, delay: float = 0.0) -> int:
    decision = retry.decide(failure, attempts, now=NOW, expires=NOW + DAY, delay=delay)
    assert decision.at is not None
    return decision.at - NOW


def test_a_throttled_part_comes_back_soon_and_an_unpaid_account_later() -> None:
    assert _pause(Failure.THROTTLED, 9) == SECOND
    assert _pause(Failure.BALANCE, 1) == 5 * MINUTE


def test_the_operators_own_wish_is_kept_when_it_is_longer() -> None:
    assert _pause(Failure.THROTTLED, 1, delay=7.5) == 7500
    assert _pause(Failure.UNKNOWN, 1, delay=7.5) == 30 * SECOND


@pytest.mark.parametrize("failure", [f for f in Failure if f not in REFUSALS])
def test_trouble_of_the_account_is_no_attempt_of_the_part(failure: Failure) -> None:
    decision = retry.decide(failure, 1, now=NOW, expires=NOW + DAY, delay=0.0)
    assert decision.counts is (failure is Failure.UNKNOWN)


@given(
    st.sampled_from(list(Failure)), st.integers(0, 10_000), st.integers(0, 2 * DAY),
    st.floats(0, 1e6),
)  # fmt: skip
def test_nothing_is_tried_again_after_it_has_expired(
    failure: Failure, attempts: int, left: int, delay: float
) -> None:
    decision = retry.decide(failure, attempts, now=NOW, expires=NOW + left, delay=delay)
    assert decision.at is None or NOW < decision.at < NOW + left
