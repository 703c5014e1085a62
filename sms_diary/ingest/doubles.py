"""Which pupils of a school are likely one child, written twice. Pure; a person decides.

Names are compared by the rules of `matching`: nothing may contradict. What speaks against it (two
birth dates, two ids of the journal, classes of different years) and for it (one birth date, one
guardian) is weighed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import combinations, islice, product

from sms_diary.ingest.matching import agree, class_key, name_key
from sms_diary.values import value

_COMPARED = 2_000
"""Pairs that are compared of those who share a surname and an initial."""
_YEAR = re.compile(r"\d+")


@value
class Written:
    """A pupil as the school has one; "" where a thing is not known."""

    id: int
    name: str
    birth: str
    """ISO date."""
    external_id: str
    class_name: str
    """Of today."""


Pair = tuple[Written, Written]


def possible(pupils: Iterable[Written]) -> list[Pair]:
    """Pairs that could be one by name and birth date, in the order of the pupils; the one made
    first comes first."""
    alike: dict[tuple[str, str], list[Written]] = {}
    for one in pupils:
        surname, _, rest = name_key(one.name).partition(" ")
        if rest:
            alike.setdefault((surname, rest[0]), []).append(one)
    return [
        (min(pair, key=_id), max(pair, key=_id))
        for own in alike.values()
        if len(own) > 1
        for pair in islice(_pairs(own), _COMPARED)
        if _may_be_one(*pair)
    ]


def likely(pairs: Iterable[Pair], guardians: Mapping[int, Set[int]]) -> list[Pair]:
    """Of possible pairs the likely ones. `guardians`: of each pupil, by any id of theirs."""
    return [
        (one, other)
        for one, other in pairs
        if (one.birth and one.birth == other.birth)
        or not guardians.get(one.id, set()).isdisjoint(guardians.get(other.id, ()))
        or _by_class(one, other)
    ]


def fuller(one: str, other: str) -> str:
    """The name of the two that says more; the first where they say the same."""
    return max((one, other), key=_words)


def _id(one: Written) -> int:
    return one.id


def _words(name: str) -> int:
    return sum(len(word) > 1 for word in name_key(name).replace(".", "").split())


def _pairs(own: Sequence[Written]) -> Iterator[Pair]:
    """All of them but those whom the journal tells apart: with the same birth date it may err."""
    named = [one for one in own if one.external_id]
    free = [one for one in own if not one.external_id]
    yield from combinations(free, 2)
    yield from product(free, named)
    born: dict[str, list[Written]] = {}
    for one in named:
        if one.birth:
            born.setdefault(one.birth, []).append(one)
    for same in born.values():
        yield from combinations(same, 2)


def _may_be_one(one: Written, other: Written) -> bool:
    births = {one.birth, other.birth} - {""}
    return len(births) <= 1 and agree(one.name, other.name)


def _by_class(one: Written, other: Written) -> bool:
    """Whether their classes do not speak against it."""
    if _in_years_apart(one.class_name, other.class_name):
        return False
    vague = _is_vague(one.name) or _is_vague(other.name)
    return not vague or class_key(one.class_name) == class_key(other.class_name)


def _in_years_apart(one: str, other: str) -> bool:
    """A child moves from 5А to 5Б, and not to 9Б; without a class anything may be."""
    first, second = _YEAR.match(class_key(one)), _YEAR.match(class_key(other))
    return bool(first and second and first[0] != second[0])


def _is_vague(name: str) -> bool:
    """Whether the first name is an initial: in another class that is anybody."""
    return len(name_key(name).replace(".", "").split()[1]) == 1
