"""Карантин: what the journal said and nobody understood for certain, question by question.

One answer settles all that asks the same, and is remembered. What it then does is
`ingest.imports.resolving`'s; here a person sees the candidates and chooses.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.importing import importer, plain
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import (
    Answer,
    Group,
    Missing,
    Page,
    Redirect,
    Refused,
    Screen,
    Visit,
    found,
)
from sms_diary.clock import local
from sms_diary.errors import NotYet
from sms_diary.ingest.days import school_year
from sms_diary.ingest.files.proofs import TWO_NUMBERS
from sms_diary.ingest.imports import resolving
from sms_diary.ingest.imports.resolving import NoQuestion, Settled, Shown
from sms_diary.store import people, quarantine
from sms_diary.store.quarantine import CLASS, PUPIL
from sms_diary.web.words import counted

REASON_RU = {
    "ambiguous-pupil": "Кто из учеников",
    "unknown-pupil": "Ученик не найден",
    "ambiguous-class": "Какой класс",
    "unknown-class": "Класс не найден",
    "ambiguous-lesson": "Какая запись",
    "ref-conflict": "Противоречие в журнале",
    "two-numbers": "Чьё согласие",
    "number-changed": "Сменился ли номер",
    "cell": "Неясная клетка",
}
NONE_OF_THEM = {
    "ambiguous-lesson": "Ни одна из них: это новая запись",
    "number-changed": "Номера два, оставить оба",
}
"""Where «none of them» is an answer too, and what it means there."""
_GONE = "Исходные данные уже удалены по сроку хранения"
_PER_PAGE = 20
_LAST = 2**63 - 1


class Filter(Form):
    reason: str = ""
    after: int = Field(0, ge=0, le=_LAST)


class OfClass(Form):
    of: int = Field(0, alias="class")


class Choice(Form):
    """`choice`: a candidate's id, 0 for none of them; not given with `drop`."""

    do: str = "answer"
    choice: int | None = Field(None, ge=0, le=_LAST)
    source: Annotated[str, Field(max_length=300)] = ""


async def show(visit: Visit) -> Page:
    asked = visit.query(Filter)
    rows = await quarantine.questions(
        visit.q, visit.school.id, after=asked.after, limit=_PER_PAGE + 1, reason=asked.reason
    )
    counts = await quarantine.by_reason(visit.q, visit.school.id)
    tabs = [("", "все", sum(counts.values()))]
    tabs += [
        (word, _small(REASON_RU.get(word, word)), count) for word, count in sorted(counts.items())
    ]
    groups: dict[str, list[Shown]] = {}
    for row in rows[:_PER_PAGE]:
        groups.setdefault(row.reason, []).append(await _shown(visit, row))
    return Page("quarantine.html", {
        "groups": groups, "tabs": tabs, "asked": asked, "reasons": REASON_RU,
        "none_of_them": NONE_OF_THEM, "searched": PUPIL | CLASS, "source_for": TWO_NUMBERS,
        "next": rows[_PER_PAGE - 1].id if len(rows) > _PER_PAGE else None,
    })  # fmt: skip


def _small(title: str) -> str:
    """As tabs are written: «ученик не найден»."""
    return title[:1].lower() + title[1:]


async def card(visit: Visit) -> Page:
    return await _card(visit, None)


async def _card(visit: Visit, form: Filled[Choice] | None) -> Page:
    one = await _shown(visit, found(await quarantine.question(visit.q, visit.school.id, visit.id)))
    reason, offered = one.question.reason, dict(one.candidates)
    today = local(visit.now, visit.school.zone).date()
    classes: list[tuple[int, str]] = []
    if reason in PUPIL | CLASS:
        rows = await people.classes(visit.q, visit.school.id, school_year(today).first.year)
        classes = [(row.id, row.name) for row in rows]
    chosen = visit.query(OfClass).of
    more = classes if reason in CLASS else []
    if reason in PUPIL and chosen in dict(classes):
        roster = (await people.rosters(visit.q, [chosen], today.isoformat()))[chosen]
        more = [(pupil.id, pupil.full_name) for pupil in roster]
    return Page("quarantine-one.html", {
        "one": one, "classes": classes, "chosen": chosen, "by_class": reason in PUPIL and classes,
        "more": sorted((each for each in more if each[0] not in offered), key=itemgetter(1)),
        "none_of_them": NONE_OF_THEM, "source_for": TWO_NUMBERS, "form": form,
    }, title=REASON_RU.get(reason, reason), status=422 if form else 200)  # fmt: skip


async def _shown(visit: Visit, one: quarantine.Question) -> Shown:
    """The question with its candidates; without words of its own where the file is gone."""
    try:
        return await resolving.shown(importer(visit.desk), visit.q, visit.school, one)
    except NotYet:
        titles = await quarantine.titles(
            visit.q, visit.tools, visit.school.id, one.reason, one.candidates
        )
        return Shown(one, _GONE, tuple(titles.items()))


async def act(visit: Visit) -> Answer:
    """Answer the question, or put it away; both in a transaction of the importer's own."""
    form = visit.form(Choice)
    if form.read is None or (form.read.do != "drop" and form.read.choice is None):
        return await _again(visit, form.but(choice="Выберите один из вариантов"))
    try:
        words = await (_drop if form.read.do == "drop" else _answer)(visit, form.read)
    except NoQuestion:
        raise Missing from None
    except NotYet as refusal:
        if str(refusal) == resolving.NO_SOURCE:
            return await _again(visit, form.but(source=plain(str(refusal))))
        raise Refused(plain(str(refusal))) from None
    return Redirect("quarantine", words)


async def _again(visit: Visit, form: Filled[Choice]) -> Page:
    async with visit.desk.database.reading() as q:
        visit.transaction = q
        return await _card(visit, form)


async def _answer(visit: Visit, choice: Choice) -> str:
    assert choice.choice is not None
    settled = await resolving.resolve(
        importer(visit.desk), visit.school, visit.id, choice.choice, by=visit.actor,
        source=choice.source,
    )  # fmt: skip
    visit.note("decided", "quarantine", visit.id, "ответ на вопрос")
    return _settled(settled)


def _settled(settled: Settled) -> str:
    rows = counted(settled.held, "запись", "записи", "записей")
    return f"Ответ запомнен, так решено: {rows}. Больше об этом спрашивать не будем."


async def _drop(visit: Visit, _choice: Choice) -> str:
    held = await resolving.drop(importer(visit.desk), visit.school, visit.id, by=visit.actor)
    visit.note("decided", "quarantine", visit.id, "вопрос убран")
    rows = counted(held, "запись", "записи", "записей")
    return f"Вопрос убран, в дневник не попадёт: {rows}."


SCREENS = (
    Screen(
        path="quarantine", title="Карантин", right=Right.STEER, group=Group.INCOMING, show=show,
        persons=True,
    ),
    Screen(
        path="quarantine/{id}", title="Вопрос", right=Right.STEER, show=card, act=act,
        persons=True, own_transactions=True,
    ),
)  # fmt: skip
