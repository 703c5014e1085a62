"""Subscriptions that are no more, since their pupil was written twice (`persons.merging`).

The guardian's other subscription has taken their place; what the ledger holds of them is its
history too.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries


async def add(q: Queries, school_id: int, pairs: Iterable[tuple[int, int]]) -> None:
    """(gone, left) of subscriptions; what had gone into one that goes now follows it."""
    rows = sorted(pairs)
    await q.over(
        """with rows(id bigint, into_id bigint)
           update joined set into_id = rows.into_id from rows
           where joined.into_id = rows.id and joined.school_id = :school_id""",
        rows,
        school_id=school_id,
    )
    await q.insert(
        "joined", "id, school_id, into_id", [(gone, school_id, left) for gone, left in rows]
    )


async def with_former(q: Queries, subscription_ids: Iterable[int]) -> list[int]:
    """These subscriptions and those that have gone into them."""
    ids = set(subscription_ids)
    rows = await q.over(
        """with rows(id bigint)
           select joined.id from rows join joined on joined.into_id = rows.id""",
        [(one,) for one in sorted(ids)],
    )
    return sorted(ids | {row["id"] for row in rows})
