"""Days as people write them: «24 ноября», «24–28 ноября», «28 декабря – 10 января»."""

from __future__ import annotations

from datetime import date

from babel import Locale
from babel.dates import format_date

_RUSSIAN = Locale("ru")
_EN_DASH = "\N{EN DASH}"


def span(first: date, last: date, *, year: int) -> str:
    """From one day to another; `year`, the present one, is left unsaid."""
    if first == last:
        return _day(first, year)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{_EN_DASH}{_day(last, year)}"
    return f"{_day(first, year)} {_EN_DASH} {_day(last, year)}"


def _day(day: date, year: int) -> str:
    return format_date(day, "d MMMM" if day.year == year else "d MMMM y", locale=_RUSSIAN)
