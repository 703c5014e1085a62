"""The ladder of shortenings as data: what a text is like on each level.

A level keeps every mark and date; it only says them in fewer characters. Which level is taken is
`fit`'s business; `docs/texts.md` shows the same table with examples.
"""

from __future__ import annotations

from enum import IntEnum

from sms_diary.values import value


class Level(IntEnum):
    """How far a text is shortened."""

    FULL = 0
    MEDIUM = 1
    SHORT = 2
    MINIMAL = 3
    COMPACT = 4
    BARE = 5


@value
class Rung:
    """What one level writes."""

    subject: int
    """Column of `subjects.txt`; the last one there is, if a row has fewer."""
    work: int | None
    """Column of `works.txt`; None: the kind of work is left out."""
    term: bool = False
    """«2 четверть», not «2 четв»."""
    semicolons: bool = True
    """Between the subjects of a day; else a space."""
    spaced: bool = True
    """«рус, мат» in a timetable, not «рус,мат»."""
    tight: bool = False
    """«нет на ур. 1-3», not «нет на уроках 1-3»."""
    cases: bool = False
    """«физика, а не химия»: words have cases; abbreviations say «вместо»."""
    courtesy: bool = True
    """Whom to ring about an absence, which school speaks."""


LADDER = {
    Level.FULL: Rung(subject=0, work=0, term=True, cases=True),
    Level.MEDIUM: Rung(subject=1, work=1, cases=True),
    Level.SHORT: Rung(subject=2, work=1),
    Level.MINIMAL: Rung(subject=3, work=1, spaced=False),
    Level.COMPACT: Rung(subject=4, work=2, spaced=False, tight=True),
    Level.BARE: Rung(
        subject=4, work=None, spaced=False, tight=True, semicolons=False, courtesy=False
    ),
}
"""From the longest to the shortest."""

NAMES = {level: level.name.lower() for level in LADDER}
"""As levels are called in a `Text`, in the outbox and on the command line."""
RUSSIAN = {
    Level.FULL: "полный",
    Level.MEDIUM: "средний",
    Level.SHORT: "краткий",
    Level.MINIMAL: "минимальный",
    Level.COMPACT: "сжатый",
    Level.BARE: "без украшений",
}


def named(word: str) -> Level | None:
    """The level of that English or Russian name."""
    for level in LADDER:
        if word.casefold() in (NAMES[level], RUSSIAN[level]):
            return level
    return None
