"""Whom a draft concerns: the school's classes and rosters, read once for a batch.

The rules are `matching`'s; here they meet the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.ingest.days import SEPTEMBER
from sms_diary.ingest.drafts import Draft, PupilRef
from sms_diary.ingest.matching import NO_PARALLEL, ClassIndex, NameIndex, class_key, name_key
from sms_diary.model import OF_A_CLASS, Kind
from sms_diary.store import people
from sms_diary.store.answers import Answers
from sms_diary.store.schools import School
from sms_diary.values import value

UNKNOWN_ID = "в школе нет ученика с таким id"


@value
class Whom:
    """`who` is the entry's: a pupil, a class, or 0 with the classes and pupils it is for."""

    who: int
    classes: tuple[int, ...] = ()
    pupils: tuple[int, ...] = ()


@value
class Unmatched:
    """Held for a person: a closed word, a Russian sentence without names, those in question."""

    reason: str
    detail: str
    candidates: tuple[int, ...] = ()
    ask: str = ""
    """The question, as an answer to it is kept."""


@lru_cache(maxsize=4096)
def _index(roster: tuple[tuple[int, str], ...]) -> NameIndex:
    return NameIndex(roster)


class Roll:
    """The classes and pupils that a batch of drafts may mean, school by school."""

    def __init__(
        self,
        ids: Mapping[tuple[int, str], int],
        classes: Mapping[int, ClassIndex],
        rosters: Mapping[int, NameIndex],
        said: Answers,
    ) -> None:
        self._ids = ids
        self._classes = classes
        self._rosters = rosters
        self._said = said

    @classmethod
    async def read(
        cls,
        q: Queries,
        schools: Mapping[int, School],
        drafts: Sequence[tuple[int, Draft]],
        said: Answers,
        *,
        now: int,
    ) -> Roll:
        """`drafts` are (school id, draft); classes and rosters are those of today.

        `said` are the answers that people of these schools gave to questions like these.
        """
        refs = [(school_id, ref) for school_id, draft in drafts for ref in _pupils(draft)]
        ids = await people.by_external_ids(q, {(s, ref.id) for s, ref in refs if ref.id})
        naming = {s for s, ref in refs if not ref.id} | {s for s, d in drafts if _titles(d)}
        classes: dict[int, ClassIndex] = {}
        rosters: dict[int, NameIndex] = {}
        for school_id in sorted(naming):
            today = local(now, schools[school_id].zone).date()
            year = today.year if today.month >= SEPTEMBER else today.year - 1
            rows = await people.classes(q, school_id, year)
            index = classes[school_id] = ClassIndex((row.id, row.name) for row in rows)
            titles = {ref.class_name for s, ref in refs if s == school_id and not ref.id}
            wanted = {
                index.find(title).class_id or said.choice(school_id, _of_class(title))
                for title in titles
            }
            found = await people.rosters(q, [c for c in wanted if c], today.isoformat())
            for class_id, roster in found.items():
                rosters[class_id] = _index(tuple((p.id, p.full_name) for p in roster))
        return cls(ids, classes, rosters, said)

    def match(self, school_id: int, draft: Draft) -> Whom | Unmatched:
        """Whom the draft concerns, or why that is not certain."""
        if draft.audience is not None:
            return self._audience(school_id, draft)
        if draft.kind in OF_A_CLASS:
            found = self._class(school_id, draft.class_name)
            return found if isinstance(found, Unmatched) else Whom(found, classes=(found,))
        assert draft.pupil is not None
        found = self._pupil(school_id, draft.pupil)
        return found if isinstance(found, Unmatched) else Whom(found)

    def _audience(self, school_id: int, draft: Draft) -> Whom | Unmatched:
        assert draft.audience is not None
        classes = [self._class(school_id, title) for title in draft.audience.classes]
        for number in draft.audience.parallels:
            classes += self._parallel(school_id, number)
        pupils = [self._pupil(school_id, ref) for ref in draft.audience.pupils]
        for found in (*classes, *pupils):
            if isinstance(found, Unmatched):
                return found
        # In one order, however they were written: the same announcement is told once.
        return Whom(0, tuple(sorted({*_ints(classes)})), tuple(sorted({*_ints(pupils)})))

    def _parallel(self, school_id: int, number: int) -> Sequence[int | Unmatched]:
        question = f"parallel {number}"
        chosen = self._said.choice(school_id, question)
        found = self._classes[school_id].parallel(number) or ((chosen,) if chosen else ())
        return found or (Unmatched("unknown-class", NO_PARALLEL, (), self._said.key(question)),)

    def _class(self, school_id: int, title: str) -> int | Unmatched:
        found = self._classes[school_id].find(title)
        if found.class_id is not None:
            return found.class_id
        if chosen := self._said.choice(school_id, _of_class(title)):
            return chosen
        word = "ambiguous-class" if found.candidates else "unknown-class"
        ask = self._said.key(_of_class(title))
        return Unmatched(word, found.reason, found.candidates, ask)

    def _pupil(self, school_id: int, ref: PupilRef) -> int | Unmatched:
        if ref.id:
            question = f"id {ref.id}"
            known = self._ids.get((school_id, ref.id)) or self._said.choice(school_id, question)
            if known:
                return known
            return Unmatched("unknown-pupil", UNKNOWN_ID, (), self._said.key(question))
        class_id = self._class(school_id, ref.class_name)
        if isinstance(class_id, Unmatched):
            return class_id
        found = self._rosters[class_id].find(ref.name)
        if found.pupil_id is not None:
            return found.pupil_id
        question = f"pupil {class_id} {name_key(ref.name)}"
        if chosen := self._said.choice(school_id, question):
            return chosen
        word = "ambiguous-pupil" if found.candidates else "unknown-pupil"
        return Unmatched(word, found.reason, found.candidates, self._said.key(question))


def _of_class(title: str) -> str:
    return f"class {class_key(title)}"


def _ints(found: Iterable[int | Unmatched]) -> Iterator[int]:
    return (one for one in found if isinstance(one, int))


def _pupils(draft: Draft) -> Sequence[PupilRef]:
    if draft.audience is not None:
        return draft.audience.pupils
    return (draft.pupil,) if draft.pupil is not None else ()


def _titles(draft: Draft) -> bool:
    """Whether the draft names classes by their titles."""
    if draft.kind is Kind.ANNOUNCEMENT:
        return bool(draft.audience and (draft.audience.classes or draft.audience.parallels))
    return draft.kind in OF_A_CLASS
