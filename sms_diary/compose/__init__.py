"""A guardian's due lines become texts within the school's budget, and go to the outbox.

Texts are rendered outside any transaction; queueing is one, and takes only lines for which nothing
has changed since they were read. So a stop that comes meanwhile finds either the lines or the
message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sms_diary import crash, plan, voices
from sms_diary.carrying import Ways
from sms_diary.compose.budgets import Budgets
from sms_diary.compose.hours import Closing, by_hours
from sms_diary.db import Queries, Row
from sms_diary.model import Ground, Hold, kind_of
from sms_diary.render import Text
from sms_diary.store import (
    lines,
    numbers,
    outbox,
    rerouting,
    schools,
    spacing,
    telling,
    turns,
)
from sms_diary.store.outbox import NewMessage
from sms_diary.store.schools import School
from sms_diary.values import value
from sms_diary.voices import Voice
from sms_diary.writes import Writes

_BREATH = 16
"""Guardians rendered for before other tasks get their turn."""
GUARDIANS = 500
"""Guardians composed for in one transaction."""


@value
class _Composed:
    """A text for one guardian, the lines that it tells, and the route by which it leaves."""

    own: Sequence[Row]
    text: Text
    route: str
    urgent: bool
    """Whether any of these lines is."""


@value
class _Due:
    """What is due for the next guardians, and what it takes to tell it."""

    rows: list[Row]
    later: list[tuple[int, int]]
    """(line, due): their hours are over, or have not begun."""
    was: dict[int, str]
    schools: dict[int, School]
    voices: dict[int, Voice]
    """School -> how it speaks."""
    out: frozenset[str]
    """Routes for which nothing is composed at present."""

    def route(self, ways: Ways, rows: Sequence[Row]) -> str:
        """By which route a guardian gets all of these lines."""
        urgent = any(row["urgent"] for row in rows)
        return ways.route(self.schools[rows[0]["school_id"]].route, urgent=urgent, out=self.out)


@dataclass(eq=False)
class Compose(Writes):
    _budgets: Budgets = field(default_factory=Budgets, init=False)

    async def step(self) -> bool:
        """Compose for the next guardians; whether there may be more.

        Reading and rendering hold no lock; what has changed meanwhile (a stop, a correction) is
        left for the next step by `still_due`.
        """
        now = self._clock.now()
        due = await self._database.read(partial(self._due, now))
        if not due.rows and not due.later:
            return False
        idle = _with_nothing_to_tell(due.rows, due.was)
        texts = await self._texts(due, skip={line_id for line_id, _ in idle})
        crash.passing("compose.rendered")
        await self._database.write(partial(self._put_in, now, due, idle, texts))
        crash.passing("compose.committed")
        self._wakes.dispatch.set()
        return True

    async def _due(self, now: int, q: Queries) -> _Due:
        found = await lines.due(q, now=now, guardians=GUARDIANS)
        known = await schools.by_ids(q, (row["school_id"] for row in found))
        rows, later = by_hours(found, known, now)
        was = await self._was(q, rows)
        own = await voices.read(q, known, self._renderer)
        return _Due(rows, later, was, known, own, await rerouting.out(q))

    async def _put_in(
        self, now: int, due: _Due, idle: Sequence[tuple[int, str]], texts: Sequence[_Composed],
        q: Queries,
    ) -> None:  # fmt: skip
        # Locked in the order that all keep to: schools, numbers, lines. The schools, because their
        # clocks of parts move on here.
        known = await schools.by_ids(q, due.schools, lock=True)
        references = await self._references(q, texts)
        was = due.was
        told = [row for row in due.rows if not known[row["school_id"]].paused]
        alive = await lines.still_due(q, [(row["id"], row["consent_rev"]) for row in told])
        await lines.silence(q, [(i, reason) for i, reason in idle if i in alive])
        await lines.set_was(q, [(i, value) for i, value in was.items() if i in alive])
        whole = [one for one in texts if alive.issuperset(one.text.line_ids)]
        whole = await self._within_budget(q, whole, known, now)
        whole, later = await self._spaced(q, whole, known, now)
        await lines.put_off(q, [*due.later, *later])
        await self._queue(q, whole, known, references, now)
        crash.passing("compose.written")

    async def _within_budget(
        self, q: Queries, texts: list[_Composed], known: dict[int, School], now: int
    ) -> list[_Composed]:
        """What the budgets of this month allow; the rest is held."""
        if not any(school.budget_month for school in known.values()):
            return texts
        await self._budgets.look(q, known, now=now)
        good, held = list[_Composed](), list[int]()
        for one in texts:
            school = known[one.own[0]["school_id"]]
            if self._budgets.take(school, one.text.segments, urgent=one.urgent):
                good.append(one)
            else:
                held += one.text.line_ids
        await lines.hold(q, held, str(Hold.BUDGET))
        return good

    async def _spaced(
        self, q: Queries, texts: Sequence[_Composed], known: dict[int, School], now: int
    ) -> tuple[list[_Composed], list[tuple[int, int]]]:
        """What may go now, and (line, due) of what would be too much or too soon."""
        to = [(one.own[0]["number_id"], known[one.own[0]["school_id"]]) for one in texts]
        gaps = [self._ways.of(one.route).gap for one in texts]
        spaced = await spacing.read(q, self._tools, to, gap=max(gaps, default=0), now=now)
        good, later = [], []
        for one, (number_id, school), gap in zip(texts, to, gaps, strict=True):
            until = spaced.until(number_id, school, one.text.text, gap=gap, urgent=one.urgent)
            if until is None:
                good.append(one)
            else:
                later += [(line_id, until) for line_id in one.text.line_ids]
        return good, later

    async def _texts(self, due: _Due, *, skip: set[int]) -> list[_Composed]:
        by_guardian: dict[int, list[Row]] = {}
        for row in due.rows:
            if row["id"] not in skip:
                by_guardian.setdefault(row["guardian_id"], []).append(row)
        texts: list[_Composed] = []
        for count, rows in enumerate(by_guardian.values(), 1):
            texts += self._tell(rows, due)
            if count % _BREATH == 0:
                await asyncio.sleep(0)
        return texts

    async def _was(self, q: Queries, due: Sequence[Row]) -> dict[int, str]:
        changed = [row for row in due if row["version"] > 1]
        told = await lines.last_told(q, [(row["entry_id"], row["guardian_id"]) for row in changed])
        return {
            row["id"]: told[(row["entry_id"], row["guardian_id"])]
            for row in changed
            if (row["entry_id"], row["guardian_id"]) in told
        }

    def _tell(self, rows: Sequence[Row], due: _Due) -> list[_Composed]:
        """All the texts for one guardian of one school."""
        school_id, route = rows[0]["school_id"], due.route(self._ways, rows)
        voice = due.voices[school_id]
        style = voices.style(due.schools[school_id], rows[0]["latin"], self._ways.of(route))
        told = [telling.told(self._tools, row, due.was.get(row["id"]), voice.name) for row in rows]
        found = []
        for text in voice.renderer.tell(told, style):
            own = _own(rows, text)
            found.append(_Composed(own, text, route, any(row["urgent"] for row in own)))
        return found

    async def _queue(
        self, q: Queries, texts: Sequence[_Composed], known: dict[int, School],
        references: dict[int, list[int]], now: int,
    ) -> None:  # fmt: skip
        queues = [
            (one.own[0]["school_id"], min(row["lane"] for row in one.own), one.route)
            for one in texts
        ]
        reached = await turns.reached(q, queues, now=now)
        closing = Closing(known, now)
        messages = []
        for one, queue in zip(texts, queues, strict=True):
            places = plan.turns(reached[queue], one.text.segments)
            reached[queue] = places[-1]
            messages.append(self._message(one, queue, places, references, closing.of(one.own)))
        await outbox.add(q, self._tools, messages, now=now)
        await turns.keep(q, reached)

    async def _references(self, q: Queries, texts: Sequence[_Composed]) -> dict[int, list[int]]:
        """UDH references for the long messages, number by number."""
        counts: dict[int, int] = {}
        for one in texts:
            if one.text.segments > 1:
                number_id = one.own[0]["number_id"]
                counts[number_id] = counts.get(number_id, 0) + 1
        first = await numbers.next_references(q, counts)
        return {
            number_id: [(first[number_id] - 1 + step) % 255 + 1 for step in range(count)]
            for number_id, count in counts.items()
        }

    def _message(
        self, one: _Composed, queue: turns.Place, places: tuple[int, ...],
        references: dict[int, list[int]], closes: int | None,
    ) -> NewMessage:  # fmt: skip
        school_id, lane, route = queue
        row, text, way = one.own[0], one.text, self._ways.of(route)
        places = places[-1:] if way.whole else places
        return NewMessage(
            school_id=school_id,
            guardian_id=row["guardian_id"],
            number_id=row["number_id"],
            consent_rev=row["consent_rev"],
            ground=Ground.CONSENT,
            ledger_id=row["ledger_id"],
            inbound_id=None,
            text=text.text,
            alphabet=str(way.choose(text.text)),
            turns=places,
            udh_ref=references[row["number_id"]].pop(0) if len(places) > 1 else 0,
            level=text.level,
            lane=lane,
            route=route,
            expires=min(line["expires"] for line in one.own),
            line_ids=text.line_ids,
            closes=closes,
            whole=way.whole,
            segments=text.segments,
            topic=_topic(one.own),
            class_id=row["class_id"],
        )


def _topic(own: Sequence[Row]) -> str:
    topic: str = own[0]["topic"]
    return topic if all(row["topic"] == topic for row in own) else outbox.SEVERAL


def _own(rows: Sequence[Row], text: Text) -> Sequence[Row]:
    """The lines of a guardian that this text tells."""
    if len(rows) == len(text.line_ids):
        return rows
    told = set(text.line_ids)
    return [row for row in rows if row["id"] in told]


def _with_nothing_to_tell(due: Sequence[Row], was: dict[int, str]) -> list[tuple[int, str]]:
    """Lines (id, reason) whose value this guardian knows already, or never learned of."""
    found = []
    for row in due:
        reason = plan.nothing_to_tell(kind_of(row["kind"]), row["value"], was.get(row["id"]))
        if reason is not None:
            found.append((row["id"], reason.value))
    return found
