"""The weekly timetable as a grid: a sheet a week, days down, classes across, changes as notes.

A class stands in a block with those that have a timetable for the same days: a class without one
for a day must not be read as one without lessons. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sms_diary.ingest.days import school_year
from sms_diary.ingest.exports.book import Cell, Exported, Sheet, as_xlsx
from sms_diary.ingest.kinds.changes import read_change
from sms_diary.ingest.kinds.lanes import class_of
from sms_diary.ingest.kinds.lessons import read_lesson, read_start
from sms_diary.ingest.matching import class_key
from sms_diary.model import Kind
from sms_diary.store.year_book import Written

KINDS = (str(Kind.TIMETABLE), str(Kind.TIMETABLE_CHANGE))
_DAYS = ("Понедельник", "Вторник", "Среда", "Четверг", "Пятница", "Суббота", "Воскресенье")
_LEFT = ("День", "Номер", "Время")
_REMARK = re.compile(r"\s*\(.*\)")
_LEAST_ROWS = 2
_WIDTHS = (16, 8, 8)
_WIDTH = 26
Lessons = list[dict[str, Any]]
Slot = tuple[int, str]
"""Number and beginning of a lesson: a row of the grid for a day."""


@dataclass(slots=True)
class _Block:
    """Classes with a timetable for the same days of one week."""

    names: list[str]
    days: list[date]
    notes: list[tuple[date, int, str]] = field(default_factory=list)


def export(names: Mapping[int, str], entries: Iterable[Written]) -> Exported:
    """The grid of every week that the entries speak of; `names` are the titles of classes by id."""
    lessons: dict[tuple[str, date], Lessons] = {}
    changes: list[Written] = []
    lost_days = lost_notes = 0
    for one in entries:
        if one.kind == Kind.TIMETABLE_CHANGE:
            changes.append(one)
        elif (said := json.loads(one.body or "null")) is not None and _sayable(
            names[one.who], said
        ):
            lessons[names[one.who], date.fromisoformat(one.day)] = said
        else:
            lost_days += 1
    weeks = _blocks(lessons)
    for one in changes:
        lost_notes += not _noted(weeks, names[one.who], one)
    sheets = [_sheet(monday, blocks, lessons) for monday, blocks in weeks.items()]
    left_out = [f"Дней расписания, которые сеткой не записать: {lost_days}."] if lost_days else []
    left_out += [f"Замен, которые примечанием не записать: {lost_notes}."] if lost_notes else []
    rows = sum(len(row) > len(_LEFT) and row[0] != _LEFT[0] for one in sheets for row in one.rows)
    return Exported(as_xlsx(sheets) if sheets else b"", rows, tuple(left_out))


def _sayable(name: str, lessons: Lessons) -> bool:
    """Whether the grid's own reader takes the class and every cell for what they are."""
    if class_key(class_of(name)) != class_key(name):
        return False
    return all(
        sorted((one.subject, one.room) for one in read_lesson(_cell(lessons, slot)))
        == sorted((one["subject"], one.get("room", "")) for one in _at(lessons, slot))
        and (not slot[1] or read_start(slot[1]) == slot[1])
        for slot in _slots(lessons)
    )


def _slots(lessons: Lessons) -> set[Slot]:
    return {(one["lesson"], one.get("start", "")) for one in lessons}


def _at(lessons: Lessons, slot: Slot) -> Lessons:
    return [one for one in lessons if (one["lesson"], one.get("start", "")) == slot]


def _cell(lessons: Lessons, slot: Slot) -> str:
    """«Англ. яз. (1 гр.) [41]», subgroups below each other."""
    rooms = ((one["subject"], one.get("room", "")) for one in _at(lessons, slot))
    return "\n".join(f"{subject} [{room}]" if room else subject for subject, room in rooms)


def _blocks(lessons: Mapping[tuple[str, date], Lessons]) -> dict[date, list[_Block]]:
    """By Monday: the classes that have the same days of the week."""
    of_class: dict[tuple[date, str], list[date]] = {}
    for name, day in sorted(lessons, key=lambda one: one[1]):
        of_class.setdefault((day - timedelta(days=day.weekday()), name), []).append(day)
    weeks: dict[date, dict[tuple[date, ...], _Block]] = {}
    for (monday, name), days in sorted(of_class.items()):
        block = weeks.setdefault(monday, {}).setdefault(tuple(days), _Block([], days))
        block.names.append(name)
    return {monday: list(blocks.values()) for monday, blocks in weeks.items()}


def _noted(weeks: Mapping[date, list[_Block]], name: str, entry: Written) -> bool:
    """Put a change beside the day that it is about; False where no note can say it."""
    day = date.fromisoformat(entry.day)
    blocks = weeks.get(day - timedelta(days=day.weekday()), [])
    said = json.loads(entry.body or "{}")
    bare = _REMARK.sub("", name)
    text = f"{bare}: {_words(said)}"
    change = read_change(text, school_year(day))
    read = {key: got for key in _FIELDS if change and (got := getattr(change, key))}
    fits = change is not None and class_key(change.class_name) == class_key(bare)
    whole = fits and change is not None and not change.day and change.lesson is None
    block = next((one for one in blocks if day in one.days), None)
    if not whole or read != said or block is None or entry.lesson < 0:
        return False
    block.notes.append((day, entry.lesson, text))
    return True


_FIELDS = ("subject", "instead_of", "room", "cancelled", "text")


def _words(said: Mapping[str, Any]) -> str:
    """The change in the words that its reader knows."""
    room = f", каб. {said['room']}" if said.get("room") else ""
    if said.get("cancelled"):
        return "урока нет"
    if said.get("subject"):
        return f"{said['subject']} вместо {said.get('instead_of', '')}{room}"
    if said.get("room") and not said.get("text"):
        return f"каб. - → {said['room']}"
    return f"замена: {said.get('text', '')}"


def _sheet(
    monday: date, blocks: Sequence[_Block], lessons: Mapping[tuple[str, date], Lessons]
) -> Sheet:
    sunday = monday + timedelta(days=6)
    rows: list[Sequence[Cell]] = [
        (f"Расписание уроков на неделю {monday:%d.%m.%Y} – {sunday:%d.%m.%Y}",)
    ]
    down: list[tuple[int, int, int]] = []
    for block in blocks:
        rows += [(), (*_LEFT, *block.names, "Примечание")]
        for day in block.days:
            first = len(rows)
            rows += _rows(block, day, {name: lessons[name, day] for name in block.names})
            if len(rows) - first > 1:
                down.append((0, first, len(rows) - 1))
    most = max(len(block.names) for block in blocks)
    return Sheet(f"Неделя {monday:%d.%m}", rows, (*_WIDTHS, *[_WIDTH] * (most + 1)), down)


def _rows(block: _Block, day: date, taught: Mapping[str, Lessons]) -> list[Sequence[Cell]]:
    """A row for each lesson of the day; a note has one of its own, with no lesson in it."""
    title = f"{_DAYS[day.weekday()]} {day:%d.%m.%Y}"
    slots: set[Slot] = set().union(*map(_slots, taught.values()))
    while len(slots) < _LEAST_ROWS:  # a grid is known by its rows
        slots.add((max((number for number, _ in slots), default=0) + 1, ""))
    lines: list[tuple[Slot, list[Cell], str]] = [
        (slot, [_cell(taught[name], slot) for name in block.names], "") for slot in slots
    ]
    lines += [((number, ""), [""] * len(block.names), text)
              for on, number, text in block.notes if on == day]  # fmt: skip
    lines.sort(key=lambda line: (line[0][0], line[2], line[0][1].zfill(5)))
    return [(title, slot[0], slot[1], *cells, note) for slot, cells, note in lines]
