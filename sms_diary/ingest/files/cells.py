"""One cell of the column of marks: marks, absences, and what Excel made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sms_diary.ingest import values
from sms_diary.ingest.days import month_of
from sms_diary.model import Kind

_DAY_MONTH_WORD = re.compile(r"(\d{1,2})[.\- /]*([а-я]{3,8})\.?(?:[.\- ]*\d{2,4})?", re.IGNORECASE)
_DAY_MONTH = re.compile(r"0(\d)\.0(\d)(?:\.(?:\d{4}|\d{2}))?(?: 0?0:00(?::00)?)?")
_ISO_DAY = re.compile(r"\d{4}-0(\d)-0(\d)(?:[T ]00:00(?::00)?)?")
_BETWEEN = re.compile(r"[\s;]+|,\s+|(?<=^\.)(?=\d)")
_MOST_IN_A_CELL = 6

RESTORED = "Excel превратил отметку в дату: восстановлено {mark}"
RARE = "отметка 1 ставится редко: проверьте"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says: kinds with values in order, a warning, or the problem that refuses it."""

    items: tuple[tuple[Kind, str], ...] = ()
    warning: str = ""
    problem: str = ""


def read_cell(text: str) -> Cell:
    """«5», «УП 4», «5/4», «.5», «н», «05.апр» (which is 5/4) as marks and absences."""
    text = values.clean_line(text)
    if not text:
        return Cell(problem="нет отметки")
    if whole := _item(text):
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
    return None


def _double(first: int, second: int) -> Cell:
    mark = values.mark(f"{first}/{second}")
    if mark is None:
        return Cell(problem="в ячейке дата, а не отметка")
    return Cell(((Kind.MARK, mark),), RESTORED.format(mark=mark))


def _refusal(text: str) -> str:
    if re.fullmatch(r"\d+", text):
        return f"такой отметки нет: {values.MARKS_RU}"
    if re.fullmatch(r"[1-5][.,]\d+", text):
        return "не ясно, две отметки или средний балл: разделите отметки пробелом"
    return f"не понято: {values.MARKS_RU}; пропуск: {', '.join(values.ABSENCES)}"
