"""The papers themselves: a template each in `html/`, filled in from a sheet and a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2

from sms_diary.reports.paper.sheet import VERSION, Form, Sheet, guardians, o_clock, telephone
from sms_diary.reports.paper.words import TICKS, WORDS
from sms_diary.store.paper import PaperGuardian, PaperPupil
from sms_diary.values import value

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "html"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= {"telephone": telephone, "o_clock": o_clock}


@value
class Filled:
    """One guardian of one pupil, with the numbers of their two forms."""

    pupil: PaperPupil
    guardian: PaperGuardian
    sms: str
    personal_data: str


def memo(sheet: Sheet) -> str:
    """What parents are told: which SMS come and when, what it costs, the words, their rights."""
    return TEMPLATES.get_template("memo.html").render(sheet=sheet, words=WORDS, version=VERSION)


def consents(sheet: Sheet, pupils: Sequence[PaperPupil], forms: Sequence[Form]) -> str:
    """The forms of each pupil, each on a page of its own, in the order of `forms`."""
    return TEMPLATES.get_template("consents.html").render(
        sheet=sheet, filled=list(_filled(sheet, pupils)), forms=forms, ticks=TICKS, version=VERSION
    )


def register(sheet: Sheet, pupils: Sequence[PaperPupil]) -> str:
    """The class with the numbers of its forms, to be ticked off as they are handed in."""
    return TEMPLATES.get_template("register.html").render(
        sheet=sheet, filled=list(_filled(sheet, pupils)), version=VERSION
    )


def _filled(sheet: Sheet, pupils: Sequence[PaperPupil]) -> Iterator[Filled]:
    for pupil in pupils:
        for guardian in guardians(pupil):
            yield Filled(
                pupil,
                guardian,
                sheet.number(Form.SMS, pupil, guardian),
                sheet.number(Form.PERSONAL_DATA, pupil, guardian),
            )
