"""How the consents of one subscription came to be: its rows of the ledger with their evidence."""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, Topic
from sms_diary.store import entries, joined
from sms_diary.store.entries import Entry
from sms_diary.store.subscriptions import Found
from sms_diary.store.tools import Tools

NUMBER = "number"
"""The scope of an act about all of a number."""


async def of_subscription(q: Queries, tools: Tools, school_id: int, found: Found) -> list[Entry]:
    """The rows about the subscription, and those about all of its present number, in order."""
    topics = {ALL_TOPICS, URGENT, PERSONAL_DATA, *map(str, Topic), *found.view.topics}
    rows = await q.over(
        """with rows(scope text)
           select ledger.id from rows join ledger on ledger.scope = rows.scope
           where ledger.school_id = :school_id""",
        sorted(
            (f"subscription:{one} {topic}",)
            for one in await joined.with_former(q, [found.view.id])
            for topic in topics
        ),
        school_id=school_id,
    )
    subject = tools.vault.pseudonym(school_id, found.number)
    whole = await q.all(
        """select id from ledger
           where subject = :subject and school_id = :school_id and scope = :scope""",
        subject=subject,
        school_id=school_id,
        scope=NUMBER,
    )
    return await entries.by_ids(q, tools, [row["id"] for row in (*rows, *whole)])
