"""What time does to the outbox: retries fall due, texts expire, the dead leave doubt behind."""

from __future__ import annotations

from sms_diary import schedule
from sms_diary.clock import HOUR
from sms_diary.db import Queries
from sms_diary.store import leases, outbox

RECEIPT_LIMIT = 72 * HOUR
"""Without a final receipt for this long a part's fate is `unknown`."""
_BATCH = 1000


async def release_retries(q: Queries, *, now: int) -> int:
    """Queue again the retries that have fallen due; their number."""
    return await q.run(
        f"""update part set state = 'queued', due = null
            where id in (select id from part where state = 'retry' and due <= :now
                         order by due limit :limit {q.only(postgresql="for update skip locked")})
              and state = 'retry'""",
        now=now,
        limit=_BATCH,
    )


async def expire(q: Queries, *, now: int) -> int:
    """Close what was not sent in time: queued parts, and planned lines; the number of parts."""
    rows = await q.all(
        f"""update part set state = 'expired', done_at = :now
            where id in (select id from part
                         where (state = 'queued' or state = 'retry') and expires <= :now
                         limit :limit
                         {q.only(postgresql="for update skip locked")})
              and state in ('queued', 'retry')
            returning message_id""",
        now=now,
        limit=_BATCH,
    )
    await outbox.fold(q, [row["message_id"] for row in rows], now=now)
    await q.over(
        """with rows(lane bigint)
           update line set state = 'expired', reason = 'expired' where id in (
               select l.id from rows join school on true
               join line l on l.school_id = school.id and l.lane = rows.lane
                          and l.state = 'planned' and l.due <= :now and l.expires <= :now)""",
        [(lane,) for lane in schedule.LANES],
        now=now,
    )
    return len(rows)


async def expire_held(q: Queries, *, now: int) -> int:
    """Close lines that waited for too long for whatever held them; their number."""
    return await q.run(
        "update line set state = 'expired', reason = 'expired'"
        " where state = 'held' and expires <= :now",
        now=now,
    )


async def give_up_waiting(q: Queries, *, now: int) -> int:
    """Parts without a final receipt for 72 hours become `unknown`; their number."""
    rows = await q.all(
        f"""update part set state = 'unknown', done_at = :now
            where id in (select id from part
                         where state in ('sent', 'doubt') and sent_at <= :before
                         order by sent_at limit :limit
                         {q.only(postgresql="for update skip locked")})
              and state in ('sent', 'doubt')
            returning id, message_id""",
        now=now,
        before=now - RECEIPT_LIMIT,
        limit=_BATCH,
    )
    # Also of those in doubt: it may have been read, and a correction must not wait for ever.
    await outbox.mark_told(q, [row["id"] for row in rows])
    await outbox.fold(q, [row["message_id"] for row in rows], now=now)
    return len(rows)


async def taken_over(q: Queries, route: str) -> int:
    """Put in doubt what is on its way by a route whose lease was just taken; the number of parts.

    Whoever claimed it holds the route no more, and who takes it has claimed nothing yet. In the
    transaction that takes the lease.
    """
    return await q.run(
        """update part set state = 'doubt', sent_at = claimed_at
           where state = 'sending' and route = :route""",
        route=route,
    )


async def unheld(q: Queries) -> int:
    """The same for routes that nobody takes over: what was claimed by a process that is gone."""
    return await q.run(
        f"""update part set state = 'doubt', sent_at = claimed_at
            where state = 'sending' and not exists (
                select 1 from lease
                where lease.name = 'route:' || part.route and lease.holder = part.owner
                  and lease.until >= {leases.now(q)})"""
    )
