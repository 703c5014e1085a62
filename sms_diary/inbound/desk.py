"""What every word needs to be obeyed: the transaction, the time, and the one way to answer.

An answer goes to the number that wrote, by the route on which it wrote, once for each school
(«reply»: within ten minutes, or not at all). Answers are counted, so that two robots do not talk
for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from sms_diary import plan, schedule, voices
from sms_diary.carrying import Ways
from sms_diary.clock import DAY
from sms_diary.db import Queries
from sms_diary.keywords import Meaning, Said
from sms_diary.model import Ground
from sms_diary.render import Renderer
from sms_diary.store import inbound, numbers, outbox, turns
from sms_diary.store.inbound import Inbound
from sms_diary.store.outbox import NewMessage
from sms_diary.store.tools import Tools
from sms_diary.values import value
from sms_diary.voices import Voice

NO_SCHOOL = 0
"""The ledger's chain, and the school of an answer, for what no school or several are behind."""
ANSWERS_A_DAY = 10
"""SMS of one number that are answered within 24 hours, whatever they say; СТОП apart."""
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
    always: bool = False
    """Whether the word is answered beyond `ANSWERS_A_DAY`."""

    async def voice(self, school_id: int) -> Voice:
        """Of the one school behind an answer, or the shared one where there is none (0)."""
        return await voices.of_one(self.q, school_id, self.renderer)

    async def say(
        self, sms: Inbound, name: str, *, school_id: int = NO_SCHOOL, latin: bool = False,
        **values: object,
    ) -> str:  # fmt: skip
        """The text of a template, as that school has it."""
        return self.said(await self.voice(school_id), sms, name, latin=latin, **values)

    def said(self, voice: Voice, sms: Inbound, name: str, *, latin: bool, **values: object) -> str:
        """The same; `отвечать` tells the template whether this route can be written to."""
        return voice.say(name, latin=latin, отвечать=self.ways.of(sms.route).answerable, **values)

    async def hold(self, sms: Inbound) -> None:
        """Let nobody answer or stop this number before the transaction ends."""
        await numbers.find(self.q, self.tools, [sms.number], lock=True)

    async def answered(self, sms: Inbound, *words: Meaning) -> int:
        """How many other SMS of this number were answered in 24 hours: of these words, or all."""
        counts = await inbound.answered(self.q, sms.number_id, since=self.now - DAY, but=sms.id)
        return sum(count for word, count in counts.items() if not words or word in words)

    async def reply(
        self, sms: Inbound, text: str, *, school_id: int = NO_SCHOOL,
        guardian_id: int | None = None, ledger_id: int | None = None, consent_rev: int = 0,
    ) -> None:  # fmt: skip
        """Queue the answer to this SMS, if the day has room for one; it leaves before all else.

        An answer that tells of a child names the row of the ledger that allows it, and the
        revision of consents under which it was written: it is withdrawn when that is past.
        """
        if not self.always and await self.answered(sms) >= ANSWERS_A_DAY:
            return
        way = self.ways.of(sms.route)
        queue = (school_id, schedule.URGENT_LANE, sms.route)
        reached = await turns.reached(self.q, [queue], now=self.now)
        places = plan.turns(reached[queue], way.segments(text))
        places = places[-1:] if way.whole else places
        message = NewMessage(
            school_id=school_id,
            guardian_id=guardian_id,
            number_id=sms.number_id,
            consent_rev=consent_rev,
            ground=Ground.REPLY,
            ledger_id=ledger_id,
            inbound_id=sms.id,
            text=text,
            alphabet=str(way.choose(text)),
            turns=places,
            udh_ref=await self._reference(sms) if len(places) > 1 else 0,
            level="full",
            lane=schedule.URGENT_LANE,
            route=sms.route,
            expires=self.now + schedule.REPLY_EXPIRES,
            whole=way.whole,
            segments=way.segments(text),
        )
        await outbox.add(self.q, self.tools, [message], now=self.now)

    async def _reference(self, sms: Inbound) -> int:
        references = await numbers.next_references(self.q, {sms.number_id: 1})
        return references[sms.number_id]


Obey = Callable[[Desk, Inbound, Said], Awaitable[Handled]]
"""Do what an SMS says, its answer included; whether it is done or waits for a person."""
