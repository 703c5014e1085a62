"""What the diary has on the children of one number, read when that number asks.

Only children of whom it may be told: the same rule as for what is told unasked (`consent`).
How an answer is worded, and how many there are in a day, is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sms_diary.consent import silence
from sms_diary.db import Queries, Row
from sms_diary.model import (
    ALL_TOPICS,
    PERSONAL_DATA,
    ConsentState,
    Kind,
    NumberState,
    SchoolMode,
    Silence,
    Topic,
    kind_of,
)
from sms_diary.store.tools import Tools
from sms_diary.values import value


@dataclass(frozen=True, slots=True)
class Child:
    """A subscription of a number, of which at least one topic may be told to it."""

    subscription_id: int
    school_id: int
    guardian_id: int
    pupil_id: int
    name: str
    """In full."""
    latin: bool
    """As the guardian chose, else as the school has it."""
    consent_rev: int
    grounds: Mapping[Topic, int]
    """The topics that may be told, each with the ledger row that allows it."""


@value
class Noted:
    """One entry of the diary, about a pupil or about a class."""

    id: int
    kind: Kind
    pupil_id: int
    """Whom it was looked for; several may be in one class."""
    class_name: str
    day: str
    subject: str
    lesson: int
    work: str
    value: str
    body: str


async def children(q: Queries, number_id: int) -> list[Child]:
    """Those of whom something may be told to this number, in the order of its subscriptions.

    Not those of a school that is paused, nor of a guardian who was not welcomed yet: a number
    from paper may be a stranger's.
    """
    rows = await q.all(
        """select s.id, s.school_id, s.guardian_id, s.pupil_id, p.full_name, school.mode,
                  coalesce(g.latin, school.latin) as latin, school.proof, n.state as number_state,
                  n.consent_rev, c.topic, c.state, c.ledger_id,
                  staff.number_id as staff_number_id
           from number n join guardian g on g.number_id = n.id
           join subscription s on s.guardian_id = g.id
           join school on school.id = s.school_id
           join pupil p on p.id = s.pupil_id
           join consent c on c.subscription_id = s.id
           left join staff on staff.school_id = s.school_id and staff.number_id = n.id
           where n.id = :number_id and g.welcomed_at is not null and school.paused_at is null
             and p.full_name is not null
           order by s.school_id, s.id""",
        number_id=number_id,
    )
    by_subscription: dict[int, dict[str, Row]] = {}
    for row in rows:
        by_subscription.setdefault(row["id"], {})[row["topic"]] = row
    found = [_child(by_topic) for by_topic in by_subscription.values()]
    return [child for child in found if child.grounds]


def _child(by_topic: Mapping[str, Row]) -> Child:
    row = next(iter(by_topic.values()))
    held = {topic: by_topic.get(topic, by_topic.get(ALL_TOPICS)) for topic in Topic}
    paper = by_topic.get(PERSONAL_DATA)
    proven = row["proof"] == "sms" or (paper is not None and paper["state"] == "active")
    return Child(
        subscription_id=row["id"],
        school_id=row["school_id"],
        guardian_id=row["guardian_id"],
        pupil_id=row["pupil_id"],
        name=row["full_name"],
        latin=bool(row["latin"]),
        consent_rev=row["consent_rev"],
        grounds={
            topic: one["ledger_id"]
            for topic, one in held.items()
            if one and _allows(one, personal_data=proven)
        },
    )


def _allows(row: Row, *, personal_data: bool) -> bool:
    reason = silence(
        ConsentState(row["state"]),
        NumberState(row["number_state"]),
        SchoolMode(row["mode"]),
        is_staff=row["staff_number_id"] is not None,
        personal_data=personal_data,
    )
    return reason is None


_TOLD = f"""e.value <> '' and e.arrived_at <= :settled
    and e.silence <> '{Silence.SENDER_ASKED}'"""
"""Of an entry `e`: it stands, a slip in it had its time to be corrected, and nobody asked not to
tell it. What came with a school's first import is told to who asks."""


async def marks(
    q: Queries, school_id: int, pupil_ids: Sequence[int], *, since: str, settled: int,
    absences: bool = False,
) -> list[Noted]:  # fmt: skip
    """The pupils' marks from a day on (ISO date), newest first; with `absences` those too.

    `settled`: the moment (epoch milliseconds) by which they must have arrived.
    """
    kinds = (Kind.MARK, Kind.ABSENCE) if absences else (Kind.MARK,)
    wanted = ", ".join(f"'{kind}'" for kind in kinds)
    rows = await q.over(
        f"""with rows(pupil_id bigint)
            select e.id, e.kind, rows.pupil_id, '' as class_name, e.day, e.subject, e.lesson,
                   e.work, e.value
            from rows join entry e on e.school_id = :school_id and e.kind in ({wanted})
                                  and e.who = rows.pupil_id
            where e.day >= :since and {_TOLD}
            order by e.day desc, e.lesson desc, e.id desc""",
        _keys(pupil_ids),
        school_id=school_id,
        since=since,
        settled=settled,
    )
    return [_noted(row, "") for row in rows]


async def timetables(
    q: Queries, tools: Tools, school_id: int, pupil_ids: Sequence[int], *, after: str, until: str,
    settled: int,
) -> list[Noted]:  # fmt: skip
    """Timetable and changes of each pupil's class on its next day that has any.

    `after` and `until` are ISO dates, the first not included. In the order of classes; what two
    pupils of one class have in common comes for each of them.
    """
    rows = await q.over(
        f"""with rows(pupil_id bigint)
            select e.id, e.kind, rows.pupil_id, c.name as class_name, e.day, e.subject, e.lesson,
                   e.work, e.value, e.body
            from rows
            join membership m on m.pupil_id = rows.pupil_id and m.school_id = :school_id
            join class c on c.id = m.class_id
            join entry e on e.school_id = m.school_id and e.who = m.class_id
                        and e.kind in ('{Kind.TIMETABLE}', '{Kind.TIMETABLE_CHANGE}')
            where e.day > :after and e.day <= :until
              and m.from_day <= e.day and (m.to_day is null or m.to_day >= e.day) and {_TOLD}
            order by e.day, c.name, e.kind, e.lesson, e.id""",
        _keys(pupil_ids),
        school_id=school_id,
        after=after,
        until=until,
        settled=settled,
    )
    next_day: dict[int, str] = {}
    for row in rows:
        next_day.setdefault(row["pupil_id"], row["day"])
    return [
        _noted(row, tools.vault.text(row["body"], "entry.body", row["id"]) if row["body"] else "")
        for row in rows
        if row["day"] == next_day[row["pupil_id"]]
    ]


def _keys(pupil_ids: Sequence[int]) -> list[tuple[int]]:
    return [(pupil_id,) for pupil_id in sorted(set(pupil_ids))]


def _noted(row: Row, body: str) -> Noted:
    return Noted(
        id=row["id"],
        kind=kind_of(row["kind"]),
        pupil_id=row["pupil_id"],
        class_name=row["class_name"],
        day=row["day"],
        subject=row["subject"],
        lesson=row["lesson"],
        work=row["work"],
        value=row["value"],
        body=body,
    )
