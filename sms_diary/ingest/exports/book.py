"""Files for people and programs: XLSX books, CSV for Excel, and ZIPs of them. Pure.

Text stays text: no cell is ever written as a formula, so nothing in one can be carried out.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sms_diary.values import value


@value
class Figure:
    """A number, and how Excel shows it: «0.0%»."""

    number: float
    shown: str


Cell = str | float | Figure | date | None
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_NAME = 31
_NARROW, _WIDE = 10, 60
_TEXT = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
_AS_ONE = (1980, 1, 1, 0, 0, 0)
"""The time of all members of a ZIP: the same data is the same file."""


@value
class Sheet:
    """`rows` as they stand; `down`: (column, first row, last row), merged, counted from 0.

    `heading`: the first row is bold, and stays in sight.
    """

    name: str
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[int] = ()
    down: Sequence[tuple[int, int, int]] = ()
    heading: bool = False


@value
class Exported:
    """A file that was made; `rows` of data in it, `left_out`: what it cannot say, in Russian."""

    body: bytes
    rows: int
    left_out: tuple[str, ...] = ()
    ending: str = ".xlsx"


def as_xlsx(sheets: Iterable[Sheet]) -> bytes:
    """A book of these sheets; names that Excel forbids, or that come twice, are changed."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **_TEXT}) as book:
        looks = _Looks(book)
        taken: set[str] = set()
        for sheet in sheets:
            made = book.add_worksheet(_name(sheet.name, taken))
            for at, width in enumerate(sheet.widths):
                made.set_column(at, at, width)
            for number, row in enumerate(sheet.rows):
                _write(made, number, row, looks, bold=sheet.heading and number == 0)
            if sheet.heading:
                made.freeze_panes(1, 0)
            for column, first, last in sheet.down:
                said = sheet.rows[first][column]
                made.merge_range(first, column, last, column, said or "", looks.middle)
    return out.getvalue()


class _Looks:
    """The formats of a book, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._numbers: dict[str, Format] = {}
        self.bold = book.add_format({"bold": True})
        self.middle = book.add_format({"valign": "vcenter", "text_wrap": True})

    def number(self, shown: str) -> Format:
        known = self._numbers.get(shown)
        if known is None:
            known = self._numbers[shown] = self._book.add_format({"num_format": shown})
        return known


def _write(
    sheet: Worksheet, number: int, row: Sequence[Cell], looks: _Looks, *, bold: bool
) -> None:
    for at, cell in enumerate(row):
        if isinstance(cell, date):
            sheet.write_datetime(number, at, cell, looks.number("dd.mm.yy"))
        elif isinstance(cell, Figure):
            sheet.write_number(number, at, cell.number, looks.number(cell.shown))
        elif isinstance(cell, int | float):
            sheet.write_number(number, at, cell)
        elif cell:
            plain = looks.middle if "\n" in cell else None
            sheet.write_string(number, at, cell, looks.bold if bold else plain)


def fitted(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Widths in which nearly every text of these rows has room."""
    columns = max(map(len, rows), default=0)
    return [
        min(max(_NARROW, *(_long(row[n]) + 2 for row in rows if n < len(row))), _WIDE)
        for n in range(columns)
    ]


def _long(cell: Cell) -> int:
    return len(cell) if isinstance(cell, str) else 0


def _name(name: str, taken: set[str]) -> str:
    base = _FORBIDDEN.sub(" ", name).strip(" '") or "Лист"
    made, count = base[:_LONGEST_NAME], 1
    while made.lower() in taken:
        count += 1
        tail = f" {count}"
        made = base[: _LONGEST_NAME - len(tail)] + tail
    taken.add(made.lower())
    return made


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in files:
            info = zipfile.ZipInfo(_FORBIDDEN.sub("_", name), _AS_ONE)
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, body)
    return out.getvalue()


def several(books: Sequence[tuple[str, Sequence[Sheet]]]) -> tuple[bytes, str]:
    """One book as it is, several in an archive; with the ending of its name."""
    if len(books) == 1:
        return as_xlsx(books[0][1]), ".xlsx"
    return zipped((f"{name}.xlsx", as_xlsx(sheets)) for name, sheets in books), ".zip"
