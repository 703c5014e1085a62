"""Days on which a class, or the whole school, is not at school although it is no holiday.

They move no SMS: they only say that a journal which is not filled then is no matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from sms_diary.db import Queries
from sms_diary.filled import class_of
from sms_diary.store.tools import Tools
from sms_diary.values import value

_DAY = timedelta(days=1)
LONGEST = 120
"""Days: whoever types more has mistyped the year."""


class Why(StrEnum):
    """Closed words: whoever watches over schools reads them, and no name may stand there."""

    DISTANCE = "distance"
    QUARANTINE = "quarantine"
    OFF = "off"


WHY_RU: dict[Why, str] = {
    Why.DISTANCE: "дистанционное обучение",
    Why.QUARANTINE: "карантин",
    Why.OFF: "занятия отменены",
}


@value
class Away:
    """`class_key` and `class_name` are "" for the whole school; both days are included."""

    id: int
    class_key: str
    class_name: str
    first: date
    last: date
    why: Why


async def of_school(
    q: Queries, school_id: int, *, first: date = date.min, last: date = date.max
) -> list[Away]:
    """Those with a day within these, in the order of their days."""
    rows = await q.all(
        """select id, class_key, class_name, from_day, to_day, why from away
           where school_id = :school_id and to_day >= :first and from_day <= :last
           order by from_day, class_key, id""",
        school_id=school_id,
        first=first.isoformat(),
        last=last.isoformat(),
    )
    return [
        Away(row["id"], row["class_key"], row["class_name"], date.fromisoformat(row["from_day"]),
             date.fromisoformat(row["to_day"]), Why(row["why"]))
        for row in rows
    ]  # fmt: skip


async def add(
    q: Queries, tools: Tools, school_id: int, *, class_name: str, first: date, last: date, why: Why
) -> int:
    """Write it down; `class_name` as people write it, "" for the whole school. Its id."""
    away_id = tools.ids.new()
    key, name = class_of(class_name)
    row = (away_id, school_id, key, name, first.isoformat(), last.isoformat(), str(why))
    await q.insert("away", "id, school_id, class_key, class_name, from_day, to_day, why", [row])
    return away_id


async def remove(q: Queries, school_id: int, away_id: int) -> bool:
    """False where the school has none of this id."""
    gone = await q.run(
        "delete from away where id = :id and school_id = :school_id",
        id=away_id,
        school_id=school_id,
    )
    return gone == 1


def wrong(first: date, last: date) -> str:
    """What is the matter with these days, in Russian; "" if nothing is."""
    if last < first:
        return "Последний день раньше первого: поменяйте их местами"
    if (last - first).days >= LONGEST:
        return f"Больше {LONGEST} дней подряд: проверьте год"
    return ""


def days(every: Iterable[Away]) -> Mapping[str, frozenset[date]]:
    """Class key ("" for all) -> its days, as `filling.Calendar` takes them."""
    found: dict[str, set[date]] = {}
    for one in every:
        long = (one.last - one.first).days + 1
        found.setdefault(one.class_key, set()).update(one.first + n * _DAY for n in range(long))
    return {key: frozenset(own) for key, own in found.items()}
