"""Each new version of an entry becomes one line per subscribed guardian.

Entries of a pupil go in batches; those of a class or the school in chunks of guardians, so that
an announcement to thousands holds no transaction for long. Decisions are `plan`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial

from sms_diary import consent, crash, plan, schedule
from sms_diary.clock import Clock, local
from sms_diary.db import Database, Queries
from sms_diary.model import OF_A_CLASS, TOPIC_OF, ConsentState, kind_of
from sms_diary.store import diary, lines, numbers, people, schools
from sms_diary.store.diary import Fresh
from sms_diary.store.lines import NewLine
from sms_diary.store.people import Subscriber
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value
from sms_diary.wake import Wakes

BATCH = 500
_expires = lru_cache(maxsize=256)(schedule.expires)  # one batch arrives in one moment
CHUNK = 500
"""Guardians of one class-wide entry in one transaction."""


@value
class _Planned:
    """The lines of one entry (or of one chunk of it), and what they were planned under."""

    entry: Fresh
    cursor: int | None
    """Where the next chunk begins; None: fanned out."""
    lines: list[NewLine]
    revisions: list[tuple[int, int]]
    """(number, consent_rev) as read."""


class Fanout:
    def __init__(self, database: Database, tools: Tools, clock: Clock, wakes: Wakes) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes

    async def step(self) -> bool:
        """Fan out the next batch; whether there may be more.

        Reading and planning hold no lock. An entry that has moved on meanwhile is left for the
        next step, and so is one of whose numbers a consent has changed.
        """
        planned = await self._database.read(self._planned)
        if not planned:
            return False
        crash.passing("fanout.planned")
        await self._database.write(partial(self._write, planned))
        crash.passing("fanout.committed")
        self._wakes.compose.set()
        return True

    async def _planned(self, q: Queries) -> list[_Planned]:
        entries = await diary.to_fan(q, BATCH)
        return await self._plan(q, entries) if entries else []

    async def _plan(self, q: Queries, entries: Sequence[Fresh]) -> list[_Planned]:
        known = await schools.by_ids(q, (entry.school_id for entry in entries))
        staff = await schools.staff(q, known)
        narrow = [e for e in entries if kind_of(e.kind) not in OF_A_CLASS]
        topics = {(e.who, str(TOPIC_OF[kind_of(e.kind)])) for e in narrow}
        subscribers = await people.subscribers(q, topics)
        planned = []
        for entry in entries:
            school = known[entry.school_id]
            cursor = None
            if kind_of(entry.kind) in OF_A_CLASS:
                chunk = await self._chunk(q, entry, school)
                found = [(one, 0, state) for one, state in _guardians(chunk)]
                if len(found) == CHUNK:
                    cursor = max(one.guardian_id for one in chunk)
            else:
                own = subscribers.get((entry.who, str(TOPIC_OF[kind_of(entry.kind)])), [])
                found = [(one, one.pupil_id, one.consent) for one in own]
            lines_ = [self._line(entry, *each, school, staff) for each in found]
            revisions = [(one.number_id, one.consent_rev) for one, _, _ in found]
            planned.append(_Planned(entry, cursor, lines_, revisions))
        return planned

    async def _write(self, planned: Sequence[_Planned], q: Queries) -> None:
        changed = await numbers.changed(q, {pair for one in planned for pair in one.revisions})
        good = [one for one in planned if changed.isdisjoint(n for n, _ in one.revisions)]
        moved = [(one.entry.id, one.entry.version, one.entry.fan, one.cursor) for one in good]
        won = await diary.fanned(q, moved)
        good = [one for one in good if one.entry.id in won]
        newer = [(one.entry.id, one.entry.version) for one in good if one.entry.version > 1]
        await lines.replace_open(q, newer)
        await lines.add(q, self._tools, [line for one in good for line in one.lines])
        crash.passing("fanout.written")

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
