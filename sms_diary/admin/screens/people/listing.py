"""Ученики и родители: by name, class by class, with a search by name or by number, and a file.

A name or a number that is sought comes in a form, never in an address.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from sms_diary import phone
from sms_diary.admin import downloads
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Missing, Page, Redirect, Visit
from sms_diary.admin.screens.people import doubles, finding, words
from sms_diary.db import Queries
from sms_diary.ingest.matching import name_key
from sms_diary.store import roll, subscriptions
from sms_diary.store.desk import people
from sms_diary.store.desk.people import Pupil
from sms_diary.store.subscriptions import Wanted

_PER_PAGE = 50
_PER_FILE = 10_000
_LIKE_A_NUMBER = re.compile(r"(?:\D*\d){5}")
_NOBODY_RU = "Родителя с таким номером в школе нет"


class Filter(Form):
    of_class: int = Field(0, alias="class")
    before: int = 0
    """The last pupil of the page before this one."""
    file: str = ""


class Sought(Form):
    sought: Annotated[str, Field(min_length=1, max_length=100)]
    after: int = 0


async def show(visit: Visit) -> Answer:
    asked = visit.query(Filter)
    if asked.file and visit.may(Right.EXPORT):
        return await _file(visit, asked)
    rows = await _rows(visit.q, visit, asked, limit=_PER_PAGE + 1)
    return await _page(visit.q, visit, rows, asked)


async def search(visit: Visit) -> Answer:
    """By the beginning of a pupil's or a guardian's name, or by a guardian's whole number."""
    form = visit.form(Sought)
    async with visit.desk.database.reading() as q:
        if form.read is None:
            return await _page(q, visit, [], form=form, status=422)
        if _LIKE_A_NUMBER.match(form.read.sought):
            return await _by_number(q, visit, form, form.read.sought)
        rows = await people.page(
            q, visit.tools, visit.school.id, day=finding.today(visit), classes=visit.classes,
            prefix=name_key(form.read.sought), after=form.read.after, limit=_PER_PAGE + 1,
        )  # fmt: skip
        return await _page(q, visit, rows, form=form)


async def _by_number(q: Queries, visit: Visit, form: Filled[Sought], sought: str) -> Answer:
    number = phone.normalise(sought)
    if number is None:
        wrong = form.but(sought="Это не похоже на номер мобильного: нужно 11 цифр")
        return await _page(q, visit, [], form=wrong, status=422)
    view = await roll.of_number(q, visit.tools, visit.school.id, number)
    if view is None or not await _is_own(q, visit, view.id):
        return await _page(q, visit, [], form=form.but(sought=_NOBODY_RU), status=422)
    return Redirect(f"people/guardians/{view.id}")


async def _is_own(q: Queries, visit: Visit, guardian_id: int) -> bool:
    """Whether a class teacher has a pupil of this guardian."""
    if visit.classes is None:
        return True
    page = await subscriptions.page(
        q, visit.tools, visit.school.id, Wanted(guardian_id=guardian_id),
        day="", after=0, limit=finding.CHILDREN,
    )  # fmt: skip
    pupils = [one.pupil_id for one in page.subscriptions]
    return bool(await people.in_classes(q, pupils, visit.classes, day=finding.today(visit)))


async def _rows(q: Queries, visit: Visit, asked: Filter, *, limit: int) -> list[Pupil]:
    classes = visit.classes
    if asked.of_class:
        if asked.of_class not in {one.id for one in await finding.classes(q, visit)}:
            raise Missing
        classes = frozenset({asked.of_class})
    return await people.page(
        q, visit.tools, visit.school.id, day=finding.today(visit), classes=classes,
        after=asked.before, limit=limit,
    )  # fmt: skip


async def _page(
    q: Queries, visit: Visit, rows: list[Pupil], asked: Filter | None = None, *,
    form: Filled[Sought] | None = None, status: int = 200,
) -> Page:  # fmt: skip
    """The list, or with a `form` what was sought."""
    begins = form is None and (asked is None or not (asked.before or asked.of_class))
    return Page("people/list.html", {
        "rows": rows[:_PER_PAGE], "asked": asked or Filter(), "form": form,
        "doubles": len(await doubles.likely(q, visit)) if begins else 0,
        "next": rows[_PER_PAGE - 1].id if len(rows) > _PER_PAGE else None,
        "classes": [(one.id, one.name) for one in await finding.classes(q, visit)], **words.VALUES,
    }, status=status)  # fmt: skip


async def _file(visit: Visit, asked: Filter) -> Answer:
    rows = [("Класс", "Ученик", "Родитель", "Кем приходится", "Номер", "Подписка на SMS")]
    for pupil in await _rows(visit.q, visit, asked, limit=_PER_FILE):
        for one in pupil.guardians:
            said, _ = words.badge(one.state)
            rows.append((pupil.class_name, pupil.name, one.name, one.relation, one.number, said))
        if not pupil.guardians:
            rows.append((pupil.class_name, pupil.name, "", "", "", ""))
    name = f"ученики-{visit.school.slug}"
    return downloads.xlsx(name, "Ученики", rows) if asked.file == "xlsx" else downloads.csv(
        name, rows
    )  # fmt: skip
