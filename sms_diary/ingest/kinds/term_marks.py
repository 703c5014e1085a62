"""StudentTotalMarks of АСУ РСО: one pupil, subjects down, terms across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.cells import is_blank, term_mark
from sms_diary.ingest.kinds.heading import term_of
from sms_diary.ingest.kinds.listed import data_rows, layout_of
from sms_diary.ingest.kinds.pupil_of import pupil_of
from sms_diary.ingest.kinds.result import (
    Context,
    Issue,
    Level,
    RowResult,
    cell_issue,
    result,
    sorted_out,
)
from sms_diary.ingest.reading.book import Row, Table
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Column, Layout
from sms_diary.ingest.records import Record

_ROMAN = {1: "i", 2: "ii", 3: "iii", 4: "iv"}
_PERIOD = ("период", "четв", "трим", "полуг", "=п")
_BY_COUNT = {4: "четверть", 3: "триместр", 2: "полугодие"}
FIELDS = (
    Field("subject", "Предмет", ("предмет", "дисциплин")),
    *(
        Field(f"p{n}", f"{n} период", tuple(f"={x} {p}" for x in (n, _ROMAN[n]) for p in _PERIOD))
        for n in _ROMAN
    ),
    Field("year", "Год", ("=год", "годов")),
    Field("exam", "Экзамен", ("экзам",)),
    Field("final", "Итог", ("итог",)),
)
NEEDED = ("subject", "p1", "p2")
WANTED = "столбцы «Предмет», «1 период», «2 период»…, выше «Ученик: …»"
_SURE = 0.85


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely all of these are such reports."""
    layouts = [layout_of(table, FIELDS, NEEDED) for table, _ in about.pages(tables)]
    return _SURE if layouts and None not in layouts else 0.0


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each subject's row."""
    for table, before in about.pages(tables):
        layout = layout_of(table, FIELDS, NEEDED)
        if layout is None:
            continue
        pupil = pupil_of(before | about.said(table, layout.first), context)
        terms = _terms(layout)
        for row in data_rows(table, layout):
            yield _row(table, row, layout, pupil, terms)


def _terms(layout: Layout) -> list[tuple[Column, str]]:
    """Columns with the name of their term, "" for a column that no event is made of.

    A bare «1 период» is named by how many there are: 4 quarters, 3 trimesters, 2 half-years.
    """
    periods = [column for n in _ROMAN for column in layout.of(f"p{n}")]
    plain = _BY_COUNT.get(len(periods), "")
    found = [
        (column, term_of(column.heading) or (f"{column.field[1]} {plain}" if plain else ""))
        for column in periods
    ]
    found += [(column, "год") for column in layout.of("year")]
    return found + [(column, "") for name in ("exam", "final") for column in layout.of(name)]


def _row(
    table: Table, row: Row, layout: Layout, pupil: dict[str, str] | Issue,
    terms: list[tuple[Column, str]],
) -> RowResult:  # fmt: skip
    if isinstance(pupil, Issue):
        return result(table, row, issues=(pupil,))
    subject = layout.text(row, "subject")
    if not subject:
        return result(table, row, issues=(Issue("не указан предмет", mend="впишите предмет"),))
    return result(table, row, *sorted_out(_events(row, pupil, subject, terms)))


def _events(
    row: Row, pupil: dict[str, str], subject: str, terms: list[tuple[Column, str]]
) -> Iterator[Record | Issue]:
    for column, name in terms:
        cell = row.cells[column.at] if column.at < len(row.cells) else ""
        if is_blank(cell):
            continue
        if name:
            yield term_mark(column.at, cell, name, pupil, subject)
        else:
            text = f"«{column.heading}» не загружается: сообщаются отметки за период и за год"
            yield cell_issue(column.at, cell, text, level=Level.WARNING)
