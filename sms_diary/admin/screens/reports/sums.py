"""Доставка, Охват, Стоимость of one school, and the schools side by side: the same report as a
page, a spreadsheet or on paper. What they say is `sms_diary.reports`'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Answer, Visit
from sms_diary.admin.screens.reports.giving import File, given
from sms_diary.clock import local
from sms_diary.reports import cost as costs
from sms_diary.reports import delivery as deliveries
from sms_diary.reports import district as side_by_side
from sms_diary.reports import reach as reaches
from sms_diary.reports.asked import Asked, span
from sms_diary.reports.tables import Report
from sms_diary.store import schools
from sms_diary.store.desk.users import EVERY_SCHOOL, Role

_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)
_NO_LINKS: Mapping[str, str] = {}


class Wanted(Form):
    since: date | None = Field(None, ge=_EARLIEST, le=_LATEST)
    until: date | None = Field(None, ge=_EARLIEST, le=_LATEST)
    file: File = None


async def delivered(visit: Visit) -> Answer:
    asked = _asked(visit)
    found = await deliveries.report(visit.q, asked)
    return await _answer(visit, found, asked.first, asked.last)


async def reached(visit: Visit) -> Answer:
    asked = _asked(visit)
    found = await reaches.report(visit.q, asked)
    return await _answer(visit, found, asked.first, asked.last)


async def cost(visit: Visit) -> Answer:
    asked = _asked(visit)
    found = await costs.report(visit.q, visit.tools, asked)
    return await _answer(visit, found, asked.first, asked.last)


async def district(visit: Visit) -> Answer:
    """The schools that this user may see."""
    known = [
        one for one in await schools.every(visit.q)
        if visit.user.school_id in (EVERY_SCHOOL, one.id)
    ]  # fmt: skip
    asked = visit.query(Wanted)
    today = local(visit.now, visit.times.zone).date()
    first, last = span(today, asked.since, asked.until)
    found = await side_by_side.report(
        visit.q, known, first, last, now=visit.now, prices=visit.desk.prices
    )
    links = {one.name: f"/desk/{one.slug}/reports/delivery" for one in known}
    return await _answer(visit, found, first, last, links)


def _asked(visit: Visit) -> Asked:
    asked = visit.query(Wanted)
    today = local(visit.now, visit.school.zone).date()
    first, last = span(today, asked.since, asked.until)
    return Asked(
        visit.school, first, last, visit.now, visit.user.role is Role.RESOURCE_CENTRE,
        visit.desk.explain, visit.desk.explain_receipt, visit.desk.prices,
    )  # fmt: skip


async def _answer(
    visit: Visit, report: Report, first: date, last: date, links: Mapping[str, str] = _NO_LINKS
) -> Answer:
    """`links`: where a row leads, by its first cell."""
    named = replace(report, name=f"{report.name}-{first}-{last}")
    values = {"first": first, "last": last, "links": links}
    return await given(named, visit.query(Wanted).file, "report.html", values)
