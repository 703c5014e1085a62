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

from sms_diary import crash, plan
from sms_diary.carrying import Carrying, Ways
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries, Row
from sms_diary.model import Ground, Told, kind_of
from sms_diary.render import Renderer, Style, Text
from sms_diary.store import diary, lines, numbers, outbox, schools, turns
from sms_diary.store.outbox import NewMessage
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

_BREATH = 4
"""Guardians rendered for before other tasks get their turn."""
_date = lru_cache(maxsize=512)(date.fromisoformat)
GUARDIANS = 500
"""Guardians composed for in one transaction."""


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
        due, was, known = await self._database.read(partial(self._due, now))
        if not due:
            return False
        idle = _with_nothing_to_tell(due, was)
        texts = await self._texts(due, was, known, skip={line_id for line_id, _ in idle})
        crash.passing("compose.rendered")
        await self._database.write(partial(self._put_in, now, due, was, idle, texts))
        crash.passing("compose.committed")
        self._wakes.dispatch.set()
        return True

    async def _due(
        self, now: int, q: Queries
    ) -> tuple[list[Row], dict[int, str], dict[int, School]]:
        due = await lines.due(q, now=now, guardians=GUARDIANS)
        was = await self._was(q, due)
        return due, was, await schools.by_ids(q, (row["school_id"] for row in due))

    async def _put_in(
        self, now: int, due: Sequence[Row], was: dict[int, str],
        idle: Sequence[tuple[int, str]], texts: Sequence[tuple[Sequence[Row], Text]], q: Queries,
    ) -> None:  # fmt: skip
        # Locked in the order that all keep to: schools, numbers, lines. The schools, because their
        # clocks of parts move on here.
        known = await schools.by_ids(q, {row["school_id"] for row in due}, lock=True)
        references = await self._references(q, texts)
        alive = await lines.still_due(q, [(row["id"], row["consent_rev"]) for row in due])
        await lines.silence(q, [(i, reason) for i, reason in idle if i in alive])
        await lines.set_was(q, [(i, value) for i, value in was.items() if i in alive])
        whole = [(rows, text) for rows, text in texts if alive.issuperset(text.line_ids)]
        await self._queue(q, whole, known, references, now)
        crash.passing("compose.written")

    async def _texts(
        self, due: Sequence[Row], was: dict[int, str], known: dict[int, School], *, skip: set[int]
    ) -> list[tuple[Sequence[Row], Text]]:
        by_guardian: dict[int, list[Row]] = {}
        for row in due:
            if row["id"] not in skip:
                by_guardian.setdefault(row["guardian_id"], []).append(row)
        texts: list[tuple[Sequence[Row], Text]] = []
        for count, rows in enumerate(by_guardian.values(), 1):
            texts.extend(
                (rows, text) for text in self._tell(rows, was, known[rows[0]["school_id"]])
            )
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

    def _tell(self, rows: Sequence[Row], was: dict[int, str], school: School) -> list[Text]:
        style = Style(
            school=school.short_name, budget=school.budget, transliterate=school.latin,
            way=self._way(school),
        )  # fmt: skip
        return self._renderer.tell([self._told(row, was.get(row["id"])) for row in rows], style)

    def _way(self, school: School) -> Carrying:
        return self._ways.of(self._route(school))

    def _route(self, school: School) -> str:
        return school.route or self._ways.default

    def _told(self, row: Row, was: str | None) -> Told:
        body = row["body"]
        return Told(
            line_id=row["id"],
            kind=kind_of(row["kind"]),
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
        )

    async def _queue(
        self, q: Queries, texts: Sequence[tuple[Sequence[Row], Text]],
        known: dict[int, School], references: dict[int, list[int]], now: int,
    ) -> None:  # fmt: skip
        standing = []
        for rows, text in texts:
            own = [row for row in rows if row["id"] in set(text.line_ids)]
            school, lane = known[own[0]["school_id"]], min(row["lane"] for row in own)
            standing.append(((school.id, lane, self._route(school)), own, text))
        reached = await turns.reached(q, (queue for queue, _, _ in standing), now=now)
        messages = []
        for queue, own, text in standing:
            places = plan.turns(reached[queue], text.segments)
            reached[queue] = places[-1]
            messages.append(self._message(own, text, queue, places, references))
        await outbox.add(q, self._tools, messages, now=now)
        await turns.keep(q, reached)

    async def _references(
        self, q: Queries, texts: Sequence[tuple[Sequence[Row], Text]]
    ) -> dict[int, list[int]]:
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
        references: dict[int, list[int]],
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
            whole=way.whole,
        )


def _with_nothing_to_tell(due: Sequence[Row], was: dict[int, str]) -> list[tuple[int, str]]:
    """Lines (id, reason) whose value this guardian knows already, or never learned of."""
    found = []
    for row in due:
        reason = plan.nothing_to_tell(kind_of(row["kind"]), row["value"], was.get(row["id"]))
        if reason is not None:
            found.append((row["id"], reason.value))
    return found
