"""SMS from phones: stored before they are acknowledged, then obeyed, one a transaction.

What a word does stands in a module a group: `stopping`, `starting`, `answering` and `owner` change
consents, `asking` and `choosing` do not. Pieces of a long SMS are stored and acknowledged one by
one, and joined here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary import crash, keywords
from sms_diary.channels.base import InboundReport
from sms_diary.db import Queries
from sms_diary.inbound import answering, asking, choosing, owner, starting, stopping
from sms_diary.inbound.desk import Desk, Obey
from sms_diary.keywords import Meaning
from sms_diary.store import inbound
from sms_diary.store.inbound import Inbound
from sms_diary.writes import Writes

_OBEY: dict[Meaning, Obey] = {
    Meaning.STOP: stopping.stop,
    Meaning.START: starting.start,
    Meaning.YES: answering.yes,
    Meaning.NO: answering.no,
    Meaning.WRONG_NUMBER: owner.wrong_number,
    Meaning.NEW_NUMBER: owner.new_number,
    Meaning.MARKS: asking.marks,
    Meaning.TIMETABLE: asking.timetable,
    Meaning.HELP: asking.help_,
    Meaning.OTHER: asking.other,
    Meaning.LATIN: choosing.alphabet,
    Meaning.CYRILLIC: choosing.alphabet,
    Meaning.AT_ONCE: choosing.rhythm,
    Meaning.DAILY: choosing.rhythm,
    Meaning.WEEKLY: choosing.rhythm,
}
"""What each word does. A word without a line here is only kept."""


class InboundLoop(Writes):
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
                await self._obey(q, sms)
                crash.passing("inbound.obeyed")
            joined = not unread and await inbound.join(q, self._tools, now=self._clock.now())
        if unread:
            crash.passing("inbound.done")
            self._wakes.compose.set()
            self._wakes.dispatch.set()
            self._wakes.requests.set()
        return bool(unread) or joined

    async def _obey(self, q: Queries, sms: Inbound) -> None:
        said = keywords.understand(sms.text)
        obey = _OBEY.get(said.meaning)
        desk = Desk(
            q, self._tools, self._renderer, self._ways, self._clock.now(),
            always=said.meaning is Meaning.STOP,
        )  # fmt: skip
        state = await obey(desk, sms, said) if obey else "done"
        await inbound.handled(q, sms.id, said.meaning.value, state)
