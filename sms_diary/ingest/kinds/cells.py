"""Cells of marks in a grid: the events that they say, for a pupil, a subject and a lesson."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sms_diary.ingest import values
from sms_diary.ingest.kinds.heading import DateColumn, DateHead
from sms_diary.ingest.kinds.result import Context, Issue, Level, cell_issue, make
from sms_diary.ingest.reading.book import Row, Value, text_of
from sms_diary.ingest.reading.values.marks import Cell, read_glued, read_mark
from sms_diary.ingest.records import AbsenceSet, MarkSet, Record, TermMarkSet
from sms_diary.model import Kind

EACH_LESSON = 6
"""Ordinals that one lesson of a day has to itself: the most marks in a cell."""

EXPECTED = f"{values.MARKS_RU}; пропуск: {', '.join(values.ABSENCES)}"
MEND = "исправьте ячейку в журнале и выгрузите файл снова"


def read_marks(
    row: Row, head: DateHead, pupil: dict[str, str], subject: str, context: Context,
    *, glued: bool = False,
) -> Iterator[Record | Issue]:  # fmt: skip
    """All that a row says under its dates and terms, and what is wrong in single cells.

    `glued`: the marks of a day stand with no space between, «54» is two.
    """
    said_by = _glued if glued else _said
    absent: dict[date, str] = {}
    for column in head.days:
        cell = row.cells[column.at] if column.at < len(row.cells) else ""
        if not is_blank(cell):
            if problem := _wrong_day(column.day, context):
                yield cell_issue(column.at, cell, problem, mend=MEND)
            else:
                yield from _lesson(cell, said_by(cell), column, pupil, subject, absent)
    for at, name in head.terms:
        cell = row.cells[at] if at < len(row.cells) else ""
        if not is_blank(cell):
            yield term_mark(at, cell, name, pupil, subject)
    for at in head.wrong:
        cell = row.cells[at] if at < len(row.cells) else ""
        if not is_blank(cell):
            yield cell_issue(at, cell, "над столбцом не читается дата",
                             expected="число месяца", mend=MEND)  # fmt: skip


def is_blank(cell: Value) -> bool:
    return isinstance(cell, str) and values.clean_line(cell).strip("-–— ") == ""


def _lesson(  # a mark is of a pupil, a subject and a lesson
    cell: Value, said: Cell, column: DateColumn, pupil: dict[str, str], subject: str,
    absent: dict[date, str],
) -> Iterator[Record | Issue]:  # fmt: skip
    if said.problem:
        yield cell_issue(column.at, cell, said.problem, expected=EXPECTED, mend=MEND)
        return
    if said.warning:
        yield cell_issue(column.at, cell, said.warning, level=Level.WARNING)
    common = {"pupil": pupil, "subject": subject, "date": column.day}
    nth = column.nth * EACH_LESSON
    for kind, word in said.items:
        if kind is Kind.MARK:
            nth += 1
            yield make(MarkSet, {"kind": "mark.set", **common, "mark": word, "n": nth})
        elif (known := absent.setdefault(column.day, word)) == word:
            yield make(AbsenceSet, {"kind": "absence.set", **common, "code": word})
        else:
            text = f"за этот день уже есть пропуск {known}: загружен он"
            yield cell_issue(column.at, cell, text, level=Level.WARNING)


def _wrong_day(day: date, context: Context) -> str:
    if day not in context.year:
        return f"дата {day:%d.%m.%Y} вне учебного года {context.year}"
    return f"отметка в будущем: {day:%d.%m.%Y}" if day > context.today else ""


def _said(cell: Value) -> Cell:
    """Marks with spaces between, or glued to letters («УП4»); «54» stays a question to no one."""
    said = read_mark(cell)
    if not said.problem or not isinstance(cell, str):
        return said
    glued = read_glued(cell)
    return said if glued.problem or cell.strip().isdigit() else glued


def _glued(cell: Value) -> Cell:
    return read_glued(text_of(cell)) if not isinstance(cell, date) else read_mark(cell)


def term_mark(
    at: int, cell: Value, name: str, pupil: dict[str, str], subject: str
) -> Record | Issue:
    """The mark of a whole term."""
    mark = values.mark(text_of(cell))
    if mark is None:
        return cell_issue(
            at, cell, "итоговая отметка не понята", expected=values.MARKS_RU, mend=MEND
        )
    data = {"pupil": pupil, "subject": subject, "term": name, "mark": mark}
    return make(TermMarkSet, {"kind": "term_mark.set", **data})
