"""The first SMS to a number whose consent stands on paper, and what waits until it has arrived.

A number copied from a form may be anybody's: lines about a child are held until one SMS without
a child's name was delivered there, or the number itself has written. This module knows rows only;
the text and the moment are `requests.py`'s (the loop), other requests `store/requests.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.clock import DAY
from sms_diary.db import Queries
from sms_diary.model import Hold
from sms_diary.store.tools import Tools

TRIES = 3
"""Welcomes that are sent before a number counts as unreachable."""
AGAIN_AFTER = DAY
"""From the end of one that did not arrive until the next."""


async def queue(
    q: Queries, tools: Tools, school_id: int, papers: Iterable[tuple[int, int]], *, now: int
) -> None:
    """One welcome for each guardian who had none, of (subscription, ledger row of its paper).

    One whatever the number of children; none while another waits or is on its way.
    """
    rows = sorted(dict(papers).items())
    if not rows:
        return
    new = await q.over(
        """with rows(subscription_id bigint, ledger_id bigint)
           select g.id, g.number_id, min(rows.ledger_id) as ledger_id
           from rows join subscription s on s.id = rows.subscription_id
           join guardian g on g.id = s.guardian_id
           where g.welcomed_at is null and g.school_id = :school_id
           group by g.id, g.number_id""",
        rows,
        school_id=school_id,
    )
    ids = tools.ids.many(len(new))
    await q.over(
        """with rows(id bigint, guardian_id bigint, number_id bigint, ledger_id bigint)
           insert into request (id, school_id, guardian_id, number_id, kind, state, ledger_id,
                                due, created_at)
           select id, :school_id, guardian_id, number_id, 'welcome', 'waiting', ledger_id,
                  :now, :now
           from rows where true on conflict do nothing""",
        [
            (request_id, row["id"], row["number_id"], row["ledger_id"])
            for request_id, row in zip(ids, sorted(new, key=lambda one: one["id"]), strict=True)
        ],
        school_id=school_id,
        now=now,
    )


async def queued(q: Queries, school_id: int, *, now: int) -> int:
    """How many welcomes of a school have been queued at this very moment."""
    row = await q.one(
        """select count(*) as many from request where school_id = :school_id
           and kind = 'welcome' and state = 'waiting' and created_at = :now""",
        school_id=school_id,
        now=now,
    )
    return int(row["many"]) if row else 0


async def since(q: Queries, guardian_ids: Iterable[int]) -> set[int]:
    """Those of guardians, read as not welcomed, who have been meanwhile.

    On PostgreSQL the others are not welcomed before this transaction ends, and then what it held
    for them is found.
    """
    rows = await q.over(
        f"""with rows(id bigint)
            select guardian.id, guardian.welcomed_at
            from rows join guardian on guardian.id = rows.id
            {q.only(postgresql="order by guardian.id for share of guardian")}""",
        [(guardian_id,) for guardian_id in sorted(set(guardian_ids))],
    )
    return {row["id"] for row in rows if row["welcomed_at"] is not None}


async def release(q: Queries, guardian_ids: Iterable[int], *, now: int) -> None:
    """These guardians are welcomed: what was held for them is told when it is due."""
    rows = [(guardian_id,) for guardian_id in sorted(set(guardian_ids))]
    await q.over(
        """with rows(id bigint)
           update guardian set welcomed_at = :now from rows
           where guardian.id = rows.id and guardian.welcomed_at is null""",
        rows,
        now=now,
    )
    await q.over(
        f"""with rows(id bigint)
            update line set state = 'planned', reason = '' from rows
            where line.guardian_id = rows.id and line.state = 'held'
              and line.reason = '{Hold.WELCOME}'""",
        rows,
    )


async def ended(q: Queries, messages: Sequence[tuple[int, str]], *, now: int) -> None:
    """Messages (id, final state): a welcome among them has arrived, or is tried again.

    A question that surely did not arrive is over, unless only its reminder was lost; the loop
    closes it. Nearly always there is no request on its way, and one look tells.
    """
    if not messages:
        return
    on_its_way = await q.one("select 1 as one from request where state = 'open' limit 1")
    if on_its_way is None:
        return
    rows = sorted((message_id, str(state)) for message_id, state in messages)
    moved = await q.over(
        """with rows(id bigint, state text)
           update request set due = :again,
               state = case when rows.state = 'delivered' then 'answered'
                            when request.tries >= :tries then 'dropped' else 'waiting' end
           from rows where request.message_id = rows.id and request.state = 'open'
             and request.kind = 'welcome'
           returning request.guardian_id, request.state""",
        rows,
        again=now + AGAIN_AFTER,
        tries=TRIES,
    )
    await release(q, [r["guardian_id"] for r in moved if r["state"] == "answered"], now=now)
    await q.over(
        """with rows(id bigint, state text)
           update request set until = :now from rows
           where request.message_id = rows.id and request.state = 'open'
             and request.kind = 'question' and request.reminded_at is null
             and rows.state not in ('delivered', 'unknown')""",
        rows,
        now=now,
    )
