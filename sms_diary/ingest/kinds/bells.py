"""When lessons begin: a table of bells, on a sheet of its own or beside a timetable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sms_diary.ingest.days import SchoolYear
from sms_diary.ingest.kinds.lanes import read_head
from sms_diary.ingest.kinds.lessons import read_number, read_start
from sms_diary.ingest.reading.book import Row, Table, spread, text_of
from sms_diary.ingest.reading.headings import Field, field_of
from sms_diary.ingest.values import clean_line

FIELDS = (
    Field("number", "№ урока", ("№ урок", "номер урок", "=урок", "=№", "=уроки")),
    Field("start", "Начало", ("начало", "время", "звонк")),
)
_SHIFT = re.compile(
    r"\b(?:([12])(?:-?[яй])?\s*смен|смена\s*:?\s*([12])\b|(i{1,2})\s*смен)", re.IGNORECASE
)
_LEAST_BELLS = 2

Bells = Mapping[tuple[int, int], str]
"""(shift, lesson) to the time of its beginning; shift 0 is one that is not named."""


def shift_of(text: str) -> int:
    """The shift that a text names («1 смена», «II смена»), or 0."""
    found = _SHIFT.search(text)
    if found is None:
        return 0
    return len(found[3]) if found[3] else int(found[1] or found[2])


def is_bells(table: Table, year: SchoolYear) -> bool:
    """Whether a sheet is about bells and no more: it has no heading of a timetable."""
    if len(read_bells([table])) < _LEAST_BELLS:
        return False
    return not any(read_head(row, None, year) for row in spread(table.rows, table.sheet.merges))


def begins(row: Row) -> bool:
    """Whether a row is the heading of a table of bells."""
    return _heading(row, 0) is not None


def read_bells(tables: Iterable[Table]) -> dict[tuple[int, int], str]:
    """All bells of these sheets."""
    found: dict[tuple[int, int], str] = {}
    for table in tables:
        shift = shift_of(table.sheet.name)
        columns: list[tuple[int, int]] = []
        number_at = -1
        for row in spread(table.rows, table.sheet.merges):
            if heading := _heading(row, shift):
                number_at, columns = heading
            elif named := _section(row):
                shift, columns = named, [(at, named) for at, _ in columns]
            elif columns:
                _add(found, row, number_at, columns)
    return found


def _heading(row: Row, shift: int) -> tuple[int, list[tuple[int, int]]] | None:
    """The column of numbers and those of beginnings, each with its shift."""
    number_at = -1
    starts: list[tuple[int, int]] = []
    for at, cell in enumerate(row.cells):
        text = clean_line(text_of(cell)) if isinstance(cell, str) else ""
        name = field_of(text, FIELDS)
        if name == "number" and number_at < 0:
            number_at = at
        elif name == "start" or (text and shift_of(text)):
            starts.append((at, shift_of(text) or shift))
    return (number_at, starts) if number_at >= 0 and starts else None


def _section(row: Row) -> int:
    texts = {clean_line(text_of(cell)) for cell in row.cells} - {""}
    return shift_of(texts.pop()) if len(texts) == 1 else 0


def _add(
    found: dict[tuple[int, int], str], row: Row, number_at: int, columns: list[tuple[int, int]]
) -> None:
    number = read_number(row.cells[number_at]) if number_at < len(row.cells) else None
    if number is None:
        return
    for at, shift in columns:
        if at < len(row.cells) and (start := read_start(row.cells[at])):
            found.setdefault((shift, number), start)


def start_of(bells: Bells, shift: int, number: int) -> str:
    """When a lesson begins; "" if no bell says so."""
    return bells.get((shift, number)) or bells.get((0, number), "")
