"""What all papers of one class have in common, and how its parts are said to people."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from sms_diary.clock import DAY
from sms_diary.store.paper import Hours, PaperGuardian, PaperPupil
from sms_diary.store.schools import School
from sms_diary.values import value

VERSION = "2026-1"
"""Of the forms' texts. A ledger names it beside the form's number, so it must mean one text:
whoever changes what a parent signs gives it the next one."""

_HOUR = 60
_MOBILE = re.compile(r"\+?7(\d{3})(\d{3})(\d{2})(\d{2})")
_EXCEPT = (
    "понедельника", "вторника", "среды", "четверга", "пятницы", "субботы", "воскресенья",
)  # fmt: skip


class Form(StrEnum):
    """Which consent a form is for; the value begins the form's number."""

    SMS = "SMS"
    PERSONAL_DATA = "ПД"


@value
class Sheet:
    """A school, a class of its school year (by its September), and the ways to reach each other.

    `class_title` is "" for a memo to everybody. `sender` is what SMS come from, "" where it is not
    known; `reception` the number that answers go to, "" where the route cannot receive: then no
    paper asks for one.
    """

    school: School
    hours: Hours
    class_title: str
    year: int
    day: date
    sender: str
    reception: str

    @property
    def sender_shown(self) -> str:
        return telephone(self.sender)

    @property
    def reception_shown(self) -> str:
        return telephone(self.reception)

    @property
    def except_days(self) -> str:
        """«кроме субботы и воскресенья»; "" where SMS come on every day."""
        names = [_EXCEPT[day - 1] for day in self.hours.off_days]
        if not names:
            return ""
        *first, last = names
        return "кроме " + (f"{', '.join(first)} и {last}" if first else last)

    @property
    def kept_days(self) -> int:
        """For how many days texts are kept."""
        return -(-self.school.retention // DAY)

    def number(self, form: Form, pupil: PaperPupil, guardian: PaperGuardian) -> str:
        """«SMS-5А-2026-001», and «…-001-2» for a second guardian: what a consent's source names."""
        other = f"-{guardian.place}" if guardian.place > 1 else ""
        return f"{form}-{self.class_title}-{self.year}-{pupil.place:03}{other}"


def guardians(pupil: PaperPupil) -> tuple[PaperGuardian, ...]:
    """Whom a form is made out for: at least one, to be written by hand."""
    return pupil.guardians or (PaperGuardian(1, "", "", ""),)


def telephone(number: str) -> str:
    """+79000009999 as «+7 900 000-99-99»; short numbers and senders' names as they are."""
    found = _MOBILE.fullmatch(number)
    return "+7 {} {}-{}-{}".format(*found.groups()) if found else number


def o_clock(minutes: int) -> str:
    """Minutes after midnight as «6:30»."""
    return f"{minutes // _HOUR}:{minutes % _HOUR:02}"
