"""Slips for the parent page, to be cut apart: what a family needs to come in, nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.clock import DAY
from sms_diary.reports.paper.pages import TEMPLATES
from sms_diary.store.parent.slips import HOLDS, Holder
from sms_diary.values import value


@value
class Slip:
    """`password` as it is printed: it is kept nowhere else."""

    holder: Holder
    login: str
    password: str


def slips(school: str, class_title: str, address: str, made: Sequence[Slip]) -> str:
    """A page of slips; `address` is that of the parent's page."""
    return TEMPLATES.get_template("slips.html").render(
        school=school, class_title=class_title, address=address, slips=made, days=HOLDS // DAY
    )
