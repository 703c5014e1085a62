"""Спросить по SMS: whom may be asked, the paper that allows it, and what became of the questions.

Only a number that was left on a paper for this may be asked (126-ФЗ ст. 44.1: the question is
itself a mailing). The one reminder goes by itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Visit
from sms_diary.admin.screens.people import finding
from sms_diary.db import Queries
from sms_diary.model import ConsentState, SchoolMode
from sms_diary.store import numbers, opt_in, subscriptions
from sms_diary.store.desk import consents
from sms_diary.store.ledger import Act, Action
from sms_diary.store.opt_in import Askable
from sms_diary.store.subscriptions import Wanted
from sms_diary.web.words import counted

_PER_PAGE = 50
_LEAVE_RU = "Вопрос уйдёт днём, ответа ждём трое суток."
_NO_WAY_BACK_RU = (
    "На SMS этой школы нельзя ответить, поэтому и спросить нельзя. Возьмите согласие на бумаге: "
    "бланки есть в разделе «Бумаги»."
)


class Filter(Form):
    before: int = 0


class Asking(Form):
    do: Literal["count", "ask"]
    of_class: int = Field(0, alias="class")
    source: Annotated[str, Field(min_length=1, max_length=200)]
    by: Annotated[str, Field(min_length=1, max_length=200)]


async def show(visit: Visit) -> Page:
    return await _page(visit.q, visit)


async def act(visit: Visit) -> Answer:
    """Say how many would be asked, or ask them; one a transaction, so that no number is locked
    for long."""
    form = visit.form(Asking)
    async with visit.desk.database.reading() as q:
        if form.read is None:
            return await _page(q, visit, form, status=422)
        if not answerable(visit):
            raise Refused(_NO_WAY_BACK_RU)
        day = finding.today(visit)
        found = await opt_in.askable(q, visit.school.id, form.read.of_class or None, day)
        if form.read.do == "count" or not found:
            return await _page(q, visit, form, found=len(found))
        known = await numbers.read(q, visit.tools, [one.number_id for one in found])
    asked = 0
    for one in found:
        asked += await _ask(visit, form.read, one, known[one.number_id])
    visit.note("changed", "consent", 0, f"вопрос по SMS, родителей: {asked}")
    visit.wake(visit.desk.wakes.requests)
    said = counted(asked, "родителя", "родителей", "родителей")
    return Redirect("consents/asking", f"Спросим {said}. {_LEAVE_RU}")


async def _ask(visit: Visit, said: Asking, one: Askable, number: str) -> bool:
    evidence = {"source": said.source, "by": said.by, "number": number}
    act = Act(Action.ASKED, number, "", visit.actor, evidence)
    async with visit.desk.database.transaction() as q:
        request = await opt_in.ask(
            q, visit.tools, visit.school.id, one.guardian_id, one.subscription_ids, act,
            now=visit.now,
        )  # fmt: skip
    return request is not None


def answerable(visit: Visit) -> bool:
    """Whether the school's SMS can be answered; a name cannot be, and a school may send as one."""
    return visit.desk.ways.answer_to(visit.school.route, visit.school.sender) is not None


async def _page(
    q: Queries, visit: Visit, form: Filled[Asking] | None = None, *, found: int | None = None,
    status: int = 200,
) -> Page:  # fmt: skip
    page = await subscriptions.page(
        q, visit.tools, visit.school.id, Wanted(state=ConsentState.ASKED),
        day=finding.today(visit), after=visit.query(Filter).before, limit=_PER_PAGE,
    )  # fmt: skip
    questions = await consents.questions(q, [one.guardian_id for one in page.subscriptions])
    return Page("consents/asking.html", {
        "form": form, "found": found, "rows": page.subscriptions, "next": page.next,
        "questions": questions, "answerable": answerable(visit), "no_way_back": _NO_WAY_BACK_RU,
        "trial": visit.school.mode is SchoolMode.TEST,
        "classes": [(0, "вся школа")]
        + [(one.id, one.name) for one in await finding.classes(q, visit)],
    }, status=status)  # fmt: skip
