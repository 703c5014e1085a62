"""Days of the week as timetables name them, with or without a date."""

from __future__ import annotations

import re
from datetime import date, timedelta

from sms_diary.ingest.days import SchoolYear
from sms_diary.ingest.reading.book import Value
from sms_diary.ingest.reading.values.dates import read_date
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

_NAMES = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
_SHORT = {"пн": 0, "вт": 1, "ср": 2, "чт": 3, "пт": 4, "сб": 5, "вс": 6,
          "пон": 0, "пнд": 0, "втр": 1, "срд": 2, "чтв": 3, "птн": 4, "сбт": 5}  # fmt: skip
_LATIN = str.maketrans("aceopxykmth", "асеорхукмтн")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}(?:\.\d{2,4})?|\d{1,2}\s+[а-я]{3,8}")
_LEAST = 3


@value
class WeekDay:
    """`weekday` from 0 for Monday; `day` where the file names the date."""

    weekday: int
    day: date | None = None

    def on(self, monday: date) -> date:
        """Its date in the week of a Monday; the file's own date goes first."""
        return self.day or monday + timedelta(days=self.weekday)


def read_weekday(cell: Value, year: SchoolYear) -> WeekDay | None:
    """«ПОНЕДЕЛЬНИК», «п о н е д е л ь н и к», «Вт», «среда 25.11», a bare date; else None."""
    if isinstance(cell, date):
        day = read_date(cell, year).said
        return WeekDay(day.weekday(), day) if day and day in year else None
    if not isinstance(cell, str):
        return None
    text = clean_line(cell).lower().translate(_LATIN)
    dated = _DATE.search(text)
    day = read_date(dated[0], year).said if dated else None
    word = "".join(char for char in (text[: dated.start()] + text[dated.end() :] if dated else text)
                   if char.isalpha())  # fmt: skip
    weekday = _SHORT.get(word, _by_name(word))
    if weekday is None:
        return WeekDay(day.weekday(), day) if day and not word else None
    return WeekDay(weekday, day)


def _by_name(word: str) -> int | None:
    if len(word) < _LEAST:
        return None
    forms = {word, word[:-1] + "а" if word.endswith("у") else word}
    found = [n for n, name in enumerate(_NAMES) if any(name.startswith(form) for form in forms)]
    return found[0] if len(found) == 1 else None
