"""A guardian's due lines become texts within the school's budget, and go to the outbox.

Reading, rendering and queueing are one transaction; on PostgreSQL the numbers are locked in it,
so a stop that comes meanwhile finds either the lines or the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sms_diary import plan
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries, Row
from sms_diary.encoding import choose
from sms_diary.model import Ground, Kind, Told
from sms_diary.render import Renderer, Style, Text
from sms_diary.store import lines, numbers, outbox, schools
from sms_diary.store.outbox import NewMessage
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

GUARDIANS = 500
"""Guardians composed for in one transaction."""


class Compose:
    def __init__(
        self, database: Database, tools: Tools, clock: Clock, wakes: Wakes, renderer: Renderer,
        *, route: str,
    ) -> None:  # fmt: skip
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes
        self._renderer = renderer
        self._route = route

    async def step(self) -> bool:
        """Compose for the next guardians; whether there may be more."""
        now = self._clock.now()
        async with self._database.transaction() as q:
            due = await lines.due(q, now=now, guardians=GUARDIANS)
            if due:
                await self._compose(q, due, now)
        if due:
            self._wakes.dispatch.set()
        return len(due) > 0

    async def _compose(self, q: Queries, due: Sequence[Row], now: int) -> None:
        was = await self._was(q, due)
        idle = [
            (row["id"], reason.value)
            for row in due
            if (reason := plan.nothing_to_tell(Kind(row["kind"]), row["value"], was.get(row["id"])))
        ]
        await lines.silence(q, idle)
        skip = {line_id for line_id, _ in idle}
        known = await schools.by_ids(q, (row["school_id"] for row in due))
        by_guardian: dict[int, list[Row]] = {}
        for row in due:
            if row["id"] not in skip:
                by_guardian.setdefault(row["guardian_id"], []).append(row)
        texts = [
            (rows, text)
            for rows in by_guardian.values()
            for text in self._tell(rows, was, known[rows[0]["school_id"]])
        ]
        await self._queue(q, texts, known, now)

    async def _was(self, q: Queries, due: Sequence[Row]) -> dict[int, str]:
        changed = [row for row in due if row["version"] > 1]
        told = await lines.last_told(q, [(row["entry_id"], row["guardian_id"]) for row in changed])
        was = {
            row["id"]: told[(row["entry_id"], row["guardian_id"])]
            for row in changed
            if (row["entry_id"], row["guardian_id"]) in told
        }
        await lines.set_was(q, list(was.items()))
        return was

    def _tell(self, rows: Sequence[Row], was: dict[int, str], school: School) -> list[Text]:
        style = Style(school=school.short_name, budget=school.budget, transliterate=school.latin)
        return self._renderer.tell([self._told(row, was.get(row["id"])) for row in rows], style)

    def _told(self, row: Row, was: str | None) -> Told:
        body = row["body"]
        return Told(
            line_id=row["id"],
            kind=Kind(row["kind"]),
            pupil=plan.short_name(row["pupil"] or "") if row["pupil_id"] else "",
            class_name=row["class_name"] or "",
            day=date.fromisoformat(row["day"]) if row["day"] else None,
            subject=row["subject"],
            lesson=row["lesson"] or None,
            work=row["work"],
            value=row["value"],
            was=was,
            body=self._tools.vault.text(body, "entry.body", row["entry_id"]) if body else "",
            urgent=bool(row["urgent"]),
        )

    async def _queue(
        self, q: Queries, texts: Sequence[tuple[Sequence[Row], Text]],
        known: dict[int, School], now: int,
    ) -> None:  # fmt: skip
        references = await self._references(q, texts)
        clocks = {school_id: school.turn for school_id, school in known.items()}
        messages = []
        for rows, text in texts:
            own = [row for row in rows if row["id"] in set(text.line_ids)]
            school = known[rows[0]["school_id"]]
            turns = plan.turns(clocks[school.id], now, text.segments)
            clocks[school.id] = turns[-1]
            messages.append(self._message(own, text, school, turns, references))
        await outbox.add(q, self._tools, messages, now=now)
        for school_id, clock in sorted(clocks.items()):
            if clock != known[school_id].turn:
                await schools.set_turn(q, school_id, clock)

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
        self, own: Sequence[Row], text: Text, school: School, turns: tuple[int, ...],
        references: dict[int, list[int]],
    ) -> NewMessage:  # fmt: skip
        row = own[0]
        return NewMessage(
            school_id=school.id,
            guardian_id=row["guardian_id"],
            number_id=row["number_id"],
            consent_rev=row["consent_rev"],
            ground=Ground.CONSENT,
            ledger_id=row["ledger_id"],
            inbound_id=None,
            text=text.text,
            alphabet=choose(text.text).value,
            turns=turns,
            udh_ref=references[row["number_id"]].pop(0) if len(turns) > 1 else 0,
            level=text.level,
            lane=min(one["lane"] for one in own),
            route=school.route or self._route,
            expires=min(one["expires"] for one in own),
            line_ids=text.line_ids,
        )
