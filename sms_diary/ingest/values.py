"""The words of a class journal: marks, absences, terms, cleaned text.

One reading for both doors: the webhook's models and the files' rows call these functions,
so that «5.0» in a file and 5 in JSON are one mark. Dates are in `days`, names in `matching`.
"""

from __future__ import annotations

import re
import unicodedata

MAX_MARK = 5
_LONGEST = 40
DEBT = "."

ABSENCES: dict[str, str] = {
    "Н": "отсутствовал",
    "НП": "отсутствовал без уважительной причины",
    "ОТ": "отсутствовал",
    "УП": "отсутствовал по уважительной причине",
    "Б": "отсутствовал по болезни",
    "ОП": "опоздал",
    "ОСВ": "освобождён",
}
"""Codes of the journal; what a parent reads of them is decided by `render`."""

MARKS_RU = "отметка бывает 1–5, двойная («5/4»), зач, незач, осв, н/а или «.» (долг)"

_LATIN = str.maketrans("ABCEHKMOPTXYabcehkmoptxy", "АВСЕНКМОРТХУавсенкмортху")
_HIDDEN_BUT_LINES = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff]"
)
_SPACES = re.compile(r"\s+")

_MARK_WORDS: dict[str, str] = {
    **dict.fromkeys(("зач", "зачет", "зачтено"), "зач"),
    **dict.fromkeys(("незач", "незачет", "незачтено", "не зач", "не зачет", "н/зач"), "незач"),
    **dict.fromkeys(("осв", "освобожден", "освобождена"), "осв"),
    **dict.fromkeys(("н/а", "н.а", "не аттестован", "не аттестована"), "н/а"),
    **dict.fromkeys((".", "долг"), DEBT),
}
_ABSENCE_WORDS: dict[str, str] = {
    **{code.lower(): code for code in ABSENCES},
    **dict.fromkeys(("нб", "н/б", "не был", "не была"), "Н"),
    **dict.fromkeys(("ув", "ув.пр", "уваж", "н/ув"), "УП"),
    **dict.fromkeys(("бол", "болен", "больна", "болеет"), "Б"),
    **dict.fromkeys(("опозд", "опоздал", "опоздала"), "ОП"),
    **dict.fromkeys(("н/п", "неув", "прогул"), "НП"),
    **dict.fromkeys(("отс", "отсутств", "отсутствовал", "отсутствовала"), "ОТ"),
}
_NUMBER = re.compile(r"([1-5])(?:[.,]0+)?([+-]?)")
_DOUBLE = re.compile(r"([1-5][+-]?)\s*/\s*([1-5][+-]?)")

_TERM_WORDS = (
    (re.compile(r"(?:четв\w*|чт)\.?"), "четверть", 4),
    (re.compile(r"(?:полуг\w*|п/?г)\.?"), "полугодие", 2),
    (re.compile(r"(?:трим\w*|тр)\.?"), "триместр", 3),
)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_TERM = re.compile(r"(\d|iv|i{1,3})(?:[-\s]*(?:я|й|ое|е|ая|ый|ой)\b)?\s*(.*)")


def clean_line(text: str) -> str:
    """One line of text: no control or invisible characters, single spaces, none at the ends."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    spaced = _SPACES.sub(" ", text)
    kept = "".join(c for c in spaced if c == " " or unicodedata.category(c)[0] != "C")
    return _SPACES.sub(" ", kept).strip()


def clean_text(text: str) -> str:
    """Text of several lines: as it is, but for control and invisible characters."""
    if text.isprintable():
        return text.strip()
    return _HIDDEN_BUT_LINES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _word(text: str) -> str:
    """The comparable form of a short journal word: no case, no ё, Latin look-alikes Cyrillic."""
    plain = clean_line(text).translate(_LATIN).lower().replace("ё", "е")
    return plain.rstrip(". ") or plain


def mark(value: object) -> str | None:
    """The canonical form of one mark, or None if there is no such mark.

    Takes text or a number («5», "5,0", 5, 5.0). The source's sign is kept («5-»);
    a double mark stays one («5/4»). Absences («н», «УП») are not marks.
    """
    if isinstance(value, str):
        return _mark_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return str(int(value)) if value in (1, 2, 3, 4, MAX_MARK) else None


def _mark_text(value: str) -> str | None:
    if value in _PLAIN_MARKS:
        return value
    if len(value) > _LONGEST:
        return None
    text = clean_line(value)
    if found := _NUMBER.fullmatch(text):
        return found[1] + found[2]
    if found := _DOUBLE.fullmatch(text):
        return f"{found[1]}/{found[2]}"
    return _MARK_WORDS.get(_word(text))


_PLAIN_MARKS = frozenset({"1", "2", "3", "4", "5", "зач", "незач", "осв", "н/а", DEBT})


def absence(value: str) -> str | None:
    """The journal's code of an absence (a key of `ABSENCES`), or None if it is not one."""
    if value in ABSENCES:
        return value
    return _ABSENCE_WORDS.get(_word(value)) if len(value) <= _LONGEST else None


def term(value: str) -> str | None:
    """«2 четв», "II четверть", "2-е полугодие" as «2 четверть»; «год», or None."""
    text = clean_line(value).lower().replace("ё", "е")
    if text in ("год", "годовая", "за год", "год."):
        return "год"
    found = _TERM.fullmatch(text)
    if not found:
        return None
    number = int(_ROMAN.get(found[1], found[1]))
    for words, name, most in _TERM_WORDS:
        if words.fullmatch(found[2]):
            return f"{number} {name}" if 1 <= number <= most else None
    return None
