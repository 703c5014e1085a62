"""Слова: what a parent may answer with, what is said back, how often each was said of late; and a
box that says how an SMS would be understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from sms_diary import keywords
from sms_diary.admin import hand
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Answer, Page, Visit
from sms_diary.clock import DAY
from sms_diary.keywords import Meaning, Said
from sms_diary.phone import mask
from sms_diary.render.examples import EXAMPLES
from sms_diary.render.kinds import TITLES
from sms_diary.render.preview import Sight, sight
from sms_diary.reports.paper.words import WORDS
from sms_diary.reports.words import TOPIC_RU
from sms_diary.store.desk import said as of_late

MEANING_RU: Mapping[Meaning, str] = {
    Meaning.STOP: "СТОП",
    Meaning.YES: "ДА",
    Meaning.NO: "НЕТ",
    Meaning.START: "СТАРТ",
    Meaning.HELP: "ПОМОЩЬ",
    Meaning.MARKS: "ОЦЕНКИ",
    Meaning.TIMETABLE: "РАСП",
    Meaning.LATIN: "ЛАТ",
    Meaning.CYRILLIC: "РУС",
    Meaning.AT_ONCE: "СРАЗУ",
    Meaning.DAILY: "ДЕНЬ",
    Meaning.WEEKLY: "НЕДЕЛЯ",
    Meaning.WRONG_NUMBER: "НЕ ТОТ НОМЕР",
    Meaning.NEW_NUMBER: "НОВЫЙ НОМЕР",
    Meaning.OTHER: "не слово",
}
DOES_RU: Mapping[Meaning, str] = {
    Meaning.STOP: "SMS остановятся сразу, во всех школах. Родитель получит подтверждение.",
    Meaning.YES: "Если школа спрашивала о согласии за последние трое суток, оно записывается. "
    "Иначе ничего не меняется.",
    Meaning.NO: "Если школа спрашивала о согласии, записывается отказ. Иначе родитель получит "
    "подсказку со словами.",
    Meaning.START: "SMS включатся: это новое согласие родителя, и оно записывается.",
    Meaning.HELP: "Родитель получит список слов и телефон школы.",
    Meaning.MARKS: "Родитель получит отметки за последние семь дней.",
    Meaning.TIMETABLE: "Родитель получит расписание на ближайший учебный день.",
    Meaning.LATIN: "Следующие SMS придут латинскими буквами.",
    Meaning.CYRILLIC: "Следующие SMS придут русскими буквами.",
    Meaning.AT_ONCE: "Отметки станут приходить сразу.",
    Meaning.DAILY: "Отметки станут приходить одной сводкой в день.",
    Meaning.WEEKLY: "Отметки станут приходить одной сводкой в неделю.",
    Meaning.WRONG_NUMBER: "Писать на этот номер перестанем: он чужой.",
    Meaning.NEW_NUMBER: "Номер родителя сменится на названный. Согласие на новый нужно будет дать "
    "заново.",
    Meaning.OTHER: "Ничего не изменится. SMS будет ждать человека в разделе «Входящие SMS».",
}
"""What would come of each."""
_DAYS = 30
REPLIES = (
    "stopped", "stopped_some", "stopped_children", "started", "started_later", "refused", "help",
    "no_marks", "more_marks", "no_timetable", "more_timetables", "rhythm", "alphabet",
    "new_number", "wrong_number", "other", "enough", "unsubscribed",
)  # fmt: skip
"""The texts that answer an SMS, in the order of the words. ОЦЕНКИ and РАСП get those of news."""
_STOPPED_SOME_RU = "Остановятся только названные SMS. Родитель получит подтверждение."


class Phrase(Form):
    phrase: Annotated[str, Field(min_length=1, max_length=1000)]


async def show(visit: Visit) -> Page:
    return await _page(visit)


async def act(visit: Visit) -> Answer:
    """Nothing is changed and nothing is sent: the text is read, as an SMS would be."""
    form = visit.form(Phrase)
    if form.read is None:
        return await _page(visit, form, status=422)
    return await _page(visit, form, keywords.understand(form.read.phrase))


async def _page(
    visit: Visit, form: Filled[Phrase] | None = None, said: Said | None = None, *, status: int = 200
) -> Page:
    return Page("consents/words.html", {
        "table": WORDS, "form": form, "meaning": MEANING_RU[said.meaning] if said else "",
        "does": does_ru(said) if said else "",
        "understood": said is not None and said.meaning is not Meaning.OTHER,
        "about": _about(said) if said else (),
        "days": _DAYS, "spoken": await _spoken(visit), "replies": await _replies(visit),
    }, status=status)  # fmt: skip


async def _spoken(visit: Visit) -> list[tuple[str, int]]:
    """What was said in the last days and how often, the most frequent first."""
    found = await of_late.by_meaning(
        visit.q, visit.tools, visit.school.id, since=visit.now - _DAYS * DAY
    )
    return [(MEANING_RU[Meaning(said)], n) for said, n in found.most_common() if said]


async def _replies(visit: Visit) -> list[tuple[str, str, Sight]]:
    """Name and title of each text that answers, and how it comes out on usual values."""
    own = await hand.of(visit, visit.q)
    found = []
    for name in REPLIES:
        usual = EXAMPLES[name].usual
        assert isinstance(usual, Mapping), "they tell no news"
        said = own.renderer.say(name, own.style, **usual)
        found.append((name, TITLES[name], sight(said.text, said.level, own.style)))
    return found


def does_ru(said: Said) -> str:
    """What would come of an SMS that says so."""
    if said.meaning is Meaning.STOP and (said.topics or said.who):
        return _STOPPED_SOME_RU
    return DOES_RU[said.meaning]


def _about(said: Said) -> tuple[tuple[str, str], ...]:
    """What the phrase names: topics, a child, a number."""
    named = []
    if said.topics:
        named.append(("О чём", ", ".join(TOPIC_RU[topic] for topic in said.topics)))
    if said.who:
        named.append(("О ком", said.who))
    if said.number:
        named.append(("Новый номер", mask(said.number)))
    return tuple(named)
