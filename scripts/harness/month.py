"""Twenty school days of a school, drawn from a seed: what each guardian must learn, slot by slot.

A slot is a moment at which one guardian is told what is due: at once for absences, changes of
the timetable and announcements, 18:00 for marks and homework (or 18:00 of Friday, for a school
that fills its journal then). What it costs is `economy.py`'s.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from scripts.harness.roll import Form, Pupil, forms, guardians, pupils
from sms_diary.model import Kind, Told

MARKS, ABSENCES, HOMEWORK, CHANGES = 2.5, 0.2, 5, 0.3
"""Per pupil and day; homework and changes per class and day."""
CORRECTED_BEFORE, CORRECTED_AFTER = 0.03, 0.01
DAYS = tuple(date(2026, 11, 9) + timedelta(weeks=n // 5, days=n % 5) for n in range(20))
EVENING = 18 * 60
"""Minutes after midnight of the digest."""
_LESSONS = 6
_VALUES = ("5", "4", "3", "2", "5/4", "зач", ".")
_OFTEN = (38, 36, 16, 4, 2, 2, 2)
_WORKS = ("", "Контрольная работа", "Самостоятельная работа", "Домашняя работа", "Тест")
_CODES, _CODES_OFTEN = ("Н", "УП", "Б", "ОП"), (45, 20, 20, 15)
_TASKS = (
    "упр.215", "№412,413", "§14", "§12-13, вопросы 1-4", "с.48-51 пересказ", "выучить слова",
    "упр.3,4 с.56", "§9 конспект", "№5.12-5.16", "подготовить доклад", "стих наизусть",
    "повторить правила с.30", "раб. тетрадь с.22", "принести альбом",
)  # fmt: skip
_OF_SCHOOL = (
    "занятия 12.11 по расписанию субботы, начало в 8:30",
    "20.11 в 18:00 общешкольное родительское собрание в актовом зале. Вход со сменной обувью",
    "с 24.11 в школе карантинных мер нет, кружки работают как обычно",
    "Каникулы 31.12-11.01. В школу 12.01 (вт) к 8:30",
)
_CANCELLED = 0.3
_NOTICES = {
    6: "род. собрание чт 26.11 в 18:00, каб.24",
    16: "завтра экскурсия в музей, сбор в 9:00 у школы, с собой сменная обувь и вода",
}
"""What classes announce, by the number of the school day: one in two weeks."""


@dataclass(frozen=True)
class Slot:
    """What one guardian is told at one moment; `moment` is minutes after midnight."""

    guardian: int
    day: date
    moment: int
    lines: tuple[Told, ...]


@dataclass(frozen=True)
class _Entry:
    """Something in the diary of a pupil or a class, told at a moment of a day."""

    kind: Kind
    told: date
    moment: int
    day: date | None
    subject: str = ""
    lesson: int | None = None
    work: str = ""
    value: str = ""
    was: str | None = None
    body: str = ""
    times: int = 1
    """Events that the journal posted about it by then."""


@dataclass(frozen=True)
class Month:
    """Slots of each guardian in the order of time."""

    slots: list[Slot]
    events: dict[int, int]
    """By the id of a line: how many events of the journal stand behind it."""
    corrections: set[int]
    """Lines that tell another value of an entry told before."""

    def add(self, guardian: int, wanted: Sequence[tuple[Pupil | None, _Entry]]) -> None:
        """What one guardian must learn, as lines by slot."""
        due: dict[tuple[date, int], list[Told]] = defaultdict(list)
        for pupil, entry in wanted:
            number = len(self.events) + 1
            self.events[number] = entry.times
            if entry.was:
                self.corrections.add(number)
            due[entry.told, entry.moment].append(_told(number, pupil, entry))
        self.slots.extend(Slot(guardian, day, at, tuple(due[day, at])) for day, at in sorted(due))


def month(seed: int, *, every_topic: bool, on_friday: bool = False) -> Month:
    """The same month for the same seed: the marks do not depend on what else is told."""
    everyone = pupils(_seeded(seed, "pupils"))
    families = guardians(_seeded(seed, "guardians"), everyone)
    of_pupil = {
        one.number: list(_of_pupil(_seeded(seed, one.number), one, on_friday=on_friday))
        for one in everyone
    }
    of_class = {
        form.name: list(_of_class(_seeded(seed, form.name), form)) if every_topic else []
        for form in forms()
    }
    of_school = list(_of_school()) if every_topic else []
    story = Month([], {}, set())
    for number, family in enumerate(families):
        due = [(None, entry) for entry in of_school]
        wanted: list[tuple[Pupil | None, _Entry]] = [
            (pupil, entry)
            for pupil in family.pupils
            for entry in of_pupil[pupil.number] + of_class[pupil.form.name]
            if family.homework or entry.kind is not Kind.HOMEWORK
        ]
        story.add(number, [*wanted, *due])
    return story


def _seeded(*what: object) -> Random:
    """One source of chance for each pupil and class: none depends on how much others draw."""
    return Random(" ".join(map(str, what)))  # noqa: S311  # a model, no secret


def _told(number: int, pupil: Pupil | None, entry: _Entry) -> Told:
    own = entry.kind in (Kind.MARK, Kind.ABSENCE)
    return Told(
        line_id=number,
        kind=entry.kind,
        pupil=pupil.name if pupil and own else "",
        class_name=pupil.form.name if pupil else "",
        day=entry.day,
        subject=entry.subject,
        lesson=entry.lesson,
        work=entry.work,
        value=entry.value,
        was=entry.was,
        body=entry.body,
    )


def _of_pupil(random: Random, pupil: Pupil, *, on_friday: bool) -> Iterator[_Entry]:
    for day in DAYS:
        lessons = random.sample(pupil.form.subjects, _LESSONS)
        if pupil.form.grade > 1:
            for _ in range(_poisson(random, MARKS)):
                yield from _mark(random, day, lessons, on_friday=on_friday)
        for lesson in sorted(random.sample(range(_LESSONS), min(_poisson(random, ABSENCES), 6))):
            (code,) = random.choices(_CODES, _CODES_OFTEN)
            yield _Entry(
                Kind.ABSENCE, day, 9 * 60 + 55 * lesson, day, lessons[lesson], lesson + 1,
                value=code,
            )  # fmt: skip


def _mark(random: Random, day: date, lessons: list[str], *, on_friday: bool) -> Iterator[_Entry]:
    lesson = random.randrange(_LESSONS)
    (value,) = random.choices(_VALUES, _OFTEN)
    entry = _Entry(
        Kind.MARK, _friday(day) if on_friday else day, EVENING, day, lessons[lesson], lesson + 1,
        random.choice(_WORKS), value, times=2 if random.random() < CORRECTED_BEFORE else 1,
    )  # fmt: skip
    yield entry
    at = DAYS.index(entry.told) + (5 if on_friday else 1)
    if random.random() < CORRECTED_AFTER and at < len(DAYS):
        other = "4" if value != "4" else "5"
        yield replace(entry, told=DAYS[at], value=other, was=value, times=1)


def _friday(day: date) -> date:
    return day + timedelta(days=4 - day.weekday())


def _of_class(random: Random, form: Form) -> Iterator[_Entry]:
    for at, day in enumerate(DAYS):
        following = DAYS[at + 1] if at + 1 < len(DAYS) else day + timedelta(days=3)
        for subject in random.sample(form.subjects, HOMEWORK):
            task = random.choice(_TASKS)
            yield _Entry(Kind.HOMEWORK, day, EVENING, following, subject, body=task)
        moment = 13 * 60 + random.randrange(180)
        for lesson in sorted(random.sample(range(1, 7), min(_poisson(random, CHANGES), 6))):
            body = _change(random, form)
            yield _Entry(Kind.TIMETABLE_CHANGE, day, moment, following, lesson=lesson, body=body)
        if at in _NOTICES:
            yield _Entry(Kind.ANNOUNCEMENT, day, 16 * 60, None, body=_NOTICES[at])


def _of_school() -> Iterator[_Entry]:
    for week, text in enumerate(_OF_SCHOOL):
        yield _Entry(Kind.ANNOUNCEMENT, DAYS[week * 5 + 2], 12 * 60, None, body=text)


def _change(random: Random, form: Form) -> str:
    if random.random() < _CANCELLED:
        return json.dumps({"cancelled": True})
    subject, other = random.sample(form.subjects, 2)
    said = {"subject": subject, "instead_of": other, "room": str(random.randrange(1, 45))}
    return json.dumps(said, ensure_ascii=False)


def _poisson(random: Random, mean: float) -> int:
    """Knuth's way: uniform numbers are multiplied until they are below e^-mean."""
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count
