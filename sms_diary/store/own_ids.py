"""Receipts that name a part by our own id: echoed by the provider, or asked for by us.

No digits of somebody else's are compared here, so there is nothing to guess. Which part other
receipts speak of is `receipt_parts.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.channels.base import ReceiptReport
from sms_diary.db import Queries
from sms_diary.model import PartState
from sms_diary.provider_id import canonical
from sms_diary.store.receipt_parts import Target, target_of
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Named:
    """A part that a receipt names."""

    target: Target | None
    """None while it is on its way: the answer to its attempt must be written first."""
    number_id: int
    """So that, once that answer is lost, the receipt is known to be of this number."""


async def named(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport]
) -> dict[int, Named]:
    """By place among the reports, the parts of the route that are named; the phone must be theirs
    where the receipt says one. A part that had no id of the provider's gets the receipt's."""
    asked = [(one.part_id, place) for place, one in enumerate(reports) if one.part_id is not None]
    if not asked:
        return {}
    rows = await q.over(
        f"""with rows(id bigint, place bigint)
            select rows.place, part.id, part.message_id, part.total, part.state, part.number_id,
                   number.idx, number.erased_at
            from rows join part on part.id = rows.id and part.route = :route
            join number on number.id = part.number_id
            {q.only(postgresql="order by part.id for update of part")}""",
        asked,
        route=route,
    )
    found: dict[int, Named] = {}
    for row in rows:
        report = reports[row["place"]]
        if report.number and tools.vault.index(report.number) != row["idx"]:
            continue
        moving = row["state"] == PartState.SENDING
        found[row["place"]] = Named(None if moving else target_of(row), row["number_id"])
    await _learn_ids(q, [reports[at] for at, one in sorted(found.items()) if one.target])
    return found


async def _learn_ids(q: Queries, reports: Sequence[ReceiptReport]) -> None:
    ids = {one.part_id: one.provider_id for one in reports if one.provider_id and one.part_id}
    await q.over(
        """with rows(id bigint, provider_id text, provider_key text)
           update part set provider_id = rows.provider_id, provider_key = rows.provider_key
           from rows where part.id = rows.id and part.provider_key is null
             and part.state in ('doubt', 'sent', 'unknown')""",
        sorted((part_id, said, canonical(said)) for part_id, said in ids.items()),
    )
