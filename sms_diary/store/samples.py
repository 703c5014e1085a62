"""Texts that have gone out, a few of the last ones, to be measured: their words go nowhere else."""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.store.desk import edges
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Sample:
    guardian_id: int
    text: str
    segments: int
    at: int
    """Epoch milliseconds."""


async def last(
    q: Queries, tools: Tools, school_id: int, *, since: int, until: int, most: int
) -> list[Sample]:
    """The newest news for parents made between two moments whose texts are still kept."""
    low, high = await edges.since(q, school_id, since), await edges.until(q, school_id, until)
    rows = await q.all(
        """select id, guardian_id, text, segments, created_at from message
           where school_id = :school_id and id >= :low and id < :high and text is not null
             and ground = 'consent' and state <> 'withdrawn'
             and created_at >= :since and created_at < :until
           order by id desc limit :most""",
        school_id=school_id, low=low, high=high, since=since, until=until, most=most,
    )  # fmt: skip
    return [
        Sample(
            row["guardian_id"], tools.vault.text(row["text"], "message.text", row["id"]),
            row["segments"], row["created_at"],
        )
        for row in rows
    ]  # fmt: skip
