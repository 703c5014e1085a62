"""Бумаги: the memo, the consent forms and their register, class by class, to print (A4)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Download, Page, Refused, Visit
from sms_diary.admin.screens.people import finding
from sms_diary.clock import local
from sms_diary.reports import paper
from sms_diary.reports.paper import Sheet
from sms_diary.store import paper as filled_in

_KINDS = (
    ("memo", "Памятка родителям"),
    ("sms", "Бланки согласия на SMS"),
    ("pd", "Бланки на обработку персональных данных"),
    ("register", "Реестр бланков класса"),
)
_NAMES = {"memo": "памятка", "sms": "бланки-SMS", "pd": "бланки-ПД", "register": "реестр"}
_FORMS = {"sms": paper.Form.SMS, "pd": paper.Form.PERSONAL_DATA}


class Wanted(Form):
    kind: Literal["memo", "sms", "pd", "register"]
    of_class: int = Field(0, alias="class")
    numbers: bool = False
    """Whether the numbers that the school knows are printed into the forms."""


async def show(visit: Visit) -> Page:
    return Page("consents/papers.html", {
        "kinds": _KINDS, "legal": visit.school.legal, "reception": _reception(visit),
        "classes": [(one.id, one.name) for one in await finding.classes(visit.q, visit)],
    })  # fmt: skip


async def act(visit: Visit) -> Answer:
    wanted = visit.form(Wanted).read
    known = {one.id: one for one in await finding.classes(visit.q, visit)}
    if wanted is None or wanted.of_class not in known:
        raise Refused("Выберите класс и бумагу, которую печатаете.")
    of = known[wanted.of_class]
    if wanted.numbers and not visit.may(Right.NUMBERS):
        raise Refused("Номера целиком печатает оператор или администратор школы.")
    pupils = await filled_in.pupils(
        visit.q, visit.tools, visit.school.id, of.id, finding.today(visit),
        with_numbers=wanted.numbers or wanted.kind == "register",
    )  # fmt: skip
    sheet = await _sheet(visit, of.key)
    if not pupils and wanted.kind != "memo":
        raise Refused("В этом классе сейчас никого нет: печатать бланки не на кого.")
    if wanted.kind == "memo":
        text = paper.memo(sheet)
    elif wanted.kind == "register":
        text = paper.register(sheet, pupils)
    else:
        text = paper.consents(sheet, pupils, [_FORMS[wanted.kind]])
    return Download(f"{_NAMES[wanted.kind]}-{of.name}.html", text.encode(), "text/html")


async def _sheet(visit: Visit, title: str) -> Sheet:
    return Sheet(
        school=visit.school, hours=await filled_in.hours(visit.q, visit.school.id),
        class_title=title, year=finding.year(visit), day=local(visit.now, visit.school.zone).date(),
        sender=_sender(visit), reception=_reception(visit),
    )  # fmt: skip


def _sender(visit: Visit) -> str:
    """What the school's SMS come from: its own takes the place of its route's."""
    route = visit.school.route or visit.desk.ways.default
    return visit.school.sender or visit.desk.sources.get(route, "")


def _reception(visit: Visit) -> str:
    """The number that answers go to, to be printed; "" where none is known or nothing can be
    answered."""
    answer_to = visit.desk.ways.answer_to(visit.school.route, visit.school.sender)
    sender = _sender(visit)
    if answer_to is None or answer_to:
        return answer_to or ""
    return sender if sender.removeprefix("+").isdecimal() else ""
