"""Notes beside a timetable that say what is changed: a room, a subject, a lesson that is off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sms_diary.ingest.days import SchoolYear, parse_day
from sms_diary.ingest.kinds.lessons import Taught
from sms_diary.ingest.matching import class_key
from sms_diary.ingest.subjects import subject_key
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

_ARROW = r"\s*(?:→|⇒|->|=>|—>|–>)\s*"
_ROOM = re.compile(
    rf"(?:каб\w*\.?|ауд\w*\.?)\s*([\w/-]+)(?:{_ARROW}|\s+на\s+)(?:каб\w*\.?\s*)?([\w/-]+)",
    re.IGNORECASE,
)
_ONLY_ROOM = re.compile(r"(?:в\s+)?каб\w*\.?\s*№?\s*([\w/-]+)", re.IGNORECASE)
_INSTEAD = re.compile(
    r"вместо\s+([\w .()-]+?)\s*[-–—:,]\s*([\w .()-]+)|([\w .()-]+?)\s+вместо\s+([\w .()-]+)",
    re.IGNORECASE,
)
_TO = re.compile(rf"([А-Яа-яЁё][\w .()-]*?){_ARROW}([А-Яа-яЁё][\w .()-]*)")
_OFF = re.compile(r"(?:урока?\s+нет|нет\s+урока?|отмен\w*|снят)", re.IGNORECASE)
_CHANGE = re.compile(
    rf"замен|измен|перен|{_ARROW}|вместо|отмен|урока?\s+нет|нет\s+урока?", re.IGNORECASE
)
_CLASS = re.compile(r"\b(\d{1,2}\s*[«\"]?[А-Яа-яA-Za-z][»\"]?)(?=\s*(?:[:–—,-]|кл|\s|$))")
_LEAD = re.compile(r"^(?:замен\w*|измен\w*|перенос\w*)\s*[:–—-]?\s*", re.IGNORECASE)
_LESSON = re.compile(r"(\d{1,2})(?:-?[йея])?\s*ур\w*\.?\s*[:–—-]?\s*", re.IGNORECASE)
_DAY = re.compile(r"\b\d{1,2}\.\d{1,2}(?:\.\d{2,4})?\b")


@value
class Change:
    """What a note says; `class_name`, `day` and `lesson` only where it names one."""

    class_name: str = ""
    day: date | None = None
    subject: str | None = None
    instead_of: str | None = None
    room: str | None = None
    old_room: str | None = None
    cancelled: bool = False
    text: str | None = None
    lesson: int | None = None


@value
class Planned:
    """What a class has in the row that a note stands in."""

    class_name: str
    taught: tuple[Taught, ...]


def read_change(note: str, year: SchoolYear) -> Change | None:
    """«замена: каб. 31 → 22», «история вместо биологии», «урока нет»; None for another note."""
    text = clean_line(note)
    if not _CHANGE.search(text):
        return None
    named = next((one[1] for one in _CLASS.finditer(text) if class_key(one[1])), "")
    dated = _DAY.search(text)
    day = parse_day(dated[0], year) if dated else None
    rest = text.replace(named, " ", 1) if named else text
    rest = clean_line(_DAY.sub(" ", rest)).lstrip(":-–—, ")
    rest = _LEAD.sub("", rest).strip(" .;")
    lesson = _LESSON.match(rest)
    rest = rest[lesson.end() :] if lesson else rest
    return replace(_read(rest, named, day), lesson=int(lesson[1]) if lesson else None)


def _read(rest: str, named: str, day: date | None) -> Change:
    if rooms := _ROOM.search(rest):
        return Change(named, day, room=rooms[2], old_room=rooms[1])
    room = _ONLY_ROOM.search(rest)
    words = clean_line(_ONLY_ROOM.sub(" ", rest)).strip(" ,;.")
    number = room[1] if room else None
    if found := _INSTEAD.search(words):
        old, new = (found[1], found[2]) if found[1] else (found[4], found[3])
        return Change(named, day, new.strip(), old.strip(), number)
    if found := _TO.search(words):
        return Change(named, day, found[2].strip(), found[1].strip(), number)
    if _OFF.search(words):
        return Change(named, day, cancelled=True)
    return Change(named, day, room=number, text=rest[:300] or None)


def resolved(change: Change, planned: Sequence[Planned]) -> Change:
    """The change with the subject that it replaces as the timetable writes it."""
    if change.instead_of is None:
        return change
    subjects = [one.subject for plan in planned for one in plan.taught]
    old = subject_key(change.instead_of)
    same = [one for one in subjects if subject_key(one) == old or _alike(subject_key(one), old)]
    return replace(change, instead_of=same[0]) if same else change


def whose(change: Change, planned: Sequence[Planned]) -> list[str]:
    """The classes that a change may be about: the named one, else those that it fits."""
    if change.class_name:
        key = class_key(change.class_name)
        return [one.class_name for one in planned if class_key(one.class_name) == key] or [
            change.class_name
        ]
    fitting = [one.class_name for one in planned if _fits(change, one)]
    return fitting or [one.class_name for one in planned]


def _fits(change: Change, planned: Planned) -> bool:
    rooms = {one.room for one in planned.taught}
    if change.old_room is not None:
        return change.old_room in rooms
    if change.instead_of is not None:
        old = subject_key(change.instead_of)
        keys = {subject_key(one.subject) for one in planned.taught}
        return any(key == old or _alike(key, old) for key in keys)
    return bool(planned.taught)


def _alike(key: str, said: str) -> bool:
    """«биологии» is «биология» in another case: all but the ending agree."""
    return len(said) > 4 and key[:-2] == said[:-2]  # noqa: PLR2004  # letters of a stem
