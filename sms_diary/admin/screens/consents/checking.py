"""Проверить цепочки: whether the ledger of consents is what was written, and its end to publish.

A chain alone shows neither a cut tail nor a rebuilt chain: that takes an end published before.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Answer, Page, Visit
from sms_diary.db import Queries
from sms_diary.errors import FileProblem
from sms_diary.reports import heads
from sms_diary.reports.words import broken_ru
from sms_diary.store import ledger, verify
from sms_diary.store.chain import Head
from sms_diary.store.verify import Verdict


class Published(Form):
    published: Annotated[str, Field(max_length=100_000)] = ""
    """Lines of `consents head` or of the log that were kept elsewhere."""


async def show(visit: Visit) -> Page:
    return await _page(visit.q, visit)


async def act(visit: Visit) -> Answer:
    form = visit.form(Published)
    async with visit.desk.database.reading() as q:
        try:
            own = _own(form.read.published if form.read else "", visit.school.id)
        except FileProblem:
            wrong = form.but(published="Это не опубликованный конец: вставьте строку целиком")
            return await _page(q, visit, wrong, status=422)
        verdict = await verify.verify(q, visit.tools, visit.school.id, own)
        return await _page(q, visit, form, verdict=verdict, compared=len(own))


def _own(typed: str, school_id: int) -> list[Head]:
    """The ends of this school's chain among those typed in."""
    if not typed:
        return []
    return [one for one in heads.read(typed) if one.school_id == school_id]


async def _page(
    q: Queries, visit: Visit, form: Filled[Published] | None = None, *,
    verdict: Verdict | None = None, compared: int = 0, status: int = 200,
) -> Page:  # fmt: skip
    end = await ledger.head(q, visit.school.id)
    ours = [one for one in await heads.published(q, now=visit.now)
            if one["school_id"] == str(visit.school.id)]  # fmt: skip
    return Page("consents/checking.html", {
        "form": form, "verdict": verdict, "compared": compared, "end": end,
        "line": heads.line(ours[0]) if ours else "",
        "broken": broken_ru(verdict.broken) if verdict and verdict.broken else "",
    }, status=status)  # fmt: skip
