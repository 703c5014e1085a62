"""Single words of a text: dates, terms, marks, absences, lesson numbers.

Sentences are made in `blocks`; names of subjects in `subjects`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import Enum
from functools import lru_cache

from babel import Locale

from sms_diary.render.ladder import LADDER, Level
from sms_diary.render.plain import comment, plain

DEBT = "."
_RUSSIAN = Locale("ru")
_WEEKDAYS = _RUSSIAN.days["format"]["abbreviated"]
_TERMS = {"четверть": "четв", "полугодие": "полуг", "триместр": "трим"}
_PLAIN = frozenset("12345") | {"зач", "незач", "осв", "н/а"}


class Presence(Enum):
    """What a parent learns of an absence; illness and good reason look the same on purpose."""

    ABSENT = "н"
    EXCUSED = "н(ув)"
    LATE = "опозд"
    EXEMPT = "осв"


_CODES = {
    "УП": Presence.EXCUSED,
    "Б": Presence.EXCUSED,
    "ОП": Presence.LATE,
    "ОСВ": Presence.EXEMPT,
}


def presence(code: str) -> Presence:
    """The journal's code in a parent's terms; one that is unknown means «absent» and no more."""
    return _CODES.get(code.strip().upper(), Presence.ABSENT)


def mark(value: str) -> str:
    """A mark as it is shown: «5/4» as it is, «.» as a word."""
    if value in _PLAIN:
        return value
    return "долг" if value == DEBT else plain(value)


@lru_cache(maxsize=1024)
def day(moment: date | None) -> str:
    """«24.11»; "" for no date."""
    return f"{moment.day:02}.{moment.month:02}" if moment else ""


def span(first: date, last: date) -> str:
    """«16-21.11», «28.11-02.12», or one date."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day:02}-{day(last)}"
    return f"{day(first)}-{day(last)}"


def weekday(moment: date | None) -> str:
    """«ср»; "" for no date."""
    return _WEEKDAYS[moment.weekday()] if moment else ""


def term(name: str, level: Level) -> str:
    """«2 четверть» → «2 четв» on every level but the fullest; «год» stays."""
    number, _, word = name.partition(" ")
    if word in _TERMS and not LADDER[level].term:
        return f"{number} {_TERMS[word]}"
    return comment(name)


def plural(count: int, one: str, few: str, many: str) -> str:
    """The form of a noun that goes with a number: 1 часть, 2 части, 5 частей, 11 частей."""
    return {"one": one, "few": few}.get(_RUSSIAN.plural_form(count), many)


def runs(numbers: Iterable[int]) -> str:
    """Lesson numbers in short: «1-3,5»."""
    out: list[list[int]] = []
    for number in sorted(set(numbers)):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
