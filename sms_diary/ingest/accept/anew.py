"""A kept request, read once more: what was not taken then is tried by today's lists and rules.

For after a class list was loaded, or the service learnt to read more. Of what was taken then
nothing is touched, and no question is asked twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.ingest import parsing
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.ingest.drafts import Draft, to_draft
from sms_diary.model import Source
from sms_diary.store import quarantine
from sms_diary.store.desk.kept import Kept
from sms_diary.store.schools import School


async def readable(acceptor: Acceptor, q: Queries, school: School, kept: Kept) -> Accepted:
    """What would come of those of its events that can be taken now; nothing is kept."""
    tried = await acceptor.try_within(_request(school, kept, kept.untaken), q)
    good = {one.pos for one in tried.outcomes if one.word != "quarantined"}
    return await acceptor.try_within(_request(school, kept, good), q)


async def carry_out(
    acceptor: Acceptor, q: Queries, school: School, kept: Kept, *, by: str, now: int
) -> Accepted:
    """The same, kept, in a transaction of the caller's, who wakes the fanout after it.

    The questions that the events had left open are settled.
    """
    found = await readable(acceptor, q, school, kept)
    good = {one.pos for one in found.outcomes}
    if not good:
        return found
    accepted = await acceptor.accept_within(q, _request(school, kept, good), _nothing)
    settled = [held for held, pos in kept.questions if pos in good]
    await quarantine.settle(q, school.id, settled, "resolved", by=by, now=now)
    return accepted


def _request(school: School, kept: Kept, places: Iterable[int]) -> Request:
    wanted = sorted(places)
    # What takes other places is another request.
    name = hashlib.sha256(",".join(map(str, wanted)).encode()).hexdigest()[:16]
    return Request(
        school_id=school.id, source=Source.DESK, request_id=f"again-{kept.id}-{name}",
        body=kept.body, drafts=_drafts(kept, frozenset(wanted), school.zone),
    )  # fmt: skip


def _drafts(kept: Kept, places: frozenset[int], zone: ZoneInfo) -> list[tuple[int, Draft]]:
    """As of the time at which they came: what was said since is newer."""
    at = local(kept.at, zone)
    drafts = [
        (pos, to_draft(record))
        for pos, record in parsing.parse(kept.body, lenient=True).records
        if pos in places
    ]
    return [(pos, one if one.at else replace(one, at=at)) for pos, one in drafts]


async def _nothing(_accepted: Accepted) -> None:
    """What is changed here is not undone."""
