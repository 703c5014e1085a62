"""What a guardian's card shows beside consents: the last messages, the number. Reading only."""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.model import MessageState, NumberState
from sms_diary.store.messages import DESTROYED
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Sent:
    """`text` is `DESTROYED` where it is kept no more; `at`: when it was made (epoch ms)."""

    id: int
    at: int
    text: str
    state: MessageState


async def last_messages(
    q: Queries, tools: Tools, school_id: int, guardian_id: int, *, limit: int
) -> list[Sent]:
    """What the school has sent to the guardian's present number, newest first."""
    rows = await q.all(
        """select m.id, m.created_at, m.state, m.text
           from message m where m.number_id = (
               select g.number_id from guardian g
               where g.id = :guardian_id and g.school_id = :school_id)
             and +m.school_id = :school_id and m.guardian_id = :guardian_id
           order by m.id desc limit :limit""",  # the sign: by number, not by school
        guardian_id=guardian_id,
        school_id=school_id,
        limit=limit,
    )
    return [
        Sent(
            row["id"], row["created_at"],
            DESTROYED
            if row["text"] is None
            else tools.vault.text(row["text"], "message.text", row["id"]),
            MessageState(row["state"]),
        )
        for row in rows
    ]  # fmt: skip


async def number_state(q: Queries, number_id: int) -> NumberState:
    """Whether the number is written to; it must exist."""
    row = await q.one("select state from number where id = :id", id=number_id)
    assert row is not None
    return NumberState(row["state"])
