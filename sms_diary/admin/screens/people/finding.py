"""Whom these pages may show: the school's day and classes, and the person of an address."""

from __future__ import annotations

from sms_diary.admin.screen import Missing, Visit, found
from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.ingest.days import school_year
from sms_diary.store import people, roll, subscriptions
from sms_diary.store.desk import consents
from sms_diary.store.desk import people as listed
from sms_diary.store.people import ClassRow
from sms_diary.store.roll import GuardianView, PupilView
from sms_diary.store.subscriptions import SubscriptionView, Wanted
from sms_diary.values import value

CHILDREN = 50
"""Subscriptions of one guardian that are shown."""


def today(visit: Visit) -> str:
    """The school's date, ISO."""
    return local(visit.now, visit.school.zone).date().isoformat()


def year(visit: Visit) -> int:
    """The school year, by its September."""
    return school_year(local(visit.now, visit.school.zone).date()).first.year


async def classes(q: Queries, visit: Visit) -> list[ClassRow]:
    """This year's classes that the visitor may see, 5А before 10А."""
    known = await people.classes(q, visit.school.id, year(visit))
    own = [one for one in known if visit.classes is None or one.id in visit.classes]
    return sorted(own, key=lambda one: consents.in_order(one.name))


@value
class Family:
    """A guardian with those of the subscriptions that the visitor may see."""

    guardian: GuardianView
    subscriptions: tuple[SubscriptionView, ...]


async def family(q: Queries, visit: Visit) -> Family:
    """The guardian of the address. Raises Missing; a class teacher needs a pupil in common."""
    view = found(await roll.guardian(q, visit.tools, visit.school.id, visit.id))
    page = await subscriptions.page(
        q, visit.tools, visit.school.id, Wanted(guardian_id=view.id),
        day="", after=0, limit=CHILDREN,
    )  # fmt: skip
    pupils = [one.pupil_id for one in page.subscriptions]
    mine = await listed.in_classes(q, pupils, visit.classes, day=today(visit))
    own = tuple(one for one in page.subscriptions if one.pupil_id in mine)
    if visit.classes is not None and not own:
        raise Missing
    return Family(view, own)


async def pupil(q: Queries, visit: Visit) -> PupilView:
    """The pupil of the address. Raises Missing."""
    view = found(await roll.pupil(q, visit.school.id, visit.id, day=today(visit)))
    if not await listed.in_classes(q, [view.id], visit.classes, day=today(visit)):
        raise Missing
    return view
