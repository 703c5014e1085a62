"""From an entry and its subscribers to lines, and from lines to messages: decisions only.

Values in, values out. `fanout` and `compose` carry them out in transactions.
"""

from __future__ import annotations

from enum import StrEnum

from sms_diary import schedule
from sms_diary.consent import silence
from sms_diary.model import (
    TOPIC_OF,
    ConsentState,
    Gender,
    Hold,
    Kind,
    LineState,
    NumberState,
    SchoolMode,
    Silence,
)
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.values import value

_HIS, _HERS = ("ич", "оглы", "оглу"), ("вна", "чна", "кызы", "гызы")


@value
class Fate:
    """What a new line becomes."""

    state: LineState
    reason: str
    topic: str
    lane: int


def fate(  # noqa: PLR0913  # all that a decision weighs
    kind: Kind, consent: ConsentState, number: NumberState, mode: SchoolMode, *,
    is_staff: bool, personal_data: bool, urgent: bool, welcomed: bool, rhythm: Rhythm,
    stale: Silence | None, expires: int, now: int,
) -> Fate:  # fmt: skip
    """Whether a guardian is to be told, and by which lane; else why not, or what it waits for.

    `stale` says why it is not news, as `schedule.brakes` finds.
    """
    topic, lane = str(TOPIC_OF[kind]), schedule.lane(kind, urgent=urgent)
    reason = silence(consent, number, mode, is_staff=is_staff, personal_data=personal_data)
    if reason is None:
        reason = Silence.NOT_WANTED if rhythm is Rhythm.OFF else stale
    if reason is not None:
        return Fate(LineState.SILENT, str(reason), topic, lane)
    if expires <= now:
        return Fate(LineState.EXPIRED, str(Silence.EXPIRED), topic, lane)
    if not welcomed:
        return Fate(LineState.HELD, str(Hold.WELCOME), topic, lane)
    return Fate(LineState.PLANNED, "", topic, lane)


def nothing_to_tell(kind: Kind, value: str, was: str | None) -> Silence | None:
    """Why a line about a changed entry has nothing in it for this guardian."""
    if was is not None and was == value:
        return Silence.SAME_VALUE
    if not value and was is None and kind in (Kind.MARK, Kind.TERM_MARK, Kind.ABSENCE):
        return Silence.NEVER_TOLD
    return None


def turns(reached: int, parts: int) -> tuple[int, ...]:
    """The places in the queue of a message's parts, behind the one its school has reached.

    Places are counted school by school, from where the queue stands when a school comes to it
    (`store.turns`). So several schools' parts leave in turns, whatever each of them has waiting
    and whatever the operator's pace is: a hundred marks beside an announcement to thousands take
    twice as long as alone, and beside two of them three times.
    """
    return tuple(range(reached + 1, reached + parts + 1))


def gender(full_name: str) -> Gender | None:
    """By the patronymic; a name alone («Саша», «Данияр») is no ground to guess."""
    words = full_name.casefold().split(maxsplit=2)
    patronymic = words[-1] if len(words) > 2 else ""  # noqa: PLR2004  # surname, name and it
    if patronymic.endswith(_HIS):
        return Gender.MALE
    return Gender.FEMALE if patronymic.endswith(_HERS) else None


class Naming(StrEnum):
    """How a school calls its pupils in SMS."""

    INITIAL = "name-initial"
    NAME = "name"
    SURNAME = "surname-initial"
    BOTH = "surname-name"


def short_name(full_name: str, naming: Naming = Naming.INITIAL) -> str:
    """«Белкина Дарья Игоревна» -> «Дарья Б.»: no more of a child in an SMS than needed."""
    surname, _, rest = full_name.strip().partition(" ")
    if not rest:
        return surname
    name = rest.split()[0]
    if naming is Naming.INITIAL:
        return f"{name} {surname[0]}."
    if naming is Naming.NAME:
        return name
    return f"{surname} {name if naming is Naming.BOTH else name[0] + '.'}"
