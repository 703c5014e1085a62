"""Who may be told: a plainly active consent, an open number, a school that is live."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sms_diary import consent
from sms_diary.consent import MOVES, REFUSED_RU, Move, Refused
from sms_diary.model import ConsentState, NumberState, SchoolMode, Silence
from sms_diary.words import REASON_RU

C, N, M = ConsentState, NumberState, SchoolMode


def _silence(
    state: ConsentState = C.ACTIVE, number: NumberState = N.OPEN, mode: SchoolMode = M.LIVE, *,
    is_staff: bool = False, personal_data: bool = True,
) -> Silence | None:  # fmt: skip
    return consent.silence(state, number, mode, is_staff=is_staff, personal_data=personal_data)


def test_only_one_combination_speaks_and_staff_are_spoken_to_in_test_mode_too() -> None:
    speaking = [
        (state, number, mode, staff)
        for state, number, mode, staff in itertools.product(C, N, M, (False, True))
        if _silence(state, number, mode, is_staff=staff) is None
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
        ({"state": C.BLOCKED}, Silence.OPERATOR_REFUSAL),
        ({"number": N.STOPPED}, Silence.STOPPED),
        ({"number": N.WRONG}, Silence.NUMBER_CLOSED),
        ({"mode": M.TEST}, Silence.TEST_MODE),
        ({"personal_data": False}, Silence.NO_PERSONAL_DATA),
        ({"personal_data": False, "is_staff": True}, Silence.NO_PERSONAL_DATA),
        ({"personal_data": False, "state": C.STOPPED}, Silence.STOPPED),
    ],
)
def test_every_silence_has_its_reason(why: dict[str, Any], reason: Silence) -> None:
    assert _silence(**why) is reason


def test_every_reason_can_be_said_in_russian() -> None:
    assert set(REASON_RU) == set(Silence)


def test_one_active_consent_is_enough_for_what_concerns_a_class() -> None:
    assert consent.best([C.STOPPED, C.ACTIVE, C.UNKNOWN]) is C.ACTIVE
    assert consent.best([C.STOPPED, C.UNKNOWN]) is C.STOPPED
    assert consent.best([]) is C.UNKNOWN


# ---------------------------------------------------------------- the moves

A, R = C.ACTIVE, Refused
STATES = [C.UNKNOWN, C.ASKED, A, C.STOPPED, C.REFUSED, C.BLOCKED, C.WRONG_NUMBER]
HELD = [R.STOP_HOLDS, R.REFUSAL_HOLDS, R.BLOCK_HOLDS, R.STRANGER]


@pytest.mark.parametrize(
    ("move", "states"),
    [(move, tuple(states)) for move, *states in [
        (Move.ASKED, C.ASKED, R.ALREADY, R.ALREADY, *HELD),
        (Move.UNANSWERED, R.NOT_ASKED, C.UNKNOWN, *[R.NOT_ASKED] * 5),
        (Move.PAPER_YES, A, A, R.ALREADY, *HELD),
        (Move.PAPER_NO, *[C.REFUSED] * 3, R.STOP_HOLDS, R.ALREADY, R.BLOCK_HOLDS, R.STRANGER),
        (Move.SMS_YES, A, A, R.ALREADY, *HELD),
        (Move.SMS_START, A, A, R.ALREADY, A, A, A, R.STRANGER),
        (Move.SMS_STOP, *[C.STOPPED] * 3, R.ALREADY, C.STOPPED, C.STOPPED, R.STRANGER),
        (Move.SMS_NO, *[C.REFUSED] * 3, R.STOP_HOLDS, R.ALREADY, C.REFUSED, R.STRANGER),
        (Move.SCHOOL_STOP, *[C.STOPPED] * 3, R.ALREADY, C.STOPPED, C.STOPPED, R.STRANGER),
        (Move.SCHOOL_START, A, A, R.ALREADY, *HELD),
        (Move.OPERATOR_REFUSAL, *[C.BLOCKED] * 3, R.STOP_HOLDS, R.REFUSAL_HOLDS, R.ALREADY,
         R.STRANGER),
        (Move.OPERATOR_LIFTED, *[R.NOT_BLOCKED] * 3, R.STOP_HOLDS, R.REFUSAL_HOLDS, C.UNKNOWN,
         R.STRANGER),
        (Move.WRONG_NUMBER, *[C.WRONG_NUMBER] * 6, R.ALREADY),
        (Move.NUMBER_CHANGED, *[C.UNKNOWN] * 7),
    ]],
)  # fmt: skip
def test_each_act_moves_each_state_as_the_table_of_the_docs_says(
    move: Move, states: tuple[ConsentState | Refused, ...]
) -> None:
    expected = dict(zip(STATES, states, strict=True))
    assert {held: consent.after(held, move) for held in C} == expected
    assert consent.after(None, move) == expected[C.UNKNOWN]


def test_the_table_answers_for_every_act_in_every_state_and_every_refusal_is_said() -> None:
    assert set(MOVES) == set(Move)
    assert all(set(row) == set(C) for row in MOVES.values())
    assert set(REFUSED_RU) == set(Refused)


def test_nothing_but_the_parents_own_start_revives_a_stop_a_refusal_or_a_block() -> None:
    reviving = {
        (held, move)
        for held in (C.STOPPED, C.REFUSED, C.BLOCKED, C.WRONG_NUMBER)
        for move in Move
        if consent.after(held, move) is A
    }
    assert reviving == {(held, Move.SMS_START) for held in (C.STOPPED, C.REFUSED, C.BLOCKED)}


@pytest.mark.parametrize("move", [Move.NUMBER_CHANGED, Move.OPERATOR_LIFTED, Move.UNANSWERED])
def test_what_only_ends_something_never_makes_a_consent(move: Move) -> None:
    assert A not in MOVES[move].values()


def test_a_paper_list_moves_as_the_table_says_and_else_nothing() -> None:
    for held in (None, *C):
        for said_yes, move in ((True, Move.PAPER_YES), (False, Move.PAPER_NO)):
            state = consent.after(held, move)
            expected = None if isinstance(state, Refused) else state
            assert consent.after_import(held, said_yes=said_yes) is expected


DAY, NEXT = date(2026, 11, 1), date(2026, 11, 2)


@pytest.mark.parametrize(
    ("held", "move", "recorded", "paper", "by_sms", "left"),
    [
        (C.REFUSED, Move.PAPER_YES, DAY, NEXT, False, C.UNKNOWN),
        (C.REFUSED, Move.PAPER_YES, DAY, DAY, False, C.REFUSED),
        (C.REFUSED, Move.PAPER_YES, DAY, NEXT, True, C.REFUSED),
        (C.REFUSED, Move.PAPER_YES, None, NEXT, False, C.REFUSED),
        (C.STOPPED, Move.PAPER_YES, DAY, NEXT, False, C.STOPPED),
        (C.STOPPED, Move.SCHOOL_START, DAY, NEXT, False, C.UNKNOWN),
        (C.STOPPED, Move.SCHOOL_START, DAY, NEXT, True, C.STOPPED),
        (C.WRONG_NUMBER, Move.SCHOOL_START, DAY, NEXT, False, C.WRONG_NUMBER),
        (None, Move.PAPER_YES, None, NEXT, False, None),
    ],
)
def test_only_a_later_paper_takes_back_what_a_person_had_recorded(
    held: ConsentState | None, move: Move, recorded: date | None, paper: date | None,
    by_sms: bool, left: ConsentState | None,
) -> None:  # fmt: skip
    found = consent.unless_superseded(held, move, by_sms=by_sms, recorded=recorded, paper=paper)
    assert found is left


DOCS = Path(__file__).resolve().parent.parent / "docs" / "consents.md"
HEADINGS = {
    "не спрашивали": C.UNKNOWN,
    "спросили": C.ASKED,
    "действует": A,
    "остановлено": C.STOPPED,
    "отказ": C.REFUSED,
    "отказ у оператора": C.BLOCKED,
    "номер чужой": C.WRONG_NUMBER,
}


def test_the_table_of_the_docs_is_the_table() -> None:
    rows = [
        [cell.strip(" ¹²") for cell in row.strip("|").split("|")]
        for row in DOCS.read_text(encoding="utf-8").splitlines()
        if row.startswith("|")
    ]
    head = next(at for at, row in enumerate(rows) if row[1:] == list(HEADINGS))
    said = [
        tuple(HEADINGS.get(cell) for cell in row[1:])
        for row in rows[head + 2 : head + 2 + len(Move)]
    ]
    assert said == [tuple(consent.moved(held, move) for held in HEADINGS.values()) for move in Move]
