"""What all pages about messages begin with: whom the visitor may see, the days of the school."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sms_diary.admin.screen import Visit
from sms_diary.admin.screens.people import finding
from sms_diary.clock import local, millis
from sms_diary.store.desk.own import Own


def own(visit: Visit) -> Own:
    return Own(visit.classes, finding.today(visit))


def today(visit: Visit) -> date:
    return local(visit.now, visit.school.zone).date()


def begins(visit: Visit, day: date) -> int:
    """The midnight that begins a day of the school (epoch milliseconds)."""
    return millis(datetime.combine(day, time(), visit.school.zone))


def ends(visit: Visit, day: date) -> int:
    return begins(visit, day + timedelta(days=1))


async def classes(visit: Visit) -> list[tuple[object, str]]:
    """This year's classes as the choices of a filter."""
    found = await finding.classes(visit.q, visit)
    return [("", "все"), *((one.id, one.name) for one in found)]
