"""Each new version of an entry becomes one line per subscribed guardian.

Entries of a pupil go in batches; those of a class or the school in chunks of guardians, so that
an announcement to thousands holds no transaction for long. Decisions are `plan`'s; what all
lines of an entry share is `store.matter`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

from sms_diary import consent, crash, plan
from sms_diary.clock import Clock, local
from sms_diary.db import Database, Queries
from sms_diary.model import OF_A_CLASS, TOPIC_OF, ConsentState, Hold, LineState, Topic, kind_of
from sms_diary.schedule.rhythm import Rhythm, fastest
from sms_diary.store import (
    corrections,
    diary,
    flood,
    lines,
    numbers,
    schools,
    subscribers,
    welcome,
)
from sms_diary.store.diary import Fresh
from sms_diary.store.lines import NewLine
from sms_diary.store.matter import Matter
from sms_diary.store.schools import School
from sms_diary.store.subscribers import Subscriber
from sms_diary.store.tools import Tools
from sms_diary.values import value
from sms_diary.wake import Wakes

BATCH = 500
_TO_BE_TOLD = frozenset({LineState.PLANNED, LineState.HELD})
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
    held: Set[int]
    """The guardians whose lines wait for a welcome."""


@value
class _Batch:
    """Entries as planned, and what that rests on."""

    planned: list[_Planned]
    schools: dict[int, School]
    today: dict[int, str]
    """School -> its day (ISO date)."""
    most: dict[int, int]
    """School -> how many lines are no flood today."""


@value
class _Found:
    """A guardian who is to learn of an entry, by one of the subscriptions."""

    one: Subscriber
    pupil_id: int
    """0 where it concerns a class."""
    consent: ConsentState
    rhythm: Rhythm
    wide: bool


class Fanout:
    def __init__(self, database: Database, tools: Tools, clock: Clock, wakes: Wakes) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes

    async def step(self) -> bool:
        """Fan out the next batch; whether there may be more.

        Reading and planning hold no lock. An entry that has moved on meanwhile is left for the
        next step, and so is one of whose guardians a consent has changed, or one was welcomed.
        """
        batch = await self._database.read(self._batch)
        if not batch.planned:
            return False
        crash.passing("fanout.planned")
        await self._database.write(partial(self._write, batch))
        crash.passing("fanout.committed")
        self._wakes.compose.set()
        return True

    async def _batch(self, q: Queries) -> _Batch:
        entries = await diary.to_fan(q, BATCH)
        if not entries:
            return _Batch([], {}, {}, {})
        now = self._clock.now()
        known = await schools.by_ids(q, (entry.school_id for entry in entries))
        today = {i: local(now, school.zone).date().isoformat() for i, school in known.items()}
        planned = await self._plan(q, entries, known)
        return _Batch(planned, known, today, await flood.most(q, today))

    async def _plan(
        self, q: Queries, entries: Sequence[Fresh], known: Mapping[int, School]
    ) -> list[_Planned]:
        staff = await schools.staff(q, known)
        newer = [entry.id for entry in entries if entry.version > 1]
        told = await lines.known_to(q, newer) if newer else set()
        narrow = [e for e in entries if kind_of(e.kind) not in OF_A_CLASS]
        topics = {(e.who, str(TOPIC_OF[kind_of(e.kind)])) for e in narrow}
        subscribed = await subscribers.of_pupils(q, topics)
        planned = []
        for entry in entries:
            school, topic = known[entry.school_id], TOPIC_OF[kind_of(entry.kind)]
            cursor = None
            if kind_of(entry.kind) in OF_A_CLASS:
                chunk = await self._chunk(q, entry, school)
                found = _guardians(chunk, topic, school)
                if len(found) == CHUNK:
                    cursor = max(one.guardian_id for one in chunk)
            else:
                own = subscribed.get((entry.who, str(topic)), [])
                found = [_of_pupil(one, topic, school) for one in own]
            matter = Matter(entry, school, told)
            lines_ = [self._line(matter, each, staff) for each in found]
            revisions = [(each.one.number_id, each.one.consent_rev) for each in found]
            held = {line.guardian_id for line in lines_ if line.state == LineState.HELD}
            planned.append(_Planned(entry, cursor, lines_, revisions, held))
        return planned

    async def _write(self, batch: _Batch, q: Queries) -> None:
        good = await self._still_so(q, batch)
        newer = [(one.entry.id, one.entry.version) for one in good if one.entry.version > 1]
        await corrections.take_back(q, newer, now=self._clock.now())
        changed = await numbers.changed(q, {pair for one in good for pair in one.revisions})
        if changed:
            good = [one for one in good if changed.isdisjoint(n for n, _ in one.revisions)]
        welcomed = await welcome.since(q, {one for each in good for one in each.held})
        if welcomed:
            good = [one for one in good if welcomed.isdisjoint(one.held)]
        moved = [(one.entry.id, one.entry.version, one.entry.fan, one.cursor) for one in good]
        won = await diary.fanned(q, moved)
        good = [one for one in good if one.entry.id in won]
        newer = [(one.entry.id, one.entry.version) for one in good if one.entry.version > 1]
        await lines.replace_open(q, newer)
        await lines.add(q, self._tools, await _without_flood(q, batch, good))
        crash.passing("fanout.written")

    async def _still_so(self, q: Queries, batch: _Batch) -> list[_Planned]:
        """Those of a batch whose schools have the settings that it was planned by."""
        again = await schools.by_ids(q, batch.schools)
        same = {i for i, one in batch.schools.items() if replace(again[i], rev=one.rev) == one}
        return [one for one in batch.planned if one.entry.school_id in same]

    async def _chunk(self, q: Queries, entry: Fresh, school: School) -> list[Subscriber]:
        return await subscribers.of_entry(
            q,
            school_id=entry.school_id,
            entry_id=entry.id,
            topic=str(TOPIC_OF[kind_of(entry.kind)]),
            day=local(self._clock.now(), school.zone).date().isoformat(),
            after=entry.fan,
            limit=CHUNK,
        )

    def _line(self, matter: Matter, found: _Found, staff: set[tuple[int, int]]) -> NewLine:
        entry, school, one = matter.entry, matter.school, found.one
        fate = plan.fate(
            matter.kind, found.consent, one.number_state, school.mode,
            is_staff=(school.id, one.number_id) in staff,
            personal_data=one.personal_data or not school.asks_for_personal_data,
            urgent=matter.urgent, welcomed=one.welcomed or bool(entry.for_all),
            rhythm=found.rhythm, stale=matter.stale(one.guardian_id, one.since),
            expires=matter.expires, now=self._clock.now(),
        )  # fmt: skip
        return NewLine(
            school_id=entry.school_id,
            entry_id=entry.id,
            version=entry.version,
            guardian_id=one.guardian_id,
            pupil_id=found.pupil_id,
            ledger_id=one.ledger_id,
            topic=fate.topic,
            lane=fate.lane,
            value=entry.value,
            due=matter.due(found.rhythm, wide=found.wide),
            expires=matter.expires,
            state=str(fate.state),
            reason=fate.reason,
        )


async def _without_flood(q: Queries, batch: _Batch, planned: Sequence[_Planned]) -> list[NewLine]:
    """All the lines; those beyond what is no flood in their school today wait for a person."""
    new = Counter(line.school_id for one in planned for line in one.lines if _counts(line))
    keys = {school_id: (school_id, batch.today[school_id]) for school_id in new}
    totals = await flood.count(q, {keys[i]: number for i, number in new.items()})
    over = {i: min(totals[keys[i]] - batch.most[i], number) for i, number in new.items()}
    over = {i: number for i, number in over.items() if number > 0}
    if over:
        await flood.count(q, {keys[i]: -number for i, number in over.items()})
    room = {i: new[i] - over.get(i, 0) for i in new}
    return [_or_held(line, room) for one in planned for line in one.lines]


def _counts(line: NewLine) -> bool:
    """What a person writes to many is no flood, only what a journal pours out."""
    return line.state in _TO_BE_TOLD and line.topic != Topic.ANNOUNCEMENTS


def _or_held(line: NewLine, room: dict[int, int]) -> NewLine:
    if not _counts(line):
        return line
    room[line.school_id] -= 1
    if room[line.school_id] >= 0:
        return line
    return replace(line, state=str(LineState.HELD), reason=str(Hold.FLOOD))


def _of_pupil(one: Subscriber, topic: Topic, school: School) -> _Found:
    rhythm = one.rhythm or school.rhythms[topic]
    return _Found(one, one.pupil_id, one.consent, rhythm, one.wide)


def _guardians(chunk: Iterable[Subscriber], topic: Topic, school: School) -> list[_Found]:
    """One of each guardian's subscriptions: an active one with all its papers if there is any.

    What concerns a class is told as soon as for any child in it.
    """
    by_guardian: dict[int, list[Subscriber]] = {}
    for one in chunk:
        by_guardian.setdefault(one.guardian_id, []).append(one)
    found = []
    for several in by_guardian.values():
        state = consent.best(one.consent for one in several)
        holding = [one for one in several if one.consent is state]
        first = next((x for x in holding if x.personal_data), holding[0])
        rhythm = fastest(one.rhythm or school.rhythms[topic] for one in holding)
        found.append(_Found(first, 0, state, rhythm, any(one.wide for one in holding)))
    return found
