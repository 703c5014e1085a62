"""May this guardian be told this now? A decision over values; the ledger is in `store/`.

Source: 126-ФЗ ст. 44.1: without provable consent a mailing counts as made without it, so
whatever is not plainly active is a no.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.model import ConsentState, NumberState, SchoolMode, Silence

_BY_CONSENT = {
    ConsentState.STOPPED: Silence.STOPPED,
    ConsentState.REFUSED: Silence.REFUSED,
    ConsentState.BLOCKED: Silence.NUMBER_CLOSED,
    ConsentState.WRONG_NUMBER: Silence.NUMBER_CLOSED,
}


def silence(
    consent: ConsentState, number: NumberState, mode: SchoolMode, *, is_staff: bool
) -> Silence | None:
    """Why this guardian is not told; None: there is nothing against it."""
    if number is NumberState.STOPPED:
        return Silence.STOPPED
    if number is not NumberState.OPEN:
        return Silence.NUMBER_CLOSED
    if consent is not ConsentState.ACTIVE:
        return _BY_CONSENT.get(consent, Silence.NO_CONSENT)
    if mode is SchoolMode.TEST and not is_staff:
        return Silence.TEST_MODE
    return None


def best(states: Iterable[ConsentState]) -> ConsentState:
    """What holds for a guardian of several pupils in one class: any active consent is enough."""
    found = list(states)
    if ConsentState.ACTIVE in found:
        return ConsentState.ACTIVE
    return found[0] if found else ConsentState.UNKNOWN


def after_import(held: ConsentState | None, said_yes: bool) -> ConsentState | None:
    """The state a paper list moves a subscription to; None: it stays where it is.

    Nothing imported revives a stop or a refusal that came by SMS.
    """
    wanted = ConsentState.ACTIVE if said_yes else ConsentState.REFUSED
    if held in (None, ConsentState.UNKNOWN, ConsentState.ASKED):
        return wanted
    if held is ConsentState.ACTIVE and not said_yes:
        return ConsentState.REFUSED
    return None
