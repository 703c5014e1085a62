"""How a class journal is filled: when last, which lessons have no marks, school days since then.

Derived from what is written in the diary, from the timetable and from the journal's own log of
filling (JournalAccess). Pure; what is read from where is `store.filling`'s. By приказ 318-р a
journal is filled at least once a week.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date, timedelta

from sms_diary.values import value

UNGRADED = frozenset({
    "разговоры о важном", "классный час", "внеурочная деятельность", "россия-мои горизонты",
    "функциональная грамотность", "проектная деятельность",
})  # fmt: skip
"""Subjects (their keys) in which nobody gets marks, so none is missing."""
_DAY = timedelta(days=1)
_SUNDAY = 7
Place = tuple[str, str]
"""A class and a subject, by their keys."""


@value
class Slot:
    """A lesson of a class's timetable."""

    number: int
    subject_key: str
    subject: str


@value
class Change:
    """What became of a planned lesson: it is off, or another subject is taught."""

    cancelled: bool = False
    subject_key: str = ""
    subject: str = ""


@value
class Act:
    """An act of the journal's log: the day it was done, and the lesson that it is about, if any.

    `marks`: it is about marks or absences, not about a topic.
    """

    place: Place
    class_name: str
    subject: str
    done: date
    lesson: date | None
    marks: bool


@value
class Diary:
    """What is known of a school. Classes by key; subjects by key with a name for people.

    `marked`: days of lessons with a mark or an absence. A timetable of a weekday holds until a
    later one is known; before the first one nothing is known of lessons.
    """

    classes: Mapping[str, str]
    timetable: Mapping[tuple[str, date], Sequence[Slot]] = field(default_factory=dict)
    changes: Mapping[tuple[str, date, int], Change] = field(default_factory=dict)
    marked: Mapping[Place, frozenset[date]] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    acts: Sequence[Act] = ()


@value
class Calendar:
    """Days without lessons: `holidays` (first and last day), days of the week (1 Monday .. 7).

    `away`: days on which a class (by key; "" for all) learns at home or is in quarantine.
    """

    holidays: Sequence[tuple[date, date]] = ()
    off: frozenset[int] = frozenset({_SUNDAY})
    away: Mapping[str, frozenset[date]] = field(default_factory=dict)

    def is_school(self, day: date, class_key: str) -> bool:
        free = any(first <= day <= last for first, last in self.holidays)
        away = day in self.away.get(class_key, ()) or day in self.away.get("", ())
        return not (free or away or day.isoweekday() in self.off)


@value
class State:
    """How one subject of one class is filled.

    `held` counts days with lessons of the subject, `unmarked` are those of them without a mark or
    an absence. `school_days`: days with lessons of the class after the last filling, up to today;
    None where it was never filled. Several lessons of a subject on one day are one.
    """

    class_key: str
    class_name: str
    subject_key: str
    subject: str
    last_marked: date | None
    last_act: date | None
    held: int
    unmarked: tuple[date, ...]
    school_days: int | None

    @property
    def last_filled(self) -> date | None:
        return max(filter(None, (self.last_marked, self.last_act)), default=None)


def states(diary: Diary, calendar: Calendar, *, first: date, today: date) -> list[State]:
    """Every subject of every class, of lessons from `first` to `today`, in order of their keys."""
    acts: dict[Place, list[Act]] = {}
    for act in diary.acts:
        acts.setdefault(act.place, []).append(act)
    names = dict(diary.classes)
    for act in diary.acts:
        names.setdefault(act.place[0], act.class_name)
    lessons = _Lessons(diary)
    taught: dict[Place, dict[date, str]] = {}
    days: dict[str, list[date]] = {}
    for class_key in names:
        days[class_key] = list(_days(lessons, calendar, class_key, first, today))
        for day in days[class_key]:
            for slot in lessons.of(class_key, day):
                taught.setdefault((class_key, slot.subject_key), {})[day] = slot.subject
    places = {*taught, *diary.marked, *acts}
    return [
        _state(diary, names[place[0]], place, taught.get(place, {}), acts.get(place, ()),
               days[place[0]])
        for place in sorted(places) if place[0] in names
    ]  # fmt: skip


def school_days(diary: Diary, calendar: Calendar, class_key: str, first: date, last: date
) -> list[date]:  # fmt: skip
    """The days from one to another on which this class has lessons, in order."""
    return list(_days(_Lessons(diary), calendar, class_key, first, last))


def _days(
    lessons: _Lessons, calendar: Calendar, class_key: str, first: date, today: date
) -> Iterator[date]:
    """The days on which a class has lessons: by its timetable, without one all working days."""
    day = first
    while day <= today:
        if calendar.is_school(day, class_key) and (
            not lessons.knows(class_key) or lessons.of(class_key, day)
        ):
            yield day
        day += _DAY


class _Lessons:
    """What was taught on a day: its timetable, or the last one of its weekday, with changes."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary
        self._known: dict[str, dict[int, list[date]]] = {}
        for class_key, day in sorted(diary.timetable):
            self._known.setdefault(class_key, {}).setdefault(day.weekday(), []).append(day)

    def knows(self, class_key: str) -> bool:
        return class_key in self._known

    def of(self, class_key: str, day: date) -> list[Slot]:
        known = self._known.get(class_key, {}).get(day.weekday(), [])
        at = bisect_right(known, day)
        planned = self._diary.timetable[class_key, known[at - 1]] if at else ()
        found: list[Slot] = []
        for slot in planned:
            change = self._diary.changes.get((class_key, day, slot.number), _AS_PLANNED)
            if not change.cancelled:
                key, name = change.subject_key or slot.subject_key, change.subject or slot.subject
                found.append(Slot(slot.number, key, name))
        return found


_AS_PLANNED = Change()


def _state(  # one place, and all that is known of it
    diary: Diary, class_name: str, place: Place, taught: Mapping[date, str], acts: Iterable[Act],
    days: Sequence[date],
) -> State:  # fmt: skip
    acts = list(acts)
    marked = diary.marked.get(place, frozenset())
    noted = marked | {act.lesson for act in acts if act.marks and act.lesson}
    missing = () if place[1] in UNGRADED else tuple(sorted(set(taught) - noted))
    names = (*taught.values(), *(act.subject for act in acts))
    last_marked = max(marked, default=None)
    last_act = max((act.done for act in acts), default=None)
    last = max(filter(None, (last_marked, last_act)), default=None)
    since = None if last is None else sum(day > last for day in days)
    subject = diary.subjects.get(place[1]) or next(iter(names), place[1])
    return State(place[0], class_name, place[1], subject, last_marked, last_act, len(taught),
                 missing, since)  # fmt: skip
