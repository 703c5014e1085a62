"""A message that did not arrive, told once more because a person asks for it.

Its lines wait again and are composed anew, under the consents, wishes and hours of now: what was
corrected, called off, forbidden or is late since stays untold. A message in doubt is `doubt.py`'s,
and what has never left is told anew by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sms_diary.db import Queries
from sms_diary.model import MessageState, SchoolMode, Silence
from sms_diary.store import numbers, replan, withdraw

FAILED = (MessageState.UNDELIVERED, MessageState.REJECTED)
"""Ends after which it may be worth while. Of a message whose fate is unknown, all is too late."""
REPEATED = "repeated"
"""Reason of a failed message the lines of which another one tells."""


class Outcome(StrEnum):
    """What came of asking."""

    DONE = "done"
    NOTHING = "nothing"
    """There is no such message, or it tells nothing that is still worth telling."""
    NOT_ALLOWED = "not-allowed"


async def worth_telling(q: Queries, school_id: int, message_id: int, *, now: int) -> list[int]:
    """The lines that this message failed to tell and that hold now as they were."""
    rows = await q.all(
        f"""select l.id from message m join line l on l.message_id = m.id
            join entry e on e.id = l.entry_id
            where m.id = :id and m.school_id = :school_id and m.ground = 'consent'
              and m.state in ({", ".join(f"'{state}'" for state in FAILED)})
              and l.state = 'silent' and l.reason = '{Silence.NOT_DELIVERED}'
              and l.expires > :now and e.version = l.version and e.silence = ''
            order by l.id""",
        id=message_id, school_id=school_id, now=now,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def again(q: Queries, school_id: int, message_id: int, *, now: int) -> Outcome:
    """Plan them once more. After `NOT_ALLOWED` the transaction must be undone.

    A second call finds nothing: the lines are no longer this message's.
    """
    message = await q.one(
        """select m.number_id, m.guardian_id from message m join school s on s.id = m.school_id
           where m.id = :id and m.school_id = :school_id
             and (s.mode = :live or exists (select 1 from staff
                  where staff.school_id = s.id and staff.number_id = m.number_id))""",
        id=message_id, school_id=school_id, live=str(SchoolMode.LIVE),
    )  # fmt: skip
    if message is None:
        return Outcome.NOT_ALLOWED
    await numbers.lock(q, [message["number_id"]])  # who presses twice waits here for the first
    found = await worth_telling(q, school_id, message_id, now=now)
    if not found:
        return Outcome.NOTHING
    await q.over(
        """with rows(id bigint)
           update line set state = 'planned', reason = '', due = :now, message_id = null
           from rows where line.id = rows.id""",
        [(line_id,) for line_id in found],
        now=now,
    )
    await q.run("update message set reason = :why where id = :id", why=REPEATED, id=message_id)
    await withdraw.withdraw(q, [message["number_id"]], now=now)
    await replan.again(q, [message["guardian_id"]])
    return Outcome.DONE if await _wait(q, found) else Outcome.NOT_ALLOWED


async def _wait(q: Queries, line_ids: Sequence[int]) -> bool:
    """Whether any of them may be told: the number is open, and a consent covers it."""
    rows = await q.over(
        """with rows(id bigint)
           select line.id from rows join line on line.id = rows.id
           join guardian on guardian.id = line.guardian_id
           join number on number.id = guardian.number_id
           where line.state = 'planned' and number.state = 'open'""",
        [(line_id,) for line_id in line_ids],
    )
    return bool(rows)
