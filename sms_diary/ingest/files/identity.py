"""Who of a class list is which pupil: found among the known ones, new, or a question.

The rules of names are `matching`'s; here a list adds what it alone knows, birth dates and who else
stands in it. Pure: classes and rosters are passed in, `enrol` writes what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sms_diary.ingest.matching import (
    NOT_A_NAME,
    ClassIndex,
    NameIndex,
    class_key,
    class_keys,
    name_key,
)

NAMESAKES = "под это имя подходят несколько учеников класса: укажите имя полностью и дату рождения"
OTHER_BIRTH = (
    "ученик с таким именем в классе есть, но с другой датой рождения: "
    "это исправление или тёзка, неизвестно"
)
INITIALS = "имя нового ученика записано инициалами: нужно полное"
NOT_A_CLASS = "класс не понят: нужно вида 5А"

_A_CLASS = re.compile(r"(?:1[0-2]|[1-9])(?!\d)")
_PLAIN_CLASS = re.compile(r"\d+[А-ЯЁ]?")
_INITIAL = re.compile(r"(?<![^\W\d_])[^\W\d_](?:\.|$)")


@dataclass(frozen=True, slots=True)
class Person:
    """A pupil as a list names one; `birth` is an ISO date or ""."""

    name: str
    birth: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A pupil of the class as the database has one."""

    pupil_id: int
    name: str
    birth: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is: a pupil's id, or a negative number for one who is to be added.

    0 with the problem (Russian) if that cannot be said.
    """

    key: int
    problem: str = ""


def classes_to_add(
    titles: Iterable[str], known: Sequence[tuple[int, str]]
) -> list[tuple[str, str]]:
    """(key, name) of each class that the titles mean and the school does not have.

    Titles that can be read in one way only come first: they decide what the others mean.
    """
    added: dict[str, str] = {}
    for title in sorted(set(titles), key=lambda one: (len(class_keys(one)), one)):
        fresh = [(-number, name) for number, name in enumerate(added.values(), 1)]
        found = ClassIndex([*known, *fresh]).find(title)
        key = class_key(title)
        if not found.candidates and _A_CLASS.match(key):
            added[key] = key if _PLAIN_CLASS.fullmatch(key) else title
    return list(added.items())


def identify(
    persons: Iterable[Person], known: Iterable[Known]
) -> tuple[dict[Person, Identity], list[Person]]:
    """Who each person of one class is, and whom to add: the first of them has the key -1.

    A birth date tells namesakes apart; names without a patronymic follow those with one. What
    would make one pupil of two who differ is refused for both.
    """
    people = list(dict.fromkeys(persons))
    roster = _Roster(known, people)
    found = {person: roster.find(person) for person in sorted(people, key=_vagueness)}
    return _without_contradictions(found), roster.added


def _vagueness(person: Person) -> tuple[bool, int, bool]:
    return (bool(_INITIAL.search(person.name)), -len(person.name.split()), not person.birth)


class _Roster:
    """The class while a list is read: new pupils count from the moment they are met."""

    def __init__(self, known: Iterable[Known], listed: Iterable[Person]) -> None:
        self.added: list[Person] = []
        self._index = NameIndex(())
        self._pupils: dict[int, Person] = {}
        self._listed = {(name_key(one.name), one.birth) for one in listed}
        for pupil in known:
            self._know(pupil.pupil_id, Person(pupil.name, pupil.birth))

    def find(self, person: Person) -> Identity:
        match = self._index.find(person.name)
        if match.reason == NOT_A_NAME:
            return Identity(0, match.reason)
        births = {key: self._pupils[key].birth for key in match.candidates}
        agreeing = [key for key, birth in births.items() if _agree(birth, person.birth)]
        equal = [key for key in agreeing if person.birth and births[key] == person.birth]
        fitting = equal or agreeing
        if len(fitting) > 1:
            return Identity(0, NAMESAKES)
        if fitting:
            return Identity(fitting[0])
        if not all(map(self._is_listed, match.candidates)):
            return Identity(0, OTHER_BIRTH)
        return self._add(person)

    def _is_listed(self, key: int) -> bool:
        """Whether the list itself names this pupil too, so that another one is a namesake."""
        pupil = self._pupils[key]
        return (name_key(pupil.name), pupil.birth) in self._listed

    def _add(self, person: Person) -> Identity:
        if _INITIAL.search(person.name):
            return Identity(0, INITIALS)
        self.added.append(person)
        key = -len(self.added)
        self._know(key, person)
        return Identity(key)

    def _know(self, key: int, pupil: Person) -> None:
        self._index.add(key, pupil.name)
        self._pupils[key] = pupil


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def _same(one: Person, other: Person) -> bool:
    """Whether nothing says that these are two."""
    fits = NameIndex([(1, one.name)]).find(other.name).candidates
    return bool(fits) and _agree(one.birth, other.birth)


def _without_contradictions(found: dict[Person, Identity]) -> dict[Person, Identity]:
    claims: dict[int, list[Person]] = {}
    for person, identity in found.items():
        if identity.key:
            claims.setdefault(identity.key, []).append(person)
    wrong = {
        key
        for key, several in claims.items()
        if not all(_same(one, other) for one, other in combinations(several, 2))
    }
    return {
        person: Identity(0, NAMESAKES) if identity.key in wrong else identity
        for person, identity in found.items()
    }
