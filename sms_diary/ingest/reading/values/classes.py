"""The class of a cell: its canonical title, or the titles it may mean."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sms_diary.ingest.matching import class_keys
from sms_diary.ingest.reading.book import Value, text_of
from sms_diary.ingest.reading.values.outcome import Outcome
from sms_diary.ingest.values import clean_line

RESTORED = "Excel превратил класс в дату: восстановлено {title}"
AMBIGUOUS = "латинскую букву в названии класса можно понять по-разному: выберите"
NOT_A_CLASS = "это не похоже на класс: нужно вида 5А"
_LONGEST = 40
_LAST_CLASS = 12


def read_class(cell: Value, known: Collection[str] = ()) -> Outcome[str]:
    """«5 "а"», «05-А», «V А», 5.0 as «5А» or «5».

    Latin B is both В and Б: the one among the `known` canonical titles of the school is meant,
    else it is a question. A date in the column is what Excel makes of «1-4».
    """
    if isinstance(cell, date):
        return _restored(cell)
    text = clean_line(text_of(cell))
    if not text:
        return Outcome()
    titles = class_keys(text)
    if not titles or len(text) > _LONGEST or isinstance(cell, bool):
        return Outcome(problem=NOT_A_CLASS)
    fitting = tuple(title for title in titles if title in known) or titles
    if len(fitting) > 1:
        return Outcome(problem=AMBIGUOUS, candidates=fitting)
    return Outcome(fitting[0])


def _restored(day: date) -> Outcome[str]:
    if not day.day < day.month <= _LAST_CLASS:
        return Outcome(problem="в столбце класса дата: впишите класс как текст")
    title = f"{day.day}-{day.month}"
    return Outcome(title, note=RESTORED.format(title=title))
