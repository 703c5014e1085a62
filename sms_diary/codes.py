"""Codes for the parent's page, sent after the page has answered: to known numbers alone.

A loop of its own, so that nothing of the answer depends on whether a number is known. A code that
a person asks for goes to a number that was stopped too; never to one that its operator lets
nothing through to, nor to one that was called a stranger's.
"""

from __future__ import annotations

from sms_diary import plan, schedule, voices
from sms_diary.carrying import Ways
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries
from sms_diary.model import Ground, NumberState
from sms_diary.render import Renderer
from sms_diary.store import numbers, outbox, schools, turns
from sms_diary.store.outbox import NewMessage
from sms_diary.store.parent import codes, family, sessions
from sms_diary.store.parent.codes import Wanted
from sms_diary.store.parent.family import Child
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

_NO_SCHOOL = 0
_NEVER = (NumberState.BLOCKED, NumberState.WRONG)


class Codes:
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

    async def step(self) -> bool:
        """See to the next code that was asked for; whether there may be more."""
        async with self._database.transaction() as q:
            wanted = await codes.next_wanted(q, self._tools)
            if wanted is not None:
                await self._answer(q, wanted)
        self._wakes.dispatch.set()
        return wanted is not None

    async def _answer(self, q: Queries, wanted: Wanted) -> None:
        """Send a code, or let it stand as one that nobody was sent."""
        late = wanted.ends_at <= self._clock.now()
        children = [] if late else await self._about(q, wanted)
        if not children:
            await codes.nobody(q, wanted)
            return
        known = await numbers.ensure(q, self._tools, [wanted.number], now=self._clock.now())
        number = known[wanted.number]
        if number.state in _NEVER:
            await codes.nobody(q, wanted)
            return
        code = codes.made()
        message_id = await self._send(q, wanted, number.id, children, code)
        await codes.opened(q, self._tools, wanted, code, number_id=number.id, message_id=message_id)

    async def _about(self, q: Queries, wanted: Wanted) -> list[Child]:
        """Whose number it is, or is to become."""
        if wanted.session_id == codes.TO_COME_IN:
            known = (await numbers.find(q, self._tools, [wanted.number])).get(wanted.number)
            return await family.of_number(q, known.id) if known else []
        session = await sessions.one(q, wanted.session_id)
        if session is None:
            return []
        return list((await family.of_session(q, self._tools, session)).children)

    async def _send(
        self, q: Queries, wanted: Wanted, number_id: int, children: list[Child], code: str
    ) -> int:
        """Queue the SMS before all else; the id of its message. Several schools are not named."""
        ids = {one.school_id for one in children}
        school_id = ids.pop() if len(ids) == 1 else _NO_SCHOOL
        school = (await schools.by_ids(q, [school_id])).get(school_id)
        voice = await voices.of_one(q, school_id, self._renderer)
        text = voice.say(
            "code", latin=all(one.latin for one in children), код=code,
            школа=school.short_name if school else "",
        )  # fmt: skip
        route = self._ways.route(school.route if school else "", urgent=True)
        way, now = self._ways.of(route), self._clock.now()
        queue = (school_id, schedule.URGENT_LANE, route)
        reached = await turns.reached(q, [queue], now=now)
        places = plan.turns(reached[queue], way.segments(text))
        places = places[-1:] if way.whole else places
        long = {number_id: 1} if len(places) > 1 else {}
        references = await numbers.next_references(q, long)
        message = NewMessage(
            school_id=school_id, guardian_id=None, number_id=number_id, consent_rev=0,
            ground=Ground.CODE, ledger_id=None, inbound_id=None, text=text,
            alphabet=str(way.choose(text)), turns=places, udh_ref=references.get(number_id, 0),
            level="full", lane=schedule.URGENT_LANE, route=route, expires=wanted.ends_at,
            whole=way.whole,
        )  # fmt: skip
        [message_id] = await outbox.add(q, self._tools, [message], now=now)
        return message_id
