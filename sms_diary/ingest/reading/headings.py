"""What a heading means: fields known by the beginnings of their words.

«Моб. тел.», «Телефон» and «Контактный телефон» are one field. Where the headings stand is for
`tables`, what the cells below say for `values`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from sms_diary.values import value

_LONGEST_HEADING = 90
_SAYS = re.compile(r"[^\W\d_]|№")
_WORD = re.compile(r"[a-zа-я0-9]+|№")
NUMBERING = re.compile(r"(?:№|n|номер)?\s*(?:п/?п)?\.?", re.IGNORECASE)
"""The heading of a column that only counts."""


@value
class Field:
    """One meaning of a column.

    `any_of`: groups of word beginnings, one group must be there whole; `none_of`: beginnings
    that must not. A beginning with `=` is a whole word. Fields are tried in order.
    """

    name: str
    title: str
    any_of: tuple[str, ...]
    none_of: tuple[str, ...] = ()

    def fits(self, words: Sequence[str]) -> bool:
        if any(_has(words, stem) for stem in self.none_of):
            return False
        return any(all(_has(words, stem) for stem in group.split()) for group in self.any_of)


def _has(words: Sequence[str], stem: str) -> bool:
    if stem.startswith("="):
        return stem[1:] in words
    return any(word.startswith(stem) for word in words)


CLASS = Field("class", "Класс", ("класс", "параллел", "=кл"), ("руковод",))
PUPIL_FIELDS = (
    Field("surname", "Фамилия", ("=фамилия",), ("имя", "отчеств", "инициал")),
    Field("first", "Имя", ("=имя",), ("фамили", "отчеств")),
    Field("patronymic", "Отчество", ("=отчество",), ("фамили", "=имя")),
    Field(
        "pupil",
        "Ученик (ФИО)",
        ("фио", "=ф =и =о", "=ф =и", "фамили =имя", "фамили инициал", "ученик", "ученица",
         "учащ", "обучающ", "ребен"),
    ),
)  # fmt: skip
"""The pupil in one column, or in two or three."""


def field_of(heading: str, fields: Sequence[Field]) -> str | None:
    """The name of the field that a heading means, or None."""
    if len(heading) > _LONGEST_HEADING or not _SAYS.search(heading):
        return None
    return _meaning(heading, tuple(fields))


@lru_cache(maxsize=4096)  # a file of many sheets has the same headings in each
def _meaning(heading: str, fields: tuple[Field, ...]) -> str | None:
    words = _WORD.findall(heading.lower().replace("ё", "е"))
    return next((field.name for field in fields if field.fits(words)), None)
