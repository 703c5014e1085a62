"""Не рассказано: why nothing came. What was not told with its reasons, and what is still to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Literal

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Page, Visit
from sms_diary.admin.screens.messages import seen, words
from sms_diary.clock import local
from sms_diary.model import Silence
from sms_diary.store.desk import untold
from sms_diary.store.desk.messages import LAST
from sms_diary.store.desk.untold import NEWEST, OLDEST, Key, Untold, Wanted
from sms_diary.web.words import counted
from sms_diary.words import REASON_RU

_PER_PAGE = 50
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)
_ID = Field(0, ge=0, le=LAST)


class Filter(Form):
    what: Literal["untold", "waiting"] = "untold"
    day: date | None = Field(None, ge=_EARLIEST, le=_LATEST)
    reason: str = ""
    class_id: int = _ID
    guardian_id: int = _ID
    before: str = ""


async def show(visit: Visit) -> Page:
    asked = visit.query(Filter)
    own, key = seen.own(visit), Key.read(asked.before)
    wanted = Wanted(
        since=None if asked.day is None else seen.begins(visit, asked.day),
        until=None if asked.day is None else seen.ends(visit, asked.day),
        reason=asked.reason if asked.what == "untold" else "",
        class_id=asked.class_id, guardian_id=asked.guardian_id,
    )  # fmt: skip
    silent = asked.what == "untold"
    read = untold.page if silent else untold.waiting
    page = await read(
        visit.q, visit.school.id, wanted, own=own,
        after=key or (NEWEST if silent else OLDEST), limit=_PER_PAGE,
    )  # fmt: skip
    return Page("untold.html", {
        "days": _by_day(visit, page.rows), "next": page.next, "asked": asked,
        "reasons": await _reasons(visit, wanted) if silent else [], "reason_of": reason,
        "classes": await seen.classes(visit), "narrowed": wanted != Wanted(),
        "looked_at": counted(untold.WINDOW, "новость", "новости", "новостей"), **words.VALUES,
    })  # fmt: skip


def reason(word: str) -> str:
    """Why, as a sentence begins."""
    said = REASON_RU[Silence(word)] if word else "причина не записана"
    return said[:1].upper() + said[1:]


async def _reasons(visit: Visit, wanted: Wanted) -> list[tuple[str, str]]:
    """The choices of the filter, commonest first; what is chosen narrows no choice."""
    counts = await untold.reasons(
        visit.q, visit.school.id,
        Wanted(wanted.since, wanted.until, "", wanted.guardian_id, wanted.class_id),
        own=seen.own(visit),
    )  # fmt: skip
    return [("", "все"), *((word, f"{reason(word)} ({count})") for word, count in counts)]


def _by_day(visit: Visit, rows: Sequence[Untold]) -> list[tuple[int, list[Untold]]]:
    """The first moment of each day's rows, and the rows, in their order."""
    days = groupby(rows, key=lambda one: local(one.due, visit.school.zone).date())
    return [(own[0].due, own) for own in (list(group) for _, group in days)]
