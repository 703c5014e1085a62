"""Words that choose: ЛАТ and РУС the alphabet, СРАЗУ, ДЕНЬ and НЕДЕЛЯ how often.

A choice is the number's: it holds in every school, and is confirmed once, in the new alphabet.
"""

from __future__ import annotations

from sms_diary.inbound import asking
from sms_diary.inbound.desk import Desk, Handled
from sms_diary.inbound.stopping import TOPIC_RU
from sms_diary.keywords import Meaning, Said, whose
from sms_diary.model import Topic
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import questions, rhythms, withdraw
from sms_diary.store.inbound import Inbound
from sms_diary.store.rhythms import Wish

_RHYTHMS = {
    Meaning.AT_ONCE: Rhythm.NOW,
    Meaning.DAILY: Rhythm.DAY,
    Meaning.WEEKLY: Rhythm.WEEK,
}
_OFTEN_RU = {
    Rhythm.NOW: "сразу",
    Rhythm.DAY: "раз в день",
    Rhythm.WEEK: "раз в неделю",
}


async def alphabet(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """ЛАТ or РУС: what waits to be sent is written anew."""
    await desk.hold(sms)
    known = await questions.children(desk.q, sms.number_id)
    if not known:
        return await asking.nobody(desk, sms)
    latin = said.meaning is Meaning.LATIN
    news = await rhythms.set_latin(desk.q, sms.number_id, latin=latin)
    if news:
        await withdraw.withdraw(desk.q, [sms.number_id], now=desk.now)
    if news or not await desk.answered(sms, said.meaning):
        school_id = asking.one_school(known)
        text = await desk.say(
            sms, "alphabet", school_id=school_id, latin=latin, латиница="да" if latin else ""
        )
        await desk.reply(sms, text, school_id=school_id)
    return "done"


async def rhythm(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """СРАЗУ, ДЕНЬ or НЕДЕЛЯ: for the topics and the child that are named, else marks of all."""
    await desk.hold(sms)
    known = await questions.children(desk.q, sms.number_id)
    if not known:
        return await asking.nobody(desk, sms)
    meant = [known[at] for at in whose(said.who, [child.name for child in known])]
    if not meant:
        return await asking.other(desk, sms, said)
    topics, often = said.topics or (Topic.MARKS,), _RHYTHMS[said.meaning]
    news = await rhythms.choose(
        desk.q,
        [
            Wish(child.subscription_id, child.school_id, topic, often)
            for child in meant
            for topic in topics
        ],
        now=desk.now,
    )
    if news or not await desk.answered(sms, said.meaning):
        school_id = asking.one_school(meant)
        voice = await desk.voice(school_id)
        names = ", ".join(voice.name(child.name) for child in meant) if said.who else ""
        text = desk.said(
            voice, sms, "rhythm", latin=asking.in_latin(known), имена=names,
            когда=_OFTEN_RU[often],
            темы=", ".join(TOPIC_RU[topic] for topic in topics).capitalize(),
        )  # fmt: skip
        await desk.reply(sms, text, school_id=school_id)
    return "done"
