"""Who may be told: a plainly active consent, an open number, a school that is live."""

from __future__ import annotations

import itertools

import pytest

from sms_diary import consent
from sms_diary.model import REASON_RU, ConsentState, NumberState, SchoolMode, Silence

C, N, M = ConsentState, NumberState, SchoolMode


def _silence(
    state: ConsentState = C.ACTIVE, number: NumberState = N.OPEN, mode: SchoolMode = M.LIVE, *,
    is_staff: bool = False,
) -> Silence | None:  # fmt: skip
    return consent.silence(state, number, mode, is_staff=is_staff)


def test_only_one_combination_speaks_and_staff_are_spoken_to_in_test_mode_too() -> None:
    speaking = [
        (state, number, mode, staff)
        for state, number, mode, staff in itertools.product(C, N, M, (False, True))
        if consent.silence(state, number, mode, is_staff=staff) is None
    ]
    assert speaking == [
        (C.ACTIVE, N.OPEN, M.TEST, True),
        (C.ACTIVE, N.OPEN, M.LIVE, False),
        (C.ACTIVE, N.OPEN, M.LIVE, True),
    ]


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ({"state": C.UNKNOWN}, Silence.NO_CONSENT),
        ({"state": C.ASKED}, Silence.NO_CONSENT),
        ({"state": C.STOPPED}, Silence.STOPPED),
        ({"state": C.REFUSED}, Silence.REFUSED),
        ({"state": C.BLOCKED}, Silence.NUMBER_CLOSED),
        ({"number": N.STOPPED}, Silence.STOPPED),
        ({"number": N.WRONG}, Silence.NUMBER_CLOSED),
        ({"mode": M.TEST}, Silence.TEST_MODE),
    ],
)
def test_every_silence_has_its_reason(why: dict[str, ConsentState], reason: Silence) -> None:
    assert _silence(**why) is reason  # type: ignore[arg-type]


def test_every_reason_can_be_said_in_russian() -> None:
    assert set(REASON_RU) == set(Silence)


def test_one_active_consent_is_enough_for_what_concerns_a_class() -> None:
    assert consent.best([C.STOPPED, C.ACTIVE, C.UNKNOWN]) is C.ACTIVE
    assert consent.best([C.STOPPED, C.UNKNOWN]) is C.STOPPED
    assert consent.best([]) is C.UNKNOWN


@pytest.mark.parametrize(
    ("held", "yes", "no"),
    [
        (None, C.ACTIVE, C.REFUSED),
        (C.UNKNOWN, C.ACTIVE, C.REFUSED),
        (C.ASKED, C.ACTIVE, C.REFUSED),
        (C.ACTIVE, None, C.REFUSED),
        (C.STOPPED, None, None),
        (C.REFUSED, None, None),
        (C.BLOCKED, None, None),
        (C.WRONG_NUMBER, None, None),
    ],
)
def test_nothing_imported_revives_a_stop(
    held: ConsentState | None, yes: ConsentState | None, no: ConsentState | None
) -> None:
    assert consent.after_import(held, said_yes=True) is yes
    assert consent.after_import(held, said_yes=False) is no
