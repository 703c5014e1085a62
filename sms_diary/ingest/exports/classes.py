"""Classes with their pupils and what is written of them, as exports put it on pages. Pure.

Only who can be found again by name is on a page: of two namesakes neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sms_diary.ingest.drafts import Draft
from sms_diary.ingest.slots import Slot, find_slot
from sms_diary.model import Kind
from sms_diary.store.diary import NO_LESSON
from sms_diary.store.people import ClassRow, PupilRow
from sms_diary.store.year_book import Written
from sms_diary.values import value

NAMESAKES = "Учеников, которых по имени не различить (допишите отчество): {}."


@value
class OfClass:
    """A class with its pupils and all entries about them or about it."""

    row: ClassRow
    pupils: Sequence[PupilRow]
    entries: Sequence[Written]

    def of_kind(self, *kinds: Kind) -> list[Written]:
        return [one for one in self.entries if one.kind in kinds]


def by_key(entries: Iterable[Written]) -> dict[tuple[str, int, str, str], list[Written]]:
    """Entries among which a reader must choose: of one kind, pupil or class, subject and day."""
    found: dict[tuple[str, int, str, str], list[Written]] = {}
    for one in entries:
        found.setdefault((one.kind, one.who, one.subject_key, one.day), []).append(one)
    return found


def meant(same: Sequence[Written], *, work: bool = False) -> list[Written]:
    """Those of the entries of one key that a table can name which tells no lesson.

    `work`: it tells the kind of work. At most one for each ordinal (and work).
    """
    slots = [
        Slot(one.id, None if one.lesson == NO_LESSON else one.lesson, one.work_key, one.ordinal,
             one.value)
        for one in same
    ]  # fmt: skip
    found: dict[tuple[int, str], Written] = {}
    for one in same:
        key = one.work_key if work else ""
        draft = Draft(Kind(one.kind), work_key=key, ordinal=one.ordinal, value=one.value)
        if find_slot(draft, slots).entry_id == one.id:
            found.setdefault((one.ordinal, key), one)
    return list(found.values())


def titles(entries: Iterable[Written]) -> Mapping[str, str]:
    """Subject key → the subject as it was first written."""
    found: dict[str, str] = {}
    for one in entries:
        if one.subject_key:
            found.setdefault(one.subject_key, one.subject)
    return found


def day_of(entry: Written) -> date:
    return date.fromisoformat(entry.day)
