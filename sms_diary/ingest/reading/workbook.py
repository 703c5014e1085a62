"""Books of Excel and OpenOffice: values by calamine, after their shapes are found sane.

Formulas are never computed: what counts is the value that was saved beside them.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping

import python_calamine as calamine

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading import archive, shape_ods, shape_xls, shape_xlsx
from sms_diary.ingest.reading.book import Area, Format, Piece, Row, Sheet, Value
from sms_diary.ingest.reading.limits import LOCKED, Budget
from sms_diary.ingest.reading.shape import Shape

_SAVE = "откройте файл в Excel и сохраните как XLSX"
_DAMAGED = "книга повреждена: откройте её в Excel и сохраните заново"
_NO_SHEETS = "в книге нет ни одной заполненной таблицы: проверьте, тот ли это файл"
_OTHERS = (
    ("xl/workbook.bin", f"это двоичная книга Excel (XLSB): {_SAVE}"),
    ("word/document.xml", "это документ Word: нужна таблица Excel или CSV"),
    ("ppt/presentation.xml", "это презентация: нужна таблица Excel или CSV"),
)
_OLE2_OTHERS = (
    ("EncryptedPackage", LOCKED),
    ("WordDocument", "это документ Word: нужна таблица Excel или CSV"),
    ("PowerPoint Document", "это презентация: нужна таблица Excel или CSV"),
)


def zipped(
    data: bytes, packed: zipfile.ZipFile, files: tuple[str, ...], budget: Budget
) -> Iterator[Piece]:
    """The sheets of an XLSX or ODS."""
    names = set(packed.namelist())
    for path, reason in _OTHERS:
        if path in names:
            raise FileProblem(reason)
    if "[Content_Types].xml" in names:
        scan, format_ = shape_xlsx.shapes, Format.XLSX
    else:
        scan, format_ = shape_ods.shapes, Format.ODS
        _check_ods(packed, budget)
    shapes = scan(packed, budget)
    _check_rest(packed, budget)
    return _pieces(data, shapes, files, format_, budget)


def ole2(data: bytes, files: tuple[str, ...], budget: Budget) -> Iterator[Piece]:
    """The sheets of an XLS (BIFF in an OLE2 container)."""
    for name, reason in _OLE2_OTHERS:
        if name.encode("utf-16-le") in data:
            raise FileProblem(reason)
    return _pieces(data, shape_xls.shapes(data, budget.limits), files, Format.XLS, budget)


def _check_ods(packed: zipfile.ZipFile, budget: Budget) -> None:
    kind = archive.take(packed, "mimetype", budget)
    if not kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        raise FileProblem("это документ OpenOffice, но не таблица: нужна таблица Excel или CSV")


def _check_rest(packed: zipfile.ZipFile, budget: Budget) -> None:
    """Unpack what the library will unpack: a size that lies is found here, under our count."""
    again = Budget(budget.limits)  # sheets were counted when they were scanned
    for info in packed.infolist():
        if info.filename.endswith(".xml"):
            for _ in archive.chunks(packed, info, again):
                pass


def _pieces(
    data: bytes,
    shapes: Mapping[str, Shape],
    files: tuple[str, ...],
    format_: Format,
    budget: Budget,
) -> Iterator[Piece]:
    try:
        yield from _sheets(data, shapes, files, format_, budget)
    except calamine.PasswordError as wrong:
        raise FileProblem(LOCKED) from wrong
    except (calamine.CalamineError, OSError, ValueError) as wrong:
        raise FileProblem(_DAMAGED) from wrong


def _sheets(
    data: bytes,
    shapes: Mapping[str, Shape],
    files: tuple[str, ...],
    format_: Format,
    budget: Budget,
) -> Iterator[Piece]:
    filled = 0
    with calamine.load_workbook(io.BytesIO(data)) as book:
        for meta in book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            budget.take_sheet()
            sheet = book.get_sheet_by_name(meta.name)
            shape = shapes.get(meta.name) or Shape(meta.name)
            if sheet.end is not None:
                shape.filled(sheet.end[0] + 1, sheet.end[1], budget.limits)
                filled += 1
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
                if format_ is Format.XLS:  # the others' shapes have theirs already
                    shape.merge(Area(top + 1, left, bottom + 1, right), budget.limits)
            yield Sheet(
                files, meta.name, format_,
                hidden=meta.visible != calamine.SheetVisibleEnum.Visible,
                height=sheet.end[0] + 1 if sheet.end else 0,
                merges=tuple(shape.merges),
                hidden_columns=tuple(sorted(shape.hidden_columns)),
                date1904=shape.date1904,
            )  # fmt: skip
            yield from _rows(sheet, shape, budget)
    if not filled:
        raise FileProblem(_NO_SHEETS)


def _rows(sheet: calamine.CalamineSheet, shape: Shape, budget: Budget) -> Iterator[list[Row]]:
    """Rows with a value; blank ones are left out, their numbers tell."""
    before: list[Value] = [""] * (sheet.start[1] if sheet.start else 0)
    wrong = _errors_by_row(shape)
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = before + [_cell(value) for value in values]
        for column, text in wrong.get(number, ()):
            cells += [""] * (column + 1 - len(cells))
            cells[column] = text
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            budget.take_row(number, cells)
            yield [Row(number, tuple(cells), number in shape.hidden_rows)]


def _errors_by_row(shape: Shape) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in shape.errors.items():
        found.setdefault(row, []).append((column, text))
    return found


def _cell(value: Value) -> Value:
    """A number that no JSON has is as good as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
