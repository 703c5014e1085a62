"""Words of an SMS: each recognised as one of the tables', in whatever disguise it came.

What a sequence of words means is not known here: that is `phrases.py`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sms_diary.keywords import letters, tables

_BRACKETS = re.compile(r"[\[\]|*]+")
_NUMBERED = re.compile(r"([^\W\d_]{3,})(\d{1,2})")
_SLIPS = {"стоп": "стоп", "stop": "стоп", "помощь": "помощь"} | dict.fromkeys(
    ("pomosh", "pomosch", "pomoshch", "pomoshh"), "помощь"
)
# Consent is made by letters only: `0k` is no word, `ст0п` is.
_CONSENT = frozenset({"да", "старт", "подписка"})
_TAKES_NUMBER = frozenset({"стоп", "оценки", "расписание"})
_GLUED = frozenset({"смс", "все", "оценки", "расписание", "пожалуйста", "дз"})
_AFTER_NOT = frozenset({"надо", "шлите", "пишите", "хочу"})


class Word(NamedTuple):
    """`sense` is the word of the tables that it stands for, or empty; `text` as it was written."""

    sense: str
    text: str


def _vocabulary() -> dict[str, str]:
    """Every listed word, with the word that stands for its group; a phrase's own for itself."""
    known: dict[str, str] = {}
    for line in tables.GROUPS.split("\n"):
        for word in line.split():
            known.setdefault(word, line.split()[0])
    phrases = [
        tables.STOP_PHRASES,
        tables.FORGET_PHRASES,
        tables.WRONG_NUMBER_PHRASES,
        *tables.EXACT_PHRASES.values(),
    ]
    for word in _BRACKETS.sub(" ", " ".join(phrases)).split():
        known.setdefault(word, word)
    return known


SENSES = _vocabulary()
_SPELLED = [
    (re.compile(letters.spelling(word)), sense)
    for word, sense in SENSES.items()
    if not letters.is_latin(word)
]

_REAL = [re.compile(f"{word}|{letters.spelling(word)}") for word in tables.REAL_WORDS.split()]


def read(text: str) -> list[Word]:
    """The words of a normal text, in order."""
    found: list[tuple[str, list[Word]]] = []
    layouts = False
    for chunk in text.split():
        here = _native(chunk)
        if not all(word.sense for word in here):
            other = _on_other_layout(chunk, here)
            layouts, here = layouts or other != here, other
        found.append((chunk, here))
    return [word for chunk, here in found for word in (_follow(chunk, here) if layouts else here)]


def senses(listed: str) -> frozenset[str]:
    """The words that stand for these."""
    return frozenset(SENSES[word] for word in listed.split())


def spelled_alike(word: str, name: str) -> bool:
    """Whether `word`, look-alikes and transliteration allowed, is this Cyrillic word."""
    if letters.cyrillic(word) == name:
        return True
    return re.fullmatch(letters.spelling(name), letters.latin(word)) is not None


def _native(chunk: str) -> list[Word]:
    """The words of a chunk on the layout it was typed on."""
    found = [word for text in letters.split(chunk) for word in _split(text)]
    known = all(word.sense or word.text.isdecimal() for word in found)
    if not known and "-" in chunk and found[0].sense == "стоп":
        return [Word("", chunk)]  # «стоп-кадр» is a word of its own
    return found


def _split(text: str) -> list[Word]:
    sense = _listed(text)
    if not sense and (parts := _parts(text)):
        return parts
    return [Word(sense or _sense(text), _shown(text))]


def _sense(text: str) -> str:
    """The sense of one word, or empty. Noughts for letters make no consent."""
    if sense := _listed(text):
        return sense
    sense = _listed(letters.without_digits(text))
    return sense if sense and sense not in _CONSENT else _slip(text)


def _listed(text: str) -> str:
    look = letters.cyrillic(text)
    if look in SENSES:
        return SENSES[look]
    if not letters.is_latin(text):
        return ""
    look = letters.latin(text)
    if look in SENSES:
        return SENSES[look]
    return next((sense for spelled, sense in _SPELLED if spelled.fullmatch(look)), "")


def _slip(text: str) -> str:
    """СТОП and ПОМОЩЬ forgive one slip, unless it made another word; nothing else does."""
    looks = {text, letters.cyrillic(text)}
    if letters.is_latin(text):
        looks.add(letters.latin(text))
    looks |= {letters.without_digits(look) for look in looks}
    if any(real.fullmatch(look) for look in looks for real in _REAL):
        return ""
    for target, sense in _SLIPS.items():
        if any(letters.slipped(look, target) for look in looks):
            return sense
    return ""


def _retyped(chunk: str) -> Word | None:
    """The whole chunk as a word of the other layout, where б, ж, х, э, ю are punctuation."""
    for text in letters.retyped(chunk):
        if len(text) > 1 and (sense := _sense(text)):
            return Word(sense, text)
    return None


def _on_other_layout(chunk: str, native: list[Word]) -> list[Word]:
    whole = _retyped(chunk)
    if whole:
        return [whole]
    return [word if word.sense else _retyped(word.text) or word for word in native]


def _parts(text: str) -> list[Word]:
    """«стоп1», «стопсмс», «ненадо»: a word and what was meant to stand after a space."""
    numbered = _NUMBERED.fullmatch(text)
    if numbered and (sense := _listed(numbered[1])) in _TAKES_NUMBER:
        return [Word(sense, numbered[1]), Word("", numbered[2])]
    head, rest = text[:4], text[4:]
    if _listed(head) == "стоп" and (sense := _listed(rest)) in _GLUED:
        return [Word("стоп", head), Word(sense, rest)]
    if _listed(text[:2]) == "не" and (sense := _listed(text[2:])) in _AFTER_NOT:
        return [Word("не", text[:2]), Word(sense, text[2:])]
    return []


def _shown(text: str) -> str:
    """A name in one alphabet where its letters show which: `Mаша` is «маша»."""
    look = letters.cyrillic(text)
    return look if letters.is_cyrillic(text) and not letters.is_latin(look) else text


def _follow(chunk: str, here: list[Word]) -> list[Word]:
    """Beside a word of the other layout, an unknown one was typed on it too."""
    if any(word.sense for word in here):
        return here
    name = letters.retyped_name(chunk)
    return [Word("", name)] if name else here
