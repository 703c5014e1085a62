"""What time does to the outbox: retries fall due, texts expire, the dead leave doubt behind."""

from __future__ import annotations

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
    await q.run(
        """update line set state = 'expired', reason = 'expired'
           where state = 'planned' and due <= :now and expires <= :now""",
        now=now,
    )
    return len(rows)


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


async def recover(q: Queries, *, dead: list[str] | None = None) -> int:
    """Put in doubt what dead processes had claimed; the number of parts.

    `dead=None`: every process but this one is dead (an SQLite file has one server), and this
    one has claimed nothing yet. Otherwise the processes are named by the caller.
    """
    if dead is None:
        return await q.run(
            "update part set state = 'doubt', sent_at = claimed_at where state = 'sending'"
        )
    rows = await q.over(
        """with rows(owner text)
           update part set state = 'doubt', sent_at = claimed_at from rows
           where part.state = 'sending' and part.owner = rows.owner returning part.id""",
        [(owner,) for owner in sorted(dead)],
    )
    return len(rows)


async def dead_owners(q: Queries) -> list[str]:
    """Processes that hold claimed parts and no longer live."""
    rows = await q.all("select distinct owner from part where state = 'sending'")
    return await leases.dead_holders(q, [row["owner"] for row in rows])
