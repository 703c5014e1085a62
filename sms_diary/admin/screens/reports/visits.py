"""Посещаемость: the journal by its own statistics, our parent's page, questions by SMS."""

from __future__ import annotations

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Screen, Visit
from sms_diary.admin.screens.reports.giving import File, given
from sms_diary.clock import local
from sms_diary.reports import visits
from sms_diary.store import visiting


class Wanted(Form):
    file: File = None


async def show(visit: Visit) -> Answer:
    today = local(visit.now, visit.school.zone).date()
    report = visits.report(
        visit.school, await visiting.journal(visit.q, visit.school.id),
        await visiting.months(visit.q, visit.school.id, today),
        guarded=not visit.may(Right.SEE),
    )  # fmt: skip
    return await given(report, visit.query(Wanted).file, "reports/visits.html", {})


SCREENS = (
    Screen(
        path="reports/visits", title="Посещаемость", right=Right.AGGREGATES, group=Group.REPORTS,
        show=show,
    ),
)  # fmt: skip
