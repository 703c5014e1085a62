"""Absences in words: which lessons were missed, what became of an absence told before, how many.

Codes become `words.Presence` first, so that an illness cannot reach a text. A teacher's
comment on an absence is never shown for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sms_diary.model import Gender, Told
from sms_diary.render import words
from sms_diary.render.words import Presence

_NOUNS = {
    Presence.ABSENT: "пропуск",
    Presence.EXCUSED: "пропуск (ув)",
    Presence.LATE: "опоздание",
    Presence.EXEMPT: "освобождение",
}
_LATE = {None: "опоздание", Gender.MALE: "опоздал", Gender.FEMALE: "опоздала"}


class Piece(NamedTuple):
    """A part of a sentence, and whether a colon must stand before it."""

    text: str
    colon: bool


def lessons_missed(items: Sequence[Told], subjects: Sequence[str], *, tight: bool) -> Piece:
    """«нет на уроках 1-3; опоздание (мат)»; `subjects` are the names to show, one an item.

    `tight` says «на ур.».
    """
    pairs = list(zip(items, subjects, strict=True))
    late = _LATE[items[0].gender]
    pieces: list[Piece] = []
    for state in Presence:
        alike = [
            (item, name)
            for item, name in pairs
            if not is_change(item) and words.presence(item.value) is state
        ]
        if alike:
            pieces += _say(state, alike, late, tight=tight)
    pieces += [
        Piece(f"{name}{presence_changed(item, named=bool(name))}", True)
        for item, name in pairs
        if is_change(item)
    ]
    return Piece("; ".join(piece.text for piece in pieces), pieces[0].colon)


def noun(code: str) -> str:
    """What an absence is called where it stands alone: «пропуск (ув)», «опоздание»."""
    return _NOUNS[words.presence(code)]


def counted(codes: Iterable[str]) -> tuple[int, int]:
    """How many lessons were missed and to how many the pupil was late; exempt is neither."""
    kinds = [words.presence(code) for code in codes]
    late = kinds.count(Presence.LATE)
    return len(kinds) - late - kinds.count(Presence.EXEMPT), late


def is_change(item: Told) -> bool:
    """Whether the guardian already knows another value, or there is no value any more."""
    return bool(item.was) or not item.value


def presence_changed(item: Told, *, named: bool) -> str:
    """«: пропуск снят», «: опозд (было н)» after the subject, «2 урок: …» where there is none."""
    lesson = f"{item.lesson} урок" if item.lesson is not None and not named else ""
    was = words.presence(item.was or "")
    if not item.value:
        gone = {Presence.LATE: "опоздание снято", Presence.EXEMPT: "освобождение снято"}
        said = gone.get(was, "пропуск снят")
    else:
        now = words.presence(item.value)
        said = now.value if now is was else f"{now.value} (было {was.value})"
    return f"{lesson}: {said}" if lesson or named else said


def _say(
    state: Presence, alike: Sequence[tuple[Told, str]], late: str, *, tight: bool
) -> list[Piece]:
    numbers = [item.lesson for item, _ in alike if item.lesson is not None]
    names = list(dict.fromkeys(name for item, name in alike if item.lesson is None and name))
    pieces = []
    if any(item.lesson is None and not name for item, name in alike):
        pieces.append(_of_day(state, late))
    if numbers:
        only = [alike[0][1]] if len(alike) == 1 and alike[0][1] and not tight else []
        pieces.append(_of_lessons(state, numbers, only, late, tight=tight))
    if names:
        pieces.append(_of_subjects(state, names, late, tight=tight))
    return pieces


def _of_day(state: Presence, late: str) -> Piece:
    return {
        Presence.ABSENT: Piece("нет в школе", False),
        Presence.EXCUSED: Piece("нет в школе (ув)", False),
        Presence.LATE: Piece(late, True),
        Presence.EXEMPT: Piece("освобождение", True),
    }[state]


def _of_lessons(
    state: Presence, numbers: Sequence[int], names: Sequence[str], late: str, *, tight: bool
) -> Piece:
    which, several = words.runs(numbers), len(set(numbers)) > 1
    if state is Presence.LATE:
        said = f"{_many(late)} на уроки {which}" if several else f"{late} на {which} урок"
    elif state is Presence.EXEMPT:
        said = f"освобождение от уроков {which}" if several else f"освобождение от урока {which}"
    else:
        said = f"нет {_on(several=several, tight=tight)} {which}"
    return Piece(said + _aside(state, names), state in (Presence.LATE, Presence.EXEMPT))


def _of_subjects(state: Presence, names: Sequence[str], late: str, *, tight: bool) -> Piece:
    several = len(names) > 1
    if state is Presence.LATE:
        said = _many(late) if several else late
    elif state is Presence.EXEMPT:
        said = "освобождение"
    else:
        said = f"нет {_on(several=several, tight=tight)}"
    return Piece(said + _aside(state, names), True)


def _many(late: str) -> str:
    """A noun has a plural; a verb says the same of one lesson and of three."""
    return "опоздания" if late == _LATE[None] else late


def _aside(state: Presence, names: Sequence[str]) -> str:
    said = ", ".join([*names, "ув"] if state is Presence.EXCUSED else names)
    return f" ({said})" if said else ""


def _on(*, several: bool, tight: bool) -> str:
    if tight:
        return "на ур."
    return "на уроках" if several else "на уроке"
