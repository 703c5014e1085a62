"""The shapes of the sheets of an XLSX (ECMA-376 part 1, §18.2 workbook, §18.3 worksheets)."""

from __future__ import annotations

import posixpath
import re
import zipfile
from string import digits

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading import archive
from sms_diary.ingest.reading.book import area_of, column_of
from sms_diary.ingest.reading.limits import Budget, Limits
from sms_diary.ingest.reading.markup import Attributes, Scan, local_names, number
from sms_diary.ingest.reading.shape import Shape

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_LETTERS = re.compile(r"[A-Z]{1,3}")
_TRUE = ("1", "true", "on")
_BROKEN = "книга Excel повреждена: откройте её в Excel и сохраните заново"


def shapes(packed: zipfile.ZipFile, budget: Budget) -> dict[str, Shape]:
    """The shape of each worksheet by its name. Raises `FileProblem`."""
    there = set(packed.namelist())
    if not {WORKBOOK, _RELATIONS} <= there:
        raise FileProblem(_BROKEN)
    book = _Workbook()
    book.scan.feed(archive.chunks(packed, WORKBOOK, budget))
    relations = _Relations()
    relations.scan.feed(archive.chunks(packed, _RELATIONS, budget))
    found: dict[str, Shape] = {}
    for name, relation in book.sheets:
        path = relations.paths.get(relation, "")
        if path in there:
            sheet = _Worksheet(Shape(name, date1904=book.date1904), budget.limits)
            sheet.scan.feed(archive.chunks(packed, path, budget))
            found[name] = sheet.finish()
    return found


class _Workbook:
    """Names of the sheets with the ids of their files; how days are counted."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.date1904 = False
        self.scan = Scan({"sheet": self._sheet, "workbookPr": self._properties})

    def _sheet(self, attributes: Attributes) -> None:
        plain = local_names(attributes)
        self.sheets.append((plain.get("name", ""), plain.get("id", "")))

    def _properties(self, attributes: Attributes) -> None:
        self.date1904 = attributes.get("date1904") in _TRUE


class _Relations:
    """Which file an id means."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.scan = Scan({"Relationship": self._relation})

    def _relation(self, attributes: Attributes) -> None:
        path = posixpath.normpath(posixpath.join("/xl", attributes.get("Target", "")))
        self.paths[attributes.get("Id", "")] = path.lstrip("/")


class _Worksheet:
    """One pass over a sheet: a few comparisons a cell, since there may be millions.

    Whether a formula has a value is settled when the next cell or row begins.
    """

    def __init__(self, shape: Shape, limits: Limits) -> None:
        self.shape = shape
        self._limits = limits
        self._row, self._digits, self._column = 0, "0", -1
        self._type = ""
        self._formula = False
        self._heard: list[str] = []
        self._columns: dict[str, int] = {}
        self.scan = Scan(
            {
                "c": self._cell, "v": self._value, "is": self._value, "f": self._has_formula,
                "row": self._begin_row, "col": self._hide_columns, "mergeCell": self._merge,
                "mergeCells": self._leave_cell,
            },
            self._heard.append,
        )  # fmt: skip

    def _begin_row(self, attributes: Attributes) -> None:
        self._leave_cell()
        self._row = number(attributes.get("r"), self._row + 1)
        self._digits = str(self._row)
        self._column = -1
        if attributes.get("hidden") in _TRUE:
            self.shape.hide_row(self._row, self._limits)

    def _cell(self, attributes: Attributes) -> None:
        if self._formula or self._type == "e":
            self._leave_cell()
        self._type = attributes.get("t", "")
        reference = attributes.get("r", "")
        letters = reference.rstrip(digits)
        column = self._columns.get(letters)
        if column is None:
            if not _LETTERS.fullmatch(letters):
                self._column += 1
                return
            column = self._columns[letters] = column_of(letters)
        self._column = column
        if not reference.endswith(self._digits) or len(reference) != len(letters + self._digits):
            self._row = number(reference[len(letters) :], self._row)
            self._digits = str(self._row)

    def _value(self, _: Attributes) -> None:
        self.shape.filled(self._row, self._column, self._limits)
        if self._formula or self._type == "e":
            self.scan.listen(True)

    def _has_formula(self, _: Attributes) -> None:
        self._formula = True

    def _leave_cell(self, _: Attributes | None = None) -> None:
        if not self._formula and self._type != "e":
            return
        self.scan.listen(False)
        said = "".join(self._heard).strip()
        self._heard.clear()
        if self._type == "e":
            self.shape.error(self._row, self._column, said or "#?")
        elif not said and self._type != "str":  # t="str" is a computed empty text
            raise self.shape.unvalued(self._row, self._column)
        self._formula, self._type = False, ""

    def _hide_columns(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in _TRUE:
            first = number(attributes.get("min"), 1) - 1
            last = number(attributes.get("max"), first + 1) - 1
            self.shape.hide_columns(first, last, self._limits)

    def _merge(self, attributes: Attributes) -> None:
        self.shape.merge(area_of(attributes.get("ref", "")), self._limits)

    def finish(self) -> Shape:
        """The shape, after the last cell."""
        self._leave_cell()
        return self.shape
