"""Dates as schools write them, and the school year they must lie in.

A school year runs from 1 September to 31 August; it gives the year to «24.11» and
«24 ноября» and refuses what lies outside. Nothing here knows a time zone or a clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

SEPTEMBER = 9
MONTHS = (
    ("январь", "января"),
    ("февраль", "февраля"),
    ("март", "марта"),
    ("апрель", "апреля"),
    ("май", "мая"),
    ("июнь", "июня"),
    ("июль", "июля"),
    ("август", "августа"),
    ("сентябрь", "сентября"),
    ("октябрь", "октября"),
    ("ноябрь", "ноября"),
    ("декабрь", "декабря"),
)
_SHORTEST_MONTH = 3

_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = range(36526, 73051)  # 2000-01-01 … 2099-12-31 as Excel counts days (1900 system)
_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_CENTURY = 100
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_DOTTED = re.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2}))?\.?(?:\s*г\.?)?" + _TIME)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})" + _TIME)
_WORDS = re.compile(r"(\d{1,2})[ .-]*([а-я]{3,8})\.?[ .-]*(\d{4}|\d{2})?(?:\s*г\.?)?")


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """From `first` to `last`, both inclusive."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first.year}/{self.last.year}"

    def place(self, day: int, month: int) -> date | None:
        """The date with this day and month that lies in the year; None if there is none."""
        year = self.first.year if month >= SEPTEMBER else self.last.year
        return _date(year, month, day)


def school_year(today: date) -> SchoolYear:
    """The school year that `today` belongs to."""
    start = today.year if today.month >= SEPTEMBER else today.year - 1
    return SchoolYear(date(start, SEPTEMBER, 1), date(start + 1, 8, 31))


def month_of(word: str) -> int | None:
    """The number of a month named in Russian, in full or cut («апр», «апреля»)."""
    if len(word) < _SHORTEST_MONTH:
        return None
    for number, names in enumerate(MONTHS, 1):
        if any(name.startswith(word) for name in names):
            return number
    return None


def parse_day(text: str, year: SchoolYear) -> date | None:
    """A date written in any way that schools use, or None.

    `дд.мм.гггг`, `дд.мм.гг`, `дд.мм` and «24 ноября» (the year from `year`), ISO 8601,
    each with or without a time of day, and Excel's day number.
    """
    plain = " ".join(text.lower().split())
    if found := _DOTTED.fullmatch(plain):
        return _dated(int(found[1]), int(found[2]), found[3], year)
    if found := _ISO.fullmatch(plain.replace("t", "T")):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _WORDS.fullmatch(plain):
        month = month_of(found[2])
        return _dated(int(found[1]), month, found[3], year) if month else None
    return _serial(plain)


def _dated(day: int, month: int, year_text: str | None, year: SchoolYear) -> date | None:
    if not year_text:
        return year.place(day, month)
    number = int(year_text)
    return _date(number if number >= _CENTURY else _CENTURY * 20 + number, month, day)


def _serial(text: str) -> date | None:
    whole = text.removesuffix(".0")
    if _FIVE_DIGITS.fullmatch(whole) and int(whole) in _SERIALS:
        return _EXCEL_EPOCH + timedelta(days=int(whole))
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
