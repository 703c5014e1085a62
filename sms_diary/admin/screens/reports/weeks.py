"""Сводка за неделю, as a methodist files it, and all schools of a week beside each other."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Screen, Visit
from sms_diary.admin.screens.reports.giving import File, given
from sms_diary.clock import local
from sms_diary.filled import monday
from sms_diary.ingest.days import school_year
from sms_diary.reports import filling
from sms_diary.store import fill_weeks, schools
from sms_diary.store.desk.users import EVERY_SCHOOL

_KEPT = 12
"""Weeks that the page leads to."""
_WEEK = timedelta(days=7)


class Wanted(Form):
    week: date | None = Field(None, ge=date(2000, 1, 1), le=date(2100, 1, 1))
    file: File = None


async def show(visit: Visit) -> Answer:
    asked = visit.query(Wanted)
    first = fill_weeks.week_of(visit.school, asked.week, now=visit.now)
    week = await fill_weeks.reported(visit.q, visit.tools, visit.school, first, now=visit.now)
    report = filling.weekly(visit.school, week, now=visit.now, whole=asked.file is not None)
    kept = await fill_weeks.sums(visit.q, visit.school.id, limit=_KEPT)
    return await given(report, asked.file, "reports/week.html", {
        "week": week, "kept": [(one.first, filling.span(one.first, one.first + timedelta(days=6)))
                               for one in kept],
        "links": {one.class_name: visit.to("reports/fill", week=first, **{"class": one.class_key})
                  for one in week.cells},
    })  # fmt: skip


async def district(visit: Visit) -> Answer:
    """The schools that this user may open."""
    asked = visit.query(Wanted)
    this = monday(local(visit.now, visit.times.zone).date())
    begins = monday(school_year(this).first)
    first = max(begins, min(monday(asked.week), this) if asked.week else this - _WEEK)
    known = [
        one for one in await schools.every(visit.q)
        if visit.user.school_id in (EVERY_SCHOOL, one.id)
    ]  # fmt: skip
    sums = await fill_weeks.of_week(visit.q, [one.id for one in known], first)
    report = filling.district(known, sums, first, now=visit.now, last_day=first + 6 * _DAY)
    return await given(report, asked.file, "reports/district.html", {
        "first": first, "earlier": first - _WEEK if first > begins else None,
        "later": first + _WEEK if first < this else None,
        "slugs": {one.name: one.slug for one in known},
    })  # fmt: skip


_DAY = timedelta(days=1)
SCREENS = (
    Screen(path="reports/fill/week", title="Сводка за неделю", right=Right.AGGREGATES, show=show),
    Screen(
        path="reports/district", title="Заполнение по школам", right=Right.AGGREGATES,
        group=Group.REPORTS, of_school=False, show=district,
    ),
)  # fmt: skip
