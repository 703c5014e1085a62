"""Права человека: all that the school holds on a parent, as a file (152-ФЗ ст. 14 ч. 7)."""

from __future__ import annotations

import json
from typing import Literal

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Answer, Download, Page, Refused, Visit
from sms_diary.admin.screens.people import finding
from sms_diary.reports import page as printed
from sms_diary.reports import person
from sms_diary.reports.names import Names
from sms_diary.store import numbers
from sms_diary.store.persons import held


class Wanted(Form):
    do: Literal["page", "json"]


async def show(visit: Visit) -> Page:
    family = await finding.family(visit.q, visit)
    return Page("people/rights.html", {"guardian": family.guardian})


async def act(visit: Visit) -> Answer:
    """The file. Nothing in it is masked: it is for the person alone."""
    family = await finding.family(visit.q, visit)
    wanted = visit.form(Wanted).read
    known = await numbers.read(visit.q, visit.tools, [family.guardian.number_id])
    number, school = known[family.guardian.number_id], visit.school
    one = await held.on_number(visit.q, visit.tools, number, [school.id], whole=False)
    if one is None or wanted is None:
        raise Refused("Об этом родителе больше ничего не хранится: выписывать нечего.")
    names, name = Names([school]), f"данные-родителя-{visit.id}"
    if wanted.do == "page":
        text = printed.html(person.as_page(one, names, now=visit.now))
        return Download(f"{name}.html", text.encode(), "text/html")
    shown = person.as_json(one, names, now=visit.now)
    text = json.dumps(shown, ensure_ascii=False, indent=2)
    return Download(f"{name}.json", text.encode(), "application/json")
