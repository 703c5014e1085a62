"""Which of a number's children a parent named. The children come from outside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sms_diary.keywords import letters, words

# By length, with the letters that must be left before them.
_ENDING = {1: re.compile(r"...[аеиоуыэюяйь]$"), 2: re.compile(r"...(?:ой|ей|ом|ем|ою|ею)$")}


def whose(who: str, children: Sequence[str]) -> tuple[int, ...]:
    """Places in `children` («Белова Дарья Игоревна») that `who` of a `Said` may mean.

    By number from 1; by name, family name or both in any order and case («стоп дарье»), look-
    alikes and transliteration allowed; by initial beside a name. Empty `who`: all. Namesakes:
    all of them. Two children («дарья артем»): both. Short names («Даша») are not known.
    """
    parts = who.split()
    if len(parts) == 1 and parts[0].isdecimal():
        at = int(parts[0]) - 1
        return (at,) if 0 <= at < len(children) else ()
    one = [at for at, name in enumerate(children) if _fits(parts, name)]
    if one or len(parts) == 1 or not all(map(_is_full, parts)):
        return tuple(one)
    each = [whose(part, children) for part in parts]
    return tuple(sorted({at for found in each for at in found})) if all(each) else ()


def _fits(parts: Sequence[str], name: str) -> bool:
    """Whether each part is a different word of the name."""
    left = letters.split(letters.normal(name))
    for part in parts:
        found = next((word for word in left if is_word(part, word)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def is_word(part: str, word: str) -> bool:
    """Whether a word of an SMS is this word of a name, in whatever case; both are normalised."""
    if not _is_full(part):
        return words.spelled_alike(part, word[0])
    stems = _stems(letters.cyrillic(part))
    return words.spelled_alike(part, word) or not stems.isdisjoint(_stems(word))


def _is_full(part: str) -> bool:
    """Whether it is more than an initial."""
    return len(part) > 1


def _stems(word: str) -> set[str]:
    """The word, and what is left without an ending if that tells names apart still."""
    return {word} | {word[:-cut] for cut in (1, 2) if _ENDING[cut].search(word)}
