"""The list of messages: filters, pages by key, a look-up by phone that leaves no trace of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Visit
from sms_diary.admin.screens.messages import seen, words
from sms_diary.phone import normalise
from sms_diary.store.desk import message, messages
from sms_diary.store.desk.messages import LAST, MANY, Wanted
from sms_diary.web.words import counted, number

_PER_PAGE = 50
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)
State = Literal["waiting", "way", "doubt", "delivered", "failed", "withdrawn"]
Step = Literal["created", "handed", "accepted", "delivered", "failed", "waiting"]
_ID = Field(0, ge=0, le=LAST)


class Filter(Form):
    """What the address asks for. `days`: today and so many days before it, less one."""

    state: State | None = None
    step: Step | None = None
    days: int = Field(0, ge=0, le=366)
    since: date | None = Field(None, ge=_EARLIEST, le=_LATEST)
    until: date | None = Field(None, ge=_EARLIEST, le=_LATEST)
    class_id: int = _ID
    number_id: int = _ID
    topic: str = ""
    route: str = ""
    ground: str = ""
    before: int = Field(LAST, ge=0, le=LAST)


class Search(Form):
    phone: str = Field(min_length=1, max_length=40)


def wanted(visit: Visit, asked: Filter) -> Wanted:
    """The same as the store takes it."""
    since = asked.since
    if since is None and asked.days:
        since = seen.today(visit) - timedelta(days=asked.days - 1)
    return Wanted(
        state=asked.state or "", step=asked.step or "",
        since=None if since is None else seen.begins(visit, since),
        until=None if asked.until is None else seen.ends(visit, asked.until),
        class_id=asked.class_id, number_id=asked.number_id,
        topic=asked.topic, route=asked.route, ground=asked.ground,
    )  # fmt: skip


async def show(visit: Visit) -> Page:
    return await _page(visit, None)


async def search(visit: Visit) -> Answer:
    """The messages to a phone. It came in a form and goes on as an id: no address holds it."""
    form = visit.form(Search)
    if form.read is None:
        return await _page(visit, form)
    phone = normalise(form.read.phone)
    if phone is None:
        wrong = "Нужен номер мобильного вида +7 900 000-10-01"
        return await _page(visit, form.but(phone=wrong))
    found = await message.number_here(
        visit.q, visit.tools, visit.school.id, phone, own=seen.own(visit)
    )
    visit.note("searched", "messages")
    if found is None:
        wrong = "В этой школе такого номера нет. Проверьте цифры"
        return await _page(visit, form.but(phone=wrong))
    return Redirect(f"messages?number_id={found}")


async def _page(visit: Visit, form: Filled[Search] | None) -> Page:
    asked = visit.query(Filter)
    page = await messages.page(
        visit.q, visit.tools, visit.school.id, wanted(visit, asked), own=seen.own(visit),
        before=asked.before, limit=_PER_PAGE,
    )  # fmt: skip
    return Page("messages.html", {
        "rows": page.rows, "next": page.next, "asked": asked, "form": form,
        "tabs": await _tabs(visit, asked), "classes": await seen.classes(visit),
        "routes": [(name, name) for name in sorted(visit.desk.ways.by_route)],
        "to_phone": await _phone(visit, asked), "figure": _figure(asked),
        "looked_at": counted(page.looked_at, "сообщение", "сообщения", "сообщений"),
        "narrowed": _narrowed(asked), "kept": _kept(asked), **words.VALUES,
    }, status=422 if form is not None else 200)  # fmt: skip


async def _tabs(visit: Visit, asked: Filter) -> list[tuple[str, str, str, bool]]:
    """(value, title, count in words, whether it is the one). Counts are of the whole school."""
    known: Mapping[str, int] = {}
    if visit.may(Right.AGGREGATES):
        known = await messages.counts(visit.q, visit.school.id)
    return [
        (state, title, _few(known[state]) if state in known else "", state == (asked.state or ""))
        for state, title in words.TAB_RU.items()
    ]


def _few(count: int) -> str:
    return number(count) if count <= MANY else f"{number(MANY)}+"


async def _phone(visit: Visit, asked: Filter) -> str:
    """The number that the list is of, masked; "" where it is of many or not the school's."""
    if not asked.number_id:
        return ""
    return await message.masked(
        visit.q, visit.tools, visit.school.id, asked.number_id, own=seen.own(visit)
    )


def _figure(asked: Filter) -> str:
    """Which figure of the summary these are the rows of."""
    if asked.step is None:
        return ""
    days = {0: "", 1: " сегодня", 7: " за 7 дней"}.get(
        asked.days, f" за {counted(asked.days, 'день', 'дня', 'дней')}"
    )
    return words.STEP_RU[asked.step] + days


def _kept(asked: Filter) -> dict[str, Any]:
    """The filter as parts of an address, for the forms and links that keep it."""
    return {
        name: said
        for name, said in asked.model_dump(exclude={"before"}).items()
        if said not in (None, "", 0)
    }


def _narrowed(asked: Filter) -> bool:
    return bool(_kept(asked))
