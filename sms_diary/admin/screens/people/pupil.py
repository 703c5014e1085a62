"""Карточка ученика: the class, the guardians, and the way to forget a pupil who has left."""

from __future__ import annotations

from sms_diary.admin.screen import Page, Visit
from sms_diary.admin.screens.people import finding, words
from sms_diary.store.desk import people


async def show(visit: Visit) -> Page:
    one = await finding.pupil(visit.q, visit)
    known = await people.guardians(visit.q, visit.tools, visit.school.id, [one.id])
    return Page("people/pupil.html", {
        "pupil": one, "guardians": known.get(one.id, ()), **words.VALUES,
    }, title=one.full_name)  # fmt: skip
