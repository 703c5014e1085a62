"""Decisions between an entry and its messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import plan
from sms_diary.model import (
    ConsentState,
    Kind,
    LineState,
    NumberState,
    SchoolMode,
    Silence,
    Topic,
)

NOW = 1_800_000_000_000


def _fate(consent: ConsentState = ConsentState.ACTIVE, expires: int = NOW + 1) -> plan.Fate:
    return plan.fate(
        Kind.MARK, consent, NumberState.OPEN, SchoolMode.LIVE, is_staff=False, urgent=False,
        expires=expires, now=NOW,
    )  # fmt: skip


def test_a_guardian_who_agreed_is_told_under_the_topic_of_the_kind() -> None:
    fate = _fate()
    assert (fate.state, fate.reason, fate.topic) == (LineState.PLANNED, "", Topic.MARKS)


def test_no_consent_is_a_silence_with_its_reason() -> None:
    fate = _fate(ConsentState.UNKNOWN)
    assert (fate.state, fate.reason) == (LineState.SILENT, Silence.NO_CONSENT)


def test_what_comes_too_late_is_not_planned() -> None:
    fate = _fate(expires=NOW)
    assert (fate.state, fate.reason) == (LineState.EXPIRED, Silence.EXPIRED)


@pytest.mark.parametrize(
    ("value", "was", "silence"),
    [
        ("5", None, None),
        ("5", "4", None),
        ("4", "4", Silence.SAME_VALUE),
        ("", None, Silence.NEVER_TOLD),
        ("", "4", None),
        ("", "", Silence.SAME_VALUE),
        ("4", "", None),
    ],
)
def test_only_news_is_told(value: str, was: str | None, silence: Silence | None) -> None:
    assert plan.nothing_to_tell(Kind.MARK, value, was) is silence


@given(st.integers(0, NOW), st.integers(1, 10))
def test_the_parts_of_a_message_follow_what_its_school_has_in_the_queue(
    reached: int, parts: int
) -> None:
    turns = plan.turns(reached, parts)
    assert len(turns) == parts
    assert list(turns) == sorted(set(turns))
    assert turns[0] > reached
    assert plan.turns(turns[-1], 1)[0] > turns[-1]


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("Белкина Дарья Игоревна", "Дарья Б."),
        ("  Ким   Анна ", "Анна К."),
        ("Белкина", "Белкина"),
        ("", ""),
    ],
)
def test_an_sms_says_no_more_of_a_child_than_needed(full: str, short: str) -> None:
    assert plan.short_name(full) == short
