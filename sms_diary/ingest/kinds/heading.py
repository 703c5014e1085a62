"""The heading of a table of dates: who or what on the left, months over days, sums at the right.

A class journal has pupils on the left, a pupil's report has subjects. Days stand under a merged
or written month, or are whole dates in one storey.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from sms_diary.ingest.days import SchoolYear
from sms_diary.ingest.reading.book import Row, Table, Value, spread, text_of
from sms_diary.ingest.reading.headings import Field, field_of
from sms_diary.ingest.reading.tables import LOOK_AT
from sms_diary.ingest.reading.values.dates import read_date, read_day_of_month, read_month
from sms_diary.ingest.values import clean_line, term
from sms_diary.values import value

_SHORT_QUARTER = re.compile(r"\bчет\b")
_OF_DATES = re.compile(r"(?:даты?|числ[оа]|уроки|отметки|занятия)?(?: уроков)?", re.IGNORECASE)
_TERM_PREFIXES = ("итог за", "итоговая за", "итог", "отметка за", "за")


@value
class DateColumn:
    """A column of one lesson: `nth` of its date, from 0."""

    at: int
    day: date
    nth: int = 0


@value
class DateHead:
    """Rows `first` to `last` are the heading; `who` the columns on the left, by field.

    `terms` are columns of term marks with the term's name. `wrong` are columns that stand among
    the dates and are none.
    """

    first: int
    last: int
    who: dict[str, int]
    days: tuple[DateColumn, ...]
    terms: tuple[tuple[int, str], ...]
    wrong: tuple[int, ...] = ()

    def text(self, row: Row, name: str) -> str:
        """The cleaned text of a left column, "" if there is none."""
        at = self.who.get(name)
        return clean_line(text_of(row.cells[at])) if at is not None and at < len(row.cells) else ""


def find_head(
    table: Table, year: SchoolYear, fields: Sequence[Field], least: int = 1
) -> DateHead | None:
    """The first heading with a left column of `fields` and at least so many dates."""
    top = list(spread(table.rows[:LOOK_AT], table.sheet.merges))
    own = {row.number: row for row in table.rows[:LOOK_AT]}
    pairs: list[tuple[Row, Row | None]] = [(row, None) for row in top]
    pairs += [(a, b) for a, b in pairwise(top) if b.number == a.number + 1]
    heads = [
        head
        for upper, lower in pairs
        if (head := _head(upper, lower, own[upper.number], year, fields))
    ]
    best = max(heads, key=lambda head: (len(head.days), -head.first), default=None)
    return best if best is not None and len(best.days) >= least else None


def _head(
    upper: Row, lower: Row | None, own: Row, year: SchoolYear, fields: Sequence[Field]
) -> DateHead | None:
    who: dict[str, int] = {}
    for at, cell in enumerate(upper.cells):
        text = clean_line(text_of(cell)) if isinstance(cell, str) else ""
        if text and (name := field_of(text, fields)):
            who.setdefault(name, at)
    if not who:
        return None
    left = max(who.values())
    days, terms, wrong = _columns(upper, lower, left, year)
    last = lower.number if lower else upper.number
    return DateHead(own.number, last, who, tuple(days), tuple(terms), tuple(wrong))


def _columns(
    upper: Row, lower: Row | None, left: int, year: SchoolYear
) -> tuple[list[DateColumn], list[tuple[int, str]], list[int]]:
    days: list[DateColumn] = []
    terms: list[tuple[int, str]] = []
    wrong: list[int] = []
    month: date | None = None
    width = max(len(upper.cells), len(lower.cells) if lower else 0)
    for at in range(left + 1, width):
        above, below = _cell(upper, at), _cell(lower, at) if lower else ""
        month = read_month(above, year) or (month if above == "" else None)
        day = _day(above, below, month, year)
        if day is not None:
            days.append(DateColumn(at, day, sum(one.day == day for one in days)))
        elif name := term_of(above) or term_of(below) or term_of(_both(above, below)):
            terms.append((at, name))
        elif month is not None and below != "":
            wrong.append(at)
    return days, terms, wrong


def _day(above: Value, below: Value, month: date | None, year: SchoolYear) -> date | None:
    if month is not None and below != "":
        return read_day_of_month(below, month).said or read_date(below, year).said
    if below in {above, ""}:
        return _whole_date(above, year)
    # What is below another heading is data («Дата согласия»), below a number a mark.
    return _whole_date(below, year) if _may_be_above(above) else None


def _may_be_above(cell: Value) -> bool:
    """What may stand over dates that are whole: nothing, or a word for them."""
    return isinstance(cell, str) and _OF_DATES.fullmatch(clean_line(cell)) is not None


def _whole_date(cell: Value, year: SchoolYear) -> date | None:
    """A date that stands by itself; the numbers of columns are none."""
    if isinstance(cell, (int, float)):
        return None
    day = read_date(cell, year).said
    return day if day is not None and day in year else None


def term_of(cell: Value) -> str | None:
    """The term of a heading: «2 четв.», «Итог за 2 четверть», «Год»."""
    text = _SHORT_QUARTER.sub("четв", clean_line(text_of(cell)).lower())
    for prefix in _TERM_PREFIXES:
        if text.startswith(prefix + " "):
            text = text.removeprefix(prefix).strip()
    return term(text)


def _both(above: Value, below: Value) -> str:
    """«Итог» over «2 четв.» as one."""
    return f"{text_of(above)} {text_of(below)}"


def _cell(row: Row, at: int) -> Value:
    return row.cells[at] if at < len(row.cells) else ""
