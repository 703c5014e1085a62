"""Заполнение журналов: each class and subject of a week, and one class over several weeks.

Classes and subjects only. The dated сводка of a week is `weeks.py`'s, days at home are `away.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from pydantic import Field

from sms_diary.admin.days import span
from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Page, Redirect, Screen, Visit, found
from sms_diary.clock import local
from sms_diary.filled import Cell, Verdict, monday
from sms_diary.ingest.days import school_year
from sms_diary.reports.filling import RULE, VERDICT_RU, counted_days
from sms_diary.store import fill_weeks, settings
from sms_diary.store.desk.consents import in_order
from sms_diary.store.fill_weeks import Week
from sms_diary.values import value

WEEKS = 4
"""So many of one class stand beside each other."""
TONE: Mapping[Verdict, str] = {
    Verdict.FILLED: "good", Verdict.EMPTY: "bad", Verdict.WAITS: "wait", Verdict.NONE: "off",
    Verdict.UNGRADED: "off",
}  # fmt: skip
_WEEK = timedelta(days=7)


class Wanted(Form):
    week: date | None = Field(None, ge=date(2000, 1, 1), le=date(2100, 1, 1))
    of_class: str = Field("", alias="class", max_length=40)


class Alarm(Form):
    on: bool = False


@value
class Grid:
    """One table: `heads` are (title, class key or "" for none), a row is a subject's cells."""

    title: str
    heads: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[Cell | None]]]


async def show(visit: Visit) -> Page:
    asked = visit.query(Wanted)
    today = local(visit.now, visit.school.zone).date()
    begins = monday(school_year(today).first)
    first = max(min(monday(asked.week or today), monday(today)), begins)
    if asked.of_class:
        return await _of_class(visit, asked.of_class, first, begins)
    seen = await fill_weeks.view(visit.q, visit.tools, visit.school, first, now=visit.now)
    week = seen.week(first)
    return Page("reports/fill.html", {
        **_common(week, today), "grids": parallels(week), "silent": week.silent,
        "earlier": first - _WEEK if first > begins else None,
        "later": first + _WEEK if first < monday(today) else None,
        "alarm": visit.school.fill_alarm,
    })  # fmt: skip


async def _of_class(visit: Visit, key: str, last: date, begins: date) -> Page:
    """One class: its subjects in the weeks up to this one."""
    firsts = [last - n * _WEEK for n in reversed(range(WEEKS)) if last - n * _WEEK >= begins]
    seen = await fill_weeks.view(visit.q, visit.tools, visit.school, firsts[0], now=visit.now)
    weeks = [seen.week(one) for one in firsts]
    grid = found(over_weeks(weeks, key))
    today = local(visit.now, visit.school.zone).date()
    return Page("reports/fill_class.html", {
        **_common(weeks[-1], today), "grids": [grid], "name": grid.title,
    }, title=f"Заполнение журнала: {grid.title}")  # fmt: skip


def _common(week: Week, today: date) -> dict[str, object]:
    return {
        "week": week, "days": span(week.first, week.last, year=today.year), "tone": TONE,
        "verdicts": VERDICT_RU, "counted_days": counted_days, "rule": RULE, "today": today,
        "this": monday(today), "last_week": monday(today) - _WEEK,
    }  # fmt: skip


def parallels(week: Week) -> list[Grid]:
    """A table for each year of classes: subjects down, classes across."""
    names = {one.class_key: one.class_name for one in week.cells}
    ordered = sorted(names, key=lambda key: (in_order(names[key]), key))
    return [
        _grid(f"{year}-е классы" if year else "Другие классы", list(keys), names, week)
        for year, keys in groupby(ordered, key=lambda key: _year(names[key]))
    ]


def _year(name: str) -> int:
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    return int(digits or 0)


def _grid(title: str, keys: Sequence[str], names: Mapping[str, str], week: Week) -> Grid:
    cells = {(one.subject_key, one.class_key): one for one in week.cells if one.class_key in keys}
    subjects = {one.subject_key: one.subject for one in cells.values()}
    rows = [
        (said, [cells.get((subject, key)) for key in keys])
        for subject, said in sorted(subjects.items(), key=lambda pair: pair[1].lower())
    ]
    return Grid(title, [(names[key], key) for key in keys], rows)


def over_weeks(weeks: Sequence[Week], key: str) -> Grid | None:
    """The subjects of one class, week by week; None where no such class is known."""
    cells = {
        (one.subject_key, n): one
        for n, week in enumerate(weeks) for one in week.cells if one.class_key == key
    }  # fmt: skip
    if not cells:
        return None
    subjects = {one.subject_key: one.subject for one in cells.values()}
    name = next(iter(cells.values())).class_name
    heads = [(f"{week.first:%d.%m}\N{EN DASH}{week.last:%d.%m}", "") for week in weeks]
    rows = [
        (said, [cells.get((subject, n)) for n in range(len(weeks))])
        for subject, said in sorted(subjects.items(), key=lambda pair: pair[1].lower())
    ]
    return Grid(name, heads, rows)


async def set_alarm(visit: Visit) -> Answer:
    asked = visit.form(Alarm).read or Alarm()
    await settings.change(visit.q, visit.school.id, {"fill_alarm": int(asked.on)}, now=visit.now)
    visit.note("changed", "settings", visit.school.id, "SMS о незаполненных журналах")
    return Redirect(
        "reports/fill",
        "SMS о незаполненных журналах включены: они придут на номера сотрудников."
        if asked.on else "SMS о незаполненных журналах выключены.",
    )  # fmt: skip


SCREENS = (
    Screen(
        path="reports/fill", title="Заполнение журналов", right=Right.AGGREGATES,
        group=Group.REPORTS, show=show,
    ),
    Screen(
        path="reports/fill/alarm", title="Заполнение журналов", right=Right.SETTINGS,
        act=set_alarm,
    ),
)  # fmt: skip
