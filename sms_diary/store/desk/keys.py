"""A school's keys as its desk shows them, and what came in with them lately.

Never a secret: it is shown when it is made (`store.tokens`, `store.schools`) and not again.
"""

from __future__ import annotations

import json

from sms_diary.db import Queries, Row
from sms_diary.store.tokens import Right
from sms_diary.values import value

MOST_LIVE = 10
"""Live keys of one kind: each webhook is checked with every live secret."""


@value
class Key:
    """`kind` is `webhook` or `token`; `rights` are a token's."""

    id: int
    kind: str
    name: str
    rights: frozenset[Right]
    created_at: int


@value
class Delivery:
    """A request that was taken: its id as the sender gave it, and what the answer counted."""

    id: int
    request_id: str
    at: int
    created: int
    changed: int
    unchanged: int
    held: int
    rejected: int


async def live(q: Queries, school_id: int) -> list[Key]:
    """The live keys of the school itself, in the order in which they were made."""
    rows = await q.all(
        """select id, kind, name, scopes, created_at from credential
           where school_id = :school_id and revoked_at is null order by id""",
        school_id=school_id,
    )
    return [_key(row) for row in rows]


async def count(q: Queries, school_id: int, kind: str) -> int:
    """How many of one kind are live."""
    return sum(one.kind == kind for one in await live(q, school_id))


async def revoke(q: Queries, school_id: int, key_id: int, *, now: int) -> str | None:
    """End a live key of this school; its kind. None if there is none."""
    rows = await q.all(
        """update credential set revoked_at = :now
           where id = :id and school_id = :school_id and revoked_at is null returning kind""",
        id=key_id,
        school_id=school_id,
        now=now,
    )
    return rows[0]["kind"] if rows else None


def _key(row: Row) -> Key:
    words = row["scopes"].split()
    rights = frozenset(map(Right, words)) if words else frozenset(Right)
    return Key(row["id"], row["kind"], row["name"], rights, row["created_at"])


async def deliveries(q: Queries, school_id: int, *, limit: int = 50) -> list[Delivery]:
    """The last requests of webhooks whose bodies are still kept, the newest first."""
    rows = await q.all(
        """select id, request_id, answer, at from delivery
           where school_id = :school_id and body is not null and source = 'webhook'
           order by at desc limit :limit""",
        school_id=school_id,
        limit=limit,
    )
    return [_delivery(row) for row in rows]


def _delivery(row: Row) -> Delivery:
    said = json.loads(row["answer"])
    return Delivery(
        row["id"], row["request_id"], row["at"], said.get("created", 0), said.get("changed", 0),
        said.get("unchanged", 0) + said.get("stale", 0), len(said.get("quarantined", ())),
        len(said.get("rejected", ())),
    )  # fmt: skip
