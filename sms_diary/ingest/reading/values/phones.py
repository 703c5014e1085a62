"""The phones of a cell, typed or not; `phone` knows numbers, this knows cells."""

from __future__ import annotations

from sms_diary.ingest.reading.book import Value, text_of
from sms_diary.ingest.reading.values.outcome import Outcome
from sms_diary.phone import Found, parse_cell

SEVERAL = "в ячейке несколько номеров: выберите нужный"


def read_phones(cell: Value) -> list[Found]:
    """Every number of a cell, or why there is none; a number that Excel keeps as one is whole."""
    return parse_cell(text_of(cell))


def read_phone(cell: Value) -> Outcome[str]:
    """The one number of a cell, E.164; two are a question."""
    found = read_phones(cell)
    numbers = tuple(one.number for one in found if one.number)
    if len(numbers) == 1:
        return Outcome(numbers[0], note=next(one.note for one in found if one.number))
    if numbers:
        return Outcome(problem=SEVERAL, candidates=numbers)
    return Outcome(problem=str(found[0].problem)) if found else Outcome()
