"""StudentGrades of АСУ РСО: one pupil and subject, a row a mark, with the kind of work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.cells import EXPECTED, is_blank
from sms_diary.ingest.kinds.listed import cell_of, data_rows, layout_of, sureness
from sms_diary.ingest.kinds.pupil_of import pupil_of
from sms_diary.ingest.kinds.result import (
    Context,
    Issue,
    Level,
    RowResult,
    cell_issue,
    make,
    result,
    sorted_out,
)
from sms_diary.ingest.reading.book import Row, Table, text_of
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Layout
from sms_diary.ingest.reading.values.dates import read_day
from sms_diary.ingest.reading.values.marks import read_glued
from sms_diary.ingest.records import AbsenceSet, MarkSet, Record
from sms_diary.model import Kind

FIELDS = (
    Field("set", "Дата выставления", ("дата выставл", "дата оцен", "дата отмет")),
    Field("day", "Дата", ("=дата", "дата урок", "срок")),
    Field("work", "Тип задания", ("тип", "вид")),
    Field("topic", "Тема", ("тема",)),
    Field("mark", "Отметка", ("отметк", "оценк"), ("средн",)),
    Field("subject", "Предмет", ("предмет",)),
)
NEEDED = ("work", "day", "mark")
WANTED = "столбцы «Тип задания», «Дата», «Отметка», выше «Ученик: …» и «Предмет: …»"
_AVERAGE = "средн"


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely all of these are such reports: a list with pupils in it is another kind."""
    sure = sureness([table for table, _ in about.pages(tables)], FIELDS, NEEDED)
    return max(sure - 0.1, 0.0)


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each row of a mark; the average below is none."""
    for table, before in about.pages(tables):
        layout = layout_of(table, FIELDS, NEEDED)
        if layout is not None:
            reader = _Reader(table, layout, before | about.said(table, layout.first), context)
            yield from (reader.row(row) for row in data_rows(table, layout) if not _is_average(row))


def _is_average(row: Row) -> bool:
    return any(text_of(cell).lower().startswith(_AVERAGE) for cell in row.cells[:2])


class _Reader:
    """Reads one table; counts marks of one work on one day."""

    def __init__(
        self, table: Table, layout: Layout, said: Mapping[str, str], context: Context
    ) -> None:
        self._table, self._layout, self._context = table, layout, context
        self._pupil = pupil_of(said, context)
        self._subject = said.get("предмет", "")
        self._seen: Counter[tuple[date, str]] = Counter()

    def row(self, row: Row) -> RowResult:
        at, cell = cell_of(row, self._layout, "day")
        context, date1904 = self._context, self._table.sheet.date1904
        day = read_day(cell, context.year, context.today, date1904=date1904)
        subject = self._layout.text(row, "subject") or self._subject
        if isinstance(self._pupil, Issue):
            return result(self._table, row, issues=(self._pupil,))
        if not subject:
            issue = Issue("не указан предмет", mend="нужна строка «Предмет: …»")
            return result(self._table, row, issues=(issue,))
        if day.said is None:
            issue = cell_issue(at, cell, day.problem or "нет даты", expected="дата вида 24.11.26",
                               mend="исправьте дату", candidates=day.candidates)  # fmt: skip
            return result(self._table, row, issues=(issue,))
        common = {"pupil": self._pupil, "subject": subject, "date": day.said}
        return result(self._table, row, *sorted_out(self._events(row, common, day.said)))

    def _events(self, row: Row, common: dict[str, object], day: date) -> Iterator[Record | Issue]:
        at, cell = cell_of(row, self._layout, "mark")
        if is_blank(cell):
            return
        said = read_glued(text_of(cell))
        if said.problem:
            yield cell_issue(at, cell, said.problem, expected=EXPECTED, mend="исправьте отметку")
            return
        if said.warning:
            yield cell_issue(at, cell, said.warning, level=Level.WARNING)
        work = self._layout.text(row, "work")
        for kind, word in said.items:
            if kind is Kind.ABSENCE:
                yield make(AbsenceSet, {"kind": "absence.set", **common, "code": word})
                continue
            self._seen[day, work] += 1
            more = {"mark": word, "work": work, "n": self._seen[day, work]}
            yield make(MarkSet, {"kind": "mark.set", **common, **more})
