"""What a school writes in the column of consents."""

from __future__ import annotations

import re

from sms_diary.ingest.reading.book import Value, text_of
from sms_diary.ingest.reading.values.outcome import Outcome
from sms_diary.ingest.values import clean_line

NOT_UNDERSTOOD = "согласие не понято: нужно «да» или «нет», пока считается, что его нет"

_YES = frozenset(
    {"да", "+", "v", "x", "х", "1", "есть", "согласен", "согласна", "yes", "✓", "✔", "☑", "✅", "√"}
)
_NO = frozenset({"нет", "-", "0", "отказ", "не согласен", "не согласна", "против", "no"})
_FIRST_WORD = re.compile(r"[^\W\d_]+")


def consent_of(word: str) -> bool | None:
    """What a word says; None for nothing or anything else."""
    plain = word.strip(" .!").lower().replace("–", "-").replace("—", "-")
    return True if plain in _YES else False if plain in _NO else None


def read_consent(cell: Value) -> Outcome[bool]:
    """«да», «+», 1, ИСТИНА; «да, 15.09.2026» is a question: a consent is not read into a text."""
    if isinstance(cell, bool):
        return Outcome(cell)
    text = clean_line(text_of(cell))
    if not text:
        return Outcome()
    said = consent_of(text)
    if said is not None:
        return Outcome(said)
    first = _FIRST_WORD.match(text)
    meant = consent_of(first[0]) if first else None
    return Outcome(problem=NOT_UNDERSTOOD, candidates=() if meant is None else (meant,))
