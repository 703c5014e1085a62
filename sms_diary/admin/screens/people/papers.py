"""What shows who said so, as somebody types it: a paper, or a call; its day, who took it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Visit
from sms_diary.clock import local
from sms_diary.reports.paper import VERSION

FORM = f"Согласие на SMS, версия {VERSION}"
"""Of our own printed form; a school may have another."""
_NOT_YET = "Этот день ещё не наступил"


class Proof(Form):
    """How it is known: «заявление № 12», «звонок матери»."""

    source: Annotated[str, Field(min_length=1, max_length=200)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    date: date


class Paper(Proof):
    """A paper that was signed: `source` is its number, `form` what it is."""

    form: Annotated[str, Field(min_length=1, max_length=200)]


def evidence(said: Proof) -> dict[str, str]:
    """The same as the ledger keeps it."""
    shown = {"source": said.source, "by": said.by, "date": said.date.isoformat()}
    return shown | ({"form": said.form} if isinstance(said, Paper) else {})


def dated(form: Filled[Proof], visit: Visit) -> Filled[Proof]:
    """The form, refused if its day is still to come."""
    if form.read is not None and form.read.date > local(visit.now, visit.school.zone).date():
        return form.but(date=_NOT_YET)
    return form
