"""What the diary says of the children: a week of marks and absences, the next day of lessons; and
the last SMS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from babel.dates import format_date

from sms_diary import voices
from sms_diary.clock import local
from sms_diary.inbound import wording
from sms_diary.inbound.asking import WEEK
from sms_diary.model import PERSONAL_DATA, ConsentState, Kind
from sms_diary.parent.visit import Page, Visit
from sms_diary.render import absences, words
from sms_diary.render.plain import plain
from sms_diary.store import questions
from sms_diary.store.diary import NO_LESSON
from sms_diary.store.parent import family
from sms_diary.store.parent.family import Child
from sms_diary.store.questions import Noted
from sms_diary.store.schools import School
from sms_diary.values import value

_MESSAGES = 30
_PAUSED = "Школа приостановила дневник: что-то уточняют. Загляните позже."
_NO_PAPER = "Нет действующего согласия на обработку персональных данных, поэтому отметок здесь нет."


@value
class Item:
    """A mark, or an absence (`missed`): the reason only as an SMS tells it, never an illness."""

    of: str
    """The subject; of an absence without one the lesson or the day."""
    aside: str
    """The kind of work, or the lesson that was missed."""
    said: str
    missed: bool = False


@value
class Shown:
    """One child: `days` of marks and absences, lessons of the next day; or why there is nothing."""

    name: str
    days: Sequence[tuple[str, Sequence[Item]]] = ()
    """«вторник, 24 ноября» → in the order of lessons."""
    missed: str = ""
    """«Пропусков: 2. Опозданий: 1», of all these days."""
    day: str = ""
    lessons: Sequence[tuple[int, str, str]] = ()
    """(number, subject, when it begins)."""
    changes: str = ""
    hidden: str = ""


async def show(visit: Visit) -> Page:
    shown = [
        (school.name, await _of_school(visit, school, children))
        for school, children in visit.by_school()
    ]
    return Page("diary.html", "Дневник", {"schools": shown})


async def messages(visit: Visit) -> Page:
    sent = await family.messages(visit.q, visit.site.tools, visit.family, limit=_MESSAGES)
    several = len(visit.schools) > 1
    rows = [
        (
            visit.times(one.school_id).when(one.at),
            visit.schools[one.school_id].short_name if several else "",
            one.text,
        )
        for one in sent
        if one.school_id in visit.schools
    ]
    return Page(
        "messages.html", "SMS от школы", {"rows": rows, "number": bool(visit.family.number)}
    )


async def _of_school(visit: Visit, school: School, children: Sequence[Child]) -> list[Shown]:
    hidden = {one.pupil_id: _hidden(visit, school, one) for one in children}
    open_ = [one for one in children if not hidden[one.pupil_id]]
    today = local(visit.now, school.zone).date()
    ids, settled = [one.pupil_id for one in open_], visit.now - school.settle
    marks = await questions.marks(
        visit.q, school.id, ids, since=(today - WEEK + timedelta(days=1)).isoformat(),
        settled=settled, absences=True,
    )  # fmt: skip
    lessons = await questions.timetables(
        visit.q, visit.site.tools, school.id, ids, after=today.isoformat(),
        until=(today + WEEK).isoformat(), settled=settled,
    )  # fmt: skip
    writing = await _writing(visit, school)
    return [
        Shown(visit.name(one), hidden=hidden[one.pupil_id])
        if hidden[one.pupil_id]
        else _shown(
            visit.name(one),
            [noted for noted in marks if noted.pupil_id == one.pupil_id],
            [noted for noted in lessons if noted.pupil_id == one.pupil_id],
            writing,
        )
        for one in children
    ]


def _hidden(visit: Visit, school: School, child: Child) -> str:
    """Why nothing of a child is shown; "" if it is."""
    if school.paused:
        return _PAUSED
    held = next((h for h in visit.family.held if h.subscription_id == child.subscription_id), None)
    paper = held.states.get(PERSONAL_DATA) if held else None
    withdrawn = paper not in (None, ConsentState.ACTIVE)
    missing = school.asks_for_personal_data and paper is not ConsentState.ACTIVE
    return _NO_PAPER if held and (withdrawn or missing) else ""


async def _writing(visit: Visit, school: School) -> wording.Writing:
    """The school's own hand, in Cyrillic: a page has room for it."""
    voice = await voices.of_one(visit.q, school.id, visit.site.renderer)
    way = visit.site.ways.of(visit.site.ways.route(school.route))
    return wording.Writing(voice, voices.style(school, 0, way))


def _shown(
    name: str, marks: Sequence[Noted], lessons: Sequence[Noted], writing: wording.Writing
) -> Shown:
    by_day = [
        (_day(day), [_item(one) for one in reversed(list(own))])
        for day, own in groupby(marks, key=lambda one: one.day)
    ]
    timetable = next((one for one in lessons if one.kind is Kind.TIMETABLE), None)
    changes = [one for one in lessons if one.kind is Kind.TIMETABLE_CHANGE]
    return Shown(
        name, by_day, _missed(marks), _day(lessons[0].day) if lessons else "",
        _lessons(timetable.body) if timetable else (),
        writing.tell(changes, {}) if changes else "",
    )  # fmt: skip


def _item(one: Noted) -> Item:
    if one.kind is Kind.MARK:
        return Item(one.subject, one.work, words.mark(one.value))
    said = absences.noun(one.value)
    lesson = "" if one.lesson == NO_LESSON else f"{one.lesson} урок"
    if one.subject or lesson:
        return Item(one.subject or lesson, lesson if one.subject else "", said, missed=True)
    late = words.presence(one.value) is words.Presence.LATE
    return Item("В этот день" if late else "Весь день", "", said, missed=True)


def _missed(noted: Sequence[Noted]) -> str:
    """The week's count, in the words of an SMS about a week."""
    missed, late = absences.counted(one.value for one in noted if one.kind is Kind.ABSENCE)
    said = (f"Пропусков: {missed}" if missed else "", f"Опозданий: {late}" if late else "")
    return ". ".join(one for one in said if one)


def _day(day: str) -> str:
    return format_date(date.fromisoformat(day), "EEEE, d MMMM", locale="ru") if day else ""


def _lessons(body: str) -> list[tuple[int, str, str]]:
    """The lessons of a day as the door stored them; [] for what is no such list."""
    try:
        said = json.loads(body)
    except ValueError:
        return []
    found = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    return [
        (one["lesson"], _text(one, "subject"), _text(one, "start").removeprefix("0"))
        for one in found
        if isinstance(one.get("lesson"), int)
    ]


def _text(said: dict[str, Any], name: str) -> str:
    text = said.get(name)
    return plain(text) if isinstance(text, str) else ""
