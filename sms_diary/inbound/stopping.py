"""СТОП: counts from every number, at once, for every child in every school; confirmed once."""

from __future__ import annotations

from itertools import groupby

from sms_diary.clock import DAY
from sms_diary.inbound.desk import NO_SCHOOL, Desk, Handled
from sms_diary.keywords import Said
from sms_diary.model import ConsentState
from sms_diary.store import consents, inbound, ledger, numbers, withdraw
from sms_diary.store.consents import Change
from sms_diary.store.inbound import Inbound
from sms_diary.store.ledger import Act


async def stop(desk: Desk, sms: Inbound, _said: Said) -> Handled:
    stopped = await numbers.stop(desk.q, sms.number_id, now=desk.now)
    if stopped:
        await _revoke(desk, sms)
        # Also lines and messages of subscriptions that had no consent row to change.
        await withdraw.withdraw(desk.q, [sms.number_id], now=desk.now)
    elif await inbound.was_answered(desk.q, sms.number_id, since=desk.now - DAY):
        # Two robots must not talk for ever: a repeated СТОП is confirmed once a day.
        return "done"
    await desk.reply(sms, desk.renderer.say("stopped"))
    return "done"


async def _revoke(desk: Desk, sms: Inbound) -> None:
    held = await consents.of_number(desk.q, sms.number_id)
    if not held:
        act = _act(sms, "number")
        await ledger.append(desk.q, desk.tools, NO_SCHOOL, [act], now=desk.now)
    for school_id, own in groupby(held, key=lambda one: one.school_id):
        changes = [
            Change(
                one.subscription_id,
                sms.number_id,
                ConsentState.STOPPED,
                _act(sms, f"subscription:{one.subscription_id} {topic}"),
                topic,
            )
            for one in own
            for topic in one.topics
        ]
        await consents.change(desk.q, desk.tools, school_id, changes, now=desk.now)


def _act(sms: Inbound, scope: str) -> Act:
    return Act(
        action="revoked",
        number=sms.number,
        scope=scope,
        actor="sms",
        evidence={
            "number": sms.number,
            "text": sms.text,
            "inbound": str(sms.id),
            "reception": sms.reception,
            "at": sms.at,
        },
    )
