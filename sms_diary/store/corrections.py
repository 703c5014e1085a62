"""A correction overtakes what has not been sent yet: the message is withdrawn and made anew.

What is on its way is left alone: the correction waits until that has settled (`lines.due`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries
from sms_diary.store import numbers, withdraw


async def take_back(q: Queries, entries: Sequence[tuple[int, int]], *, now: int) -> None:
    """Withdraw the unsent messages that tell an older version of these (entry, version).

    Their lines are planned again; who writes the newer version replaces those that it corrects.
    """
    if not entries:
        return
    rows = await q.over(
        """with rows(entry_id bigint, version bigint)
           select distinct message.number_id
           from rows join line on line.entry_id = rows.entry_id and line.version < rows.version
           join message on message.id = line.message_id
           where line.state = 'taken' and not exists (
               select 1 from part where part.message_id = message.id
                 and part.state not in ('queued', 'retry'))""",
        sorted(entries),
    )
    if not rows:
        return
    number_ids = {row["number_id"] for row in rows}
    await numbers.lock(q, number_ids)
    await withdraw.withdraw(q, number_ids, now=now)
