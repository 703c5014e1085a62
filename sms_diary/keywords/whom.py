"""Which of several schools a letter of one parent is about, by whom and what it names.

It is asked only where one number is known to several schools, of which neither may learn of the
other. Which school a letter came to, and who was answered, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.keywords import letters
from sms_diary.keywords.children import is_word
from sms_diary.values import value

_LONG_ENOUGH = 4
"""Letters of a word that can stand for a school («лицей»); «имени» and «№ 5» are not such."""
_COMMON = frozenset({"школа", "имени"})
_SHORT_FOR_SCHOOL = "шк"
_SAID_OF_A_CHILD = 2


@value
class Party:
    """A school that knows the number, and the children whom that number follows there."""

    names: tuple[str, ...]
    """Of the school, full and short."""
    children: tuple[str, ...]
    """«Белова Дарья Игоревна»."""


def concerns(text: str, parties: Sequence[Party]) -> frozenset[int] | None:
    """Places in `parties` whose child or school the text names; None where it names nobody's.

    What fits several schools alike (a family name of brothers) tells nothing. Several places
    mean that the text would show one school to another.
    """
    known = [_words(party) for party in parties]
    numbers = [_numbers(party) for party in parties]
    found: set[int] = set()
    before = ""
    for word in letters.split(letters.normal(text)):
        places = [at for at, own in enumerate(known) if any(is_word(word, one) for one in own)]
        if word.isdecimal() and before.startswith(_SHORT_FOR_SCHOOL):
            places = [at for at, own in enumerate(numbers) if word in own]
        if len(places) == 1 and (len(word) > 1 or word.isdecimal()):
            found.update(places)
        before = word
    return frozenset(found) or None


def _words(party: Party) -> set[str]:
    """Of children family and given names: patronymics are teachers' as well."""
    called = [" ".join(name.split()[:_SAID_OF_A_CHILD]) for name in party.children]
    people = {word for name in called for word in _split(name)}
    own = {word for name in party.names for word in _split(name)}
    return people | {word for word in own if len(word) >= _LONG_ENOUGH and word not in _COMMON}


def _numbers(party: Party) -> set[str]:
    return {word for name in party.names for word in _split(name) if word.isdecimal()}


def _split(name: str) -> list[str]:
    return letters.split(letters.normal(name))
