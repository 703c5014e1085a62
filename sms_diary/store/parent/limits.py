"""How often something was tried: one count for all processes, kept without numbers or addresses.

A try is written before what it is for is looked at, so many at once are many.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.clock import DAY
from sms_diary.db import Queries
from sms_diary.store.tools import Tools
from sms_diary.values import value

_PLACE = 7307004
"""Of our advisory locks on PostgreSQL."""


@value
class Limit:
    """At most so many tries of `what` in `span` milliseconds, a day at most."""

    what: str
    most: int
    span: int


async def take(q: Queries, tools: Tools, limits: Iterable[Limit], *, now: int) -> list[int] | None:
    """Count a try; its rows, to be given back, or None where a limit is reached: not counted then.

    Whoever counts the same thing waits until this transaction ends.
    """
    wanted = [(tools.vault.digest(one.what.encode()), one) for one in limits]
    digests = sorted({digest for digest, _ in wanted})
    await _alone(q, digests)
    for digest, limit in wanted:
        row = await q.one(
            "select count(*) as n from parent_attempt where digest = :digest and at > :since",
            digest=digest,
            since=now - min(limit.span, DAY),
        )
        assert row is not None
        if row["n"] >= limit.most:
            return None
    ids = tools.ids.many(len(digests))
    await q.insert(
        "parent_attempt",
        "id, digest, at",
        [(row_id, digest, now) for row_id, digest in zip(ids, digests, strict=True)],
    )
    return ids


async def give_back(q: Queries, ids: Iterable[int]) -> None:
    """It was no guess: that try counts no more."""
    await q.over(
        """with rows(id bigint)
           delete from parent_attempt where id in (select id from rows)""",
        sorted((one,) for one in ids),
    )


async def _alone(q: Queries, digests: Iterable[bytes]) -> None:
    """SQLite has one writer; on PostgreSQL two would count the same and both be one too many."""
    if q.engine == "postgresql":
        for digest in digests:
            await q.all(f"select pg_advisory_xact_lock({_PLACE}, hashtext(:key))", key=digest.hex())
