"""Введение: the plan of steps with their days, and how far each is, class by class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Redirect, Screen, Visit
from sms_diary.admin.screens.reports.giving import File, given
from sms_diary.clock import local
from sms_diary.filled import impersonal
from sms_diary.ingest.days import school_year
from sms_diary.reports import introduction
from sms_diary.reports.introduction import STEP_RU, WHAT_RU
from sms_diary.store import introducing
from sms_diary.store.introducing import Step

_Due = Annotated[
    date | None, BeforeValidator(lambda typed: typed or None),
    Field(ge=date(2000, 1, 1), le=date(2100, 1, 1)),
]  # fmt: skip


_PLACES: Mapping[Step, tuple[str, Right]] = {
    Step.LISTS: ("import", Right.IMPORT), Step.HANDED: ("consents/papers", Right.SEE),
    Step.RETURNED: ("consents", Right.SEE), Step.TRIAL: ("channels", Right.AGGREGATES),
    Step.LIVE: ("settings", Right.SEE), Step.REACHED: ("consents", Right.SEE),
    Step.FILLED: ("reports/fill", Right.AGGREGATES),
}  # fmt: skip


class Wanted(Form):
    file: File = None


class Plan(Form):
    """Until when each step is to be done; "" for no day."""

    lists: _Due = None
    handed: _Due = None
    returned: _Due = None
    trial: _Due = None
    live: _Due = None
    reached: _Due = None
    filled: _Due = None


class Handed(Form):
    of_class: int = Field(alias="class", ge=1, lt=2**63)
    forms: int = Field(ge=0, le=999)


class Act(Form):
    do: Literal["plan", "handed"] = "plan"


async def show(visit: Visit) -> Answer:
    return await _page(visit)


async def act(visit: Visit) -> Answer:
    asked = visit.form(Act).read
    return await (_hand(visit) if asked and asked.do == "handed" else _plan(visit))


async def _plan(visit: Visit) -> Answer:
    form = visit.form(Plan)
    if form.read is None:
        return await _page(visit, plan=form)
    due = {step: day for step in Step if (day := getattr(form.read, step)) is not None}
    await introducing.set_plan(visit.q, visit.school.id, due)
    visit.note("changed", "settings", visit.school.id, "план введения")
    return Redirect("reports/introduction", "План сохранён.")


async def _hand(visit: Visit) -> Answer:
    form = visit.form(Handed)
    if form.read is not None and not await introducing.set_handed(
        visit.q, visit.school.id, form.read.of_class, form.read.forms, now=visit.now
    ):
        form = form.but(**{"class": "Выберите класс"})
    if form.read is None:
        return await _page(visit, handed=form)
    visit.note("changed", "settings", visit.school.id, "роздано бланков")
    return Redirect("reports/introduction", "Записано, сколько бланков роздано.")


async def _page(
    visit: Visit, *, plan: Filled[Plan] | None = None, handed: Filled[Handed] | None = None
) -> Answer:
    today = local(visit.now, visit.school.zone).date()
    year = school_year(today).first.year
    classes = await introducing.by_class(visit.q, visit.school.id, year, day=today)
    steps = await introducing.progress(visit.q, visit.school, classes, today=today)
    report = introduction.report(
        visit.school, steps, classes, today=today, guards=not visit.may(Right.SEE)
    )
    wrong = plan is not None or handed is not None
    values: dict[str, Any] = {
        "steps": steps, "classes": [(one.id, impersonal(one.name)) for one in classes],
        "plan": plan, "handed": handed, "places": _places(visit),
        "names": STEP_RU, "what": WHAT_RU, "today": today,
    }  # fmt: skip
    return await given(
        report, visit.query(Wanted).file, "reports/introduction.html", values,
        status=422 if wrong else 200,
    )  # fmt: skip


def _places(visit: Visit) -> dict[Step, str]:
    """Where each step is taken, as far as this visitor may go there."""
    return {step: visit.to(path) for step, (path, right) in _PLACES.items() if visit.may(right)}


SCREENS = (
    Screen(
        path="reports/introduction", title="План введения", right=Right.AGGREGATES,
        act_right=Right.PEOPLE, group=Group.REPORTS, show=show, act=act,
    ),
)  # fmt: skip
