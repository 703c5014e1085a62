"""What a school's messages have met on each route lately. No number and no text is here.

Bounded as the summary is: the newest messages are looked at, through the index of the school.
"""

from __future__ import annotations

from sms_diary.clock import MINUTE
from sms_diary.db import Queries
from sms_diary.model import PartState
from sms_diary.values import value

WINDOW = 5_000
"""Messages that are looked back over."""
_ERRORS = 20
_LATEST = "select id from message where school_id = :school_id order by id desc limit :window"


@value
class Figures:
    """Parts of the school on one route; moments in epoch milliseconds."""

    waiting: int
    last_minute: int
    submitted_at: int | None
    receipt_at: int | None


@value
class Met:
    """A refusal, or a bad receipt (`failure` is "" then): the operator's code, and how many parts
    met it."""

    route: str
    code: str
    failure: str
    of_receipt: bool
    parts: int
    at: int


@value
class Sent:
    """One part as the log shows it."""

    message_id: int
    route: str
    seq: int
    total: int
    state: PartState
    code: str
    attempts: int
    at: int | None


async def figures(q: Queries, school_id: int, *, now: int) -> dict[str, Figures]:
    """By route."""
    rows = await q.all(
        f"""select p.route,
                   sum(case when p.state = 'queued' or p.state = 'retry' then 1 else 0 end)
                     as waiting,
                   sum(case when p.sent_at > :minute_ago then 1 else 0 end) as last_minute,
                   max(p.claimed_at) as submitted_at,
                   max(case when p.sent_at is not null then p.done_at end) as receipt_at
            from ({_LATEST}) m join part p on p.message_id = m.id group by p.route""",
        school_id=school_id, window=WINDOW, minute_ago=now - MINUTE,
    )  # fmt: skip
    return {
        row["route"]: Figures(
            int(row["waiting"]), int(row["last_minute"]), row["submitted_at"], row["receipt_at"]
        )
        for row in rows
    }


async def errors(q: Queries, school_id: int) -> list[Met]:
    """The refusals and bad receipts that were met most."""
    rows = await q.all(
        f"""select p.route, p.code, coalesce(p.failure, '') as failure, count(*) as parts,
                   max(p.claimed_at) as at
            from ({_LATEST}) m join part p on p.message_id = m.id
            where p.code <> '' and (p.failure is not null
              or p.state in ('undelivered', 'expired', 'rejected', 'unknown'))
            group by p.route, p.code, coalesce(p.failure, '')
            order by parts desc, p.code limit {_ERRORS}""",
        school_id=school_id, window=WINDOW,
    )  # fmt: skip
    return [
        Met(row["route"], row["code"], row["failure"], not row["failure"], row["parts"], row["at"])
        for row in rows
    ]


async def log(q: Queries, school_id: int, *, limit: int = 30) -> list[Sent]:
    """The last parts, the newest message first."""
    rows = await q.all(
        """select p.message_id, p.route, p.seq, p.total, p.state, coalesce(p.code, '') as code,
                  p.attempts, coalesce(p.done_at, p.sent_at, p.claimed_at) as at
           from (select id from message where school_id = :school_id order by id desc limit :limit)
             m join part p on p.message_id = m.id
           order by p.message_id desc, p.seq limit :limit""",
        school_id=school_id,
        limit=limit,
    )
    return [
        Sent(row["message_id"], row["route"], row["seq"], row["total"], PartState(row["state"]),
             row["code"], row["attempts"], row["at"])
        for row in rows
    ]  # fmt: skip
