"""JournalAccess of АСУ РСО: the log of who filled the journal when. The user is never read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.facts import FillRecord
from sms_diary.ingest.kinds.listed import cell_of, data_rows, layout_of, sureness
from sms_diary.ingest.kinds.result import Context, Issue, RowResult, cell_issue, result
from sms_diary.ingest.reading.book import Row, Table
from sms_diary.ingest.reading.headings import CLASS, Field
from sms_diary.ingest.reading.layout import Layout
from sms_diary.ingest.reading.values.dates import read_date, read_day

FIELDS = (
    Field("lesson", "Дата урока", ("дата урок", "дата занят")),
    Field("done", "Дата", ("дата", "=время"), ("урок", "занят")),
    Field("user", "Пользователь", ("пользоват", "учитель", "сотрудник", "=фио")),
    Field("subject", "Предмет", ("предмет", "дисциплин")),
    Field("period", "Период", ("период",)),
    Field("action", "Действие", ("действи", "событи", "операц")),
    CLASS,
)
NEEDED = ("subject", "done", "action")
WANTED = "столбцы «Класс», «Предмет», «Дата», «Действие»"


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely all of these are such logs."""
    return sureness([table for table, _ in about.pages(tables)], FIELDS, NEEDED)


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each act of the log."""
    for table, before in about.pages(tables):
        layout = layout_of(table, FIELDS, NEEDED)
        if layout is None:
            continue
        said = before | about.said(table, layout.first)
        for row in data_rows(table, layout):
            yield _row(table, row, layout, said.get("класс", context.default_class), context)


def _row(table: Table, row: Row, layout: Layout, class_name: str, context: Context) -> RowResult:
    class_name = layout.text(row, "class") or class_name
    subject, action = layout.text(row, "subject"), layout.text(row, "action")
    for said, what in ((class_name, "класс"), (subject, "предмет"), (action, "действие")):
        if not said:
            issue = Issue(f"не указано: {what}", expected=WANTED, mend="выгрузите отчёт снова")
            return result(table, row, issues=(issue,))
    done, lesson = _day(row, layout, "done", context), _day(row, layout, "lesson", context)
    if isinstance(done, Issue) or done is None:
        issue = done or Issue("нет даты действия", mend="выгрузите отчёт снова")
        return result(table, row, issues=(issue,))
    if isinstance(lesson, Issue):
        return result(table, row, issues=(lesson,))
    fill = FillRecord(class_name, subject, done, lesson, layout.text(row, "period"), action)
    return result(table, row, (fill,))


def _day(row: Row, layout: Layout, name: str, context: Context) -> date | Issue | None:
    """The act is in the past; a lesson may be planned."""
    at, cell = cell_of(row, layout, name)
    if name == "done":
        outcome = read_day(cell, context.year, context.today)
    else:
        outcome = read_date(cell, context.year)
    if outcome.problem:
        return cell_issue(at, cell, outcome.problem, expected="дата вида 24.11.2026",
                          mend="исправьте дату", candidates=outcome.candidates)  # fmt: skip
    return outcome.said
