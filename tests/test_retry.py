"""What becomes of a part that a channel did not take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import retry
from sms_diary.clock import DAY, HOUR, MINUTE, SECOND
from sms_diary.model import Failure, PartState

NOW = 1_800_000_000_000
REFUSALS = [Failure.BAD_NUMBER, Failure.BLOCKED, Failure.REJECTED]
PASSING = [failure for failure in Failure if failure not in REFUSALS]


@pytest.mark.parametrize("failure", REFUSALS)
def test_what_the_operator_refuses_is_never_tried_again(failure: Failure) -> None:
    decision = retry.decide(failure, 1, now=NOW, expires=NOW + DAY, delay=5.0)
    assert (decision.state, decision.at) == (PartState.REJECTED, None)


def test_pauses_double_from_half_a_minute_to_an_hour() -> None:
    pauses = [_pause(Failure.UNKNOWN, attempts) for attempts in (1, 2, 3, 7, 8, 50)]
    assert pauses == [30 * SECOND, MINUTE, 2 * MINUTE, 32 * MINUTE, HOUR, HOUR]


def test_an_operator_in_trouble_is_asked_again_every_ten_minutes_at_the_rarest() -> None:
    pauses = [_pause(Failure.UNAVAILABLE, attempts) for attempts in (0, 1, 2, 5, 6, 1000)]
    assert pauses == [30 * SECOND, 30 * SECOND, MINUTE, 8 * MINUTE, 10 * MINUTE, 10 * MINUTE]


def _pause(failure: Failure, attempts: int, delay: float = 0.0) -> int:
    decision = retry.decide(failure, attempts, now=NOW, expires=NOW + DAY, delay=delay)
    assert decision.state is PartState.RETRY
    assert decision.at is not None
    return decision.at - NOW


def test_a_throttled_part_comes_back_soon_and_an_unpaid_account_later() -> None:
    assert _pause(Failure.THROTTLED, 9) == SECOND
    assert _pause(Failure.BALANCE, 1) == 5 * MINUTE


def test_the_operators_own_wish_is_kept_when_it_is_longer() -> None:
    assert _pause(Failure.THROTTLED, 1, delay=7.5) == 7500
    assert _pause(Failure.UNKNOWN, 1, delay=7.5) == 30 * SECOND


@pytest.mark.parametrize("failure", PASSING)
def test_trouble_of_the_account_is_no_attempt_of_the_part(failure: Failure) -> None:
    decision = retry.decide(failure, 1, now=NOW, expires=NOW + DAY, delay=0.0)
    # One that was not counted would leave the pauses as short as the first.
    assert decision.counts is (failure in (Failure.UNKNOWN, Failure.UNAVAILABLE))


@pytest.mark.parametrize("failure", PASSING)
def test_a_try_that_would_come_too_late_ends_as_expired_and_not_as_refused(
    failure: Failure,
) -> None:
    pause = _pause(failure, 1)
    late = retry.decide(failure, 1, now=NOW, expires=NOW + pause, delay=0.0)
    assert (late.state, late.at) == (PartState.EXPIRED, None)
    just = retry.decide(failure, 1, now=NOW, expires=NOW + pause + 1, delay=0.0)
    assert (just.state, just.at) == (PartState.RETRY, NOW + pause)


@given(
    st.sampled_from(list(Failure)), st.integers(0, 10_000), st.integers(0, 2 * DAY),
    st.floats(0, 1e6),
)  # fmt: skip
def test_nothing_is_tried_again_after_it_has_expired(
    failure: Failure, attempts: int, left: int, delay: float
) -> None:
    decision = retry.decide(failure, attempts, now=NOW, expires=NOW + left, delay=delay)
    assert (decision.state is PartState.RETRY) is (decision.at is not None)
    assert decision.at is None or NOW < decision.at < NOW + left
