"""Announcements as a school steers them: whom one would reach, which are running, and stopping one.

How one is told is no different from any other entry (`fanout`, `compose`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sms_diary import consent
from sms_diary.db import Queries, Row
from sms_diary.model import ConsentState, NumberState, SchoolMode, Silence, Topic
from sms_diary.schedule.rhythm import Rhythm, fastest
from sms_diary.store import numbers, schools, withdraw
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Reach:
    """Whom an announcement would be told: guardians, each once whatever children they have."""

    told: int
    told_latin: int
    """Those of them who read Latin letters."""
    duplicates: int
    """Further children of theirs, for whom nothing more is sent."""
    silent: dict[str, int]
    """Why the others are not told (a word of `Silence`) -> how many guardians."""


@value
class Running:
    """An announcement of which something waits or is on its way."""

    id: int
    text: str
    """"" where its time of keeping is over."""
    urgent: bool
    states: dict[str, int]
    """State of its lines -> how many."""


async def reach(
    q: Queries, school: School, class_ids: Sequence[int] | None, *, day: str,
    pupil_ids: Sequence[int] = (),
) -> Reach:  # fmt: skip
    """Who would be told now; `class_ids` None: of the whole school. `day` decides who is in it."""
    whom = [(class_id, 0) for class_id in class_ids or ()]
    whom += [(0, pupil_id) for pupil_id in pupil_ids]
    rows = await q.over(
        """with rows(class_id bigint, pupil_id bigint)
            select s.guardian_id, g.number_id, n.state as number_state, g.latin, r.rhythm,
                   coalesce(t.state, a.state, 'unknown') as consent, d.state as personal_data
            from subscription s
            join guardian g on g.id = s.guardian_id join number n on n.id = g.number_id
            left join consent t on t.subscription_id = s.id and t.topic = 'announcements'
            left join consent a on a.subscription_id = s.id and a.topic = '*'
            left join consent d on d.subscription_id = s.id and d.topic = 'pd'
            left join rhythm r on r.subscription_id = s.id and r.topic = 'announcements'
            where s.school_id = :school_id and (:everybody = 1 or s.pupil_id in (
                select m.pupil_id from rows join membership m on m.class_id = rows.class_id
                where m.from_day <= :day and (m.to_day is null or m.to_day >= :day)
                union select rows.pupil_id from rows))
            order by s.guardian_id, s.id""",
        sorted(whom) or [(0, 0)],
        school_id=school.id,
        everybody=int(class_ids is None),
        day=day,
    )
    staff = await schools.staff(q, [school.id])
    by_guardian: dict[int, list[Row]] = {}
    for row in rows:
        by_guardian.setdefault(row["guardian_id"], []).append(row)
    why = {i: _silence(school, own, staff) for i, own in by_guardian.items()}
    told = [own for i, own in by_guardian.items() if why[i] is None]
    return Reach(
        told=len(told),
        told_latin=sum(_reads_latin(school, own[0]) for own in told),
        duplicates=sum(len(own) - 1 for own in told),
        silent=dict(Counter(str(reason) for reason in why.values() if reason is not None)),
    )


def _silence(school: School, own: Sequence[Row], staff: set[tuple[int, int]]) -> Silence | None:
    """As fanout decides of a guardian of one or several children."""
    state = consent.best(ConsentState(row["consent"]) for row in own)
    holding = [row for row in own if row["consent"] == state]
    papers = any(row["personal_data"] == "active" for row in holding)
    reason = consent.silence(
        state, NumberState(own[0]["number_state"]), SchoolMode(school.mode),
        is_staff=(school.id, own[0]["number_id"]) in staff,
        personal_data=papers or not school.asks_for_personal_data,
    )  # fmt: skip
    usual = school.rhythms[Topic.ANNOUNCEMENTS]
    how = fastest(Rhythm(row["rhythm"]) if row["rhythm"] else usual for row in holding)
    return reason or (Silence.NOT_WANTED if how is Rhythm.OFF else None)


def _reads_latin(school: School, row: Row) -> bool:
    return school.latin if row["latin"] is None else bool(row["latin"])


async def running(q: Queries, tools: Tools, school_id: int) -> list[Running]:
    """Those of which something is still to be told, oldest first."""
    rows = await q.all(
        """select e.id, e.body, e.urgent, l.state, count(l.id) as lines
           from entry e left join line l on l.entry_id = e.id and l.version = e.version
           where e.school_id = :school_id and e.kind = 'announcement'
             and (e.fan is not null or e.id in (
               select entry_id from line where school_id = :school_id
                 and topic = 'announcements' and state in ('planned', 'held', 'taken')))
           group by e.id, e.body, e.urgent, l.state order by e.id""",
        school_id=school_id,
    )
    found: dict[int, Running] = {}
    for row in rows:
        text = tools.vault.text(row["body"], "entry.body", row["id"]) if row["body"] else ""
        one = found.setdefault(row["id"], Running(row["id"], text, bool(row["urgent"]), {}))
        if row["state"]:
            one.states[row["state"]] = row["lines"]
    return list(found.values())


async def stop(q: Queries, school_id: int, entry_id: int, *, now: int) -> int | None:
    """Tell nobody else: what waits falls silent, what is queued is withdrawn; how many guardians.

    What has left cannot be called back. None: the school has no such announcement.
    """
    changed = await q.run(
        """update entry set fan = null, silence = :why
           where id = :id and school_id = :school_id and kind = 'announcement'""",
        why=str(Silence.CALLED_OFF),
        id=entry_id,
        school_id=school_id,
    )
    if not changed:
        return None
    queued = await q.all(
        """select distinct message.number_id from line
           join message on message.id = line.message_id
           where line.entry_id = :entry_id and line.state = 'taken'""",
        entry_id=entry_id,
    )
    number_ids = {row["number_id"] for row in queued}
    await numbers.lock(q, number_ids)
    await withdraw.withdraw(q, number_ids, now=now)
    return await q.run(
        """update line set state = 'silent', reason = :why
           where entry_id = :entry_id and state in ('planned', 'held')""",
        why=str(Silence.CALLED_OFF),
        entry_id=entry_id,
    )
