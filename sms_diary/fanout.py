"""Each new version of an entry becomes one line per subscribed guardian.

Entries of a pupil go in batches; those of a class or the school in chunks of guardians, so that
an announcement to thousands holds no transaction for long. Decisions are `plan`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from sms_diary import consent, plan, schedule
from sms_diary.clock import Clock, local
from sms_diary.db import Database, Queries
from sms_diary.model import OF_A_CLASS, TOPIC_OF, ConsentState, kind_of
from sms_diary.store import diary, lines, people, schools
from sms_diary.store.diary import Fresh
from sms_diary.store.lines import NewLine
from sms_diary.store.people import Subscriber
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

BATCH = 500
_expires = lru_cache(maxsize=256)(schedule.expires)  # one batch arrives in one moment
CHUNK = 500
"""Guardians of one class-wide entry in one transaction."""


class Fanout:
    def __init__(self, database: Database, tools: Tools, clock: Clock, wakes: Wakes) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes

    async def step(self) -> bool:
        """Fan out the next batch; whether there may be more."""
        async with self._database.transaction() as q:
            entries = await diary.to_fan(q, BATCH)
            if entries:
                await self._fan(q, entries)
        if entries:
            self._wakes.compose.set()
        return len(entries) > 0

    async def _fan(self, q: Queries, entries: Sequence[Fresh]) -> None:
        known = await schools.by_ids(q, (entry.school_id for entry in entries))
        staff = await schools.staff(q, known)
        await lines.replace_open(q, [(e.id, e.version) for e in entries if e.version > 1])
        wide = [e for e in entries if kind_of(e.kind) in OF_A_CLASS]
        narrow = [e for e in entries if kind_of(e.kind) not in OF_A_CLASS]
        topics = {(e.who, str(TOPIC_OF[kind_of(e.kind)])) for e in narrow}
        subscribers = await people.subscribers(q, topics)
        planned: list[NewLine] = []
        done: list[tuple[int, int, int | None]] = []
        for entry in narrow:
            found = subscribers.get((entry.who, str(TOPIC_OF[kind_of(entry.kind)])), [])
            for one in found:
                pupil, state = one.pupil_id, one.consent
                planned.append(self._line(entry, one, pupil, state, known[entry.school_id], staff))
            done.append((entry.id, entry.version, None))
        for entry in wide:
            chunk = await self._chunk(q, entry, known[entry.school_id])
            for one, state in _guardians(chunk):
                planned.append(self._line(entry, one, 0, state, known[entry.school_id], staff))
            last = max((one.guardian_id for one in chunk), default=0)
            whole = len({one.guardian_id for one in chunk}) < CHUNK
            done.append((entry.id, entry.version, None if whole else last))
        await lines.add(q, self._tools, planned)
        await diary.fanned(q, done)

    async def _chunk(self, q: Queries, entry: Fresh, school: School) -> list[Subscriber]:
        return await people.subscribers_of_entry(
            q,
            school_id=entry.school_id,
            entry_id=entry.id,
            topic=str(TOPIC_OF[kind_of(entry.kind)]),
            day=local(self._clock.now(), school.zone).date().isoformat(),
            after=entry.fan,
            limit=CHUNK,
        )

    def _line(
        self, entry: Fresh, one: Subscriber, pupil_id: int, state: ConsentState, school: School,
        staff: set[tuple[int, int]],
    ) -> NewLine:  # fmt: skip
        kind, urgent = kind_of(entry.kind), bool(entry.urgent)
        expires = _expires(kind, entry.arrived_at, entry.day, entry.until, school.zone)
        fate = plan.fate(
            kind, state, one.number_state, school.mode,
            is_staff=(school.id, one.number_id) in staff,
            urgent=urgent, expires=expires, now=self._clock.now(),
        )  # fmt: skip
        return NewLine(
            school_id=entry.school_id,
            entry_id=entry.id,
            version=entry.version,
            guardian_id=one.guardian_id,
            pupil_id=pupil_id,
            ledger_id=one.ledger_id,
            topic=fate.topic,
            lane=fate.lane,
            value=entry.value,
            due=schedule.due(entry.arrived_at, school.settle, urgent=urgent),
            expires=expires,
            state=str(fate.state),
            reason=fate.reason,
        )


def _guardians(chunk: Iterable[Subscriber]) -> list[tuple[Subscriber, ConsentState]]:
    """One of each guardian's subscriptions: an active one if there is any."""
    by_guardian: dict[int, list[Subscriber]] = {}
    for one in chunk:
        by_guardian.setdefault(one.guardian_id, []).append(one)
    found = []
    for several in by_guardian.values():
        state = consent.best(one.consent for one in several)
        found.append((next(one for one in several if one.consent is state), state))
    return found
