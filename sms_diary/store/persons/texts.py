"""Texts, receipts, SMS from phones and proofs of one person, made null where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, Topic
from sms_diary.store import joined

_TOPICS = tuple(sorted({ALL_TOPICS, PERSONAL_DATA, URGENT, *(str(topic) for topic in Topic)}))
"""Whatever a row of the ledger may be about (`ledger.scope`)."""


async def of_guardian(
    q: Queries, school_id: int, guardian_id: int, number_id: int
) -> list[int]:  # fmt: skip
    """The messages of a school to a guardian, under a former number too, or to this number."""
    rows = await q.all(
        """select id from message where school_id = :school_id and text is not null
             and (guardian_id = :guardian_id or number_id = :number_id) order by id""",
        school_id=school_id,
        guardian_id=guardian_id,
        number_id=number_id,
    )
    return [row["id"] for row in rows]


async def of_number(q: Queries, number_id: int, school_ids: Iterable[int]) -> list[int]:
    """The messages of these schools to a number."""
    rows = await q.all(
        "select id, school_id from message where number_id = :id and text is not null order by id",
        id=number_id,
    )
    own = set(school_ids)
    return [row["id"] for row in rows if row["school_id"] in own]


async def destroy(q: Queries, message_ids: Sequence[int]) -> int:
    """The texts of these messages; how many there were."""
    await q.over(
        """with rows(id bigint)
           update message set text = null from rows where message.id = rows.id""",
        [(one,) for one in message_ids],
    )
    return len(message_ids)


async def destroy_receipts(q: Queries, message_ids: Sequence[int]) -> int:
    """What operators said of these messages, to the byte; their states stay."""
    rows = await q.over(
        """with rows(id bigint)
           update receipt set raw = null
           where receipt.raw is not null and receipt.part_id in (
               select part.id from rows join part on part.message_id = rows.id)
           returning id""",
        [(one,) for one in message_ids],
    )
    return len(rows)


async def destroy_receipts_of_number(q: Queries, number_id: int) -> int:
    """The same for a number: of all its parts, and those whose part was never found."""
    return await q.run(
        """update receipt set raw = null where raw is not null and (number_id = :number_id
             or part_id in (select part.id from message join part on part.message_id = message.id
                            where message.number_id = :number_id))""",
        number_id=number_id,
    )


async def destroy_inbound(q: Queries, number_id: int) -> int:
    """The SMS of a number; how many. That they came, when, and what they meant stays."""
    await q.run("delete from inbound_piece where number_id = :id", id=number_id)
    return await q.run(
        """update inbound set text = null, raw = null
           where number_id = :id and (text is not null or raw is not null)""",
        id=number_id,
    )


async def proofs(
    q: Queries, school_id: int, subject: str, subscription_ids: Iterable[int]
) -> list[int]:
    """The school's ledger rows about this pseudonym or these subscriptions that have evidence."""
    rows = await q.all(
        """select ledger.id from ledger join evidence on evidence.ledger_id = ledger.id
           where ledger.subject = :subject and ledger.school_id = :school_id""",
        subject=subject,
        school_id=school_id,
    )
    scoped = await q.over(
        """with rows(scope text)
           select ledger.id from rows join ledger on ledger.scope = rows.scope
           join evidence on evidence.ledger_id = ledger.id
           where ledger.school_id = :school_id""",
        sorted(
            (f"subscription:{one} {topic}",)
            for one in await joined.with_former(q, subscription_ids)
            for topic in _TOPICS
        ),
        school_id=school_id,
    )
    return sorted({row["id"] for row in (*rows, *scoped)})


async def destroy_proofs(q: Queries, ledger_ids: Sequence[int]) -> int:
    """Salt and evidence of these rows; the rows themselves stay, and their chain verifies."""
    await q.over(
        """with rows(id bigint)
           delete from evidence where ledger_id in (select id from rows)""",
        [(one,) for one in ledger_ids],
    )
    return len(ledger_ids)
