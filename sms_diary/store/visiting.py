"""How often people come: to the journal, by its own statistics; to our parent's page; by SMS.

Three counts of three things, which nobody may add up. Roles are closed words here: what a report
of the journal wrote instead is not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from sms_diary.db import Queries
from sms_diary.model import Ground
from sms_diary.store import filling, tallied
from sms_diary.store.filling import Visits
from sms_diary.store.parent import visits as page_visits
from sms_diary.values import value


class Who(StrEnum):
    TEACHERS = "teachers"
    PUPILS = "pupils"
    PARENTS = "parents"
    OTHERS = "others"


_STEMS = {
    Who.PARENTS: ("родител", "законн"),
    Who.PUPILS: ("учени", "учащ", "обуча"),
    Who.TEACHERS: ("учител", "педагог", "сотрудн", "завуч", "директор", "админ", "руковод"),
}
_DAYS = re.compile(r"(?:на )?\d{1,2}\.\d{1,2}\.\d{2,4}(?:\s*[-–—]\s*\d{1,2}\.\d{1,2}\.\d{2,4})?")
_TERM = re.compile(r"\d\s*(?:четверть|полугодие|триместр)", re.IGNORECASE)


@value
class Counted:
    """Users of one kind within a period of the journal's; `active`: None, it did not say."""

    period: str
    who: Who
    users: int
    active: int | None
    visits: int


@value
class Month:
    """Ours, within days: visits to the parent's page, and questions that were answered by SMS."""

    first: date
    last: date
    page: int
    answers: int


MONTHS = 3
"""So many are shown, this one included."""


async def journal(q: Queries, school_id: int) -> list[Counted]:
    """What the latest upload says of each period, the latest first; roles alike are one."""
    found: dict[tuple[str, Who], Counted] = {}
    for one in await filling.visits(q, school_id):
        key = period_of(one.period), who(one.role)
        found[key] = _added(found.get(key), key, one)
    periods = list(dict.fromkeys(period for period, _ in found))[::-1]
    return [found[period, kind] for period in periods for kind in Who if (period, kind) in found]


def _added(known: Counted | None, key: tuple[str, Who], one: Visits) -> Counted:
    if known is None:
        return Counted(*key, one.users, one.active, one.visits)
    both = None if known.active is None or one.active is None else known.active + one.active
    return Counted(*key, known.users + one.users, both, known.visits + one.visits)


async def months(q: Queries, school_id: int, today: date) -> list[Month]:
    """Ours of this month and the ones before it, the latest first."""
    found, last = [], today
    for _ in range(MONTHS):
        first = last.replace(day=1)
        found.append(await _month(q, school_id, first, last))
        last = first - timedelta(days=1)
    return found


async def _month(q: Queries, school_id: int, first: date, last: date) -> Month:
    pages = await page_visits.of_school(q, school_id, first, last)
    cells = await tallied.cells(q, school_id, first, last, "ground")
    answers = [one.sums.messages for one in cells if one.ground == Ground.REPLY]
    return Month(first, last, sum(pages.values()), sum(answers))


def who(role: str) -> Who:
    said = role.lower()
    return next((kind for kind, stems in _STEMS.items() if _has(said, stems)), Who.OTHERS)


def _has(said: str, stems: Sequence[str]) -> bool:
    return any(stem in said for stem in stems)


def period_of(said: str) -> str:
    """The days or the term that a report says, and nothing else that may stand there."""
    found = _DAYS.search(said) or _TERM.search(said)
    return " ".join(found[0].split()) if found else "период не указан"
