"""Согласия: how each class stands, and the subscriptions of one state, page by page."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Missing, Page, Visit
from sms_diary.admin.screens.people import finding, words
from sms_diary.model import ConsentState
from sms_diary.store import subscriptions
from sms_diary.store.desk import consents
from sms_diary.store.subscriptions import Wanted

_PER_PAGE = 50
_State = Literal[
    "", "unknown", "asked", "active", "stopped", "refused", "blocked-by-operator", "wrong-number"
]


class Filter(Form):
    state: _State = ""
    of_class: int = Field(0, alias="class")
    before: int = 0
    """The last subscription of the page before this one."""


async def show(visit: Visit) -> Page:
    """The table of classes, or the list behind one of its figures."""
    asked = visit.query(Filter)
    table = await consents.by_class(
        visit.q, visit.school.id, finding.year(visit), day=finding.today(visit)
    )
    if asked.of_class and asked.of_class not in {one.id for one in table}:
        raise Missing
    narrowed = [one for one in table if asked.of_class in (0, one.id)]
    total = sum((Counter(one.counts) for one in narrowed), Counter[ConsentState]())
    page = None
    if asked.state:
        page = await subscriptions.page(
            visit.q, visit.tools, visit.school.id,
            Wanted(class_id=asked.of_class or None, state=ConsentState(asked.state)),
            day=finding.today(visit), after=asked.before, limit=_PER_PAGE,
        )  # fmt: skip
    return Page("consents/funnel.html", {
        "asked": asked, "table": table, "total": total, "whole": sum(total.values()),
        "page": page, "classes": [(one.id, one.name) for one in table], **words.VALUES,
    })  # fmt: skip
