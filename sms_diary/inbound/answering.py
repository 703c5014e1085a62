"""ДА and НЕТ: they answer the one open question of that number, and nothing else.

Source: 126-ФЗ ст. 44.1: a consent is expressed by an act that tells its subscriber. So a ДА to no
question, to another reception number, or after its time makes none.
"""

from __future__ import annotations

import re

from sms_diary.consent import Move
from sms_diary.inbound import acting, asking, starting
from sms_diary.inbound.desk import Desk, Handled
from sms_diary.keywords import Said
from sms_diary.model import ALL_TOPICS, NumberState
from sms_diary.store import consents, numbers, requests
from sms_diary.store.consents import Change
from sms_diary.store.inbound import Inbound
from sms_diary.store.ledger import Action
from sms_diary.store.requests import OpenRequest

_NOT_DIGITS = re.compile(r"\D")


async def yes(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """A consent for the children of the open question; else a person reads it."""
    await desk.hold(sms)
    question = await requests.open_of_number(desk.q, sms.number_id)
    made: list[tuple[int, Change]] = []
    if question is not None and await _answers(desk, sms, question):
        made = await _changes(desk, sms, question, Move.SMS_YES, Action.GIVEN)
    if question is None or not made:
        return await asking.other(desk, sms, said)
    await acting.write(desk, made)
    await requests.answered(desk.q, question.id, now=desk.now)
    await requests.welcomed(desk.q, [question.guardian_id], now=desk.now)
    await starting.confirm(desk, sms, question.subscription_ids)
    return "done"


async def no(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """A refusal while a question is open, late or not; without one the words are told."""
    await desk.hold(sms)
    question = await requests.open_of_number(desk.q, sms.number_id)
    if question is None:
        return await asking.help_(desk, sms, said)
    made = await _changes(desk, sms, question, Move.SMS_NO, Action.REFUSED)
    await acting.write(desk, made)
    await requests.answered(desk.q, question.id, now=desk.now)
    text = await desk.say(sms, "refused", school_id=question.school_id)
    await desk.reply(sms, text, school_id=question.school_id)
    return "done"


async def _answers(desk: Desk, sms: Inbound, question: OpenRequest) -> bool:
    """Whether this SMS came in time, where it was asked for, from a number that may be told."""
    return (
        sms.at <= question.until
        and _same(sms.reception, question.reception)
        and await numbers.take(desk.q, sms.number_id) is NumberState.OPEN
    )


def _same(came_to: str, asked_for: str) -> bool:
    """A route may write one reception number with or without its plus."""
    if not (came_to and asked_for):
        return True
    return came_to == asked_for or (
        _NOT_DIGITS.sub("", came_to) == _NOT_DIGITS.sub("", asked_for) != ""
    )


async def _changes(
    desk: Desk, sms: Inbound, question: OpenRequest, move: Move, action: Action
) -> list[tuple[int, Change]]:
    asked = [
        (one, (ALL_TOPICS,))
        for one in await consents.of_number(desk.q, sms.number_id)
        if one.guardian_id == question.guardian_id
        and one.subscription_id in question.subscription_ids
    ]
    return acting.changes(sms, move, action, asked)
