"""Watching how journals are filled: the week's report of each school, and the word to its staff.

A loop of one process at a time. What is made stands in `store/`; here it is only decided when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial

import structlog

from sms_diary.clock import HOUR, local, millis
from sms_diary.db import Queries
from sms_diary.filled import Silence, monday, named
from sms_diary.store import fill_alarms, fill_weeks, schools, staff, templates
from sms_diary.store.schools import School
from sms_diary.writes import Writes

log = structlog.get_logger(__name__)
JOURNALS = "journals"
"""The lease under which it watches."""
POLL = 600.0
"""Seconds between looks at what changes once a day."""
REPORTED_AT = time(9)
"""Of the Monday after: by then the exports of the night have come."""
LOOKS = HOUR
"""Between looks at the silence of one school."""


@dataclass(eq=False)
class Journals(Writes):
    _looked: dict[int, int] = field(default_factory=dict, init=False)
    """School -> when this process has looked for silence last."""

    async def step(self) -> bool:
        """Every school once; nothing is left for at once."""
        now = self._clock.now()
        for school in await self._database.read(schools.every):
            await self.report(school, now)
            if now - self._looked.get(school.id, 0) >= LOOKS:
                self._looked[school.id] = now
                await self.look(school, now)
        return False

    async def report(self, school: School, now: int) -> list[date]:
        """Keep the weeks that are over and known whole; their Mondays."""
        async with self._database.reading() as q:
            wanted = await fill_weeks.missing(q, school, now=now)
            wanted = [one for one in wanted if now >= _reported_at(one, school)]
            if not wanted:
                return []
            seen = await fill_weeks.view(q, self._tools, school, wanted[0], now=now)
        weeks = [seen.week(one) for one in wanted]
        made = [one for one in weeks if one.cells and one.last < one.known]
        for one in made:
            await self._database.write(
                partial(fill_weeks.keep, school_id=school.id, one=one, now=now)
            )
        return [one.first for one in made]

    async def look(self, school: School, now: int) -> None:
        """Write down which classes are silent, and tell of them where that is wanted."""
        today = local(now, school.zone).date()
        this = monday(today)
        async with self._database.reading() as q:
            seen = await fill_weeks.view(q, self._tools, school, this, now=now)
            before = await fill_alarms.now_silent(q, school.id)
        # Of a log that nobody has uploaded lately there is nothing new to say.
        silent = list(seen.week(this).silent) if seen.known >= this else []
        if silent != before:
            await self._database.write(
                partial(fill_alarms.write, school_id=school.id, classes=silent)
            )
        here = [one for one in silent if seen.calendar.is_school(today, one.class_key)]
        if here and fill_alarms.wanted(school, now):
            async with self._database.transaction() as q:
                told = await self._tell(q, school, this, here, now)
            if told:
                self._wakes.dispatch.set()

    async def _tell(
        self, q: Queries, school: School, week: date, silent: Sequence[Silence], now: int
    ) -> bool:
        """One SMS to each of the staff, of the classes that were not told of this week."""
        await schools.by_ids(q, [school.id], lock=True)
        news = await fill_alarms.untold(q, school.id, week, silent)
        members = await staff.of_school(q, self._tools, school.id)
        if not (news and members):
            return False
        own = (await templates.own(q, [school.id])).get(school.id, {})
        text = self._renderer.of(own).say("fill_alarm", классы=named(news))
        closes = school.calendar.plain.closing(now)
        route = self._ways.route(school.route)
        for member in members:
            await staff.send(
                q, self._tools, school.id, member.number_id, text, way=self._ways.of(route),
                route=route, now=now, **({"lasts": closes - now} if closes else {}),
            )  # fmt: skip
        await fill_alarms.tell(q, school.id, week, news, now=now)
        await fill_alarms.forget(q, week - timedelta(weeks=8))
        log.info("silent journals told of", school=school.slug, classes=len(news))
        return True


def _reported_at(first: date, school: School) -> int:
    return millis(datetime.combine(first + timedelta(weeks=1), REPORTED_AT, school.zone))
