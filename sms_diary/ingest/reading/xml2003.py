"""«Таблица XML 2003»: what old journals and Excel write as one XML file, often named `.xls`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Format, Piece, Sheet, Value
from sms_diary.ingest.reading.grid import Grid
from sms_diary.ingest.reading.limits import Budget
from sms_diary.ingest.reading.markup import Attributes, Walk, local_names, number

_CHUNK = 256 * 1024
_HIDDEN = ("SheetHidden", "SheetVeryHidden")
_NO_SHEETS = "в книге нет ни одной заполненной таблицы: проверьте, тот ли это файл"


def pieces(data: bytes, files: tuple[str, ...], budget: Budget) -> Iterator[Piece]:
    """Each worksheet that is not empty."""
    book = _Book(budget)
    book.walk.feed(data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
    count = 0
    for sheet in book.sheets:
        rows = list(sheet.grid.rows())
        if not rows:
            continue
        count += 1
        budget.take_sheet()
        yield Sheet(
            files, sheet.name, Format.XML, hidden=sheet.hidden, height=rows[-1].number,
            merges=tuple(sheet.grid.merges), date1904=book.date1904,
            hidden_columns=tuple(sorted(sheet.grid.hidden_columns)),
        )  # fmt: skip
        yield rows
    if not count:
        raise FileProblem(_NO_SHEETS)


class _Sheet:
    def __init__(self, name: str, budget: Budget) -> None:
        self.name = name
        self.hidden = False
        self.grid = Grid(budget)
        self.column = 0


class _Book:
    def __init__(self, budget: Budget) -> None:
        self.sheets: list[_Sheet] = []
        self.date1904 = False
        self._budget = budget
        self._cell: Attributes | None = None
        self._type = ""
        self._heard: list[str] = []
        self._formula_blank = False
        self.walk = Walk(self._start, self._end, self._heard.append)

    def _start(self, name: str, attributes: Attributes) -> None:
        said = local_names(attributes)
        if name == "Worksheet":
            self.sheets.append(_Sheet(said.get("Name", ""), self._budget))
        elif name == "Date1904":
            self.date1904 = True
        elif name in ("Data", "Visible"):
            self._type = said.get("Type", "")
            self._heard.clear()
            self.walk.listen(True)
        elif self.sheets:
            self._in_sheet(name, said, self.sheets[-1])

    def _in_sheet(self, name: str, said: Attributes, sheet: _Sheet) -> None:
        hidden = said.get("Hidden") == "1"
        if name == "Row":
            sheet.grid.row(number(said.get("Index"), 0), hidden=hidden)
        elif name == "Cell":
            self._cell = said
            self._heard.clear()
            self._type = ""
        elif name == "Column":
            first = number(said.get("Index"), sheet.column + 1) - 1
            last = min(first + number(said.get("Span"), 0), self._budget.limits.columns)
            sheet.column = last + 1
            if hidden:
                sheet.grid.hidden_columns.update(range(first, last + 1))

    def _end(self, name: str) -> None:
        if name == "Data":
            self.walk.listen(False)
        elif name == "Cell" and self._cell is not None:
            self._place(self._cell, self.sheets[-1])
            self._cell = None
        elif name == "Visible" and self.sheets:
            self.walk.listen(False)
            self.sheets[-1].hidden = "".join(self._heard).strip() in _HIDDEN

    def _place(self, said: Attributes, sheet: _Sheet) -> None:
        text = "".join(self._heard)
        if "Formula" in said and not self._type:
            raise FileProblem(
                f"лист «{sheet.name}», строка {sheet.grid.number}: формула без посчитанного"
                " значения; откройте файл в Excel, сохраните и загрузите снова"
            )
        sheet.grid.cell(
            _value(self._type, text),
            at=number(said["Index"], 1) - 1 if "Index" in said else None,
            right=number(said.get("MergeAcross"), 0),
            down=number(said.get("MergeDown"), 0),
        )


def _value(kind: str, text: str) -> Value:
    """The value by its declared kind; what does not fit the kind stays text."""
    try:
        if kind == "Number":
            plain = float(text)
            return plain if math.isfinite(plain) else text
        if kind == "DateTime":
            moment = datetime.fromisoformat(text.strip()).replace(tzinfo=None)
            return moment if moment.time() != moment.min.time() else moment.date()
    except (ValueError, OverflowError):
        return text
    return text.strip() == "1" if kind == "Boolean" else text
