"""The shapes of the sheets of an ODS (OpenDocument 1.3 part 3, §9 tables)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading import archive
from sms_diary.ingest.reading.book import Area
from sms_diary.ingest.reading.limits import LOCKED, Budget, Limits
from sms_diary.ingest.reading.markup import Attributes, Scan, number
from sms_diary.ingest.reading.shape import Shape

CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"
_HIDDEN = ("collapse", "filter")


def shapes(packed: zipfile.ZipFile, budget: Budget) -> dict[str, Shape]:
    """The shape of each sheet by its name. Raises `FileProblem`."""
    if _MANIFEST in packed.namelist():
        manifest = archive.take(packed, _MANIFEST, budget)
        if b"encryption-data" in manifest:
            raise FileProblem(LOCKED)
    content = _Content(budget.limits)
    content.scan.feed(archive.chunks(packed, CONTENT, budget))
    return content.shapes


@dataclass(slots=True)
class _Cursor:
    """The next place in a sheet; a repeated row or cell moves it by more than one."""

    shape: Shape
    row: int = 1
    column: int = 0
    column_at: int = 0
    repeat: int = 0


class _Content:
    def __init__(self, limits: Limits) -> None:
        self.shapes: dict[str, Shape] = {}
        self._limits = limits
        self._at = _Cursor(Shape(""))
        self.scan = Scan({
            "table": self._table, "table-column": self._table_column, "table-row": self._table_row,
            "table-cell": self._cell, "covered-table-cell": self._cell,
        })  # fmt: skip

    def _table(self, attributes: Attributes) -> None:
        shape = Shape(attributes.get("table:name", ""))
        self._at = _Cursor(shape)
        self.shapes[shape.name] = shape

    def _table_column(self, attributes: Attributes) -> None:
        at = self._at
        repeat = number(attributes.get("table:number-columns-repeated"), 1)
        if attributes.get("table:visibility") in _HIDDEN:
            at.shape.hide_columns(at.column_at, at.column_at + repeat - 1, self._limits)
        at.column_at += repeat

    def _table_row(self, attributes: Attributes) -> None:
        at = self._at
        at.column = 0
        at.row += at.repeat
        at.repeat = number(attributes.get("table:number-rows-repeated"), 1)
        if attributes.get("table:visibility") in _HIDDEN:
            for row in range(at.row, min(at.row + at.repeat, self._limits.rows + 1)):
                at.shape.hide_row(row, self._limits)

    def _cell(self, attributes: Attributes) -> None:
        at, limits = self._at, self._limits
        repeat = number(attributes.get("table:number-columns-repeated"), 1)
        kind = attributes.get("office:value-type") or attributes.get("calcext:value-type")
        if kind:
            at.shape.filled(at.row, at.column, limits)
            at.shape.filled(at.row + at.repeat - 1, at.column + repeat - 1, limits)
        elif "table:formula" in attributes:
            raise at.shape.unvalued(at.row, at.column)
        self._spanned(attributes)
        at.column += repeat

    def _spanned(self, attributes: Attributes) -> None:
        at = self._at
        columns = number(attributes.get("table:number-columns-spanned"), 1)
        rows = number(attributes.get("table:number-rows-spanned"), 1)
        if columns > 1 or rows > 1:
            area = Area(at.row, at.column, at.row + rows - 1, at.column + columns - 1)
            at.shape.merge(area, self._limits)
