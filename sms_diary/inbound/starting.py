"""СТАРТ: a new consent to all SMS of every child of that number; the old one does not rise again.

Urgent SMS at early hours and personal data have papers of their own, which no word replaces.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sms_diary.consent import Move
from sms_diary.inbound import acting, asking
from sms_diary.inbound.desk import Desk, Handled
from sms_diary.keywords import Meaning, Said
from sms_diary.model import URGENT, ConsentState, NumberState
from sms_diary.store import consents, numbers, questions, requests
from sms_diary.store.consents import Held
from sms_diary.store.inbound import Inbound
from sms_diary.store.ledger import Action


async def start(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """A number that was called a stranger's waits for a person; nobody's is told so."""
    await desk.hold(sms)
    held = await consents.of_number(desk.q, sms.number_id)
    own = [one for one in held if one.state is not ConsentState.WRONG_NUMBER]
    if not held:
        return await _nobody(desk, sms)
    if not own or await numbers.take(desk.q, sms.number_id) is NumberState.WRONG:
        return await asking.other(desk, sms, said)
    opened = await numbers.reopen(desk.q, sms.number_id)
    made = acting.changes(sms, Move.SMS_START, Action.GIVEN, [(one, _topics(one)) for one in own])
    await acting.write(desk, made)
    question = await requests.open_of_number(desk.q, sms.number_id)
    if question is not None:
        await requests.answered(desk.q, question.id, now=desk.now)
    await requests.welcomed(desk.q, {one.guardian_id for one in own}, now=desk.now)
    if opened or made or not await desk.answered(sms, Meaning.START):
        await confirm(desk, sms, {one.subscription_id for one in own})
    return "done"


def _topics(held: Held) -> Sequence[str]:
    return [topic for topic in acting.of_sms(held) if topic != URGENT]


async def _nobody(desk: Desk, sms: Inbound) -> Handled:
    if not await desk.answered(sms, Meaning.START):
        await desk.reply(sms, await desk.say(sms, "unsubscribed"))
    return "done"


async def confirm(desk: Desk, sms: Inbound, subscription_ids: Collection[int]) -> None:
    """Once, with the children of whom it may be told from now on.

    None in a school that is paused, only tried out, or waits for another paper.
    """
    told = [
        child
        for child in await questions.children(desk.q, sms.number_id)
        if child.subscription_id in subscription_ids
    ]
    school_id = asking.one_school(told)
    if told:
        names = [child.name for child in told]
        voice = await desk.voice(school_id)
        text = acting.naming(desk, sms, voice, "started", names, latin=asking.in_latin(told))
    else:
        text = await desk.say(sms, "started_later")
    await desk.reply(sms, text, school_id=school_id)
