"""Whom a school's SMS reach: its families, class by class. Sums only, no person leaves this module.

Each guardian stands in one group, once in every class where a child is, and once in the school.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sms_diary.db import Queries, Row
from sms_diary.model import PERSONAL_DATA, URGENT, NumberState
from sms_diary.store.desk import edges
from sms_diary.values import value


class Group(StrEnum):
    """Where a guardian stands; the first that fits, in this order."""

    STOPPED = "stopped"
    """Said stop, or refused."""
    UNDELIVERABLE = "undeliverable"
    """Agreed or not: nothing gets through to this number."""
    SUBSCRIBED = "subscribed"
    SILENT = "silent"
    """Has not agreed: was not asked, or did not answer."""


@value
class Class:
    id: int
    name: str
    families: Mapping[Group, int]
    reached: int
    """Of those who are subscribed: who got something in the time asked for."""

    @property
    def all(self) -> int:
        return sum(self.families.values())


@value
class Reach:
    classes: list[Class]
    """Without an order; those without a subscription have nobody."""
    whole: Class
    """All of the school, each guardian once."""


async def read(q: Queries, school_id: int, year: int, *, day: str, since: int, until: int) -> Reach:
    """By who is in which class of the school year on `day`; reached between two moments."""
    rows = await _rows(q, school_id, year, day)
    reached = await _reached(q, school_id, {row["guardian_id"] for row in rows}, since, until)
    names = {
        row["id"]: row["name"]
        for row in await q.all(
            "select id, name from class where school_id = :school_id and year = :year",
            school_id=school_id, year=year,
        )
    }  # fmt: skip
    return Reach(
        [
            _class(one, name, [row for row in rows if row["class_id"] == one], reached)
            for one, name in names.items()
        ],
        _class(0, "", rows, reached),
    )


async def _rows(q: Queries, school_id: int, year: int, day: str) -> Sequence[Row]:
    """A row for each (class, guardian), with what its consents and its number say."""
    return await q.all(
        """select m.class_id, s.guardian_id, n.state as number,
                  max(case when k.state = 'active' then 1 else 0 end) as active,
                  max(case when k.state = 'stopped' or k.state = 'refused' then 1 else 0 end)
                    as stopped,
                  max(case when k.state = 'blocked-by-operator' or k.state = 'wrong-number'
                      then 1 else 0 end) as blocked
           from class c
           join membership m on m.class_id = c.id and m.from_day <= :day
             and (m.to_day is null or m.to_day >= :day)
           join subscription s on s.pupil_id = m.pupil_id
           join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id
           left join consent k on k.subscription_id = s.id
             and k.topic <> :urgent and k.topic <> :pd
           where c.school_id = :school_id and c.year = :year
           group by m.class_id, s.guardian_id, n.state""",
        school_id=school_id, year=year, day=day, urgent=URGENT, pd=PERSONAL_DATA,
    )  # fmt: skip


async def _reached(
    q: Queries, school_id: int, guardian_ids: set[int], since: int, until: int
) -> set[int]:
    """Those of the guardians to whom something was delivered that was made between the two."""
    low, high = await edges.since(q, school_id, since), await edges.until(q, school_id, until)
    rows = await q.over(
        """with rows(id bigint)
           select rows.id from rows join guardian g on g.id = rows.id
           where exists (select 1 from message m where m.number_id = g.number_id
               and m.id >= :low and m.id < :high and m.guardian_id = g.id
               and m.state = 'delivered' and m.created_at >= :since and m.created_at < :until)""",
        sorted((one,) for one in guardian_ids),
        low=low, high=high, since=since, until=until,
    )  # fmt: skip
    return {row["id"] for row in rows}


def _class(class_id: int, name: str, rows: Sequence[Row], reached: set[int]) -> Class:
    """Of several rows of one guardian the one counts that lets most through."""
    groups: dict[int, Group] = {}
    for row in rows:
        own, known = _group(row), groups.get(row["guardian_id"])
        if known is None or own is Group.SUBSCRIBED:
            groups[row["guardian_id"]] = own
    subscribed = {one for one, group in groups.items() if group is Group.SUBSCRIBED}
    return Class(class_id, name, Counter(groups.values()), len(subscribed & reached))


def _group(row: Row) -> Group:
    if row["number"] == NumberState.STOPPED:
        return Group.STOPPED
    if row["number"] != NumberState.OPEN:
        return Group.UNDELIVERABLE
    if row["active"]:
        return Group.SUBSCRIBED
    if row["stopped"]:
        return Group.STOPPED
    return Group.UNDELIVERABLE if row["blocked"] else Group.SILENT


async def by_school(q: Queries) -> dict[int, tuple[int, int]]:
    """School -> (guardians with a subscription, those of them with a consent to it in force)."""
    rows = await q.all(
        """select g.school_id, count(distinct g.id) as families,
                  count(distinct case when k.state = 'active' and n.state = 'open'
                      then g.id end) as subscribed
           from guardian g
           join number n on n.id = g.number_id
           join subscription s on s.guardian_id = g.id
           left join consent k on k.subscription_id = s.id
             and k.topic <> :urgent and k.topic <> :pd
           group by g.school_id""",
        urgent=URGENT, pd=PERSONAL_DATA,
    )  # fmt: skip
    return {row["school_id"]: (row["families"], row["subscribed"]) for row in rows}
