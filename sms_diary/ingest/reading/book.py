"""What a file holds, whatever its format: sheets of rows of typed cells.

Pure data, and how a cell looks as text. Rows are counted as Excel counts them, from 1; a column
is the place in `Row.cells`, from 0, and `letter` names it as Excel does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sms_diary.values import value

Value = str | int | float | bool | date | datetime | time | timedelta
"""A cell; an empty one is ""."""

_LETTERS = 26
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    HTML = "html"
    XML = "xml"
    JSON = "json"


@value
class Area:
    """Merged cells: rows `top` to `bottom` from 1, columns `left` to `right` from 0, inclusive."""

    top: int
    left: int
    bottom: int
    right: int


@value
class Row:
    """`number` as Excel shows it; a cell of several lines does not count twice."""

    number: int
    cells: tuple[Value, ...]
    hidden: bool = False

    def is_blank(self) -> bool:
        return not any(cell.strip() if isinstance(cell, str) else True for cell in self.cells)


@value
class Sheet:
    """All that is known of a sheet before its rows.

    `files` is the way to it: the file, and its name in the archive. `caption` is the text of a
    web page above the table. `height` is how many rows to expect, about. `date1904`: a bare
    number of days counts from 1904. `encoding` and `delimiter` are a CSV's.
    """

    files: tuple[str, ...]
    name: str
    format: Format
    hidden: bool = False
    height: int = 0
    merges: tuple[Area, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    date1904: bool = False
    caption: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""


@value
class Refused:
    """A file of an archive that could not be read, and the Russian sentence why.

    Sheets and rows of it that were said before do not count.
    """

    files: tuple[str, ...]
    reason: str


Piece = Sheet | list[Row] | Refused
"""What a reader says, in order: a sheet, then its rows in blocks; or a file refused."""


@value
class Table:
    """A sheet with all its rows; blank rows at its end may be missing."""

    sheet: Sheet
    rows: tuple[Row, ...]


@value
class Book:
    """A whole file, or all the files of an archive."""

    tables: tuple[Table, ...]
    refused: tuple[Refused, ...] = ()


def letter(column: int) -> str:
    """0 → A, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, _LETTERS)
        text = chr(ord("A") + rest) + text
    return text


def column_of(letters: str) -> int:
    """A → 0, AA → 26; letters are capitals."""
    number = 0
    for char in letters:
        number = number * _LETTERS + ord(char) - ord("A") + 1
    return number - 1


def area_of(reference: str) -> Area | None:
    """«B2:D4» as an area; a single cell is one too; None for anything else."""
    ends = [_REFERENCE.fullmatch(end) for end in reference.split(":")]
    first, last = ends[0], ends[-1]
    if len(ends) > 2 or first is None or last is None:  # noqa: PLR2004
        return None
    columns = sorted((column_of(first[1].upper()), column_of(last[1].upper())))
    rows = sorted((int(first[2]), int(last[2])))
    return Area(rows[0], columns[0], rows[1], columns[1])


def text_of(cell: Value) -> str:
    """The cell as a person would type it: 5.0 → «5», a date → «05.04.2026»."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "ИСТИНА" if cell else "ЛОЖЬ"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return _time_text(cell) if not isinstance(cell, int) else str(cell)


def _time_text(cell: date | datetime | time | timedelta) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%d.%m.%Y} {cell.hour}:{cell:%M}"
    if isinstance(cell, date):
        return f"{cell:%d.%m.%Y}"
    if isinstance(cell, time):
        return f"{cell.hour}:{cell:%M}"
    hours, minutes = divmod(int(cell.total_seconds()) // 60, 60)
    return f"{hours}:{minutes:02}"


def spread(rows: Iterable[Row], merges: Iterable[Area]) -> Iterator[Row]:
    """The rows, in order, with the value of a merged area's first cell in all of its cells."""
    return map(Spread(merges).row, rows)


class Spread:
    """Fills merged cells row by row; keeps in mind only areas that are open at a row."""

    def __init__(self, merges: Iterable[Area]) -> None:
        self._waiting = sorted(merges, key=lambda area: area.top, reverse=True)
        self._open: list[tuple[Area, Value]] = []

    def row(self, row: Row) -> Row:
        """The next row, filled. Rows must come in order."""
        if not self._waiting and not self._open:
            return row
        self._open = [(area, said) for area, said in self._open if area.bottom >= row.number]
        while self._waiting and self._waiting[-1].top <= row.number:
            area = self._waiting.pop()
            at_top = area.top == row.number and area.left < len(row.cells)
            if at_top and row.cells[area.left] != "":
                self._open.append((area, row.cells[area.left]))
        return _filled(row, self._open)


def _filled(row: Row, areas: list[tuple[Area, Value]]) -> Row:
    if not areas:
        return row
    cells = list(row.cells)
    for area, said in areas:
        cells += [""] * (area.right + 1 - len(cells))
        for at in range(area.left, area.right + 1):
            if cells[at] == "":
                cells[at] = said
    return Row(row.number, tuple(cells), row.hidden)
