"""A trial SMS to a number of the school's own staff, by a route that a person names.

It goes the way of every message, so it shows that the whole way works; its ground is `staff`.
"""

from __future__ import annotations

from sms_diary import plan, schedule
from sms_diary.carrying import Carrying
from sms_diary.db import Queries
from sms_diary.model import Ground
from sms_diary.phone import mask
from sms_diary.store import numbers, outbox, schools, turns
from sms_diary.store.outbox import NewMessage
from sms_diary.store.tools import Tools


async def staff(q: Queries, tools: Tools, school_id: int) -> list[tuple[int, str]]:
    """The school's staff numbers, as (id, masked)."""
    ids = [number_id for _, number_id in await schools.staff(q, [school_id])]
    known = await numbers.read(q, tools, ids)
    return sorted((number_id, mask(number)) for number_id, number in known.items())


async def send(
    q: Queries, tools: Tools, school_id: int, number_id: int, text: str, *, route: str,
    way: Carrying, now: int,
) -> int | None:  # fmt: skip
    """Queue the text; the message's id. None if the number is not of the school's staff."""
    if (school_id, number_id) not in await schools.staff(q, [school_id]):
        return None
    await schools.by_ids(q, [school_id], lock=True)
    queue = (school_id, schedule.URGENT_LANE, route)
    reached = await turns.reached(q, [queue], now=now)
    places = plan.turns(reached[queue], way.segments(text))
    references = await numbers.next_references(q, {number_id: 1}) if len(places) > 1 else {}
    message = NewMessage(
        school_id=school_id, guardian_id=None, number_id=number_id, consent_rev=0,
        ground=Ground.STAFF, ledger_id=None, inbound_id=None, text=text,
        alphabet=str(way.choose(text)), turns=places[-1:] if way.whole else places,
        udh_ref=references.get(number_id, 0), level="full", lane=schedule.URGENT_LANE, route=route,
        expires=now + schedule.REPLY_EXPIRES, whole=way.whole,
        segments=way.segments(text),
    )  # fmt: skip
    [message_id] = await outbox.add(q, tools, [message], now=now)
    return message_id
