"""What every word needs to be obeyed: the transaction, the time, and the one way to answer.

An answer goes to the number that wrote, by the route on which it wrote, once for each school
(«reply»: within ten minutes, or not at all).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from sms_diary import plan, schedule
from sms_diary.carrying import Ways
from sms_diary.db import Queries
from sms_diary.keywords import Said
from sms_diary.model import Ground
from sms_diary.render import Renderer
from sms_diary.store import outbox, turns
from sms_diary.store.inbound import Inbound
from sms_diary.store.outbox import NewMessage
from sms_diary.store.tools import Tools
from sms_diary.values import value

NO_SCHOOL = 0
"""The ledger's chain, and the school of an answer, for what no school or several are behind."""
Handled = Literal["done", "waiting"]
"""`waiting`: for a person to read."""


@value
class Desk:
    """One transaction in which one SMS is obeyed at the moment `now`."""

    q: Queries
    tools: Tools
    renderer: Renderer
    ways: Ways
    now: int

    async def reply(
        self, sms: Inbound, text: str, *, school_id: int = NO_SCHOOL, guardian_id: int | None = None
    ) -> None:
        """Queue the answer to this SMS; it leaves before all that is not an answer."""
        way = self.ways.of(sms.route)
        queue = (school_id, schedule.URGENT_LANE, sms.route)
        reached = await turns.reached(self.q, [queue], now=self.now)
        places = plan.turns(reached[queue], way.segments(text))
        message = NewMessage(
            school_id=school_id,
            guardian_id=guardian_id,
            number_id=sms.number_id,
            consent_rev=0,
            ground=Ground.REPLY,
            ledger_id=None,
            inbound_id=sms.id,
            text=text,
            alphabet=str(way.choose(text)),
            turns=places[-1:] if way.whole else places,
            udh_ref=1,
            level="full",
            lane=schedule.URGENT_LANE,
            route=sms.route,
            expires=self.now + schedule.REPLY_EXPIRES,
            whole=way.whole,
        )
        await outbox.add(self.q, self.tools, [message], now=self.now)


Obey = Callable[[Desk, Inbound, Said], Awaitable[Handled]]
"""Do what an SMS says, its answer included; whether it is done or waits for a person."""
