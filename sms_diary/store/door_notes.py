"""What the events door did not take, and requests that it had already: the last ones of a school.

Bounded, and nothing of a request is in it: whoever asks without a key is noted too.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.db import Queries
from sms_diary.store.tools import Tools
from sms_diary.values import value

KEPT = 50
"""Notes of a school; older ones go."""


@value
class Answered:
    """How a request was answered: the status, a closed word, and a sentence of our own."""

    school_id: int
    status: int
    code: str
    words: str


@value
class Noted:
    """`times`: how many were answered so at about that moment (epoch milliseconds)."""

    id: int
    status: int
    code: str
    words: str
    times: int
    at: int


async def add(q: Queries, tools: Tools, seen: Mapping[Answered, int], *, now: int) -> None:
    """Note these with how many there were of each; of every school the last `KEPT` stay."""
    await q.insert(
        "door_note",
        "id, school_id, status, code, words, times, at",
        [
            (tools.ids.new(), one.school_id, one.status, one.code, one.words, times, now)
            for one, times in seen.items()
        ],
    )
    for school_id in sorted({one.school_id for one in seen}):
        await q.run(
            """delete from door_note where school_id = :school_id and id <= (
                 select id from door_note where school_id = :school_id
                 order by id desc limit 1 offset :kept)""",
            school_id=school_id,
            kept=KEPT,
        )


async def of_school(q: Queries, school_id: int) -> list[Noted]:
    """The newest first."""
    rows = await q.all(
        """select id, status, code, words, times, at from door_note
           where school_id = :school_id order by id desc limit :kept""",
        school_id=school_id,
        kept=KEPT,
    )
    return [Noted(**row) for row in rows]
