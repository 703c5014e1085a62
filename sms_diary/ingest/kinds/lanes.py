"""The heading of a timetable grid: which column is whose lessons, on which day.

A lane is a column of lessons. What the heading does not say of it (class, day or number) the
cells at the left of each row say. So one reader serves grids with days down and with days across.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sms_diary.ingest.days import SchoolYear
from sms_diary.ingest.kinds.lessons import read_number
from sms_diary.ingest.kinds.weekdays import WeekDay, read_weekday
from sms_diary.ingest.reading.book import Row, Value
from sms_diary.ingest.reading.headings import Field, field_of
from sms_diary.ingest.reading.values.classes import read_class
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

FIELDS = (
    Field("note", "Примечание", ("примечан", "замен", "изменен")),
    Field("room", "Кабинет", ("каб", "ауд", "=к", "=кб")),
    Field("time", "Время", ("время", "звонк", "начало")),
    Field("number", "№ урока", ("=№", "урок", "=n", "номер")),
    Field("day", "День", ("=день", "=дни", "=дата", "недел")),
    Field("class", "Класс", ("класс", "=кл")),
)
_CLASS = re.compile(
    r"(?:1[0-2]|[1-9])(?!КАБ|УР|ЧЕТ|МИН|ЧАС|ГР|СМЕН)[А-ЯЁA-Z][А-ЯЁA-Z0-9-]{0,3}(?:\(.{1,20}\))?"
)
_PLAIN_CLASS = re.compile(r"(?:1[0-2]|[1-9])\s*(?:класс|кл\.?)", re.IGNORECASE)
_SLASH_ROOM = re.compile(r"\s*/\s*каб\w*\.?\s*$", re.IGNORECASE)
_GROUP = re.compile(r"\d\s*(?:п/?)?гр\w*\.?|дев\w*\.?|мал\w*\.?|юн\w*\.?", re.IGNORECASE)
_DAYS_ACROSS = 2
_NUMBERS_ACROSS = 2


@value
class Lane:
    """A column of lessons, with the column of their rooms; `group` is a subgroup's."""

    at: int
    class_name: str = ""
    weekday: WeekDay | None = None
    number: int | None = None
    room_at: int | None = None
    group: str = ""


@value
class Head:
    """The heading in rows `first` to `last`; `left` are the other columns by meaning."""

    first: int
    last: int
    lanes: tuple[Lane, ...]
    left: Mapping[str, int]

    @property
    def edge(self) -> int:
        """The first column of lessons."""
        return self.lanes[0].at

    @property
    def kind(self) -> tuple[bool, bool, bool]:
        """What the heading says of each lane: class, day, number."""
        lane = self.lanes[0]
        return bool(lane.class_name), lane.weekday is not None, lane.number is not None


def class_of(cell: Value, classes: frozenset[str] = frozenset()) -> str:
    """The class that a whole cell names, canonical where that is certain; "" for another cell."""
    if not isinstance(cell, str):
        return ""
    text = _SLASH_ROOM.sub("", clean_line(cell))
    outcome = read_class(text, classes)
    titles = (outcome.said,) if outcome.said else outcome.candidates
    if any(_CLASS.fullmatch(title) for title in titles) or _PLAIN_CLASS.fullmatch(text):
        return text if "(" in text else outcome.said or text
    return ""


def read_head(
    row: Row, below: Row | None, year: SchoolYear, classes: frozenset[str] = frozenset()
) -> Head | None:
    """The heading that begins at a row (merged cells filled), with the row below if it goes on."""
    days = {at: day for at, cell in enumerate(row.cells) if (day := read_weekday(cell, year))}
    named = {at: name for at, cell in enumerate(row.cells) if (name := class_of(cell, classes))}
    left = _left(row)
    if len({day.weekday for day in days.values()}) >= _DAYS_ACROSS:
        lanes = [Lane(at, weekday=day) for at, day in days.items()]
    elif named and not days and (left or len(named) > 1):
        lanes = [Lane(at, name) for at, name in named.items()]
    else:
        return None
    storeys = _with_storey(lanes, below, classes)
    if storeys:
        below_left = _left(below) if below else {}
        return Head(row.number, row.number + 1, tuple(storeys), {**below_left, **left})
    return Head(row.number, row.number, tuple(_with_rooms(lanes, row)), left)


def _left(row: Row) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(row.cells):
        text = clean_line(cell) if isinstance(cell, str) and not class_of(cell) else ""
        if text and (name := field_of(text, FIELDS)):
            found.setdefault(name, at)
    return {name: at for name, at in found.items() if name != "room"}


def _with_rooms(lanes: Sequence[Lane], row: Row) -> list[Lane]:
    """Each lane with the room column right beside it; a title over two columns is lesson, room."""
    found: list[Lane] = []
    for lane in lanes:
        before = found[-1] if found else None
        if before and before.room_at is None and lane.at == before.at + 1 and _same(before, lane):
            found[-1] = replace(before, room_at=lane.at)
            continue
        beside = row.cells[lane.at + 1] if lane.at + 1 < len(row.cells) else ""
        has_room = isinstance(beside, str) and field_of(clean_line(beside), FIELDS) == "room"
        found.append(replace(lane, room_at=lane.at + 1 if has_room else None))
    return found


def _same(one: Lane, other: Lane) -> bool:
    return (one.class_name, one.weekday) == (other.class_name, other.weekday)


def _with_storey(
    lanes: Sequence[Lane], below: Row | None, classes: frozenset[str]
) -> list[Lane] | None:
    """The lanes by the second storey: numbers of lessons, «предмет, каб», classes, subgroups."""
    if below is None:
        return None
    cells = {lane.at: below.cells[lane.at] for lane in lanes if lane.at < len(below.cells)}
    numbers = {at: number for at, cell in cells.items()
               if (number := read_number(cell)) is not None}  # fmt: skip
    if len(set(numbers.values())) >= _NUMBERS_ACROSS and len(numbers) >= len(cells) // 2:
        return [replace(lane, number=numbers[lane.at]) for lane in lanes if lane.at in numbers]
    words = {at: clean_line(cell) for at, cell in cells.items() if isinstance(cell, str)}
    rooms = {at for at, word in words.items() if field_of(word, FIELDS) == "room"}
    groups = {at: word for at, word in words.items() if _GROUP.fullmatch(word)}
    named = {at: name for at, word in words.items() if (name := class_of(word, classes))}
    if not rooms and not groups and not named:
        return None
    found: list[Lane] = []
    for lane in lanes:
        is_room = lane.at in rooms or (bool(named) and words.get(lane.at) == "")
        if is_room and found:
            found[-1] = replace(found[-1], room_at=lane.at)
        elif not is_room:
            name = lane.class_name or named.get(lane.at, "")
            found.append(replace(lane, class_name=name, group=groups.get(lane.at, "")))
    return found
