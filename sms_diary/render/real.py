"""The longest values of an example in the place of which a school's own longest stand. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sms_diary.model import Kind, Told
from sms_diary.render.examples import Values
from sms_diary.values import value

_OF_NAMES = ("имя", "имена")
_TABLES = (Kind.TIMETABLE, Kind.TIMETABLE_CHANGE)
"""Kinds whose body is JSON with names of subjects in it."""


@value
class Real:
    """What a school has, the longest first: names as it calls its pupils, subjects in full.

    `class_name`, `school` and `phone` are "" where there is none.
    """

    pupils: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    class_name: str = ""
    school: str = ""
    phone: str = ""


def lines(given: Sequence[Told], real: Real) -> tuple[Told, ...]:
    """The same news of the school's longest; what it has too few of stays as it is."""
    longest = sorted(dict.fromkeys(_subjects(given)), key=lambda said: (-len(said), said))
    instead = dict(zip(longest, real.subjects, strict=False))
    return tuple(_line(line, instead, real) for line in given)


def values(given: Values, real: Real) -> Values:
    """The values of a reply with the school's own name, telephone and pupils."""
    own = {"школа": real.school, "телефон": real.phone}
    for name in _OF_NAMES:
        many = str(given.get(name, "")).count(",") + 1
        own[name] = ", ".join(real.pupils[:many])
    return {name: (said and own.get(name)) or said for name, said in given.items()}


def _line(line: Told, instead: Mapping[str, str], real: Real) -> Told:
    body = line.body
    if line.kind in _TABLES:
        for canned, own in instead.items():
            body = body.replace(_quoted(canned), _quoted(own))
    return replace(
        line, body=body, subject=instead.get(line.subject, line.subject),
        pupil=(line.pupil and next(iter(real.pupils), "")) or line.pupil,
        class_name=(line.class_name and real.class_name) or line.class_name,
    )  # fmt: skip


def _quoted(said: str) -> str:
    return json.dumps(said, ensure_ascii=False)


def _subjects(given: Sequence[Told]) -> Iterator[str]:
    for line in given:
        if line.subject:
            yield line.subject
        if line.kind in _TABLES and line.body:
            said = json.loads(line.body)
            for one in said if isinstance(said, list) else [said]:
                yield from (one[name] for name in ("subject", "instead_of") if one.get(name))
