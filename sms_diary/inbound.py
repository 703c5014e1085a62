"""SMS from phones: stored before they are acknowledged, then obeyed.

СТОП counts from every number, at once, for every child in every school; it is confirmed once.
Pieces of a long SMS are stored and acknowledged one by one, and joined here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sms_diary import crash, keywords, plan, schedule
from sms_diary.carrying import Ways
from sms_diary.channels.base import InboundReport
from sms_diary.clock import DAY, Clock
from sms_diary.db import Database, Queries
from sms_diary.keywords import Meaning
from sms_diary.model import ConsentState, Ground
from sms_diary.render import Renderer
from sms_diary.store import consents, inbound, ledger, numbers, outbox, turns, withdraw
from sms_diary.store.consents import Change
from sms_diary.store.inbound import Inbound
from sms_diary.store.ledger import Act
from sms_diary.store.outbox import NewMessage
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

NO_SCHOOL = 0
"""The ledger's chain, and the school of an answer, for numbers that no school knows."""


class InboundLoop:
    def __init__(
        self, database: Database, tools: Tools, clock: Clock, wakes: Wakes, renderer: Renderer,
        ways: Ways,
    ) -> None:  # fmt: skip
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes
        self._renderer = renderer
        self._ways = ways

    async def store(self, route: str, reports: Sequence[InboundReport]) -> None:
        """Commit SMS and pieces of SMS; after that, and only then, may they be acknowledged."""
        async with self._database.transaction() as q:
            await inbound.store(q, self._tools, route, reports, now=self._clock.now())
            crash.passing("inbound.written")
        crash.passing("inbound.committed")
        self._wakes.inbound.set()

    async def step(self) -> bool:
        """Obey the next SMS, or join the pieces of one; whether there may be more.

        One a transaction: a СТОП locks its number, and who locks several in no order meets
        others who do.
        """
        async with self._database.transaction() as q:
            unread = await inbound.unread(q, self._tools, 1)
            for sms in unread:
                meaning = keywords.read(sms.text)
                if meaning is Meaning.STOP:
                    await self._stop(q, sms)
                await inbound.done(q, sms.id, meaning.value)
                crash.passing("inbound.obeyed")
            joined = not unread and await inbound.join(q, self._tools, now=self._clock.now())
        if unread:
            crash.passing("inbound.done")
            self._wakes.compose.set()
            self._wakes.dispatch.set()
        return bool(unread) or joined

    async def _stop(self, q: Queries, sms: Inbound) -> None:
        now = self._clock.now()
        stopped = await numbers.stop(q, sms.number_id, now=now)
        if stopped:
            await self._revoke(q, sms, now)
            # Also lines and messages of subscriptions that had no consent row to change.
            await withdraw.withdraw(q, [sms.number_id], now=now)
        elif await inbound.was_answered(q, sms.number_id, since=now - DAY):
            # Two robots must not talk for ever: a repeated СТОП is confirmed once a day.
            return
        await self._confirm(q, sms, now)

    async def _revoke(self, q: Queries, sms: Inbound, now: int) -> None:
        held = await consents.of_number(q, sms.number_id)
        if not held:
            act = self._act(sms, "number")
            await ledger.append(q, self._tools, NO_SCHOOL, [act], now=now)
        for school_id, own in groupby(held, key=lambda one: one.school_id):
            changes = [
                Change(
                    one.subscription_id,
                    sms.number_id,
                    ConsentState.STOPPED,
                    self._act(sms, f"subscription:{one.subscription_id} {topic}"),
                    topic,
                )
                for one in own
                for topic in one.topics
            ]
            await consents.change(q, self._tools, school_id, changes, now=now)

    def _act(self, sms: Inbound, scope: str) -> Act:
        return Act(
            action="revoked",
            number=sms.number,
            scope=scope,
            actor="sms",
            evidence={
                "number": sms.number,
                "text": sms.text,
                "inbound": str(sms.id),
                "reception": sms.reception,
                "at": sms.at,
            },
        )

    async def _confirm(self, q: Queries, sms: Inbound, now: int) -> None:
        text = self._renderer.say("stopped")
        way = self._ways.of(sms.route)
        queue = (NO_SCHOOL, schedule.URGENT_LANE, sms.route)
        reached = await turns.reached(q, [queue], now=now)
        places = plan.turns(reached[queue], way.segments(text))
        message = NewMessage(
            school_id=NO_SCHOOL,
            guardian_id=None,
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
            expires=now + schedule.REPLY_EXPIRES,
            whole=way.whole,
        )
        await outbox.add(q, self._tools, [message], now=now)
