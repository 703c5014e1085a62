"""A draft with what the rules of entries need of it, derived once. Values in, a value out.

Which entry it is about, and what becomes of that entry, is `registry`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sms_diary.clock import millis
from sms_diary.ingest.accept.roll import Whom
from sms_diary.ingest.drafts import Draft
from sms_diary.model import OF_A_CLASS, Kind, Silence
from sms_diary.store.diary import NO_LESSON, Prefix
from sms_diary.store.schools import School
from sms_diary.vault import Vault

Naming = tuple[int, Prefix, int, str, int]
"""How a file names an entry: (file, prefix, lesson, work key, ordinal)."""


@dataclass(slots=True)
class Derived:
    """What a draft says of an entry; `at` in epoch milliseconds, `value` as it is compared."""

    draft: Draft
    whom: Whom
    at: int
    value: str
    body: str
    silence: str
    prefix: Prefix

    @property
    def lesson(self) -> int:
        return lesson_of(self.draft)

    @property
    def work_key(self) -> str:
        # An announcement has no other name than its text.
        return self.value if self.draft.kind is Kind.ANNOUNCEMENT else self.draft.work_key

    def comparable(self) -> Draft:
        """The draft as entries of its day are compared with it."""
        draft = self.draft
        if draft.kind not in OF_A_CLASS:
            return draft
        return Draft(
            draft.kind, lesson=draft.lesson, work_key=self.work_key, ordinal=draft.ordinal,
            value=self.value,
        )  # fmt: skip

    def question(self) -> str:
        """Which of several entries is meant, in words that the next file uses too."""
        return f"entry {self.prefix[1:]} {self.lesson} {self.work_key} {self.draft.ordinal}"


def derive(
    draft: Draft, whom: Whom, school: School, vault: Vault, *, silence: str, now: int
) -> Derived:
    """`silence`: why it is not told, where the door already knows; "" else."""
    at = now if draft.at is None else moment(school, draft.at)
    body = f"{draft.title}. {draft.body}" if draft.title else draft.body
    value = draft.value
    if draft.kind in OF_A_CLASS:
        # Texts are compared by a keyed digest: the text itself is sealed.
        value = vault.digest(f"{body}\n{whom}".encode()).hex()
    if draft.silent:
        silence = silence or Silence.SENDER_ASKED.value
    if draft.kind is Kind.TIMETABLE:
        # A whole timetable is kept to be asked for; only changes of it are told.
        silence = silence or Silence.NOT_WANTED.value
    return Derived(draft, whom, at, value, body, silence, prefix_of(school.id, draft, whom))


def moment(school: School, at: datetime) -> int:
    """Epoch milliseconds; a time without a zone is the school's."""
    return millis(at if at.tzinfo else at.replace(tzinfo=school.zone))


def prefix_of(school_id: int, draft: Draft, whom: Whom) -> Prefix:
    day = draft.day.isoformat() if draft.day else ""
    return (school_id, str(draft.kind), whom.who, draft.subject_key, day)


def naming_of(file: int, prefix: Prefix, draft: Draft) -> Naming:
    return (file, prefix, lesson_of(draft), draft.work_key, draft.ordinal)


def lesson_of(draft: Draft) -> int:
    return NO_LESSON if draft.lesson is None else draft.lesson
