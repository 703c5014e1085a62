"""Decisions between an entry and its messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import plan
from sms_diary.model import (
    ConsentState,
    Gender,
    Hold,
    Kind,
    LineState,
    NumberState,
    SchoolMode,
    Silence,
    Topic,
)
from sms_diary.schedule.rhythm import Rhythm

NOW = 1_800_000_000_000


def _fate(
    consent: ConsentState = ConsentState.ACTIVE,
    expires: int = NOW + 1,
    *,
    welcomed: bool = True,
    rhythm: Rhythm = Rhythm.NOW,
    stale: Silence | None = None,
) -> plan.Fate:
    return plan.fate(
        Kind.MARK, consent, NumberState.OPEN, SchoolMode.LIVE, is_staff=False, urgent=False,
        personal_data=True, welcomed=welcomed, rhythm=rhythm, stale=stale, expires=expires, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rhythm", "stale", "reason"),
    [
        (Rhythm.OFF, None, Silence.NOT_WANTED),
        (Rhythm.OFF, Silence.OLD, Silence.NOT_WANTED),
        (Rhythm.WEEK, Silence.OLD, Silence.OLD),
        (Rhythm.NOW, Silence.FIRST_IMPORT, Silence.FIRST_IMPORT),
    ],
)
def test_what_is_not_wanted_or_no_news_is_silent(
    rhythm: Rhythm, stale: Silence | None, reason: Silence
) -> None:
    fate = _fate(rhythm=rhythm, stale=stale, welcomed=False)
    assert (fate.state, fate.reason) == (LineState.SILENT, reason)


def test_without_a_consent_it_does_not_matter_how_it_is_wanted() -> None:
    assert _fate(ConsentState.STOPPED, rhythm=Rhythm.OFF).reason == Silence.STOPPED


def test_nothing_is_told_before_the_number_is_known_to_be_the_guardians() -> None:
    fate = _fate(welcomed=False)
    assert (fate.state, fate.reason) == (LineState.HELD, Hold.WELCOME)


@pytest.mark.parametrize(
    ("consent", "expires", "state"),
    [
        (ConsentState.REFUSED, NOW + 1, LineState.SILENT),
        (ConsentState.ACTIVE, NOW, LineState.EXPIRED),
    ],
)
def test_what_is_not_told_at_all_waits_for_no_welcome(
    consent: ConsentState, expires: int, state: LineState
) -> None:
    assert _fate(consent, expires, welcomed=False).state is state


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


@pytest.mark.parametrize(
    ("full", "gender"),
    [
        ("Белкина Дарья Игоревна", Gender.FEMALE),
        ("Авдеев Тимур Олегович", Gender.MALE),
        ("Фомин Лев Ильич", Gender.MALE),
        ("Юсупов Данияр Рустам оглы", Gender.MALE),
        ("Алиева Лейла Рустам кызы", Gender.FEMALE),
        ("Ушаков Марк", None),
        ("Анна Рабинович", None),
        ("", None),
    ],
)
def test_a_patronymic_alone_tells_boys_from_girls(full: str, gender: Gender | None) -> None:
    assert plan.gender(full) is gender


@pytest.mark.parametrize(
    ("naming", "shown"),
    [
        (plan.Naming.INITIAL, "Дарья Б."),
        (plan.Naming.NAME, "Дарья"),
        (plan.Naming.SURNAME, "Белкина Д."),
        (plan.Naming.BOTH, "Белкина Дарья"),
    ],
)
def test_a_school_chooses_how_its_pupils_are_called(naming: plan.Naming, shown: str) -> None:
    assert plan.short_name("Белкина Дарья Игоревна", naming) == shown
    assert plan.short_name("Белкина", naming) == "Белкина"
