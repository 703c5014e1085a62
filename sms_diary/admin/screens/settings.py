"""Настройки школы: how it is called, how its SMS are written, its limits; its mode, its staff.

When what is told stands on the schedule; texts and the words of subjects stand with the templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from sms_diary.admin import hand
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import (
    Answer,
    Group,
    Page,
    Redirect,
    Refused,
    Screen,
    Visit,
)
from sms_diary.clock import DAY, SECOND
from sms_diary.db import Row
from sms_diary.encoding import Scheme
from sms_diary.ingest import values
from sms_diary.model import SchoolMode
from sms_diary.phone import normalise
from sms_diary.plan import Naming, short_name
from sms_diary.store import numbers, schools, settings, staff
from sms_diary.store.desk import consents
from sms_diary.web.words import ZONES

SCHEMES = {
    Scheme.MOSMETRO: "как в московском метро: короче всего",
    Scheme.ICAO_DOC_9303: "как в загранпаспорте",
}
LETTERS = {"0": "русскими буквами: в одном SMS 70 знаков", "1": "латиницей: в одном SMS 160 знаков"}
PROOFS = {
    "sms": "достаточно согласия на SMS",
    "sms+pd": "нужно ещё отдельное согласие на обработку персональных данных",
}
_EXAMPLE = "Белкина Дарья Игоревна"
_VISIBLE = r"[0-9A-Za-zА-Яа-яЁё]"
Line = Annotated[str, Field(max_length=200), AfterValidator(values.clean_line)]


def _zone(typed: str) -> str:
    if typed not in ZONES:
        raise PydanticCustomError("literal_error", "no zone of the country")
    return typed


class Changed(Form):
    """The whole form, in the units that people use."""

    name: Annotated[
        str, Field(min_length=1, max_length=200, pattern=_VISIBLE),
        AfterValidator(values.clean_line),
    ]  # fmt: skip
    short_name: Annotated[
        str, Field(min_length=1, max_length=20, pattern=_VISIBLE),
        AfterValidator(values.clean_line),
    ]  # fmt: skip
    zone: Annotated[str, AfterValidator(_zone)]
    phone: Line = ""
    legal: Line = ""
    latin: Literal["0", "1"]
    scheme: Scheme
    naming: Naming
    budget: int = Field(ge=1, le=10)
    settle: int = Field(ge=0, le=86_400)
    cap: int = Field(ge=1, le=100)
    budget_month: int = Field(0, ge=0, le=10_000_000)
    retention: int = Field(ge=1, le=3650)
    proof: Literal["sms", "sms+pd"]


class Mode(Form):
    mode: SchoolMode
    sure: bool = False


class Colleague(Form):
    number: Annotated[str, Field(min_length=1, max_length=40)]


class Gone(Form):
    number: int = Field(ge=1, le=2**63 - 1)


async def show(visit: Visit) -> Page:
    return await _page(visit, None)


async def act(visit: Visit) -> Answer:
    form = visit.form(Changed)
    if form.read is None:
        return await _page(visit, form)
    row = await settings.read(visit.q, visit.school.id, lock=True)
    news = {name: one for name, one in _columns(form.read).items() if row[name] != one}
    if not news:
        return Redirect("settings", "Всё уже так и записано.")
    await settings.change(visit.q, visit.school.id, news, now=visit.now)
    visit.note("changed", "settings", visit.school.id, ", ".join(NAMES_RU[one] for one in news))
    visit.wake(visit.desk.wakes.compose)
    return Redirect("settings", "Сохранено. Что ещё не ушло, уйдёт уже по-новому.")


NAMES_RU = {
    "name": "название", "short_name": "название в SMS", "zone": "часовой пояс",
    "phone": "телефон школы", "legal": "полное название", "latin": "буквы",
    "scheme": "транслитерация", "naming": "имя ученика", "budget": "длина сообщения",
    "settle": "время на исправление", "cap": "сообщений в день", "retention": "срок хранения",
    "proof": "согласие", "budget_month": "бюджет месяца",
}  # fmt: skip
"""What the audit log calls a setting."""


def _columns(changed: Changed) -> dict[str, Any]:
    """As `settings.change` takes them."""
    return changed.model_dump() | {
        "latin": int(changed.latin), "scheme": str(changed.scheme), "naming": str(changed.naming),
        "settle": changed.settle * SECOND, "retention": changed.retention * DAY,
    }  # fmt: skip


async def _page(
    visit: Visit, form: Filled[Changed] | None, *, number: Filled[Colleague] | None = None
) -> Page:
    q, school = visit.q, visit.school
    own = await hand.of(visit, q)
    row = await settings.read(q, school.id)
    return Page("settings.html", {
        "form": form, "number": number, "row": _shown(row), "zones": _with(ZONES, row["zone"]),
        "letters": LETTERS, "schemes": _with(SCHEMES, row["scheme"]), "proofs": PROOFS,
        "namings": {one: short_name(_EXAMPLE, one) for one in Naming},
        "live": school.mode is SchoolMode.LIVE, "route": own.route, "cost": own.cost(1),
        "sender": school.sender or visit.desk.sources.get(own.route, ""),
        "staff": await staff.of_school(q, visit.tools, school.id),
    }, status=422 if form or number else 200)  # fmt: skip


def _shown(row: Row) -> dict[str, Any]:
    """The row in the units of the form."""
    shown = {name: row[name] for name in NAMES_RU}
    return shown | {"settle": row["settle"] // SECOND, "retention": row["retention"] // DAY}


def _with(options: Mapping[Any, str], chosen: str) -> list[tuple[str, str]]:
    """The options, and what is chosen even where it is none of them."""
    listed = [(str(one), said) for one, said in options.items()]
    return listed if chosen in dict(listed) else [*listed, (chosen, chosen)]


# ---------------------------------------------------------------- mode


async def show_mode(visit: Visit) -> Page:
    return await _mode_page(visit)


async def _mode_page(visit: Visit, *, unsure: bool = False) -> Page:
    reached = await consents.reached(visit.q, visit.school.id)
    members = await staff.of_school(visit.q, visit.tools, visit.school.id)
    live = visit.school.mode is SchoolMode.LIVE
    return Page("settings_mode.html", {
        "live": live, "reached": reached, "staff": len(members), "unsure": unsure,
    }, title="Вернуть проверочный режим?" if live else "Включить рабочий режим?",
        status=422 if unsure else 200)  # fmt: skip


async def set_mode(visit: Visit) -> Answer:
    wanted = visit.form(Mode).read
    if wanted is None or not wanted.sure:
        return await _mode_page(visit, unsure=True)
    row = await settings.read(visit.q, visit.school.id, lock=True)
    if row["mode"] == wanted.mode:
        return Redirect("settings", "Режим уже такой.")
    await settings.change(visit.q, visit.school.id, {"mode": str(wanted.mode)}, now=visit.now)
    live = wanted.mode is SchoolMode.LIVE
    said = "рабочий режим" if live else "проверочный режим"
    visit.note("changed", "settings", visit.school.id, said)
    visit.wake(visit.desk.wakes.compose)
    return Redirect(
        "settings",
        "Рабочий режим включён: SMS уходят родителям." if live
        else "Проверочный режим: SMS получают только номера сотрудников.",
    )  # fmt: skip


# ---------------------------------------------------------------- staff


async def add_staff(visit: Visit) -> Answer:
    form = visit.form(Colleague)
    number = normalise(form.read.number) if form.read else None
    if number is None:
        wrong = "Нужен номер мобильного, например +7 900 000-10-01"
        return await _page(visit, None, number=form.but(number=wrong))
    known = await numbers.ensure(visit.q, visit.tools, [number], now=visit.now)
    await schools.add_staff(visit.q, visit.school.id, known[number].id)
    visit.note("changed", "settings", visit.school.id, "номер сотрудника добавлен")
    return Redirect("settings#staff", "Номер сотрудника записан.")


async def remove_staff(visit: Visit) -> Answer:
    asked = visit.form(Gone).read
    if asked is None:
        raise Refused("Номер не выбран. Откройте настройки заново.")
    if not await schools.remove_staff(visit.q, visit.school.id, asked.number):
        raise Refused("Этого номера в списке уже нет. Откройте настройки заново.")
    visit.note("changed", "settings", visit.school.id, "номер сотрудника убран")
    return Redirect("settings#staff", "Номер сотрудника убран из списка.")


SCREENS = (
    Screen(
        path="settings", title="Настройки школы", right=Right.SEE, act_right=Right.SETTINGS,
        group=Group.SETTINGS, show=show, act=act,
    ),
    Screen(
        path="settings/mode", title="Режим школы", right=Right.SETTINGS, show=show_mode,
        act=set_mode,
    ),
    Screen(
        path="settings/staff", title="Настройки школы", right=Right.SETTINGS, act=add_staff
    ),
    Screen(
        path="settings/staff/remove", title="Настройки школы", right=Right.SETTINGS,
        act=remove_staff,
    ),
)  # fmt: skip
