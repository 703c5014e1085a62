"""Дни дома: distance learning and quarantine, for which no journal is asked."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sms_diary.admin.days import span
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Screen, Visit, found
from sms_diary.clock import local
from sms_diary.filled import impersonal
from sms_diary.ingest import values
from sms_diary.ingest.days import school_year
from sms_diary.store import away, people
from sms_diary.store.away import WHY_RU, Why
from sms_diary.store.desk.consents import in_order

_MOST = 100


class Added(Form):
    of_class: Annotated[str, AfterValidator(values.clean_line), Field(max_length=20)] = Field(
        "", alias="class"
    )
    first: date = Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))
    last: date = Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))
    why: Why


class Act(Form):
    do: Literal["add", "remove"] = "add"
    entry: Annotated[int, BeforeValidator(lambda typed: typed or 0), Field(ge=0, lt=2**63)] = 0


async def show(visit: Visit) -> Page:
    return await _page(visit, None)


async def act(visit: Visit) -> Answer:
    asked = visit.form(Act).read
    if asked is not None and asked.do == "remove":
        found(await away.remove(visit.q, visit.school.id, asked.entry) or None)
        visit.note("changed", "settings", visit.school.id, "дни дома")
        return Redirect("reports/fill/away", "Запись убрана: журнал за эти дни снова спрашивают.")
    form = visit.form(Added)
    if form.read is not None and (wrong := away.wrong(form.read.first, form.read.last)):
        form = form.but(last=wrong)
    if form.read is not None and form.read.of_class not in await _classes(visit):
        form = form.but(**{"class": "Выберите класс из списка"})
    if form.read is None:
        return await _page(visit, form)
    await away.add(
        visit.q, visit.tools, visit.school.id, class_name=form.read.of_class,
        first=form.read.first, last=form.read.last, why=form.read.why,
    )  # fmt: skip
    visit.note("changed", "settings", visit.school.id, "дни дома")
    return Redirect("reports/fill/away", "Записано: за эти дни журнал не спрашивают.")


async def _classes(visit: Visit) -> list[str]:
    """Titles of this year's classes; "" is the whole school."""
    year = school_year(local(visit.now, visit.school.zone).date()).first.year
    known = await people.classes(visit.q, visit.school.id, year)
    return ["", *sorted({impersonal(one.name) for one in known}, key=in_order)]


async def _page(visit: Visit, form: Filled[Added] | None) -> Page:
    today = local(visit.now, visit.school.zone).date()
    rows = await away.of_school(visit.q, visit.school.id, first=school_year(today).first)
    options = [(one, one or "вся школа") for one in await _classes(visit)]
    return Page("reports/away.html", {
        "rows": rows[::-1][:_MOST], "form": form, "whys": WHY_RU, "today": today, "span": span,
        "classes": options,
    }, status=422 if form else 200)  # fmt: skip


SCREENS = (
    Screen(
        path="reports/fill/away", title="Дни дома", right=Right.AGGREGATES, act_right=Right.STEER,
        show=show, act=act,
    ),
)  # fmt: skip
