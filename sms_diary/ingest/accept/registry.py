"""The entries a batch of drafts touches: read once, changed in memory, written once.

The rules of an entry's life (design: *entry*): an equal value makes no new version; what is older
than the entry changes nothing; a source's `ref` adopts the entry found by its natural key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sms_diary import schedule
from sms_diary.db import Queries
from sms_diary.ingest.accept.derived import Derived, Naming, derive, moment, naming_of, prefix_of
from sms_diary.ingest.accept.roll import Whom
from sms_diary.ingest.drafts import Draft
from sms_diary.ingest.slots import Slot, find_slot
from sms_diary.model import OF_A_CLASS
from sms_diary.store import corrections, diary, lines
from sms_diary.store.answers import Answers
from sms_diary.store.diary import NO_LESSON, Entry, Prefix
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value

AMBIGUOUS_LESSON = "в этот день по предмету несколько записей, и неясно, о какой из них речь"
REF_TAKEN = "под этим ref уже есть запись о другом ученике или другого вида"


@value
class Change:
    """What a draft did: created, changed, unchanged, stale or quarantined."""

    word: str
    entry_id: int | None
    version: int | None
    at: int | None
    reason: str = ""
    detail: str = ""
    candidates: tuple[int, ...] = ()
    ask: str = ""
    """The question of what is held, as an answer to it is kept."""


class Registry:
    """`read` once, `apply` each draft in order, `write` once: all in one transaction."""

    def __init__(
        self, tools: Tools, schools: Mapping[int, School], said: Answers, *, now: int
    ) -> None:
        self._tools = tools
        self._schools = schools
        self._said = said
        self._now = now
        self._by_prefix: dict[Prefix, list[Entry]] = {}
        self._by_ref: dict[tuple[int, str], Entry] = {}
        self._by_id: dict[int, Entry] = {}
        self._new: dict[int, Entry] = {}
        self._changed: dict[int, Entry] = {}
        self._audiences: dict[int, Whom] = {}
        self._named: dict[Naming, Entry] = {}
        self._named_by: dict[int, int] = {}
        self._to_come: Counter[Naming] = Counter()

    async def read(self, q: Queries, items: Iterable[tuple[int, Draft, Whom]]) -> None:
        """Load the entries that these (school, draft, whom) may speak of."""
        items = list(items)
        prefixes = {prefix_of(school, draft, whom) for school, draft, whom in items}
        refs = {(school, draft.ref) for school, draft, _ in items if draft.ref}
        for entry in await diary.by_prefixes(q, prefixes):
            self._know(entry)
        for entry in await diary.by_refs(q, refs):
            if entry.id not in self._by_id:
                self._know(entry)

    def _know(self, entry: Entry) -> None:
        self._by_id[entry.id] = entry
        self._by_prefix.setdefault(entry.prefix, []).append(entry)
        if entry.ref:
            self._by_ref[(entry.school_id, entry.ref)] = entry

    def foresee(self, school_id: int, file: int, rows: Iterable[tuple[Draft, Whom]]) -> None:
        """The rows of a file that `apply` will get: of several about one entry the last counts."""
        self._to_come.update(
            naming_of(file, prefix_of(school_id, draft, whom), draft) for draft, whom in rows
        )

    def apply(
        self, school_id: int, draft: Draft, whom: Whom, event_id: int, *, silence: str,
        file: int = 0,
    ) -> Change:  # fmt: skip
        """What the draft says of the diary, carried out in memory.

        `file` is the delivery of a table, whose rows name one thing in one way: a row that
        names it otherwise is about something else, not a correction. 0 for a webhook.
        """
        told = derive(
            draft, whom, self._schools[school_id], self._tools.vault, silence=silence, now=self._now
        )
        if not file:
            return self._apply(school_id, told, event_id, None)
        naming = naming_of(file, told.prefix, draft)
        self._to_come[naming] -= 1
        change = self._apply(school_id, told, event_id, naming)
        if change.entry_id is not None:
            self._named[naming] = self._by_id[change.entry_id]
            self._named_by[change.entry_id] = file
        return change

    def _apply(self, school_id: int, told: Derived, event_id: int, naming: Naming | None) -> Change:
        draft, whom, file = told.draft, told.whom, naming[0] if naming else 0
        entry = self._by_ref.get((school_id, draft.ref)) if draft.ref else None
        if entry is not None and (entry.kind != draft.kind or entry.who != whom.who):
            return Change(
                "quarantined", None, None, told.at, "ref-conflict", REF_TAKEN, (entry.id,)
            )
        if entry is None and naming is not None:
            entry = self._named.get(naming)
        if entry is None and told.prefix in self._by_prefix:
            slots = [
                _slot(one, named=bool(file) and self._named_by.get(one.id) == file)
                for one in self._by_prefix[told.prefix]
            ]
            found = find_slot(told.comparable(), slots)
            meant = found.entry_id
            if found.ambiguous:
                question = told.question()
                meant = self._said.choice(school_id, question)
                if meant is None or (meant and meant not in found.candidates):
                    return Change(
                        "quarantined", None, None, told.at, "ambiguous-lesson", AMBIGUOUS_LESSON,
                        found.candidates, self._said.key(question),
                    )  # fmt: skip
            entry = self._by_id[meant] if meant else None
        if entry is None:
            return self._create(school_id, told, event_id)
        if naming is not None and self._to_come[naming] > 0 and entry.id not in self._new:
            return Change("unchanged", entry.id, entry.version, told.at)
        return self._update(entry, told, event_id)

    def _create(self, school_id: int, told: Derived, event_id: int) -> Change:
        draft = told.draft
        if draft.removal:
            return Change("unchanged", None, None, told.at)
        entry = Entry(
            id=self._tools.ids.new(),
            school_id=school_id,
            kind=str(draft.kind),
            who=told.whom.who,
            subject_key=draft.subject_key,
            day=told.prefix[4],
            lesson=told.lesson,
            work_key=told.work_key,
            ordinal=draft.ordinal,
            ref=draft.ref,
            subject=draft.subject,
            work=draft.work,
            value="",
            body=None,
            urgent=0,
            silence="",
            until=None,
            not_before=None,
            at=0,
            version=0,
            event_id=0,
            arrived_at=0,
            fan=None,
        )
        self._know(entry)
        self._new[entry.id] = entry
        self._set(entry, told, event_id)
        if told.whom.classes or told.whom.pupils:
            self._audiences[entry.id] = told.whom
        return Change("created", entry.id, entry.version, told.at)

    def _update(self, entry: Entry, told: Derived, event_id: int) -> Change:
        self._changed.setdefault(entry.id, entry)
        self._learn(entry, told)
        if told.at < entry.at:
            return Change("stale", entry.id, entry.version, told.at)
        if told.value == entry.value:
            entry.at = told.at
            if told.body and told.draft.kind not in OF_A_CLASS:
                entry.body = self._sealed(entry, told)
            return Change("unchanged", entry.id, entry.version, told.at)
        self._set(entry, told, event_id)
        if told.draft.audience is not None:
            self._audiences[entry.id] = told.whom
        return Change("changed", entry.id, entry.version, told.at)

    def _learn(self, entry: Entry, told: Derived) -> None:
        """Take over what this source knows and the earlier one did not; also from old news."""
        draft = told.draft
        if draft.ref and not entry.ref:
            entry.ref = draft.ref
            self._by_ref[(entry.school_id, draft.ref)] = entry
        if entry.prefix != told.prefix:
            return
        lesson = told.lesson if entry.lesson == NO_LESSON else entry.lesson
        work_key = entry.work_key or draft.work_key
        if not self._taken(entry, lesson, work_key):
            if work_key != entry.work_key:
                entry.work_key, entry.work = work_key, draft.work
            entry.lesson = lesson

    def _taken(self, entry: Entry, lesson: int, work_key: str) -> bool:
        """Whether another entry of the day has this natural key; a `ref` may lead to either."""
        return any(
            (one.lesson, one.work_key, one.ordinal) == (lesson, work_key, entry.ordinal)
            for one in self._by_prefix.get(entry.prefix, ())
            if one is not entry
        )

    def _set(self, entry: Entry, told: Derived, event_id: int) -> None:
        """A new version of the entry."""
        draft = told.draft
        entry.value = told.value
        entry.body = self._sealed(entry, told)
        entry.urgent = int(draft.urgent)
        entry.silence = told.silence
        if draft.until is not None:
            entry.until = schedule.end_of_day(draft.until, self._schools[entry.school_id].zone)
        if draft.not_before is not None:
            entry.not_before = moment(self._schools[entry.school_id], draft.not_before)
        entry.at = told.at
        entry.version += 1
        entry.event_id = event_id
        entry.arrived_at = self._now
        entry.fan = None if told.silence else 0

    def _sealed(self, entry: Entry, told: Derived) -> bytes | None:
        if not told.body:
            return None
        return self._tools.vault.seal(told.body, "entry.body", entry.id)

    async def write(self, q: Queries) -> None:
        await diary.add(q, list(self._new.values()))
        await diary.update(
            q, [entry for entry in self._changed.values() if entry.id not in self._new]
        )
        # What is not to be told is not fanned out: nobody else takes back the older version.
        silent = [(e.id, e.version) for e in self._changed.values() if e.fan is None and e.silence]
        await corrections.take_back(q, silent, now=self._now)
        await lines.replace_open(q, silent)
        for entry_id, whom in self._audiences.items():
            await diary.set_audience(q, entry_id, classes=whom.classes, pupils=whom.pupils)


def _slot(entry: Entry, *, named: bool) -> Slot:
    lesson = None if entry.lesson == NO_LESSON else entry.lesson
    return Slot(entry.id, lesson, entry.work_key, entry.ordinal, entry.value, named)
