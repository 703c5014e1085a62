"""Карточка ученика: the class, the guardians, and the way to forget a pupil who has left."""

from __future__ import annotations

from datetime import date

from sms_diary.admin.screen import Page, Visit
from sms_diary.admin.screens.people import finding, words
from sms_diary.store.desk import people


async def show(visit: Visit) -> Page:
    one = await finding.pupil(visit.q, visit)
    known = await people.guardians(visit.q, visit.tools, visit.school.id, [one.id])
    return Page("people/pupil.html", {
        "pupil": one, "born": _day(one.birth_date), "guardians": known.get(one.id, ()),
        **words.VALUES,
    }, title=one.full_name)  # fmt: skip


def _day(written: str | None) -> str:
    """«26.03.2015» for a day as it is stored."""
    return date.fromisoformat(written).strftime("%d.%m.%Y") if written else ""
