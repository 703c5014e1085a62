"""Whose number it is: «не тот номер» closes it for good, «новый номер …» moves its guardians.

No answer here names a child: who wrote may be a stranger.
"""

from __future__ import annotations

from sms_diary.consent import Move
from sms_diary.inbound import acting, asking
from sms_diary.inbound.desk import NO_SCHOOL, Desk, Handled
from sms_diary.keywords import Meaning, Said
from sms_diary.model import NumberState, Silence
from sms_diary.store import consents, ledger, moving, numbers, withdraw
from sms_diary.store.inbound import Inbound
from sms_diary.store.ledger import Action


async def wrong_number(desk: Desk, sms: Inbound, _said: Said) -> Handled:
    """Every school's SMS to this number end, whatever allowed them; a person opens it again."""
    await desk.hold(sms)
    closed = await numbers.disown(desk.q, sms.number_id, now=desk.now)
    held = await consents.of_number(desk.q, sms.number_id)
    wanted = [(one, acting.of_sms(one)) for one in held]
    made = acting.changes(sms, Move.WRONG_NUMBER, Action.REVOKED, wanted)
    await acting.write(desk, made)
    if closed and not made:
        act = acting.act(sms, Action.REVOKED, "number")
        await ledger.append(desk.q, desk.tools, NO_SCHOOL, [act], now=desk.now)
    await withdraw.everything(desk.q, sms.number_id, now=desk.now, why=Silence.NUMBER_CLOSED)
    if closed or not await desk.answered(sms, Meaning.WRONG_NUMBER):
        await desk.reply(sms, await desk.say(sms, "wrong_number"))
    return "done"


async def new_number(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """The parent tells a new number from the old one: all schools' guardians move to it.

    It inherits no consent: a СТАРТ must come from there.
    """
    # Both in one order, as an import locks them.
    await numbers.ensure(desk.q, desk.tools, [sms.number, said.number], now=desk.now, lock=True)
    held = await consents.of_number(desk.q, sms.number_id)
    state = await numbers.take(desk.q, sms.number_id)
    if not held or state is NumberState.WRONG or said.number == sms.number:
        return await asking.other(desk, sms, said)
    evidence = acting.act(sms, Action.NUMBER_CHANGED, "number").evidence
    for school_id, guardian_id in sorted({(one.school_id, one.guardian_id) for one in held}):
        await moving.change_number(
            desk.q, desk.tools, school_id, guardian_id, said.number,
            by=ledger.BY_SMS, evidence=evidence, now=desk.now,
        )  # fmt: skip
    await desk.reply(sms, await desk.say(sms, "new_number"))
    return "done"
