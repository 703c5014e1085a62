"""Акты об уничтожении: what was destroyed and why, each as a page to print (A4)."""

from __future__ import annotations

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Answer, Download, Page, Visit, found
from sms_diary.reports import person
from sms_diary.reports.names import Names
from sms_diary.reports.person.act import KIND_RU, rows, subject_ru
from sms_diary.store import destruction

_SHOWN = 50


class Wanted(Form):
    file: str = ""


async def show(visit: Visit) -> Page:
    known = await destruction.latest(visit.q, visit.school.id, _SHOWN)
    return Page("people/acts.html", {
        "rows": [(one, KIND_RU[one.kind], subject_ru(one)) for one in known],
    })  # fmt: skip


async def card(visit: Visit) -> Answer:
    one = found(await destruction.one(visit.q, visit.id, visit.school.id))
    if visit.query(Wanted).file:
        text = person.act(one, Names([visit.school]), legal=visit.school.legal)
        return Download(f"акт-{one.id}.html", text.encode(), "text/html")
    return Page("people/act.html", {
        "one": one, "kind": KIND_RU[one.kind], "subject": subject_ru(one), "counts": rows(one),
    }, title="Акт об уничтожении")  # fmt: skip
