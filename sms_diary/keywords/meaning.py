"""What a parent can mean by an SMS, as a value. How it is found out is not known here."""

from __future__ import annotations

from enum import StrEnum

from sms_diary.model import Topic
from sms_diary.values import value


class Meaning(StrEnum):
    """The word that counts; OTHER waits for a person."""

    STOP = "stop"
    YES = "yes"
    NO = "no"
    START = "start"
    HELP = "help"
    MARKS = "marks"
    TIMETABLE = "timetable"
    LATIN = "latin"
    CYRILLIC = "cyrillic"
    AT_ONCE = "at-once"
    DAILY = "daily"
    WEEKLY = "weekly"
    WRONG_NUMBER = "wrong-number"
    NEW_NUMBER = "new-number"
    OTHER = "other"


@value
class Said:
    """A meaning with what it is about.

    `topics`: those that a STOP names; none are all. `who`: the child of a STOP, MARKS or
    TIMETABLE as it was written, normalised (name, initial, number in the last list); empty is
    every child; `children.whose` finds it. `number`: E.164, of a NEW_NUMBER only. `forget`: the
    STOP asks that the data be destroyed too, which takes a person.
    """

    meaning: Meaning
    topics: tuple[Topic, ...] = ()
    who: str = ""
    number: str = ""
    forget: bool = False
