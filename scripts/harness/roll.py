"""A school of 1,000 pupils in 36 classes, drawn from a seed: pupils, guardians, subjects by grade.

Everybody here is invented; names are as long as those of a real class of 24. What happens to them
in a month is `month.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

PUPILS = 1000
SUBSCRIPTIONS = 1300
"""1.3 guardians a pupil."""
GUARDIANS = round(SUBSCRIPTIONS / 1.08)
"""8 % of them with two children."""
WANT_HOMEWORK = 0.3
_CLASSES_OF_GRADE = (4, 4, 4, 4, 4, 3, 3, 3, 3, 2, 2)
_LETTERS = "АБВГ"
_NAMES = (
    "Тимур", "Дарья", "Артём", "Ульяна", "Пётр", "Кира", "Лев", "Алиса", "Мария", "Глеб", "Семён",
    "София", "Фёдор", "Эвелина", "Дмитрий", "Ева", "Яна", "Никита", "Амир", "Василиса", "Марк",
    "Майя", "Данияр",
)  # fmt: skip
_INITIALS = "АБВГДЕЖЗИКЛМНОПРСТУШЮ"

_ELEMENTARY = (
    "Русский язык", "Математика", "Литературное чтение", "Окружающий мир", "Физическая культура",
    "Музыка", "Изобразительное искусство", "Труд (технология)",
)  # fmt: skip
_ENGLISH = "Иностранный язык (английский)"
_COMMON = ("Русский язык", "Литература", _ENGLISH, "История", "Физическая культура")
_MIDDLE = (*_COMMON, "География", "Биология", "Музыка", "Труд (технология)")
_ALGEBRA = ("Алгебра", "Геометрия", "Информатика", "Физика")
_SUBJECTS = {
    **dict.fromkeys((1,), _ELEMENTARY),
    **dict.fromkeys((2, 3, 4), (*_ELEMENTARY, _ENGLISH)),
    **dict.fromkeys((5, 6), (*_MIDDLE, "Математика", "Изобразительное искусство", "ОДНКНР")),
    **dict.fromkeys(
        (7, 8, 9),
        (*_MIDDLE, *_ALGEBRA, "Вероятность и статистика", "Обществознание", "Химия"),
    ),
    **dict.fromkeys(
        (10, 11),
        (
            *_COMMON, *_ALGEBRA, "Вероятность и статистика", "Обществознание", "Химия", "Биология",
            "География", "Основы безопасности и защиты Родины",
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A class: its grade, its name and what it learns."""

    grade: int
    name: str

    @property
    def subjects(self) -> tuple[str, ...]:
        return _SUBJECTS[self.grade]


@dataclass(frozen=True)
class Pupil:
    number: int
    name: str
    form: Form


@dataclass(frozen=True)
class Guardian:
    """One phone: its children, and whether it wants to hear of homework."""

    pupils: tuple[Pupil, ...]
    homework: bool


def forms() -> list[Form]:
    return [
        Form(grade, f"{grade}{letter}")
        for grade, count in enumerate(_CLASSES_OF_GRADE, start=1)
        for letter in _LETTERS[:count]
    ]


def pupils(random: Random) -> list[Pupil]:
    every = forms()
    return [
        Pupil(
            number,
            f"{random.choice(_NAMES)} {random.choice(_INITIALS)}.",
            every[number % len(every)],
        )
        for number in range(PUPILS)
    ]


def guardians(random: Random, everyone: list[Pupil]) -> list[Guardian]:
    """Each pupil has one guardian at least; two children of one phone have different names."""
    places = [*everyone, *random.sample(everyone, SUBSCRIPTIONS - PUPILS)]
    random.shuffle(places)
    found = []
    for number in range(GUARDIANS):
        children = [places.pop()]
        if number < SUBSCRIPTIONS - GUARDIANS:
            other = next(one for one in reversed(places) if one.name != children[0].name)
            places.remove(other)
            children.append(other)
        found.append(Guardian(tuple(children), random.random() < WANT_HOMEWORK))
    random.shuffle(found)
    return found
