"""Requests that are due: which may be sent now, and what became of those that were.

For the loop (`sms_diary/requests.py`) alone. Ending a request is `requests.py`'s and `opt_in.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.clock import DAY
from sms_diary.db import Queries, Row
from sms_diary.model import NumberState
from sms_diary.store.requests import ANSWER_WITHIN
from sms_diary.store.welcome import TRIES
from sms_diary.values import value

REMIND_AFTER = DAY
"""From the handing over of a question until its one reminder."""


@value
class Due:
    """A request that waits, or an open question that may be reminded of, with what decides.

    `wanted`: there is still something to ask, or a consent to welcome to.
    """

    id: int
    school_id: int
    guardian_id: int
    number_id: int
    ledger_id: int
    is_question: bool
    is_reminder: bool
    until: int | None
    number_state: NumberState
    consent_rev: int
    latin: int | None
    welcomed: bool
    is_staff: bool
    wanted: bool


_DUE = """r.id, r.school_id, r.guardian_id, r.number_id, r.ledger_id, r.kind, r.state, r.until,
    n.state as number_state, n.consent_rev, n.sealed, g.latin, g.welcomed_at,
    exists (select 1 from staff where staff.school_id = r.school_id
            and staff.number_id = r.number_id) as is_staff,
    case r.kind when 'question' then exists (
        select 1 from request_pupil p join consent c on c.subscription_id = p.subscription_id
        where p.request_id = r.id and c.topic = '*' and c.state = 'asked')
    else exists (
        select 1 from subscription s join consent c on c.subscription_id = s.id
        where s.guardian_id = r.guardian_id and c.state = 'active') end as wanted"""


def _due(row: Row) -> Due:
    return Due(
        id=row["id"],
        school_id=row["school_id"],
        guardian_id=row["guardian_id"],
        number_id=row["number_id"],
        ledger_id=row["ledger_id"],
        is_question=row["kind"] == "question",
        is_reminder=row["state"] == "open",
        until=row["until"],
        number_state=NumberState(row["number_state"]),
        consent_rev=row["consent_rev"],
        latin=row["latin"],
        welcomed=row["welcomed_at"] is not None,
        is_staff=bool(row["is_staff"]),
        wanted=bool(row["wanted"]),
    )


async def due(q: Queries, *, now: int, limit: int) -> list[Due]:
    """What may be sent, one question a number, the longest due first.

    A question of another school for the same number waits until the open one is answered or late.
    """
    waiting = await q.all(
        f"""select {_DUE}
            from request r join guardian g on g.id = r.guardian_id
            join number n on n.id = r.number_id
            where r.state = 'waiting' and r.due <= :now and (r.kind = 'welcome' or not exists (
                select 1 from request o where o.number_id = r.number_id and o.state = 'open'
                  and o.kind = 'question'))
            order by r.due, r.id limit :limit""",
        now=now,
        limit=limit,
    )
    reminders = await q.all(
        f"""select {_DUE}
            from request r join guardian g on g.id = r.guardian_id
            join number n on n.id = r.number_id
            where r.state = 'open' and r.until > :now and r.kind = 'question'
              and r.reminded_at is null and r.asked_at <= :before and r.due <= :now
            order by r.until, r.id limit :limit""",
        now=now,
        before=now - REMIND_AFTER,
        limit=limit,
    )
    found: dict[tuple[int, bool | int], Due] = {}
    for row in (*waiting, *reminders):
        one = _due(row)
        found.setdefault((one.number_id, one.id if not one.is_question else True), one)
    return list(found.values())


async def lock(q: Queries, ids: Iterable[int]) -> list[Due]:
    """The same requests as they stand now, of which nobody else changes number or state."""
    rows = await q.over(
        f"""with rows(id bigint)
            select {_DUE}
            from rows join request r on r.id = rows.id join guardian g on g.id = r.guardian_id
            join number n on n.id = r.number_id
            where r.state in ('waiting', 'open')
            {q.only(postgresql="order by n.id, r.id for update of r for share of n")}""",
        [(request_id,) for request_id in sorted(set(ids))],
    )
    return sorted((_due(row) for row in rows), key=lambda one: one.id)


async def asked_about(q: Queries, ids: Iterable[int]) -> dict[int, list[int]]:
    """Request id -> the subscriptions that it asks about and that have no answer yet."""
    rows = await q.over(
        """with rows(id bigint)
           select rows.id, p.subscription_id
           from rows join request_pupil p on p.request_id = rows.id
           join consent c on c.subscription_id = p.subscription_id and c.topic = '*'
                         and c.state = 'asked'
           order by rows.id, p.subscription_id""",
        [(request_id,) for request_id in sorted(set(ids))],
    )
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row["subscription_id"])
    return found


@value
class Sent:
    """A request with the message that was queued for it; `until` of a question at the latest."""

    id: int
    message_id: int
    reception: str
    until: int
    is_reminder: bool


async def sent(q: Queries, requests: Sequence[Sent], *, now: int) -> None:
    """These are open now, or reminded of."""
    await q.over(
        """with rows(id bigint, message_id bigint, reception text, until bigint)
           update request set state = 'open', message_id = rows.message_id,
               reception = rows.reception, until = rows.until, tries = tries + 1
           from rows where request.id = rows.id""",
        sorted((s.id, s.message_id, s.reception, s.until) for s in requests if not s.is_reminder),
    )
    await q.over(
        """with rows(id bigint, message_id bigint)
           update request set message_id = rows.message_id, reminded_at = :now
           from rows where request.id = rows.id""",
        sorted((s.id, s.message_id) for s in requests if s.is_reminder),
        now=now,
    )


async def put_off(q: Queries, until: Sequence[tuple[int, int]]) -> None:
    """Look at requests (id, moment) again at that moment."""
    await q.over(
        """with rows(id bigint, due bigint)
           update request set due = rows.due from rows where request.id = rows.id""",
        sorted(until),
    )


async def unheard(q: Queries, limit: int) -> list[tuple[int, int]]:
    """Open questions (id, moment) that have been handed over, which was not noted yet."""
    rows = await q.all(
        """select r.id, min(p.sent_at) as sent_at
           from request r join part p on p.message_id = r.message_id
           where r.state = 'open' and r.kind = 'question' and r.asked_at is null
             and p.sent_at is not null
           group by r.id order by r.id limit :limit""",
        limit=limit,
    )
    return [(row["id"], row["sent_at"]) for row in rows]


async def handed_over(q: Queries, asked: Sequence[tuple[int, int]]) -> None:
    """The time for an answer runs from this moment: (request, moment)."""
    await q.over(
        """with rows(id bigint, asked_at bigint)
           update request set asked_at = rows.asked_at, until = rows.asked_at + :within
           from rows where request.id = rows.id and request.state = 'open'
             and request.asked_at is null""",
        sorted(asked),
        within=ANSWER_WITHIN,
    )


async def late(q: Queries, *, now: int, limit: int) -> list[tuple[int, bool]]:
    """Open questions whose time is over, and whether their SMS ever arrived or may have."""
    rows = await q.all(
        """select r.id, m.state in ('open', 'delivered', 'unknown') or r.reminded_at is not null
                      as was_asked
           from request r left join message m on m.id = r.message_id
           where r.state = 'open' and r.until <= :now and r.kind = 'question'
           order by r.until limit :limit""",
        now=now,
        limit=limit,
    )
    return [(row["id"], bool(row["was_asked"])) for row in rows]


@value
class Unreached:
    """A guardian whom no welcome has reached; `at`: when the last one was sent."""

    guardian_id: int
    number_id: int
    class_name: str
    pupil: str
    at: int


async def unreached(q: Queries, school_id: int, day: str) -> list[Unreached]:
    """Of a school, by class on that day (ISO date) and pupil: whose number is to be asked again."""
    rows = await q.all(
        """select distinct g.id, g.number_id, c.name as class_name, c.key, p.full_name, x.at
           from (select r.guardian_id, max(coalesce(m.created_at, r.created_at)) as at
                 from request r left join message m on m.id = r.message_id
                 where r.school_id = :school_id and r.kind = 'welcome' and r.state = 'dropped'
                   and r.tries >= :tries
                 group by r.guardian_id) x
           join guardian g on g.id = x.guardian_id and g.welcomed_at is null
           join number n on n.id = g.number_id and n.state = 'open'
           join subscription s on s.guardian_id = g.id
           join pupil p on p.id = s.pupil_id
           left join membership ms on ms.pupil_id = p.id and ms.from_day <= :day
             and (ms.to_day is null or ms.to_day >= :day)
           left join class c on c.id = ms.class_id
           where not exists (select 1 from request w where w.guardian_id = g.id
                             and w.kind = 'welcome' and w.state in ('waiting', 'open'))
           order by c.key, p.full_name, g.id""",
        school_id=school_id,
        tries=TRIES,
        day=day,
    )
    return [
        Unreached(
            row["id"], row["number_id"], row["class_name"] or "", row["full_name"] or "", row["at"]
        )
        for row in rows
    ]
