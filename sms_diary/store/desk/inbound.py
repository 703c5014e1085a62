"""What stands beside an SMS from a parent: who wrote it, and what went back. Reading only.

Which SMS a school may read is `mailbox`'s.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.store import numbers
from sms_diary.store.messages import DESTROYED
from sms_diary.store.numbers import Number
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Reply:
    """`message_id` and `text` only where the school itself has answered, not the service for all:
    that one may name another school's child."""

    message_id: int | None
    text: str


async def replies(
    q: Queries, tools: Tools, school_id: int, inbound_ids: Iterable[int]
) -> dict[int, Reply]:
    """SMS -> the answer that went out, the school's own before the service's."""
    rows = await q.over(
        """with rows(id bigint)
           select m.inbound_id, m.id, m.school_id, m.text
           from rows join message m on m.inbound_id = rows.id and m.ground = 'reply'
           where m.school_id in (:school_id, 0) order by m.inbound_id, m.school_id""",
        [(one,) for one in sorted(set(inbound_ids))],
        school_id=school_id,
    )
    return {
        row["inbound_id"]: Reply(None, "")
        if not row["school_id"]
        else Reply(
            row["id"],
            DESTROYED
            if row["text"] is None
            else tools.vault.text(row["text"], "message.text", row["id"]),
        )
        for row in rows
    }


async def names(q: Queries, school_id: int, guardian_ids: Iterable[int]) -> dict[int, str]:
    """Guardian -> the name, "" where it is not known."""
    rows = await q.over(
        """with rows(id bigint)
           select g.id, g.full_name from rows join guardian g on g.id = rows.id
           where g.school_id = :school_id""",
        [(one,) for one in sorted(set(guardian_ids))],
        school_id=school_id,
    )
    return {row["id"]: row["full_name"] or "" for row in rows}


async def waiting(q: Queries, school_id: int, *, most: int) -> int:
    """How many SMS of the school's numbers wait for a person, counted up to `most`.

    Of a number that several schools have each counts all: who may read which is seen in the list.
    """
    rows = await q.all(
        """select i.id from inbound i cross join guardian g
           where g.number_id = i.number_id and g.school_id = :school_id
             and i.state = 'waiting' order by i.id desc limit :most""",
        school_id=school_id,
        most=most,
    )
    return len(rows)


async def may_be_tried(q: Queries, tools: Tools, school_id: int, phone: str) -> Number | None:
    """The number (E.164), if an SMS from it may be feigned: the school's staff, and nobody else's.

    A word obeyed for a number counts in every school that has it, so one that another school
    writes to is refused like one that nobody knows.
    """
    known = (await numbers.find(q, tools, [phone])).get(phone)
    if known is None:
        return None
    row = await q.one(
        """select 1 as one from staff st where st.school_id = :school_id and st.number_id = :id
           and not exists (select 1 from guardian g
                           where g.number_id = st.number_id and g.school_id <> :school_id)""",
        school_id=school_id,
        id=known.id,
    )
    return known if row else None
