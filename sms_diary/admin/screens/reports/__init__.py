"""Отчёты: sums and pictures without a person; whoever may see sums may take them as files."""

from __future__ import annotations

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Screen
from sms_diary.admin.screens.reports import away, fill, introduction, sums, visits, weeks

SCREENS = (
    *fill.SCREENS,
    *weeks.SCREENS,
    *away.SCREENS,
    *visits.SCREENS,
    Screen(
        path="reports/delivery", title="Доставка", right=Right.AGGREGATES, group=Group.REPORTS,
        show=sums.delivered,
    ),
    Screen(
        path="reports/reach", title="Охват", right=Right.AGGREGATES, group=Group.REPORTS,
        show=sums.reached,
    ),
    Screen(
        path="reports/cost", title="Стоимость", right=Right.AGGREGATES, group=Group.REPORTS,
        show=sums.cost,
    ),
    Screen(
        path="reports", title="Школы рядом", right=Right.AGGREGATES, group=Group.REPORTS,
        of_school=False, show=sums.district,
    ),
    *introduction.SCREENS,
)  # fmt: skip
