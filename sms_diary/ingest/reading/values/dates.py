"""Dates of cells: as Excel keeps them, as people write them, and a bare day under a month."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from sms_diary.ingest.days import SchoolYear, month_of, parse_day
from sms_diary.ingest.reading.book import Value, text_of
from sms_diary.ingest.reading.values.outcome import Outcome
from sms_diary.ingest.values import clean_line

NOT_READ = "дата не прочитана: нужна вида 24.11.2026"
_FUTURE = "дата в будущем"
_SWAPPED = "; возможно, день и месяц переставлены"
_EPOCHS_APART = timedelta(days=1462)  # between what day 0 is with the flag of 1904 and without
_AMERICAN = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})")
_MONTH_AND_YEAR = re.compile(r"([а-я]{3,8})\.?(?:\s+(\d{4})(?:\s*г\.?)?)?")
_LAST_DAY = 31
_FIRST_SERIAL = 32  # a smaller number is no day of any school


def read_date(cell: Value, year: SchoolYear, *, date1904: bool = False) -> Outcome[date]:
    """A date in any form; `year` gives the year to «24.11» and «24 ноября».

    A bare number is a day of Excel's, counted from 1904 in a book that says so. A month where
    the day should be («11/24/2026») is a question, with the date it may be.
    """
    if isinstance(cell, datetime):
        return Outcome(cell.date())
    if isinstance(cell, date):
        return Outcome(cell)
    if isinstance(cell, float) and not cell.is_integer() and cell < _FIRST_SERIAL:
        return Outcome(problem=NOT_READ, candidates=_day_and_month(cell, year))
    text = clean_line(str(int(cell)) if isinstance(cell, (int, float)) else text_of(cell))
    if not text:
        return Outcome()
    if found := parse_day(text, year):
        is_serial = text.removesuffix(".0").isdigit()
        return Outcome(found + _EPOCHS_APART if is_serial and date1904 else found)
    return Outcome(problem=NOT_READ, candidates=_american(text, year))


def read_day(
    cell: Value, year: SchoolYear, today: date, *, date1904: bool = False
) -> Outcome[date]:
    """The date of a mark or a lesson that was: in the school year, and not after `today`."""
    outcome = read_date(cell, year, date1904=date1904)
    day = outcome.said
    if day is None or (day in year and day <= today):
        return outcome
    problem = _FUTURE if day in year else f"дата вне учебного года {year}"
    swapped = _swapped(day)
    if swapped and swapped in year and swapped <= today:
        return Outcome(problem=problem + _SWAPPED, candidates=(swapped,))
    return Outcome(problem=problem)


def read_month(cell: Value, year: SchoolYear) -> date | None:
    """The first day of the month that a heading of a class journal names («Ноябрь 2026»)."""
    if isinstance(cell, date):
        return date(cell.year, cell.month, 1)
    found = _MONTH_AND_YEAR.fullmatch(clean_line(text_of(cell)).lower())
    month = month_of(found[1]) if found else None
    if found is None or month is None:
        return None
    return date(int(found[2]), month, 1) if found[2] else year.place(1, month)


def read_day_of_month(cell: Value, month: date) -> Outcome[date]:
    """A bare day («9», 9.0) under the heading of its `month`; a whole date is one as well."""
    if isinstance(cell, date):
        return Outcome(cell.date() if isinstance(cell, datetime) else cell)
    text = clean_line(text_of(cell)).rstrip(".")
    if not text:
        return Outcome()
    if text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= _LAST_DAY:
        try:
            return Outcome(month.replace(day=int(text)))
        except ValueError:
            return Outcome(problem=f"в этом месяце нет дня {text}")
    return Outcome(problem=NOT_READ)


def _american(text: str, year: SchoolYear) -> tuple[date, ...]:
    found = _AMERICAN.fullmatch(text)
    day = parse_day(f"{found[2]}.{found[1]}.{found[3]}", year) if found else None
    return (day,) if day else ()


def _day_and_month(cell: float, year: SchoolYear) -> tuple[date, ...]:
    """«24.1» that a program took for a number: January, or October without its nought."""
    day, _, month = repr(cell).partition(".")
    months = (month, month + "0") if len(month) == 1 else (month,)
    days = (parse_day(f"{day}.{one}", year) for one in months)
    return tuple(one for one in days if one)


def _swapped(day: date) -> date | None:
    try:
        return date(day.year, day.day, day.month)
    except ValueError:
        return None
