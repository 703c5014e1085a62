"""Which entry of the diary a record speaks of, by its natural key. Pure: what exists is passed in.

Whom it speaks of is `matching`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.ingest.drafts import Draft
from sms_diary.values import value


@value
class Slot:
    """An existing entry of the same school, kind, pupil or class, subject and day."""

    entry_id: int
    lesson: int | None
    work_key: str
    ordinal: int
    value: str
    named: bool = False  # by another row of the same file


@value
class SlotMatch:
    """The entry meant; None: a new one, or, if `ambiguous`, one of `candidates`."""

    entry_id: int | None = None
    ambiguous: bool = False
    candidates: tuple[int, ...] = ()


def find_slot(draft: Draft | Slot, existing: Sequence[Slot]) -> SlotMatch:
    """Which of the existing entries a draft speaks of, or another entry (design §3, entry).

    The same lesson, work and ordinal: that one. Else one side may know less than the other:
    it must be the only such entry, or the only one with the same value. Different lessons,
    works or ordinals are different entries; so is a `named` one that shares none of them.
    """
    same = [s for s in existing if s.ordinal == draft.ordinal and not _differ(draft, s)]
    exact = [s for s in same if s.lesson == draft.lesson and s.work_key == draft.work_key]
    if exact:
        return SlotMatch(exact[0].entry_id)
    near = [s for s in same if _shares(draft, s)]
    if len(near) == 1:
        return SlotMatch(near[0].entry_id)
    free = [s for s in same if not s.named]
    bare = [s for s in free if _is_bare(s) or _is_bare(draft)]
    if not near and len(bare) == 1 and len(existing) == 1:
        return SlotMatch(bare[0].entry_id)
    return _by_value(draft, near or free)


def _by_value(draft: Draft | Slot, possible: Sequence[Slot]) -> SlotMatch:
    equal = [s for s in possible if s.value == draft.value]
    if len(equal) == 1:
        return SlotMatch(equal[0].entry_id)
    return SlotMatch(None, bool(possible), tuple(s.entry_id for s in possible))


def _differ(draft: Draft | Slot, slot: Slot) -> bool:
    lessons = draft.lesson is not None and slot.lesson is not None and draft.lesson != slot.lesson
    works = draft.work_key and slot.work_key and draft.work_key != slot.work_key
    return lessons or bool(works)


def _shares(draft: Draft | Slot, slot: Slot) -> bool:
    """Lesson or work is known to both and equal (and the other is missing on one side)."""
    lesson = draft.lesson is not None and draft.lesson == slot.lesson
    return lesson or (draft.work_key != "" and draft.work_key == slot.work_key)


def _is_bare(side: Draft | Slot) -> bool:
    return side.lesson is None and not side.work_key
