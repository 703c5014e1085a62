"""A table that is laid out cell by cell, with spans, as HTML and XML 2003 tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Area, Row, Value
from sms_diary.ingest.reading.limits import Budget, too_many_columns, too_many_rows


@dataclass(slots=True)
class Grid:
    """Rows so far; the cursor stands before the next free cell of the last row."""

    budget: Budget
    number: int = 0
    merges: list[Area] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    _rows: list[tuple[int, list[Value], bool]] = field(default_factory=list)
    _cells: list[Value] = field(default_factory=list)
    _taken: dict[int, int] = field(default_factory=dict)
    _column: int = 0

    def row(self, number: int | None = None, *, hidden: bool = False) -> None:
        """Begin a row: the next one, or further down."""
        self.close_row()
        self.number = max(self.number + 1, number or 0)
        if self.number > self.budget.limits.rows:
            raise too_many_rows(self.budget.limits)
        self._cells = []
        self._column = 0
        self._rows.append((self.number, self._cells, hidden))
        self._taken = {at: last for at, last in self._taken.items() if last >= self.number}

    def close_row(self) -> None:
        """Count the row that ends; an empty one costs nothing."""
        cells = self._cells
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            self.budget.take_row(self.number, cells)
        elif self._rows and self._rows[-1][1] is cells:
            self._rows.pop()
        self._cells = []

    def cell(self, said: Value, *, at: int | None = None, right: int = 0, down: int = 0) -> None:
        """Put a value into the next free cell, or at a column; it spans so many more cells."""
        if not self.number:
            self.row()
        column = self._free(at)
        last = column + right
        if last >= self.budget.limits.columns:
            raise too_many_columns(self.number, self.budget.limits)
        self._cells += [""] * (column + 1 - len(self._cells))
        self._cells[column] = said
        self._column = last + 1
        if right or down:
            self._merge(column, last, down)

    def rows(self) -> Iterator[Row]:
        """The rows that are not empty."""
        self.close_row()
        return (Row(number, tuple(cells), hidden) for number, cells, hidden in self._rows)

    def _free(self, at: int | None) -> int:
        if at is not None:
            return max(at, self._column)
        while self._column in self._taken:
            self._column += 1
        return self._column

    def _merge(self, left: int, right: int, down: int) -> None:
        if len(self.merges) >= self.budget.limits.merges:
            raise FileProblem("слишком много объединённых ячеек: выгрузите таблицу без них")
        bottom = min(self.number + down, self.budget.limits.rows)
        self.merges.append(Area(self.number, left, bottom, right))
        if bottom > self.number:
            self._taken |= dict.fromkeys(range(left, right + 1), bottom)
