"""Проблемные номера: whom SMS do not reach, class by class, what to do, and a number that lives;
apart from them who wants no SMS.

Printable for the class teacher, and a file for whoever keeps the lists. What is the matter is found
by `store/problems.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Literal

from pydantic import Field

from sms_diary.admin import downloads
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import (
    Answer,
    Group,
    Missing,
    Page,
    Redirect,
    Refused,
    Screen,
    Visit,
)
from sms_diary.admin.screens.people import finding, papers
from sms_diary.admin.screens.people.papers import Proof
from sms_diary.model import ConsentState
from sms_diary.phone import mask
from sms_diary.reports.problems import said_ru
from sms_diary.store import numbers, problems, troubles
from sms_diary.store.desk import opted_out
from sms_diary.store.desk.consents import in_order
from sms_diary.store.desk.opted_out import OptedOut
from sms_diary.store.problems import KIND_RU, Kind, Problem, Said
from sms_diary.store.troubles import LIFTED_RU, Lifted
from sms_diary.values import value

TO_DO_RU = {
    Kind.BLOCKED: "Родитель снимает запрет у своего оператора: в приложении, по телефону поддержки "
    "или в салоне, словами «снимите запрет массовых SMS-рассылок». Это занимает до суток. Потом он "
    "пишет СТАРТ или приносит согласие на бумаге.",
    Kind.SUSPENDED: "Спросите у родителя, его ли это номер и включён ли телефон. Номер другой — "
    "смените его в карточке. Тот же — отметьте, что SMS снова доходят.",
    Kind.WRONG: "Спросите у родителя его номер и смените в карточке: на этот больше не пишем.",
    Kind.FAILING: "Спросите у родителя, тот ли это номер и включён ли телефон. Если ничего не "
    "изменится, писать на него перестанем сами.",
}
"""What a person does about it, on these pages."""
SHORT_RU = {
    Kind.BLOCKED: "запрет у оператора",
    Kind.SUSPENDED: "не доходит, не пишем",
    Kind.WRONG: "чужой номер",
    Kind.FAILING: "не доходит",
}
"""For a label."""
LIFTABLE = (Kind.BLOCKED, Kind.SUSPENDED)
_LIFTED = (Lifted.OPEN, Lifted.CONSENT_NEEDED)
OPTED_OUT = "opted-out"
"""What is asked for to see those who want no SMS."""
OPTED_OUT_RU = {
    ConsentState.STOPPED: "остановил SMS", ConsentState.REFUSED: "отказался от SMS",
}  # fmt: skip
OPTED_OUT_TO_DO_RU = (
    "Это выбор родителя: уговаривать не нужно. Передумает — пришлёт СТАРТ или принесёт согласие на "
    "бумаге."
)
_HEAD = (
    "Класс", "Ученик", "Родитель", "Кем приходится", "Телефон", "Что случилось", "С какого дня",
    "Что сказал оператор", "Что делать",
)  # fmt: skip


class Filter(Form):
    of_class: Annotated[str, Field(alias="class", max_length=40)] = ""
    kind: str = ""


class Wanted(Filter):
    file: Literal["csv", "xlsx"] = "xlsx"


@value
class Row:
    problem: Problem
    number: str
    """Masked."""
    said: str
    """What the operator said last; "" for nothing."""


async def show(visit: Visit) -> Page:
    asked = visit.query(Filter)
    every, out = await _own(visit), await _opted_out(visit)
    shown = _narrowed(every, asked)
    names = dict.fromkeys(one.class_name for one in every)
    names |= dict.fromkeys(one.class_name for one in out if asked.kind == OPTED_OUT)
    return Page("problems/list.html", {
        "groups": [
            (title, [_row(one, visit) for one in own])
            for title, own in groupby(shown, key=lambda one: one.class_name)
        ],
        "asked": asked, "kinds": KIND_RU, "short": SHORT_RU, "to_do": TO_DO_RU,
        "liftable": LIFTABLE, "opted_out_key": OPTED_OUT, "opted_out_ru": OPTED_OUT_RU,
        "opted_out": [one for one in out if asked.of_class in ("", one.class_name or "-")],
        "opted_out_to_do": OPTED_OUT_TO_DO_RU,
        "classes": [("", "все")] + [(title or "-", title or "без класса")
                                    for title in sorted(names, key=in_order)],
        "met": [kind for kind in Kind if any(one.kind is kind for one in shown)],
    })  # fmt: skip


def _narrowed(every: Sequence[Problem], asked: Filter) -> list[Problem]:
    return [
        one
        for one in every
        if asked.of_class in ("", one.class_name or "-") and asked.kind in ("", one.kind)
    ]


async def _opted_out(visit: Visit) -> list[OptedOut]:
    """Those of the school that the visitor may see."""
    every = await opted_out.of_school(
        visit.q, visit.tools, visit.school.id, day=finding.today(visit)
    )
    if visit.classes is None:
        return every
    titles = {one.name for one in await finding.classes(visit.q, visit)}
    return [one for one in every if one.class_name in titles]


async def export(visit: Visit) -> Answer:
    """The list as a file, by the filter of the page; phones are masked as there."""
    asked = visit.query(Wanted)
    rows: list[tuple[str, ...]]
    if asked.kind == OPTED_OUT:
        rows = [
            (one.class_name, one.pupil, one.guardian, one.relation, mask(one.number),
             OPTED_OUT_RU[one.state], visit.times.date(one.since), "", OPTED_OUT_TO_DO_RU)
            for one in await _opted_out(visit)
            if asked.of_class in ("", one.class_name or "-")
        ]  # fmt: skip
    else:
        rows = [_cells(_row(one, visit), visit) for one in _narrowed(await _own(visit), asked)]
    name = f"проблемные-номера-{visit.school.slug}"
    if asked.file == "csv":
        return downloads.csv(name, [_HEAD, *rows])
    return downloads.xlsx(name, "Проблемные номера", [_HEAD, *rows])


def _cells(row: Row, visit: Visit) -> tuple[str, ...]:
    one = row.problem
    return (
        one.class_name, one.pupil, one.guardian, one.relation, row.number, KIND_RU[one.kind],
        visit.times.date(one.since) if one.since else "", row.said, TO_DO_RU[one.kind],
    )  # fmt: skip


async def _own(visit: Visit) -> list[Problem]:
    """Those of the school that the visitor may see."""
    every = await problems.of_school(
        visit.q, visit.tools, visit.school.id, day=finding.today(visit), now=visit.now
    )
    if visit.classes is None:
        return every
    titles = {one.name for one in await finding.classes(visit.q, visit)}
    return [one for one in every if one.class_name in titles]


def _row(one: Problem, visit: Visit) -> Row:
    def explain(said: Said) -> str:
        known = visit.desk.explain if said.failure else visit.desk.explain_receipt
        return known(said.route, said.code)

    return Row(one, mask(one.number), said_ru(one.said, explain) if one.said else "")


async def lifting(visit: Visit) -> Page:
    return await _lifting(visit, None)


async def lift(visit: Visit) -> Answer:
    """A person says that SMS reach the number again; what shows it goes into the audit's words
    only as a kind, into the ledger in full where a consent moves."""
    form = papers.dated(visit.form(Proof), visit)
    if form.read is None:
        return await _lifting(visit, form)
    family = await finding.family(visit.q, visit)
    number = (await numbers.read(visit.q, visit.tools, [family.guardian.number_id]))[
        family.guardian.number_id
    ]
    outcome = await troubles.lift(
        visit.q, visit.tools, visit.school.id, number, by=visit.actor,
        evidence=papers.evidence(form.read), now=visit.now,
    )  # fmt: skip
    if outcome not in _LIFTED:
        raise Refused(LIFTED_RU[outcome])
    visit.note("decided", "guardian", visit.id, "номер снова доступен")
    visit.wake(visit.desk.wakes.compose)
    return Redirect("problems", LIFTED_RU[outcome])


async def _lifting(visit: Visit, form: Filled[Proof] | None) -> Page:
    every = await _own(visit)
    own = [one for one in every if one.guardian_id == visit.id]
    if not own:
        raise Missing
    return Page("problems/lift.html", {
        "form": form, "number": mask(own[0].number), "who": own[0].guardian or own[0].relation,
        "kind": SHORT_RU[own[0].kind], "blocked": own[0].kind is Kind.BLOCKED,
        "liftable": own[0].kind in LIFTABLE, "to_do": TO_DO_RU[own[0].kind],
        "today": finding.today(visit),
    }, status=422 if form else 200)  # fmt: skip


SCREENS = (
    Screen(
        path="problems", title="Проблемные номера", right=Right.SEE, group=Group.PEOPLE,
        show=show, by_class=True, persons=True,
    ),
    Screen(
        path="problems/export", title="Проблемные номера: файл", right=Right.EXPORT, show=export
    ),
    Screen(
        path="problems/{id}/lift", title="SMS снова доходят", right=Right.PEOPLE, show=lifting,
        act=lift, persons=True,
    ),
)  # fmt: skip
