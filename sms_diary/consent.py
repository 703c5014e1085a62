"""May this guardian be told this now, and what an act makes of a consent: decisions over values.

The ledger, which says how each state came to be, is in `store/`. The moves are one table.

Sources: 126-ФЗ ст. 44.1: without provable consent a mailing counts as made without it, so
whatever is not plainly active is a no, and a doubt never moves a consent to `active`;
152-ФЗ ст. 9: the consent to personal data is a document of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from sms_diary.model import (
    ALL_TOPICS,
    PERSONAL_DATA,
    URGENT,
    ConsentState,
    NumberState,
    SchoolMode,
    Silence,
)

_BY_CONSENT = {
    ConsentState.STOPPED: Silence.STOPPED,
    ConsentState.REFUSED: Silence.REFUSED,
    ConsentState.BLOCKED: Silence.OPERATOR_REFUSAL,
    ConsentState.WRONG_NUMBER: Silence.NUMBER_CLOSED,
}
_BY_NUMBER = {
    NumberState.STOPPED: Silence.STOPPED,
    NumberState.BLOCKED: Silence.OPERATOR_REFUSAL,
    NumberState.SUSPENDED: Silence.SUSPENDED,
    NumberState.WRONG: Silence.NUMBER_CLOSED,
}


def silence(
    consent: ConsentState, number: NumberState, mode: SchoolMode, *,
    is_staff: bool, personal_data: bool = True,
) -> Silence | None:  # fmt: skip
    """Why this guardian is not told; None: there is nothing against it.

    `personal_data`: False where the school asks for that paper too and it is not there.
    """
    if number is not NumberState.OPEN:
        return _BY_NUMBER[number]
    if consent is not ConsentState.ACTIVE:
        return _BY_CONSENT.get(consent, Silence.NO_CONSENT)
    if not personal_data:
        return Silence.NO_PERSONAL_DATA
    if mode is SchoolMode.TEST and not is_staff:
        return Silence.TEST_MODE
    return None


def best(states: Iterable[ConsentState]) -> ConsentState:
    """What holds for a guardian of several pupils in one class: any active consent is enough."""
    found = list(states)
    if ConsentState.ACTIVE in found:
        return ConsentState.ACTIVE
    return found[0] if found else ConsentState.UNKNOWN


SAYS_NOTHING = frozenset({ConsentState.UNKNOWN, ConsentState.ASKED})
"""States in which nobody has said yes or no."""
STRICTNESS = (
    ConsentState.ACTIVE, ConsentState.UNKNOWN, ConsentState.ASKED, ConsentState.BLOCKED,
    ConsentState.REFUSED, ConsentState.STOPPED, ConsentState.WRONG_NUMBER,
)  # fmt: skip
"""From the consent to what holds longest against a new one."""
_OWN_PAPERS = frozenset({URGENT, PERSONAL_DATA})


def effective(states: Mapping[str, ConsentState], topic: str) -> ConsentState:
    """Where a subscription stands on a topic; what has a paper of its own follows no other."""
    of_all = ConsentState.UNKNOWN if topic in _OWN_PAPERS else states.get(ALL_TOPICS)
    return states.get(topic) or of_all or ConsentState.UNKNOWN


def stricter(
    stays: Mapping[str, ConsentState], goes: Mapping[str, ConsentState]
) -> dict[str, ConsentState]:
    """Topic by topic, where a subscription stands that takes in another one of the same child.

    A stop or a refusal of either holds. Where the other says nothing, what stays stays; where it
    is the consent, that makes none here.
    """
    return {
        topic: _stricter(effective(stays, topic), effective(goes, topic))
        for topic in sorted({ALL_TOPICS, *stays, *goes})
    }


def _stricter(stays: ConsentState, goes: ConsentState) -> ConsentState:
    return stays if goes in SAYS_NOTHING else max(stays, goes, key=STRICTNESS.index)


# ---------------------------------------------------------------- the moves


class Move(StrEnum):
    """What can be done to the consent of one subscription to one topic."""

    ASKED = "asked"
    """The question goes to a number left on paper for it."""
    UNANSWERED = "unanswered"
    """Its time is over, or it could not be sent."""
    PAPER_YES = "paper-yes"
    """A consent in a list that names its paper."""
    PAPER_NO = "paper-no"
    SMS_YES = "sms-yes"
    """«ДА» to the open question."""
    SMS_START = "sms-start"
    SMS_STOP = "sms-stop"
    SMS_NO = "sms-no"
    """«НЕТ» to the open question."""
    SCHOOL_STOP = "school-stop"
    SCHOOL_START = "school-start-with-evidence"
    OPERATOR_REFUSAL = "operator-refusal"
    """The subscriber has told the operator to refuse all mass messages (41-ФЗ)."""
    OPERATOR_LIFTED = "operator-lifted"
    WRONG_NUMBER = "wrong-number"
    NUMBER_CHANGED = "number-changed"


class Refused(StrEnum):
    """Why an act moves nothing."""

    ALREADY = "already"
    """It is so already."""
    STOP_HOLDS = "stop-holds"
    """Only the parent's own СТАРТ ends a stop."""
    REFUSAL_HOLDS = "refusal-holds"
    BLOCK_HOLDS = "block-holds"
    """The parent lifts it at the operator, and then writes СТАРТ."""
    STRANGER = "stranger"
    """The number is somebody else's: a person changes it, nothing else helps."""
    NOT_BLOCKED = "not-blocked"
    NOT_ASKED = "not-asked"


REFUSED_RU: dict[Refused, str] = {
    Refused.ALREADY: "так уже и записано",
    Refused.STOP_HOLDS: "SMS остановлены: включить их может только сам родитель словом СТАРТ",
    Refused.REFUSAL_HOLDS: "записан отказ: он остаётся, пока родитель сам не напишет СТАРТ",
    Refused.BLOCK_HOLDS: "у оператора включён отказ от рассылок: родитель снимает его "
    "у оператора и пишет СТАРТ",
    Refused.STRANGER: "номер чужой: впишите другой номер родителя",
    Refused.NOT_BLOCKED: "отказа у оператора не было",
    Refused.NOT_ASKED: "вопроса, который ждёт ответа, нет",
}

_C, _R = ConsentState, Refused
_ORDER = (
    _C.UNKNOWN, _C.ASKED, _C.ACTIVE, _C.STOPPED, _C.REFUSED, _C.BLOCKED, _C.WRONG_NUMBER,
)  # fmt: skip
_HELD = (_R.STOP_HOLDS, _R.REFUSAL_HOLDS, _R.BLOCK_HOLDS, _R.STRANGER)
"""What holds against every paper, in the order of the last four states."""

_ROWS: dict[Move, tuple[ConsentState | Refused, ...]] = {
    Move.ASKED: (_C.ASKED, _R.ALREADY, _R.ALREADY, *_HELD),
    Move.UNANSWERED: (_R.NOT_ASKED, _C.UNKNOWN, *(_R.NOT_ASKED,) * 5),
    Move.PAPER_YES: (_C.ACTIVE, _C.ACTIVE, _R.ALREADY, *_HELD),
    Move.PAPER_NO: (
        _C.REFUSED, _C.REFUSED, _C.REFUSED,
        _R.STOP_HOLDS, _R.ALREADY, _R.BLOCK_HOLDS, _R.STRANGER,
    ),
    Move.SMS_YES: (_C.ACTIVE, _C.ACTIVE, _R.ALREADY, *_HELD),
    Move.SMS_START: (
        _C.ACTIVE, _C.ACTIVE, _R.ALREADY, _C.ACTIVE, _C.ACTIVE, _C.ACTIVE, _R.STRANGER,
    ),
    Move.SMS_STOP: (
        _C.STOPPED, _C.STOPPED, _C.STOPPED, _R.ALREADY, _C.STOPPED, _C.STOPPED, _R.STRANGER,
    ),
    Move.SMS_NO: (
        _C.REFUSED, _C.REFUSED, _C.REFUSED,
        _R.STOP_HOLDS, _R.ALREADY, _C.REFUSED, _R.STRANGER,
    ),
    Move.SCHOOL_STOP: (
        _C.STOPPED, _C.STOPPED, _C.STOPPED, _R.ALREADY, _C.STOPPED, _C.STOPPED, _R.STRANGER,
    ),
    Move.SCHOOL_START: (_C.ACTIVE, _C.ACTIVE, _R.ALREADY, *_HELD),
    Move.OPERATOR_REFUSAL: (
        _C.BLOCKED, _C.BLOCKED, _C.BLOCKED,
        _R.STOP_HOLDS, _R.REFUSAL_HOLDS, _R.ALREADY, _R.STRANGER,
    ),
    # The consent ended with the refusal: it is asked for anew, nothing begins by itself.
    Move.OPERATOR_LIFTED: (
        _R.NOT_BLOCKED, _R.NOT_BLOCKED, _R.NOT_BLOCKED,
        _R.STOP_HOLDS, _R.REFUSAL_HOLDS, _C.UNKNOWN, _R.STRANGER,
    ),
    Move.WRONG_NUMBER: (*(_C.WRONG_NUMBER,) * 6, _R.ALREADY),
    # Another phone, perhaps another person: it inherits neither a consent nor a stop.
    Move.NUMBER_CHANGED: (_C.UNKNOWN,) * 7,
}  # fmt: skip
MOVES: dict[Move, dict[ConsentState, ConsentState | Refused]] = {
    move: dict(zip(_ORDER, row, strict=True)) for move, row in _ROWS.items()
}
"""What each act makes of each state, or why it makes nothing of it."""


def after(held: ConsentState | None, move: Move) -> ConsentState | Refused:
    """What an act moves a consent to; None held: nothing is on record."""
    return MOVES[move][held or ConsentState.UNKNOWN]


def moved(held: ConsentState | None, move: Move) -> ConsentState | None:
    """The same; None where it stays as it is."""
    state = after(held, move)
    return state if isinstance(state, ConsentState) else None


def after_import(held: ConsentState | None, said_yes: bool) -> ConsentState | None:
    """The state a paper list moves a subscription to; None: it stays where it is."""
    return moved(held, Move.PAPER_YES if said_yes else Move.PAPER_NO)


_TAKEN_BACK = frozenset({
    (ConsentState.REFUSED, Move.PAPER_YES),
    (ConsentState.REFUSED, Move.SCHOOL_START),
    (ConsentState.STOPPED, Move.SCHOOL_START),
})  # fmt: skip


def unless_superseded(
    held: ConsentState | None, move: Move, *, by_sms: bool, recorded: date | None,
    paper: date | None,
) -> ConsentState | None:  # fmt: skip
    """What is held, or `unknown` where a later paper takes it back.

    Only what a person has recorded (not the parent's own SMS) on an earlier day gives way: a
    refusal to a later consent, a stop by the school to a later one that the school brings.
    """
    if held is None or by_sms or recorded is None or paper is None or paper <= recorded:
        return held
    return ConsentState.UNKNOWN if (held, move) in _TAKEN_BACK else held
