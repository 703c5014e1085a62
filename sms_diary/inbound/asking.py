"""Words that ask: ОЦЕНКИ and РАСП get what the diary says, ПОМОЩЬ the words, all else a person.

What is answered here about a child is what may be told of it unasked, to the same numbers, and no
more than a few times a day. How it is put into one SMS is `wording`'s.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import groupby

from sms_diary import voices
from sms_diary.clock import local
from sms_diary.inbound import wording
from sms_diary.inbound.desk import NO_SCHOOL, Desk, Handled
from sms_diary.keywords import Meaning, Said, whose
from sms_diary.model import Topic
from sms_diary.store import questions, schools
from sms_diary.store.inbound import Inbound
from sms_diary.store.questions import Child
from sms_diary.store.schools import School

QUESTIONS_A_DAY = 5
HELPS_A_DAY = 3
WEEK = timedelta(days=7)
"""How far back marks are told, and how far ahead a timetable is looked for."""
_QUESTIONS = (Meaning.MARKS, Meaning.TIMETABLE)
_FOR_SUBSCRIBERS = (
    *_QUESTIONS, Meaning.LATIN, Meaning.CYRILLIC, Meaning.AT_ONCE, Meaning.DAILY, Meaning.WEEKLY,
)  # fmt: skip
# What phones and machines write by themselves.
_BY_ITSELF = re.compile(
    r"авто.?ответ|автоматическ|автоинформ|авто.?сообщени|auto.?repl|automatic|auto.?respon"
    r"|out of office|абонент.{0,30}(?:занят|недоступ|не может)|перезвоните? (?:позже|мне)"
    r"|перезвоню|за рул[её]м",
    re.IGNORECASE,
)
_Answer = Callable[[Desk, Inbound, School, Sequence[Child]], Awaitable[str]]


async def marks(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """ОЦЕНКИ: the marks of the last seven days, school by school."""
    return await _question(desk, sms, said, Topic.MARKS, _marks)


async def timetable(desk: Desk, sms: Inbound, said: Said) -> Handled:
    """РАСП: the next school day of each child's class, with its changes, school by school."""
    return await _question(desk, sms, said, Topic.TIMETABLE, _timetable)


async def help_(desk: Desk, sms: Inbound, _said: Said) -> Handled:
    """ПОМОЩЬ, and a НЕТ that answers nothing: the words, and where to ring."""
    await desk.hold(sms)
    if await desk.answered(sms, Meaning.HELP, Meaning.NO) >= HELPS_A_DAY:
        return "done"
    known = await questions.children(desk.q, sms.number_id)
    school_id = one_school(known)
    school = (await schools.by_ids(desk.q, [school_id])).get(school_id)
    text = await desk.say(
        sms, "help", school_id=school_id, latin=in_latin(known),
        школа=school.short_name if school else "", телефон=school.phone if school else "",
    )  # fmt: skip
    await desk.reply(sms, text, school_id=school_id)
    return "done"


async def other(desk: Desk, sms: Inbound, _said: Said) -> Handled:
    """All that is no word waits for a person; once a day that is said, but not to a machine."""
    await desk.hold(sms)
    if not _BY_ITSELF.search(sms.text) and not await desk.answered(sms, Meaning.OTHER):
        known = await questions.children(desk.q, sms.number_id)
        school_id = one_school(known)
        text = await desk.say(sms, "other", school_id=school_id, latin=in_latin(known))
        await desk.reply(sms, text, school_id=school_id)
    return "waiting"


async def nobody(desk: Desk, sms: Inbound) -> Handled:
    """A number of which no child may be told learns how to subscribe, once a day.

    It reads the same whether the number is known or not.
    """
    if not await desk.answered(sms, *_FOR_SUBSCRIBERS):
        await desk.reply(sms, await desk.say(sms, "unsubscribed"))
    return "done"


def one_school(known: Sequence[Child]) -> int:
    """The school behind all of these children, if it is one."""
    found = {child.school_id for child in known}
    return found.pop() if len(found) == 1 else NO_SCHOOL


def in_latin(known: Sequence[Child]) -> bool:
    """Whether what concerns all of these children is written in Latin."""
    return bool(known) and all(child.latin for child in known)


async def _question(desk: Desk, sms: Inbound, said: Said, topic: Topic, answer: _Answer) -> Handled:
    await desk.hold(sms)
    known = [
        child for child in await questions.children(desk.q, sms.number_id) if topic in child.grounds
    ]
    if not known:
        return await nobody(desk, sms)
    asked = [known[at] for at in whose(said.who, [child.name for child in known])]
    if not asked:
        return await other(desk, sms, said)
    before = await desk.answered(sms, *_QUESTIONS)
    if before == QUESTIONS_A_DAY:
        school_id, latin = one_school(known), in_latin(known)
        text = await desk.say(
            sms, "enough", school_id=school_id, latin=latin, раз=str(QUESTIONS_A_DAY)
        )
        await desk.reply(sms, text, school_id=school_id)
    if before < QUESTIONS_A_DAY:
        await _answer(desk, sms, asked, topic, answer)
    return "done"


async def _answer(
    desk: Desk, sms: Inbound, asked: Sequence[Child], topic: Topic, answer: _Answer
) -> None:
    """One answer from each school, about its own children only."""
    known = await schools.by_ids(desk.q, {child.school_id for child in asked})
    for school_id, group in groupby(asked, key=lambda child: child.school_id):
        own = list(group)
        await desk.reply(
            sms, await answer(desk, sms, known[school_id], own),
            school_id=school_id, guardian_id=own[0].guardian_id,
            ledger_id=own[0].grounds[topic], consent_rev=own[0].consent_rev,
        )  # fmt: skip


async def _marks(desk: Desk, sms: Inbound, school: School, own: Sequence[Child]) -> str:
    today = local(desk.now, school.zone).date()
    noted = await questions.marks(
        desk.q, school.id, [child.pupil_id for child in own],
        since=(today - WEEK + timedelta(days=1)).isoformat(), settled=desk.now - school.settle,
    )  # fmt: skip
    return wording.marks(await _writing(desk, sms, school, own), own, noted)


async def _timetable(desk: Desk, sms: Inbound, school: School, own: Sequence[Child]) -> str:
    today = local(desk.now, school.zone).date()
    noted = await questions.timetables(
        desk.q, desk.tools, school.id, [child.pupil_id for child in own],
        after=today.isoformat(), until=(today + WEEK).isoformat(),
        settled=desk.now - school.settle,
    )  # fmt: skip
    return wording.timetables(await _writing(desk, sms, school, own), own, noted)


async def _writing(
    desk: Desk, sms: Inbound, school: School, own: Sequence[Child]
) -> wording.Writing:
    style = voices.style(school, in_latin(own), desk.ways.of(sms.route))
    return wording.Writing(await desk.voice(school.id), style)
