"""Codes for the parent's page, sent after the page has answered: to known numbers alone.

A loop of its own, so that nothing of the answer depends on whether a number is known. A code that
a person asks for goes to a number that was stopped too; never to one that its operator lets
nothing through to, nor to one that was called a stranger's.
"""

from __future__ import annotations

from sms_diary import voices
from sms_diary.db import Queries
from sms_diary.model import Ground, NumberState
from sms_diary.store import at_once, numbers, schools
from sms_diary.store.parent import codes, family, sessions
from sms_diary.store.parent.codes import Wanted
from sms_diary.store.parent.family import Child
from sms_diary.writes import Writes

_NO_SCHOOL = 0
_NEVER = (NumberState.BLOCKED, NumberState.WRONG)


class Codes(Writes):
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
        return await at_once.send(
            q, self._tools, school_id, number_id, text, ground=Ground.CODE,
            way=self._ways.of(route), route=route, expires=wanted.ends_at, now=self._clock.now(),
        )  # fmt: skip
