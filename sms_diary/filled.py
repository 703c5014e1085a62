"""Whether journals are filled at least weekly (приказ 318-р): a verdict a class, subject and week.

Made of what `filling` derives. Pure, and about no person. Days without lessons never count:
holidays, days away, and of a cancelled lesson its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

from sms_diary.filling import UNGRADED, Calendar, Diary, Place, State, school_days, states
from sms_diary.ingest.matching import class_key
from sms_diary.values import value

LOOKS_BACK = timedelta(weeks=8)
"""A journal that was not filled for longer is simply empty: no report reads further back."""
_SUNDAY = timedelta(days=6)
_NAMED = 3
"""Classes that one line names; of the others it says how many there are."""


class Verdict(StrEnum):
    FILLED = "filled"
    EMPTY = "empty"
    """Lessons were held and nothing was written; of a week that goes on: for over a week."""
    WAITS = "waits"
    """The week goes on, nothing is written yet, and the last filling is not a week ago."""
    NONE = "none"
    """No lesson was held."""
    UNGRADED = "ungraded"
    """Nobody gets marks there, so none is missing."""


@value
class Cell:
    """A subject of a class in one week. `held` and `unmarked` count days with its lessons.

    `last`: the last filling up to the end of the week; `since`: school days of the class after
    that, both None where there was none in `LOOKS_BACK`.
    """

    class_key: str
    class_name: str
    subject_key: str
    subject: str
    held: int
    unmarked: int
    last: date | None
    since: int | None
    verdict: Verdict


@value
class Silence:
    """A class whose journal has nothing new for longer than a week of its own school days."""

    class_key: str
    class_name: str
    last: date | None
    since: int


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week(diary: Diary, calendar: Calendar, first: date, *, today: date) -> list[Cell]:
    """The week that begins on `first`, a Monday, as is known on `today`; in order of the keys.

    Nothing of a week before anything of the school was known: nobody is to blame for it.
    """
    last = min(first + _SUNDAY, today)
    if not _known(diary, last):
        return []
    begin = last - LOOKS_BACK
    lately = {
        (one.class_key, one.subject_key): one
        for one in states(_until(diary, last), calendar, first=begin, today=last)
    }
    acts = _acted(diary, first, first + _SUNDAY)
    timetabled = {class_key for class_key, _ in diary.timetable}
    over = today > first + _SUNDAY
    limits: dict[str, tuple[int, int, bool]] = {}
    found = []
    for one in states(diary, calendar, first=first, today=last):
        key = one.class_key
        if key not in limits:
            days = school_days(diary, calendar, key, begin, last)
            limits[key] = _week_of(days), len(days), any(day >= first for day in days)
        limit, all_days, any_school = limits[key]
        place = (key, one.subject_key)
        before = lately.get(place)
        filled = place in acts or any(
            first <= day <= last for day in diary.marked.get(place, frozenset())
        )
        expected = one.held > 0 or (key not in timetabled and any_school)
        since = before.school_days if before else None
        late = over or (all_days if since is None else since) > limit
        verdict = _verdict(one, filled=filled, expected=expected, late=late)
        found.append(
            Cell(key, one.class_name, one.subject_key, impersonal(one.subject), one.held,
                 len(one.unmarked), before.last_filled if before else None, since,
                 verdict)
        )  # fmt: skip
    return found


def _verdict(one: State, *, filled: bool, expected: bool, late: bool) -> Verdict:
    if filled:
        return Verdict.FILLED
    if not expected:
        return Verdict.NONE
    if one.subject_key in UNGRADED:
        return Verdict.UNGRADED
    return Verdict.EMPTY if late else Verdict.WAITS


def silent(diary: Diary, calendar: Calendar, *, today: date) -> list[Silence]:
    """Classes with nothing in any subject for longer than the rule.

    None of a school of which nothing is known at all; no class that is not at school this week.
    """
    told = _until(diary, today)
    if not told.marked and not told.acts:
        return []
    names = {act.place[0]: act.class_name for act in diary.acts} | dict(diary.classes)
    begin = today - LOOKS_BACK
    lasts: dict[str, date] = {}
    for one in states(told, calendar, first=begin, today=today):
        if one.last_filled:
            lasts[one.class_key] = max(one.last_filled, lasts.get(one.class_key, date.min))
    found = []
    for key in sorted(names):
        days = school_days(diary, calendar, key, begin, today)
        last = lasts.get(key)
        since = sum(last is None or day > last for day in days)
        if since > _week_of(days) and days[-1] >= monday(today):
            found.append(Silence(key, names[key], last, since))
    return found


def named(classes: Sequence[Silence]) -> str:
    """«7В, 10Б, 11А и ещё 3»."""
    said = ", ".join(one.class_name for one in classes[:_NAMED])
    more = len(classes) - _NAMED
    return f"{said} и ещё {more}" if more > 0 else said


def due(cells: Iterable[Cell]) -> list[Cell]:
    """Those that the rule is about: lessons were held, and marks can be given."""
    return [one for one in cells if one.verdict in {Verdict.FILLED, Verdict.EMPTY, Verdict.WAITS}]


def _week_of(days: Sequence[date]) -> int:
    """How many school days a week of this class has: 5, 6, or as many as its timetable says."""
    return len({day.weekday() for day in days})


def _until(diary: Diary, last: date) -> Diary:
    """What had been written up to this day."""
    return replace(
        diary,
        marked={
            place: kept
            for place, days in diary.marked.items()
            if (kept := frozenset(day for day in days if day <= last))
        },
        acts=[act for act in diary.acts if act.done <= last],
    )


def _known(diary: Diary, last: date) -> bool:
    """Whether anything up to this day is: lessons, marks or acts."""
    return (
        any(since <= last for _, since in diary.timetable)
        or any(day <= last for days in diary.marked.values() for day in days)
        or any((act.lesson or act.done) <= last for act in diary.acts)
    )


def _acted(diary: Diary, first: date, last: date) -> set[Place]:
    """Where the log says that the journal was filled in these days, or a lesson of theirs was."""
    return {
        act.place
        for act in diary.acts
        if first <= act.done <= last or (act.marks and act.lesson and first <= act.lesson <= last)
    }


_PERSONS = re.compile(
    r"""[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?\s+[А-ЯЁ]\.(?:\s*[А-ЯЁ]\.)?  # Ивушкина А.П.
      | [А-ЯЁ]\.\s*(?:[А-ЯЁ]\.)?\s*[А-ЯЁ][а-яё]+                      # А. П. Ивушкина
      | (?:[А-ЯЁ][а-яё-]+\s+){1,2}[А-ЯЁ][а-яё]+(?:вич|вна|ична)\b     # Ивушкина Анна Петровна
      | (?<=[(/,])\s*(?!Основ|Слов)[А-ЯЁ][а-яё]*                       # (Ивушкина), /Петров
        (?:[оеё]ва?|кина?|шина?|енко|чук)(?=\s*(?:[)/,]|$))
      | \+?\d[\d\s()-]{8,}\d                                          # a telephone""",
    re.VERBOSE,
)
_LEFT = re.compile(r"[\s/,(\[]+[)\]]|[\s/,(\[-]+$|\s{2,}")


def impersonal(name: str) -> str:
    """The name of a class or subject without a teacher's or a number that a journal put into it."""
    return _LEFT.sub(" ", _PERSONS.sub("", name)).strip() if _PERSONS.search(name) else name


def class_of(name: str) -> tuple[str, str]:
    """Key and name of a class as a journal calls it, without persons: keys stand in addresses."""
    said = impersonal(name)
    return class_key(said) or said, said
