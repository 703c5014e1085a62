"""A person's name in a cell: one line as a person would write it, and what is wrong with it.

Who that is, `matching` says; here no name is compared with another.
"""

from __future__ import annotations

import re

from sms_diary.ingest.matching import NOT_A_NAME, name_key
from sms_diary.ingest.reading.book import Value, text_of
from sms_diary.ingest.reading.values.outcome import Outcome
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

SEVERAL = "в ячейке несколько имён: оставьте одно"
NOT_LETTERS = "в имени цифры или знаки: проверьте"

_LEAST_WORDS = 2
_FULL = 3
_SEVERAL = re.compile(r"[,;/\n]")
_DASH = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")
_AFTER_INITIAL = re.compile(r"\.(?=\w)")
_WRONG = re.compile(r"[^\w\s.,'’()-]|[\d_]")
_REMARK = re.compile(r"\s*\([^)]*\)")


@value
class Name:
    """`shown` in single spaces and no capitals alone; `key` to compare by; `remark` in brackets.

    `full`: with a patronymic and no initial, as far as one can tell.
    """

    shown: str
    key: str
    full: bool
    remark: str = ""


def read_name(cell: Value) -> Outcome[Name]:
    """«КОРОЛЁВ  С.В.», «Салтыков - Щедрин Иван»; two names in a cell are a question."""
    text = text_of(cell)
    if len(names := [one for one in map(clean_line, _SEVERAL.split(text)) if one]) > 1:
        outcomes = [_read(name) for name in names]
        if all(outcome.said for outcome in outcomes):
            candidates = tuple(outcome.said for outcome in outcomes if outcome.said)
            return Outcome(problem=SEVERAL, candidates=candidates)
    return _read(text)


def _read(text: str) -> Outcome[Name]:
    text = clean_line(text)
    if not text:
        return Outcome()
    plain = _REMARK.sub("", text).strip(" .,")
    remark = " ".join(match.strip(" ()") for match in _REMARK.findall(text))
    if _WRONG.search(_DASH.sub("-", plain)):
        return Outcome(problem=NOT_LETTERS)
    pieces = name_key(plain).replace(".", "").split()
    if len(pieces) < _LEAST_WORDS:
        return Outcome(problem=NOT_A_NAME)
    full = len(pieces) >= _FULL and all(len(piece) > 1 for piece in pieces)
    shown = _shown(plain + "." if len(pieces[-1]) == 1 else plain)
    return Outcome(Name(shown, name_key(shown), full, remark))


def _shown(text: str) -> str:
    spaced = _AFTER_INITIAL.sub(". ", _DASH.sub("-", text).replace(",", " "))
    return " ".join(_capitals(word) for word in spaced.split())


def _capitals(word: str) -> str:
    """«ИВАНОВ-ПЕТРОВ» → «Иванов-Петров»; a word that has small letters is left alone."""
    if len(word) < _LEAST_WORDS or not word.isupper() or word.endswith("."):
        return word
    return "-".join(part.capitalize() for part in word.split("-"))
