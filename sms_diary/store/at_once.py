"""One text to one number, before all else: a code, a test. No consent is needed for these.

Whether it may be sent is decided by whoever calls; its ground says why.
"""

from __future__ import annotations

from sms_diary import plan, schedule
from sms_diary.carrying import Carrying
from sms_diary.db import Queries
from sms_diary.model import Ground
from sms_diary.store import numbers, outbox, turns
from sms_diary.store.outbox import NewMessage
from sms_diary.store.tools import Tools


async def send(
    q: Queries, tools: Tools, school_id: int, number_id: int, text: str, *, ground: Ground,
    way: Carrying, route: str, expires: int, now: int,
) -> int:  # fmt: skip
    """Queue it; the id of its message. `school_id` 0: it is no school's."""
    queue = (school_id, schedule.URGENT_LANE, route)
    reached = await turns.reached(q, [queue], now=now)
    segments = way.segments(text)
    places = plan.turns(reached[queue], segments)
    places = places[-1:] if way.whole else places
    long = {number_id: 1} if len(places) > 1 else {}
    references = await numbers.next_references(q, long)
    message = NewMessage(
        school_id=school_id, guardian_id=None, number_id=number_id, consent_rev=0,
        ground=ground, ledger_id=None, inbound_id=None, text=text,
        alphabet=str(way.choose(text)), turns=places, udh_ref=references.get(number_id, 0),
        level="full", lane=schedule.URGENT_LANE, route=route, expires=expires,
        whole=way.whole, segments=segments,
    )  # fmt: skip
    [message_id] = await outbox.add(q, tools, [message], now=now)
    return message_id
