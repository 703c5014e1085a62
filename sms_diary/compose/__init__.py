"""A guardian's due lines become texts within the school's budget, and go to the outbox.

Texts are rendered outside any transaction; queueing is one, and takes only lines for which nothing
has changed since they were read. So a stop that comes meanwhile finds either the lines or the
message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import lru_cache, partial

import structlog

from sms_diary import crash, plan
from sms_diary.carrying import Ways
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries, Row
from sms_diary.errors import ConfigError
from sms_diary.model import Ground, Kind, Told, kind_of
from sms_diary.render import Renderer, Style, Text
from sms_diary.schedule.hours import Hours
from sms_diary.store import (
    diary,
    lines,
    numbers,
    outbox,
    rerouting,
    schools,
    spacing,
    templates,
    turns,
)
from sms_diary.store.outbox import NewMessage
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value
from sms_diary.wake import Wakes

log = structlog.get_logger(__name__)

_BREATH = 4
"""Guardians rendered for before other tasks get their turn."""
_date = lru_cache(maxsize=512)(date.fromisoformat)
GUARDIANS = 500
"""Guardians composed for in one transaction."""
_Composed = tuple[Sequence[Row], Text]
"""Lines of one guardian, and a text that tells all or some of them."""


@value
class _Due:
    """What is due for the next guardians, and what it takes to tell it."""

    rows: list[Row]
    later: list[tuple[int, int]]
    """(line, due): their hours are over, or have not begun."""
    was: dict[int, str]
    schools: dict[int, School]
    own: dict[int, dict[str, str]]
    """School -> its own templates."""
    out: frozenset[str]
    """Routes for which nothing is composed at present."""

    def route(self, ways: Ways, rows: Sequence[Row]) -> str:
        """By which route a guardian gets all of these lines."""
        urgent = any(row["urgent"] for row in rows)
        return ways.route(self.schools[rows[0]["school_id"]].route, urgent=urgent, out=self.out)


class Compose:
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
        rows, later = _by_hours(found, known, now)
        was = await self._was(q, rows)
        own, out = await templates.own(q, known), await rerouting.out(q)
        return _Due(rows, later, was, known, own, out)

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
        whole = [(rows, text) for rows, text in texts if alive.issuperset(text.line_ids)]
        whole, later = await self._spaced(q, whole, due, known, now)
        await lines.put_off(q, [*due.later, *later])
        await self._queue(q, whole, due, known, references, now)
        crash.passing("compose.written")

    async def _spaced(
        self, q: Queries, texts: Sequence[_Composed], due: _Due, known: dict[int, School], now: int
    ) -> tuple[list[_Composed], list[tuple[int, int]]]:
        """What may go now, and (line, due) of what would be too much or too soon."""
        gaps = [self._ways.of(due.route(self._ways, rows)).gap for rows, _ in texts]
        numbers_ = [(rows[0]["number_id"], known[rows[0]["school_id"]]) for rows, _ in texts]
        most = max(gaps, default=0)
        spaced = await spacing.read(q, self._tools, numbers_, gap=most, now=now)
        good, later = [], []
        for (rows, text), gap in zip(texts, gaps, strict=True):
            until = spaced.until(
                rows[0]["number_id"], known[rows[0]["school_id"]], text.text, gap=gap,
                urgent=any(row["urgent"] for row in _own(rows, text)),
            )  # fmt: skip
            if until is None:
                good.append((rows, text))
            else:
                later += [(line_id, until) for line_id in text.line_ids]
        return good, later

    async def _texts(self, due: _Due, *, skip: set[int]) -> list[_Composed]:
        by_guardian: dict[int, list[Row]] = {}
        for row in due.rows:
            if row["id"] not in skip:
                by_guardian.setdefault(row["guardian_id"], []).append(row)
        renderers = {i: self._renderer_of(due, i) for i in due.schools}
        texts: list[_Composed] = []
        for count, rows in enumerate(by_guardian.values(), 1):
            school = due.schools[rows[0]["school_id"]]
            renderer = renderers[school.id]
            texts.extend((rows, text) for text in self._tell(renderer, rows, due, school))
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

    def _renderer_of(self, due: _Due, school_id: int) -> Renderer:
        """With the school's own texts; one that a newer version of ours refuses holds nobody up."""
        try:
            return self._renderer.of(due.own.get(school_id, {}))
        except ConfigError as wrong:
            slug = due.schools[school_id].slug
            log.error("a school's own template is faulty", school=slug, why=str(wrong))
            return self._renderer

    def _tell(
        self, renderer: Renderer, rows: Sequence[Row], due: _Due, school: School
    ) -> list[Text]:
        chosen = rows[0]["latin"]
        style = Style(
            school=school.short_name, budget=school.budget,
            transliterate=school.latin if chosen is None else bool(chosen),
            way=self._ways.of(due.route(self._ways, rows)), phone=school.phone,
        )  # fmt: skip
        return renderer.tell([self._told(row, due.was.get(row["id"])) for row in rows], style)

    def _told(self, row: Row, was: str | None) -> Told:
        body, kind = row["body"], kind_of(row["kind"])
        return Told(
            line_id=row["id"],
            kind=kind,
            pupil=plan.short_name(row["pupil"] or "") if row["pupil_id"] else "",
            class_name=row["class_name"] or "",
            day=_date(row["day"]) if row["day"] else None,
            subject=row["subject"],
            lesson=None if row["lesson"] == diary.NO_LESSON else row["lesson"],
            work=row["work"],
            value=row["value"],
            was=was,
            body=self._tools.vault.text(body, "entry.body", row["entry_id"]) if body else "",
            urgent=bool(row["urgent"]),
            gender=plan.gender(row["pupil"] or "") if kind is Kind.ABSENCE else None,
        )

    async def _queue(
        self, q: Queries, texts: Sequence[_Composed], due: _Due,
        known: dict[int, School], references: dict[int, list[int]], now: int,
    ) -> None:  # fmt: skip
        standing = []
        for rows, text in texts:
            own = _own(rows, text)
            school, lane = known[own[0]["school_id"]], min(row["lane"] for row in own)
            standing.append(((school.id, lane, due.route(self._ways, rows)), own, text))
        reached = await turns.reached(q, (queue for queue, _, _ in standing), now=now)
        messages = []
        for queue, own, text in standing:
            places = plan.turns(reached[queue], text.segments)
            reached[queue] = places[-1]
            ends = (_hours(row, known[queue[0]]).closing(now) for row in own)
            closes = min((end for end in ends if end is not None), default=None)
            messages.append(self._message(own, text, queue, places, references, closes))
        await outbox.add(q, self._tools, messages, now=now)
        await turns.keep(q, reached)

    async def _references(self, q: Queries, texts: Sequence[_Composed]) -> dict[int, list[int]]:
        """UDH references for the long messages, number by number."""
        counts: dict[int, int] = {}
        for rows, text in texts:
            if text.segments > 1:
                counts[rows[0]["number_id"]] = counts.get(rows[0]["number_id"], 0) + 1
        first = await numbers.next_references(q, counts)
        return {
            number_id: [(first[number_id] - 1 + step) % 255 + 1 for step in range(count)]
            for number_id, count in counts.items()
        }

    def _message(
        self, own: Sequence[Row], text: Text, queue: turns.Place, places: tuple[int, ...],
        references: dict[int, list[int]], closes: int | None,
    ) -> NewMessage:  # fmt: skip
        school_id, lane, route = queue
        row, way = own[0], self._ways.of(route)
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
            expires=min(one["expires"] for one in own),
            line_ids=text.line_ids,
            closes=closes,
            whole=way.whole,
        )


def _own(rows: Sequence[Row], text: Text) -> list[Row]:
    """The lines of a guardian that this text tells."""
    told = set(text.line_ids)
    return [row for row in rows if row["id"] in told]


def _hours(row: Row, school: School) -> Hours:
    return school.calendar.window(urgent=bool(row["urgent"]), wide=bool(row["wide"]))


def _by_hours(
    found: Sequence[Row], known: dict[int, School], now: int
) -> tuple[list[Row], list[tuple[int, int]]]:
    """Lines that may be told now, and (line, due) of those whose hours have not begun."""
    opens: dict[tuple[int, int, int], int] = {}
    rows, later = [], []
    for row in found:
        key = (row["school_id"], row["urgent"], row["wide"])
        if key not in opens:
            opens[key] = _hours(row, known[row["school_id"]]).next_open(now)
        if opens[key] > now:
            later.append((row["id"], opens[key]))
        else:
            rows.append(row)
    return rows, later


def _with_nothing_to_tell(due: Sequence[Row], was: dict[int, str]) -> list[tuple[int, str]]:
    """Lines (id, reason) whose value this guardian knows already, or never learned of."""
    found = []
    for row in due:
        reason = plan.nothing_to_tell(kind_of(row["kind"]), row["value"], was.get(row["id"]))
        if reason is not None:
            found.append((row["id"], reason.value))
    return found
