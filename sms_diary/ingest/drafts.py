"""A draft: what one event or one row of a file says about one entry of the diary.

The accept stage consumes drafts only and never asks which door they came by. Building
one is cheap and pure; names and classes are still as written, `matching` resolves them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sms_diary.ingest.records import (
    AbsenceSet,
    AnnouncementPosted,
    HomeworkSet,
    MarkRemoved,
    MarkSet,
    Pupil,
    Record,
    TermMarkSet,
    TimetableChanged,
    TimetableSet,
)
from sms_diary.ingest.subjects import subject_key, work_key
from sms_diary.model import Kind
from sms_diary.values import value


@value
class PupilRef:
    """A pupil as the source names one: by `id`, or ("" there) by class and name."""

    id: str = ""
    class_name: str = ""
    name: str = ""


@value
class AudienceRef:
    """Whom an announcement is for; exactly one of these is set."""

    school: bool = False
    classes: tuple[str, ...] = ()
    pupils: tuple[PupilRef, ...] = ()
    parallels: tuple[int, ...] = ()


@value
class Draft:
    """One statement about one entry.

    `value` is short and comparable: the mark, the code of an absence; "" for a removal and
    for kinds of free text. `body` is free text: comment, homework, announcement, or (for
    timetable kinds) canonical JSON. A term mark keeps its term («2 четверть») in `work`.
    `at` may be naive (the school's local time) or None (unknown: the time of arrival).
    """

    kind: Kind
    removal: bool = False
    at: datetime | None = None
    pupil: PupilRef | None = None
    class_name: str = ""
    audience: AudienceRef | None = None
    ref: str = ""
    subject: str = ""
    subject_key: str = ""
    day: date | None = None
    lesson: int | None = None
    work: str = ""
    work_key: str = ""
    ordinal: int = 1
    value: str = ""
    body: str = ""
    title: str = ""
    urgent: bool = False
    silent: bool = False
    until: date | None = None
    not_before: datetime | None = None


def to_draft(record: Record) -> Draft:
    """The draft of a valid event."""
    return _BUILDERS[type(record)](record)


def _pupil(pupil: Pupil) -> PupilRef:
    return PupilRef(pupil.id or "", pupil.class_name or "", pupil.name or "")


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _of_mark(e: MarkSet) -> Draft:
    work = e.work or ""
    return Draft(
        Kind.MARK, False, e.at, _pupil(e.pupil), "", None, e.ref or "",
        e.subject, subject_key(e.subject), e.day, e.lesson, work, work_key(work),
        e.ordinal or 1, e.mark, e.comment or "", "", False, e.silent,
    )  # fmt: skip


def _of_removal(e: MarkRemoved) -> Draft:
    work = e.work or ""
    return Draft(
        Kind.MARK, True, e.at, _pupil(e.pupil), "", None, e.ref or "",
        e.subject, subject_key(e.subject), e.day, e.lesson, work, work_key(work),
        e.ordinal or 1, silent=e.silent,
    )  # fmt: skip


def _of_absence(e: AbsenceSet) -> Draft:
    subject = e.subject or ""
    return Draft(
        Kind.ABSENCE, not e.code, e.at, _pupil(e.pupil), "", None, e.ref or "",
        subject, subject_key(subject), e.day, e.lesson,
        value=e.code, body=e.comment or "", silent=e.silent,
    )  # fmt: skip


def _of_term_mark(e: TermMarkSet) -> Draft:
    return Draft(
        Kind.TERM_MARK, False, e.at, _pupil(e.pupil), "", None, e.ref or "",
        e.subject, subject_key(e.subject), work=e.term, work_key=e.term,
        value=e.mark, body=e.comment or "", silent=e.silent,
    )  # fmt: skip


def _of_homework(e: HomeworkSet) -> Draft:
    return Draft(
        Kind.HOMEWORK, False, e.at, None, e.class_name, None, e.ref or "",
        e.subject, subject_key(e.subject), e.day, e.lesson, body=e.text, silent=e.silent,
    )  # fmt: skip


def _of_timetable(e: TimetableSet) -> Draft:
    lessons = sorted(e.lessons, key=lambda lesson: (lesson.lesson, lesson.subject))
    plain = [lesson.model_dump(exclude_none=True) for lesson in lessons]
    return Draft(
        Kind.TIMETABLE, False, e.at, None, e.class_name, None, e.ref or "",
        day=e.day, body=_canonical(plain), silent=e.silent,
    )  # fmt: skip


_CHANGE_FIELDS = ("subject", "instead_of", "room", "cancelled", "text")


def _of_change(e: TimetableChanged) -> Draft:
    said = {name: value for name in _CHANGE_FIELDS if (value := getattr(e, name))}
    return Draft(
        Kind.TIMETABLE_CHANGE, False, e.at, None, e.class_name, None, e.ref or "",
        day=e.day, lesson=e.lesson, body=_canonical(said), silent=e.silent,
    )  # fmt: skip


def _of_announcement(e: AnnouncementPosted) -> Draft:
    audience = AudienceRef(
        bool(e.audience.school),
        tuple(e.audience.classes or ()),
        tuple(_pupil(pupil) for pupil in e.audience.pupils or ()),
        tuple(e.audience.parallels or ()),
    )
    return Draft(
        Kind.ANNOUNCEMENT, False, e.at, None, "", audience, e.ref or "",
        day=e.day, body=e.text, title=e.title or "",
        urgent=e.urgent, silent=e.silent, until=e.until, not_before=e.not_before,
    )  # fmt: skip


_BUILDERS: dict[type, Callable[[Any], Draft]] = {
    MarkSet: _of_mark,
    MarkRemoved: _of_removal,
    AbsenceSet: _of_absence,
    TermMarkSet: _of_term_mark,
    HomeworkSet: _of_homework,
    TimetableSet: _of_timetable,
    TimetableChanged: _of_change,
    AnnouncementPosted: _of_announcement,
}
