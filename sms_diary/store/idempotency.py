"""Answers that were given to requests with an Idempotency-Key, to be given again.

One row stands for key and token's school; it is made in the transaction that does the work, so a
work that failed leaves none and two of the same wait for one another.
"""

from __future__ import annotations

import hashlib

from sms_diary.clock import DAY
from sms_diary.db import Queries
from sms_diary.store.tools import Tools
from sms_diary.values import value

KEPT = 7 * DAY
_BATCH = 1000


@value
class Before:
    """The answer of the first time; `same` says whether this request is the same one."""

    same: bool
    status: int
    answer: bytes


async def begin(
    q: Queries, tools: Tools, school_id: int, key: str, request: bytes, *, now: int
) -> int | Before:
    """The id to `finish` with, or what was answered before under this key.

    `school_id` is the token's (0: all schools). `request` is everything that makes two requests
    the same.
    """
    row_id = tools.ids.new()
    hashed = hashlib.sha256(request).digest()
    made = await q.run(
        """insert into idempotency (id, school_id, key_hash, request_hash, at)
           values (:id, :school_id, :key_hash, :request_hash, :now)
           on conflict (school_id, key_hash) do nothing""",
        id=row_id,
        school_id=school_id,
        key_hash=_key(key),
        request_hash=hashed,
        now=now,
    )
    if made:
        return row_id
    row = await q.one(
        "select * from idempotency where school_id = :school_id and key_hash = :key_hash",
        school_id=school_id,
        key_hash=_key(key),
    )
    assert row is not None
    answer = tools.vault.open(row["answer"], "idempotency.answer", row["id"])
    return Before(bytes(row["request_hash"]) == hashed, row["status"], answer)


async def finish(q: Queries, tools: Tools, row_id: int, status: int, answer: bytes) -> None:
    """Keep the answer, sealed: it may hold names."""
    await q.run(
        "update idempotency set status = :status, answer = :answer where id = :id",
        status=status,
        answer=tools.vault.seal(answer, "idempotency.answer", row_id),
        id=row_id,
    )


async def sweep(q: Queries, *, now: int) -> int:
    """Forget answers that are older than `KEPT`; how many of a batch."""
    return await q.run(
        """delete from idempotency
           where id in (select id from idempotency where at < :before order by at limit :limit)""",
        before=now - KEPT,
        limit=_BATCH,
    )


def _key(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
