"""Consents as a school looks over them: how each class stands, and who has a question to answer.

Reading only. What changes a consent is `store/consents`; one subscription is `subscriptions`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sms_diary.db import Queries
from sms_diary.model import ConsentState
from sms_diary.values import value


@value
class ClassStates:
    """Subscriptions of a class's pupils by their consent to all SMS."""

    id: int
    name: str
    counts: Mapping[ConsentState, int]


@value
class Question:
    """A question about a subscription that is on its way or waits for an answer."""

    asked_at: int | None
    """When it was handed over; None: it has not left."""
    reminded_at: int | None
    until: int | None


async def by_class(q: Queries, school_id: int, year: int, *, day: str) -> list[ClassStates]:
    """Every class of the school year, in the order of the titles; who is in it on `day`."""
    rows = await q.all(
        """select c.id, c.name, coalesce(k.state, 'unknown') as state, count(s.id) as subscriptions
           from class c
           left join membership m on m.class_id = c.id and m.from_day <= :day
             and (m.to_day is null or m.to_day >= :day)
           left join subscription s on s.pupil_id = m.pupil_id
           left join consent k on k.subscription_id = s.id and k.topic = '*'
           where c.school_id = :school_id and c.year = :year
           group by c.id, c.name, coalesce(k.state, 'unknown')""",
        school_id=school_id,
        year=year,
        day=day,
    )
    names = {row["id"]: row["name"] for row in rows}
    counts: dict[int, dict[ConsentState, int]] = {one: {} for one in names}
    for row in rows:
        if row["subscriptions"]:
            counts[row["id"]][ConsentState(row["state"])] = row["subscriptions"]
    found = [ClassStates(one, names[one], counts[one]) for one in names]
    return sorted(found, key=lambda one: in_order(one.name))


async def reached(q: Queries, school_id: int) -> int:
    """Guardians with a consent in force to SMS about some child of theirs."""
    row = await q.one(
        """select count(distinct s.guardian_id) as n
           from consent k join subscription s on s.id = k.subscription_id
           where k.school_id = :school_id and k.topic = '*' and k.state = 'active'""",
        school_id=school_id,
    )
    assert row is not None
    return int(row["n"])


def in_order(title: str) -> tuple[int, str]:
    """5А before 10А."""
    digits = title[: len(title) - len(title.lstrip("0123456789"))]
    return int(digits or 99), title


async def questions(q: Queries, guardian_ids: Iterable[int]) -> dict[int, Question]:
    """Guardian -> the question that waits or is open, where there is one."""
    rows = await q.over(
        """with rows(id bigint)
           select r.guardian_id, r.asked_at, r.reminded_at, r.until
           from rows join request r on r.guardian_id = rows.id
           where r.kind = 'question' and r.state in ('waiting', 'open')""",
        [(one,) for one in sorted(set(guardian_ids))],
    )
    return {
        row["guardian_id"]: Question(row["asked_at"], row["reminded_at"], row["until"])
        for row in rows
    }
