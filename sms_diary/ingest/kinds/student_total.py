"""StudentTotal of АСУ РСО: one pupil, subjects down, dates across, a day's marks glued together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.cells import read_marks
from sms_diary.ingest.kinds.heading import DateHead, find_head
from sms_diary.ingest.kinds.pupil_of import pupil_of
from sms_diary.ingest.kinds.result import (
    Context,
    Issue,
    RowResult,
    cell_issue,
    result,
    sorted_out,
)
from sms_diary.ingest.reading.book import Row, Table
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.tables import is_footer

FIELDS = (Field("subject", "Предмет", ("предмет", "дисциплин")),)
WANTED = "столбец «Предмет», справа даты (месяц и под ним числа), выше «Ученик: …»"
_SURE = 0.9
_LEAST_DAYS = 2


def recognise(tables: Sequence[Table], context: Context) -> float:
    """How surely all of these are such reports."""
    heads = [
        find_head(table, context.year, FIELDS, _LEAST_DAYS) for table, _ in about.pages(tables)
    ]
    return _SURE if heads and None not in heads else 0.0


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each subject's row."""
    for table, before in about.pages(tables):
        head = find_head(table, context.year, FIELDS, _LEAST_DAYS)
        if head is None:
            continue
        pupil = pupil_of(before | about.said(table, head.first), context)
        for row in table.rows:
            subject = head.text(row, "subject")
            if row.number <= head.last or row.is_blank() or is_footer(subject):
                continue
            yield _row(table, row, subject, pupil, head, context)


def _row(  # a row, and all that it is of
    table: Table, row: Row, subject: str, pupil: dict[str, str] | Issue,
    head: DateHead, context: Context,
) -> RowResult:  # fmt: skip
    if isinstance(pupil, Issue):
        return result(table, row, issues=(pupil,))
    if not subject:
        at = head.who["subject"]
        issue = cell_issue(at, "", "не указан предмет", mend="впишите предмет")
        return result(table, row, issues=(issue,))
    events = read_marks(row, head, pupil, subject, context, glued=True)
    return result(table, row, *sorted_out(events))
