"""Входящие: SMS from parents, how each was understood, what went back, which wait for a person.

Storing and obeying them is the inbound loop's. A feigned one goes the same way, and only while the
school is tried out (`mode` test).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sms_diary import phone
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Page, Redirect, Refused, Screen, Visit, found
from sms_diary.admin.screens.consents.words import MEANING_RU
from sms_diary.channels.base import InboundReport
from sms_diary.keywords import Meaning
from sms_diary.model import SchoolMode
from sms_diary.reports.paper.sheet import telephone
from sms_diary.store import inbound, mailbox, numbers, roll
from sms_diary.store.desk import inbound as beside
from sms_diary.store.mailbox import InboundView

_PER_PAGE = 50
_MOST = 100
"""Up to which those that wait are counted."""
LAST = 2**63 - 1
FEIGNED = "проверка"
"""Where a feigned SMS came to, as the ledger and the list tell it."""
_NOT_HERE_RU = (
    "Проверять можно только номер сотрудника этой школы из её списка. Если он там есть, возьмите "
    "другой номер из списка"
)


class Filter(Form):
    state: Literal["", "new", "waiting", "done"] = ""
    before: int = LAST


class Wanted(Form):
    do: Literal["done", "number"]


class Feigned(Form):
    number: Annotated[str, Field(min_length=1, max_length=40)]
    text: Annotated[str, Field(min_length=1, max_length=500)]


async def show(visit: Visit) -> Page:
    asked = visit.query(Filter)
    page = await mailbox.page(
        visit.q, visit.tools, visit.school.id, state=asked.state, before=asked.before,
        limit=_PER_PAGE,
    )  # fmt: skip
    ids = [one.id for one in page.inbound]
    who = [one.guardian_id for one in page.inbound]
    return Page("inbound/list.html", {
        "rows": page.inbound, "next": page.next, "asked": asked, "meaning": meaning_ru,
        "replies": await beside.replies(visit.q, visit.tools, visit.school.id, ids),
        "names": await beside.names(visit.q, visit.school.id, who),
        "waiting": await beside.waiting(visit.q, visit.school.id, most=_MOST),
        "trial": visit.school.mode is SchoolMode.TEST,
    })  # fmt: skip


def meaning_ru(one: InboundView) -> str:
    """How it was understood; "" of one that nobody has read yet."""
    if one.meaning not in set(Meaning):
        return ""
    return MEANING_RU[Meaning(one.meaning)]


async def card(visit: Visit) -> Page:
    return await _card(visit)


async def act(visit: Visit) -> Answer:
    """Show the number to ring back, which is noted, or mark the SMS as answered."""
    wanted = visit.form(Wanted).read
    one = found(await mailbox.one(visit.q, visit.tools, visit.school.id, visit.id))
    if wanted is not None and wanted.do == "number":
        if not visit.may(Right.NUMBERS):
            raise Refused("Номер целиком показывают оператору и администратору школы.")
        visit.note("saw-number", "inbound", one.id)
        return await _card(visit, whole=True)
    if not await mailbox.handle(visit.q, one.id, by=visit.user.name, now=visit.now):
        raise Refused("Это SMS уже не ждёт ответа: кто-то ответил раньше.")
    visit.note("decided", "inbound", one.id, "ответил человек")
    return Redirect("inbound?state=waiting", "Отмечено: родителю ответили.")


async def _card(visit: Visit, *, whole: bool = False) -> Page:
    one = found(await mailbox.one(visit.q, visit.tools, visit.school.id, visit.id))
    guardian = found(await roll.guardian(visit.q, visit.tools, visit.school.id, one.guardian_id))
    number = one.number
    if whole:
        known = await numbers.read(visit.q, visit.tools, [guardian.number_id])
        number = telephone(known[guardian.number_id])
    replies = await beside.replies(visit.q, visit.tools, visit.school.id, [one.id])
    return Page("inbound/card.html", {
        "one": one, "guardian": guardian, "number": number, "whole": whole,
        "understood": meaning_ru(one), "reply": replies.get(one.id),
        "reception": telephone(f"+{one.reception}") if one.reception.isdigit() else one.reception,
    })  # fmt: skip


async def feigning(visit: Visit) -> Page:
    return _feigned(visit, None)


async def feign(visit: Visit) -> Answer:
    """Store an SMS as if the phone had sent it; the loop obeys it."""
    if visit.school.mode is not SchoolMode.TEST:
        raise Refused("Проверочные SMS принимаются, только пока школа в проверочном режиме.")
    form = visit.form(Feigned)
    if form.read is None:
        return _feigned(visit, form)
    number = phone.normalise(form.read.number)
    known = number and await beside.may_be_tried(visit.q, visit.tools, visit.school.id, number)
    if not number or not known:
        return _feigned(visit, form.but(number=_NOT_HERE_RU))
    route = visit.school.route or visit.desk.ways.default
    raw = f"{FEIGNED} {visit.tools.ids.new()}".encode()
    report = InboundReport(number, FEIGNED, form.read.text, raw)
    await inbound.store(visit.q, visit.tools, route, [report], now=visit.now)
    visit.note("changed", "inbound", 0, "проверочное SMS")
    visit.wake(visit.desk.wakes.inbound)
    return Redirect("inbound", "Проверочное SMS принято. Обновите страницу, чтобы увидеть ответ.")


def _feigned(visit: Visit, form: Filled[Feigned] | None) -> Page:
    return Page("inbound/try.html", {
        "form": form, "trial": visit.school.mode is SchoolMode.TEST,
    }, status=422 if form else 200)  # fmt: skip


SCREENS = (
    Screen(
        path="inbound", title="Входящие SMS", right=Right.SEE, group=Group.INCOMING, show=show,
        persons=True,
    ),
    Screen(
        path="inbound/{id}", title="SMS от родителя", right=Right.SEE, act_right=Right.STEER,
        show=card, act=act, persons=True,
    ),
    Screen(
        path="inbound/try", title="Проверочное SMS", right=Right.STEER, show=feigning, act=feign
    ),
)  # fmt: skip
