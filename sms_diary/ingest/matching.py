"""Whom a record means: pupils by name, classes by title.

Exact rules only (never «looks like»): two candidates are a question for a person, because a
wrong guess shows one child's marks to another's parents. Pure: all that exists is passed in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from sms_diary.values import value

UNKNOWN_PUPIL = "в классе нет такого ученика"
NAMESAKES = "в классе несколько учеников, подходящих под это имя"
NOT_A_NAME = "имя записано не полностью: нужны фамилия и имя или инициалы"
UNKNOWN_CLASS = "в школе нет такого класса"
NO_PARALLEL = "в школе нет классов с этим номером"
AMBIGUOUS_CLASS = "название подходит к нескольким классам"

_DASHES = re.compile(r"\s*[-\u2010-\u2015\u2212\ufe58\uff0d]\s*")
_HIDDEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_SUFFIXES = frozenset({"оглы", "оглу", "кызы", "гызы", "кизи", "улы", "уулу"})
_LATIN = str.maketrans("ABCEHKMOPTXYaceopxy", "АВСЕНКМОРТХУасеорху")
_SURNAME_AND_FIRST = 2
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


def _fold(text: str) -> str:
    """Lower case, ё as е, one kind of space and dash, nothing invisible."""
    plain = _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).lower().replace("ё", "е")
    return " ".join(_DASHES.sub("-", plain).split())


@lru_cache(maxsize=8192)
def name_key(text: str) -> str:
    """The comparable form of a person's name: «КОРОЛЁВ  С. В.» → «королев с. в.»."""
    if _CYRILLIC.search(text):
        text = text.translate(_LATIN)
    return " ".join(_fold(text).replace(".", ". ").replace(",", " ").split())


@value
class Match:
    """The one found, or None with the reason (Russian) and whoever is in question."""

    pupil_id: int | None
    candidates: tuple[int, ...] = ()
    reason: str = ""


@value
class _Name:
    """A name in one reading: each piece is a word, or an initial (one letter)."""

    surname: str
    first: str
    rest: tuple[str, ...] = ()


def _pieces(key: str) -> tuple[str, ...]:
    """Words and initials of a name key, without «оглы» and the like."""
    words = key.replace(".", "").split()
    rest = (_without_suffix(word) for word in words[2:])
    return (*words[:2], *(word for word in rest if word))


def _without_suffix(word: str) -> str:
    base, dash, end = word.rpartition("-")
    if end in _SUFFIXES:
        return base if dash else ""
    return word


@lru_cache(maxsize=8192)
def _readings(key: str) -> tuple[_Name, ...]:
    """«Фамилия Имя Отчество» and the order with the surname last."""
    pieces = _pieces(key)
    if not _is_name(pieces):
        return ()
    straight = _Name(pieces[0], pieces[1], pieces[2:])
    return straight, _Name(pieces[-1], pieces[0], pieces[1:-1])


def _is_name(pieces: tuple[str, ...]) -> bool:
    return len(pieces) >= _SURNAME_AND_FIRST


def _is_full(pieces: tuple[str, ...]) -> bool:
    """With a patronymic and no initial: nothing that another pupil could share unseen."""
    return len(pieces) > _SURNAME_AND_FIRST and all(len(piece) > 1 for piece in pieces)


def _piece_fits(asked: str, known: str) -> bool:
    if len(asked) == 1 or len(known) == 1:
        return asked[0] == known[0]
    return asked == known


def _fits(asked: _Name, known: _Name) -> bool:
    """No contradiction: what is written agrees, what is missing on a side may be anything."""
    if asked.surname != known.surname or not _piece_fits(asked.first, known.first):
        return False
    if not asked.rest or not known.rest:
        return True
    same_length = len(asked.rest) == len(known.rest)
    return same_length and all(map(_piece_fits, asked.rest, known.rest))


def agree(one: str, other: str) -> bool:
    """Whether two names contradict each other in nothing; both need a surname and a first name."""
    first, second = _readings(name_key(one)), _readings(name_key(other))
    return bool(first and second) and _fits(first[0], second[0])


class NameIndex:
    """The pupils of one class, found by name.

    The full name with patronymic goes first; then surname and first name, or initials, if
    exactly one pupil does not contradict them.
    """

    def __init__(self, roster: Iterable[tuple[int, str]]) -> None:
        self._full: dict[str, list[int]] = {}
        self._by_surname: dict[str, list[tuple[int, _Name]]] = {}
        for pupil_id, full_name in roster:
            self.add(pupil_id, full_name)

    def add(self, pupil_id: int, full_name: str) -> None:
        """One more pupil of the class."""
        key = name_key(full_name)
        self._full.setdefault(key, []).append(pupil_id)
        pieces = _pieces(key)
        if _is_name(pieces):
            known = _Name(pieces[0], pieces[1], pieces[2:])
            self._by_surname.setdefault(known.surname, []).append((pupil_id, known))

    def find(self, name: str) -> Match:
        """The pupil that `name` means, in whatever way it is written."""
        key = name_key(name)
        same = self._full.get(key, [])
        if len(same) == 1 and _is_full(_pieces(key)):
            return Match(same[0], tuple(same))
        readings = _readings(key)
        if not readings:
            return Match(None, (), NOT_A_NAME)
        fitting = self._fitting(readings)
        if len(fitting) == 1:
            return Match(fitting[0], fitting)
        return Match(None, fitting, NAMESAKES if fitting else UNKNOWN_PUPIL)

    def _fitting(self, readings: tuple[_Name, ...]) -> tuple[int, ...]:
        found = [
            pupil_id
            for asked in readings
            for pupil_id, known in self._by_surname.get(asked.surname, ())
            if _fits(asked, known)
        ]
        return tuple(dict.fromkeys(found))


_ROMAN = {
    "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8,
    "IX": 9, "X": 10, "XI": 11, "XII": 12,
}  # fmt: skip
_ROMAN_START = re.compile(r"(XII|XI|IX|X|VIII|VII|VI|IV|V|III|II|I)(?=[^A-Z]|[ABCEHKMOPTY]$|$)")
_CLASS_NUMBER = re.compile(r"0*(\d{1,2})(?!\d)")
_PARALLEL = re.compile(r"(\d{1,2})(?![\d-])")  # «1-4» is no class of the first
_CLASS_NOISE = re.compile(r"\bКЛ(?:АСС)?\b\.?|[«»„“”\"'`’.]")
_REMARK = re.compile(r"\s*\([^)]*\)\s*")
_LATIN_LETTER = re.compile(r"[A-Z]")


@lru_cache(maxsize=4096)
def class_keys(text: str) -> tuple[str, ...]:
    """Every class that a title can mean: «5 "А"» → ("5А",), but "5B" → ("5В", "5Б").

    A class is a number without zeros and any letters; Latin look-alikes are read as Cyrillic.
    Latin B may stand for the shape (В) or for the alphabet's second letter (Б).
    """
    plain = _fold(text).upper()
    number, rest = _split_class(plain)
    letters = _CLASS_NOISE.sub(" ", rest)
    letters = re.sub(r"\s+", " ", letters).strip()
    if not re.match(r"-\d", letters):  # «1-4» is a title of its own, «5-А» is 5А
        letters = letters.strip(" -_/")
    if letters == "B":
        return (number + "В", number + "Б")
    cyrillic = letters.translate(_LATIN)
    if not _LATIN_LETTER.search(cyrillic):
        letters = cyrillic
    return tuple(filter(None, [number + letters.replace(" ", "")]))


def _split_class(plain: str) -> tuple[str, str]:
    if found := _CLASS_NUMBER.match(plain):
        return found[1], plain[found.end() :]
    if found := _ROMAN_START.match(plain):
        return str(_ROMAN[found[1]]), plain[found.end() :]
    return "", plain


def class_key(text: str) -> str:
    """The canonical title of a class («05 а» → «5А»); for "5B" the look-alike «5В»."""
    return next(iter(class_keys(text)), "")


@value
class ClassMatch:
    """The one found, or None with the reason (Russian) and the classes in question."""

    class_id: int | None
    candidates: tuple[int, ...] = ()
    reason: str = ""


class ClassIndex:
    """The classes of one school and year, found by title."""

    def __init__(self, classes: Iterable[tuple[int, str]]) -> None:
        self._by_key: dict[str, list[int]] = {}
        self._by_base: dict[str, list[int]] = {}
        self._by_number: dict[int, list[int]] = {}
        for class_id, title in classes:
            for key in class_keys(title):
                self._by_key.setdefault(key, []).append(class_id)
            if number := _PARALLEL.match(class_key(title)):
                self._by_number.setdefault(int(number[1]), []).append(class_id)
            for key in class_keys(_REMARK.sub(" ", title)):
                self._by_base.setdefault(key, []).append(class_id)

    def find(self, title: str) -> ClassMatch:
        """The class that `title` means; a remark in brackets is ignored if nothing else fits."""
        found = self._look(self._by_key, title) or self._look(self._by_base, title)
        found = found or self._look(self._by_base, _REMARK.sub(" ", title))
        if len(found) == 1:
            return ClassMatch(found[0], found)
        return ClassMatch(None, found, AMBIGUOUS_CLASS if found else UNKNOWN_CLASS)

    def parallel(self, number: int) -> tuple[int, ...]:
        """All classes of that number: 5А, 5Б and so on."""
        return tuple(self._by_number.get(number, ()))

    @staticmethod
    def _look(index: dict[str, list[int]], title: str) -> tuple[int, ...]:
        return tuple(dict.fromkeys(i for key in class_keys(title) for i in index.get(key, ())))
