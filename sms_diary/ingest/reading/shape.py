"""What a look at a workbook's own XML or records tells, before a library lays it out in memory.

The library (calamine) gives values. It does not say which rows and columns are hidden, which
formulas have no value, nor that one cell at the far corner makes a grid of billions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Area, letter
from sms_diary.ingest.reading.limits import Limits, check_box

_MOST_ERRORS = 10_000


@dataclass(slots=True)
class Shape:
    """One sheet: rows from 1, columns from 0, as in `book`.

    `errors`: what Excel shows in a cell whose formula failed («#ДЕЛ/0!» is «#DIV/0!» in files).
    """

    name: str
    merges: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    date1904: bool = False
    _rows: int = 0
    _columns: int = 0

    def hide_columns(self, first: int, last: int, limits: Limits) -> None:
        self.hidden_columns.update(range(first, min(last, limits.columns) + 1))

    def hide_row(self, number: int, limits: Limits) -> None:
        if number <= limits.rows:
            self.hidden_rows.add(number)

    def merge(self, area: Area | None, limits: Limits) -> None:
        if area is None or (area.top, area.left) == (area.bottom, area.right):
            return
        if len(self.merges) >= limits.merges:
            raise FileProblem(
                f"лист «{self.name}»: слишком много объединённых ячеек;"
                " скопируйте значения на новый лист и сохраните"
            )
        right = min(area.right, limits.columns)
        self.merges.append(Area(area.top, area.left, min(area.bottom, limits.rows), right))

    def error(self, row: int, column: int, text: str) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors[row, column] = text

    def filled(self, row: int, column: int, limits: Limits) -> None:
        """A cell here has a value: the grid of the library reaches from the first cell to it."""
        if row > self._rows or column >= self._columns:
            self._rows, self._columns = max(row, self._rows), max(column + 1, self._columns)
            check_box(self._rows, self._columns, limits)

    def unvalued(self, row: int, column: int) -> FileProblem:
        """The refusal of a formula that nobody has computed."""
        return FileProblem(
            f"лист «{self.name}», ячейка {letter(column)}{row}: формула без посчитанного значения;"
            " откройте файл в Excel, сохраните и загрузите снова"
        )
