"""СТОП: counts from every number, at once, for every child in every school; confirmed once.

With a child's name it stops that child, with topics those; a name that is no child's stops all.
Who asks that the data be destroyed too is stopped at once, and the rest waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.consent import Move
from sms_diary.inbound import acting, asking
from sms_diary.inbound.desk import NO_SCHOOL, Desk, Handled
from sms_diary.keywords import Meaning, Said, whose
from sms_diary.model import Topic
from sms_diary.store import consents, ledger, numbers, questions, withdraw
from sms_diary.store.consents import Held
from sms_diary.store.inbound import Inbound
from sms_diary.store.ledger import Action
from sms_diary.store.questions import Child

TOPIC_RU = {
    Topic.MARKS: "оценки",
    Topic.ABSENCES: "пропуски",
    Topic.HOMEWORK: "домашние задания",
    Topic.TIMETABLE: "расписание",
    Topic.ANNOUNCEMENTS: "объявления",
}


async def stop(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """What is queued is withdrawn too; two robots do not talk for ever about it."""
    await desk.hold(sms)
    held = await consents.of_number(desk.q, sms.number_id)
    # Read before: only a child that was told of may be named now.
    told = await questions.children(desk.q, sms.number_id)
    named = _named(said, held, told)
    # To stop by mistake is cheaper than not to stop.
    if named and (said.who or said.topics):
        await _stop_some(desk, sms, said, named, told)
    elif held and said.topics:
        await _stop_some(desk, sms, said, held, told)
    else:
        await _stop_all(desk, sms, held, told)
    return "waiting" if said.forget else "done"


def _named(said: Said, held: Sequence[Held], told: Sequence[Child]) -> list[Held]:
    """The subscriptions it is about. A number counts those children that answers have listed."""
    if said.who.isdecimal():
        ids = {told[at].subscription_id for at in whose(said.who, [one.name for one in told])}
        return [one for one in held if one.subscription_id in ids]
    return [held[at] for at in whose(said.who, [one.pupil for one in held])]


async def _stop_all(desk: Desk, sms: Inbound, held: Sequence[Held], told: Sequence[Child]) -> None:
    stopped = await numbers.stop(desk.q, sms.number_id, now=desk.now)
    wanted = [(one, acting.of_sms(one)) for one in held]
    made = acting.changes(sms, Move.SMS_STOP, Action.REVOKED, wanted)
    await acting.write(desk, made)
    if stopped and not made:
        # Nothing to change, and yet it was said: the next paper must not begin SMS.
        act = acting.act(sms, Action.REVOKED, "number")
        await ledger.append(desk.q, desk.tools, NO_SCHOOL, [act], now=desk.now)
    await withdraw.everything(desk.q, sms.number_id, now=desk.now)
    if stopped or made or not await desk.answered(sms, Meaning.STOP):
        await _confirm(desk, sms, told)


async def _confirm(desk: Desk, sms: Inbound, told: Sequence[Child]) -> None:
    """The children are named where several schools told of them: the СТОП is for all."""
    latin, school_id = asking.in_latin(told), asking.one_school(told)
    voice = await desk.voice(school_id)
    if len({child.school_id for child in told}) > 1:
        names = [child.name for child in told]
        text = acting.naming(desk, sms, voice, "stopped_children", names, latin=latin)
    else:
        again = "СТАРТ" if desk.ways.of(sms.route).answerable else ""
        text = desk.said(voice, sms, "stopped", latin=latin, старт=again)
    await desk.reply(sms, text, school_id=school_id)


async def _stop_some(
    desk: Desk, sms: Inbound, said: Said, meant: Sequence[Held], told: Sequence[Child]
) -> None:
    wanted = [(one, said.topics or acting.of_sms(one)) for one in meant]
    made = acting.changes(sms, Move.SMS_STOP, Action.REVOKED, wanted)
    await acting.write(desk, made)
    if not made and await desk.answered(sms, Meaning.STOP):
        return
    ids = {one.subscription_id for one in meant}
    named = [child for child in told if child.subscription_id in ids]
    what = ", ".join(TOPIC_RU[topic] for topic in said.topics)
    latin, school_id = asking.in_latin(named), asking.one_school(named)
    voice = await desk.voice(school_id)
    names = [child.name for child in named]
    if names:
        text = acting.naming(desk, sms, voice, "stopped_some", names, latin=latin, темы=what)
    else:
        text = desk.said(voice, sms, "stopped_some", latin=latin, имя="", темы=what)
    await desk.reply(sms, text, school_id=school_id)
