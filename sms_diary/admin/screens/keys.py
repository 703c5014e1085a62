"""Вебхуки и ключи: by what a journal shows who it is, and what it has brought lately.

A secret is shown on the page that makes it and never again. Two live at once, so that a key can
be changed without a gap: make a new one, give it to the journal, then revoke the old one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Page, Redirect, Screen, Visit, found
from sms_diary.clock import local
from sms_diary.store import door_notes, key_use, schools, tokens
from sms_diary.store.desk import keys
from sms_diary.store.door_notes import Noted
from sms_diary.store.tokens import RIGHT_RU
from sms_diary.store.tokens import Right as TokenRight
from sms_diary.values import value

KIND_RU = {"webhook": "Секрет вебхука", "token": "Токен"}
_VERDICT_RU = {
    202: "повтор", 401: "не впущен", 403: "нет права", 408: "пришёл не весь", 409: "id занят",
    413: "слишком большой", 415: "не JSON", 422: "не по схеме",
}  # fmt: skip
"""Of what was not taken, by the status of the answer."""
_SHOWN = 50


class New(Form):
    kind: Literal["webhook", "token"]
    name: Annotated[str, Field(min_length=1, max_length=40)]
    rights: list[TokenRight] = Field([])


@value
class Row:
    """One request or note of the log of the door, as the page lists it."""

    at: int
    verdict: str
    tone: str
    words: str
    request_id: str = ""
    delivery_id: int = 0
    """Of a request that is kept."""


async def show(visit: Visit) -> Page:
    return await _page(visit)


async def _page(
    visit: Visit, form: Filled[New] | None = None, made: str = "", *, kind: str = "webhook"
) -> Page:
    live = await keys.live(visit.q, visit.school.id)
    chosen = form.typed.get("kind", kind) if form else kind
    address = visit.desk.public_url.rstrip("/") or "https://адрес-вашего-сервера"
    return Page("keys.html", {
        "hooks": [one for one in live if one.kind == "webhook"],
        "tokens": [one for one in live if one.kind == "token"],
        "used": await key_use.last(visit.q, [one.id for one in live]),
        "rows": await _rows(visit), "form": form, "made": made, "made_kind": KIND_RU[kind],
        "chosen": chosen, "rights": RIGHT_RU, "slug": visit.school.slug,
        "today": local(visit.now, visit.school.zone).date().isoformat(),
        "address": address, "address_known": bool(visit.desk.public_url), "kind": kind,
    }, status=422 if form else 200)  # fmt: skip


async def _rows(visit: Visit) -> list[Row]:
    """What was taken and what was not, the newest first."""
    taken = await keys.deliveries(visit.q, visit.school.id)
    noted = await door_notes.of_school(visit.q, visit.school.id)
    rows = [*map(_taken, taken), *map(_noted, noted)]
    return sorted(rows, key=lambda one: one.at, reverse=True)[:_SHOWN]


def _taken(one: keys.Delivery) -> Row:
    counts = {
        "записано": one.created, "исправлено": one.changed, "без изменений": one.unchanged,
        "ждёт ответа": one.held, "отклонено": one.rejected,
    }  # fmt: skip
    words = ", ".join(f"{word}: {count}" for word, count in counts.items() if count)
    tone = "wait" if one.held or one.rejected else "good"
    return Row(one.at, "принят", tone, words or "событий нет", one.request_id, one.id)


def _noted(one: Noted) -> Row:
    times = f" (так {one.times} раз подряд)" if one.times > 1 else ""
    verdict = _VERDICT_RU.get(one.status, "не принят")
    return Row(one.at, verdict, "off" if one.code == "repeated" else "bad", one.words + times)


async def act(visit: Visit) -> Answer:
    """Make a key; the page that says so is the only one to hold it."""
    form = visit.form(New)
    if form.read is None:
        return await _page(visit, form)
    new = form.read
    if await keys.count(visit.q, visit.school.id, new.kind) >= keys.MOST_LIVE:
        return await _page(visit, form.but(name="Ключей уже много: сначала отзовите ненужный"))
    if new.kind == "token" and not new.rights:
        return await _page(visit, form.but(rights="Отметьте, что по этому токену можно"))
    secret, key_id = await _made(visit, new)
    visit.note("changed", "credential", key_id, f"выдан: {KIND_RU[new.kind].lower()}")
    return await _page(visit, made=secret, kind=new.kind)


async def _made(visit: Visit, new: New) -> tuple[str, int]:
    q, tools, school_id = visit.q, visit.tools, visit.school.id
    if new.kind == "token":
        secret = tokens.made()
        return secret, await tokens.add(
            q, tools, school_id, secret, name=new.name, rights=new.rights, now=visit.now
        )
    secret = schools.made_secret()
    return secret, await schools.add_webhook_secret(
        q, tools, school_id, secret, name=new.name, now=visit.now
    )


async def revoke(visit: Visit) -> Answer:
    kind = found(await keys.revoke(visit.q, visit.school.id, visit.id, now=visit.now))
    visit.note("changed", "credential", visit.id, f"отозван: {KIND_RU[kind].lower()}")
    return Redirect("keys", f"{KIND_RU[kind]} отозван: перестанет действовать за секунду.")


SCREENS = (
    Screen(
        path="keys", title="Вебхуки и ключи", right=Right.SETTINGS, group=Group.SETTINGS,
        show=show, act=act,
    ),
    Screen(path="keys/{id}/revoke", title="Отзыв ключа", right=Right.SETTINGS, act=revoke),
)  # fmt: skip
