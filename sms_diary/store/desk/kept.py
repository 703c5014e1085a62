"""One request of a journal as it is kept: its body, and what of it was not taken. Reading only."""

from __future__ import annotations

import json
from typing import Any

from sms_diary.db import Queries
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Kept:
    """`answer` is what the journal was told; `questions` are its events that wait for a person
    still: (quarantine id, place)."""

    id: int
    request_id: str
    at: int
    body: bytes
    answer: dict[str, Any]
    questions: tuple[tuple[int, int], ...]

    @property
    def untaken(self) -> frozenset[int]:
        """Places of the events that were left out, or wait."""
        left_out = {one["index"] for one in self.answer.get("rejected", ())} - {None}
        return frozenset(left_out | {pos for _, pos in self.questions})


async def one(q: Queries, tools: Tools, school_id: int, delivery_id: int) -> Kept | None:
    """A request of a webhook, by its id; None where there is none, or its body is erased."""
    row = await q.one(
        """select id, request_id, at, body, answer from delivery
           where id = :id and school_id = :school_id and source = 'webhook'
             and body is not null""",
        id=delivery_id,
        school_id=school_id,
    )
    if row is None:
        return None
    held = await q.all(
        """select id, pos from quarantine
           where school_id = :school_id and state = 'open' and delivery_id = :id order by id""",
        school_id=school_id,
        id=delivery_id,
    )
    return Kept(
        row["id"], row["request_id"], row["at"],
        tools.vault.open(row["body"], "delivery.body", row["id"]), json.loads(row["answer"]),
        tuple((one["id"], one["pos"]) for one in held),
    )  # fmt: skip
