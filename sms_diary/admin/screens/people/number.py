"""Смена номера: one operation, with its consequences said before and after."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sms_diary import phone
from sms_diary.admin.forms import Filled
from sms_diary.admin.screen import Answer, Page, Redirect, Visit, found
from sms_diary.admin.screens.people import finding, papers, words
from sms_diary.admin.screens.people.papers import Proof
from sms_diary.store import moving
from sms_diary.store.moving import Moved


class New(Proof):
    number: Annotated[str, Field(min_length=1, max_length=40)]


async def show(visit: Visit) -> Page:
    return await _page(visit)


async def act(visit: Visit) -> Answer:
    form = papers.dated(visit.form(New), visit)
    if not isinstance(form.read, New):
        return await _page(visit, form)
    number = phone.normalise(form.read.number)
    if number is None:
        return await _page(visit, form.but(number="Нужен номер мобильного, 11 цифр"))
    moved = found(await moving.change_number(
        visit.q, visit.tools, visit.school.id, visit.id, number, by=visit.actor,
        evidence=papers.evidence(form.read), now=visit.now,
    ))  # fmt: skip
    if not moved.subscription_ids and moved.guardian_id == visit.id and not moved.old_closed:
        return await _page(visit, form.but(number="Этот номер у родителя и записан"))
    visit.note("changed", "guardian", visit.id, "номер")
    visit.wake(visit.desk.wakes.compose)
    return Redirect(f"people/guardians/{moved.guardian_id}", _said(moved, visit.id))


def _said(moved: Moved, before: int) -> str:
    said = ["Номер сменён: на прежний школа больше не пишет."]
    if moved.guardian_id != before:
        said.append("Новый номер уже был у родителя этой школы: подписки перешли к нему.")
    closed = words.NUMBER_RU.get(moved.number_state)
    said.append(closed or "Возьмите согласие для нового номера: прежнее на него не переходит.")
    return " ".join(said)


async def _page(visit: Visit, form: Filled[Proof] | None = None) -> Page:
    family = await finding.family(visit.q, visit)
    return Page("people/number.html", {
        "guardian": family.guardian, "form": form, "today": finding.today(visit),
    }, status=422 if form else 200)  # fmt: skip
