"""Marks in rows, one mark a row, in any format: `files.marks` decides what each row means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sms_diary.ingest.files.marks import FIELDS, NEEDED, MarkRow, read_marks
from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.cells import EXPECTED
from sms_diary.ingest.kinds.flat import Flat, blocks
from sms_diary.ingest.kinds.listed import cell_of, layout_of, sureness
from sms_diary.ingest.kinds.result import Context, Issue, Level, RowResult, Verdict, masked
from sms_diary.ingest.reading.book import Row, Sheet, Table, letter
from sms_diary.ingest.reading.layout import Layout

WANTED = "столбцы «Ученик», «Дата», «Предмет», «Отметка»"
_NAMES = tuple(field.name for field in FIELDS)
_MEND = "исправьте ячейку и загрузите файл снова"
_ABOUT = (("дат", "day"), ("урок", "lesson"), ("предмет", "subject"), ("класс", "class"),
          ("ученик", "pupil"), ("вид работы", "work"))  # fmt: skip


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely all of these are lists of marks."""
    return sureness(tables, FIELDS, NEEDED)


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each row; its drafts are ready for `accept`."""
    for table in tables:
        layout = layout_of(table, FIELDS, NEEDED)
        if layout is not None:
            named = context.default_class or about.class_of_titles(table, layout.first)
            own = replace(context, default_class=named)
            yield from stream(table.sheet, layout, table.rows, own)


def stream(
    sheet: Sheet, layout: Layout, rows: Iterable[Row], context: Context
) -> Iterator[RowResult]:
    """The same of a long list whose rows come one by one; no more than a block is held."""
    for flat in blocks(sheet, rows, layout, FIELDS, _NAMES):
        found = read_marks(flat.rows, today=context.today, default_class=context.default_class)
        yield from (_result(sheet, layout, flat, row) for row in found.rows)


def _result(sheet: Sheet, layout: Layout, flat: Flat, row: MarkRow) -> RowResult:
    issues = [Issue(text, Level.WARNING) for text in row.warnings]
    if row.reason:
        issues.insert(0, _reason(layout, flat, row))
    verdict = Verdict.REFUSED if row.reason else Verdict.READ
    return RowResult(sheet, row.row, verdict, (), tuple(issues), 0, row.drafts)


def _reason(layout: Layout, flat: Flat, row: MarkRow) -> Issue:
    """The reason with the cell that it is about."""
    name = next((field for word, field in _ABOUT if word in row.reason.lower()), "mark")
    if not layout.has(name):
        return Issue(row.reason, mend=_MEND)
    at, cell = cell_of(flat.typed[row.row], layout, name)
    expected = EXPECTED if name == "mark" else ""
    return Issue(row.reason, Level.REFUSED, letter(at), masked(cell), expected, _MEND)
