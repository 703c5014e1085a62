"""One cell of marks: marks, absences, what Excel made of them, and marks glued together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta

from sms_diary.ingest import values
from sms_diary.ingest.days import month_of, parse_day, school_year
from sms_diary.ingest.reading.book import Value, text_of
from sms_diary.model import Kind

_DAY_MONTH_WORD = re.compile(r"(\d{1,2})[.\- /]*([а-я]{3,8})\.?(?:[.\- ]*\d{2,4})?", re.IGNORECASE)
_DAY_MONTH = re.compile(r"0(\d)\.0(\d)(?:\.(?:\d{4}|\d{2}))?(?: 0?0:00(?::00)?)?")
_ISO_DAY = re.compile(r"\d{4}-0(\d)-0(\d)(?:[T ]00:00(?::00)?)?")
_BETWEEN = re.compile(r"[\s;]+|,\s+|(?<=^\.)(?=\d)")
_MOST_IN_A_CELL = 6
_SERIAL = re.compile(r"\d{5}(?:\.0)?")
_ANY_YEAR = school_year(date(2026, 9, 1))  # a number of days has its year in itself
_GLUED = re.compile(r"[1-5]/[1-5]|[1-5][+-]?|\.|УП|ОТ|НП|ОП|ОСВ|Н|Б", re.IGNORECASE)

RESTORED = "Excel превратил отметку в дату: восстановлено {mark}"
_NOT_READ = "не понято"
RARE = "отметка 1 ставится редко: проверьте"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says: kinds with values in order, a warning, or the problem that refuses it."""

    items: tuple[tuple[Kind, str], ...] = ()
    warning: str = ""
    problem: str = ""


def read_mark(cell: Value) -> Cell:
    """A typed cell of marks: text as `read_cell` has it, numbers, and dates that were marks.

    Excel keeps a typed 5/4 as the 5th of April; in a CSV its number of days may stand.
    """
    if isinstance(cell, date):
        return _double(cell.day, cell.month)
    if isinstance(cell, (bool, time, timedelta)):
        return Cell(problem=_NOT_READ)
    return read_cell(text_of(cell))


def read_glued(text: str) -> Cell:
    """«54.Н», «5/4УП»: the marks of a day as reports of the journal put them, with no space."""
    plain = "".join(text.split())
    pieces = _GLUED.findall(plain)
    items = [item for piece in pieces if (item := _item(piece))]
    if not plain or "".join(pieces) != plain or len(items) > _MOST_IN_A_CELL:
        return read_cell(text)
    return Cell(tuple(items))


def read_cell(text: str) -> Cell:
    """«5», «УП 4», «5/4», «.5», «н», «05.апр» (which is 5/4) as marks and absences."""
    text = values.clean_line(text)
    if not text:
        return Cell(problem="нет отметки")
    # A full stop that stands apart is a debt («УП .»), not the end of an abbreviation.
    if not text.endswith(" .") and (whole := _item(text)):
        return Cell((whole,), RARE if whole == (Kind.MARK, "1") else "")
    if (restored := _from_date(text)) is not None:
        return restored
    pieces = [piece for piece in _BETWEEN.split(text) if piece]
    items = [item for piece in pieces if (item := _item(piece))]
    if len(items) == len(pieces) and 1 < len(items) <= _MOST_IN_A_CELL:
        return Cell(tuple(items))
    return Cell(problem=_refusal(text))


def _item(text: str) -> tuple[Kind, str] | None:
    if mark := values.mark(text):
        return Kind.MARK, mark
    if code := values.absence(text):
        return Kind.ABSENCE, code
    return None


def _from_date(text: str) -> Cell | None:
    """The double mark that a spreadsheet took for a day and a month; None if it is no date."""
    if found := _DAY_MONTH_WORD.fullmatch(text):
        month = month_of(found[2].lower().replace("ё", "е"))
        return _double(int(found[1]), month) if month else None
    if found := _DAY_MONTH.fullmatch(text):
        return _double(int(found[1]), int(found[2]))
    if found := _ISO_DAY.fullmatch(text):
        return _double(int(found[2]), int(found[1]))
    if _SERIAL.fullmatch(text) and (day := parse_day(text, _ANY_YEAR)):
        return _double(day.day, day.month)
    return None


def _double(first: int, second: int) -> Cell:
    mark = values.mark(f"{first}/{second}")
    if mark is None:
        return Cell(problem="в ячейке дата, а не отметка")
    return Cell(((Kind.MARK, mark),), RESTORED.format(mark=mark))


def _refusal(text: str) -> str:
    if re.fullmatch(r"\d+", text):
        return "такой отметки нет"
    if re.fullmatch(r"[1-5][.,]\d+", text):
        return "не ясно, две отметки или средний балл: разделите отметки пробелом"
    return _NOT_READ
