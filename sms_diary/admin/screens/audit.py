"""Журнал действий: who saw, exported and changed what, newest first, with filters and a file.

The same for what belongs to no school, for the district.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial

from pydantic import Field

from sms_diary.admin import downloads
from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Page, Screen, Visit
from sms_diary.clock import millis
from sms_diary.store.desk import audit, users
from sms_diary.store.desk.audit import LAST, Shown, Wanted
from sms_diary.store.desk.users import EVERY_SCHOOL

ACTION_RU = {
    "signed-in": "вход",
    "set-password": "новый пароль",
    "invited": "ссылка для входа",
    "saw": "просмотр карточки",
    "saw-number": "просмотр номера",
    "exported": "выгрузка",
    "searched": "поиск по номеру",
    "changed": "изменение",
    "decided": "решение",
    "imported": "загрузка файла",
    "announced": "объявление",
    "called-off": "объявление остановлено",
    "tried": "проверочное SMS",
    "paused": "рассылка приостановлена",
    "resumed": "рассылка возобновлена",
    "forgot": "данные человека уничтожены",
    "printed": "печать листков",
    "revoked": "вход по листку закрыт",
    "merged": "две записи ученика объединены",
    "told-apart": "записано: это разные ученики",
}
"""What the log says of each action; another word is shown as it is."""
KIND_RU = {
    "user": "пользователь", "school": "школа", "settings": "настройки", "messages": "сообщение",
    "message": "сообщение", "pupils": "ученик", "pupil": "ученик", "guardians": "родитель",
    "guardian": "родитель", "inbound": "входящее SMS", "quarantine": "вопрос",
    "held": "задержанное",
    "imports": "загрузка", "import": "загрузка", "template": "шаблон", "announcement": "объявление",
    "audit": "журнал действий", "route": "канал", "credential": "ключ", "consent": "согласие",
    "people": "ученики и родители", "doubles": "ученик", "acts": "акт",
    "subscription": "подписка", "act": "акт", "consents": "согласия",
    "problems": "номер", "state": "состояние службы", "slip": "листок", "slips": "листок",
    "reports": "отчёт", "announcements": "объявление", "delivery": "запрос журнала",
}  # fmt: skip
"""And of each kind of object."""
PLACES = {
    "user": "users/{}", "message": "messages/{}", "messages": "messages/{}",
    "guardian": "people/guardians/{}", "guardians": "people/guardians/{}",
    "pupil": "people/pupils/{}", "pupils": "people/pupils/{}", "inbound": "inbound/{}",
    "announcement": "announcements/{}", "announcements": "announcements/{}",
    "delivery": "keys/deliveries/{}", "problems": "people/guardians/{}",
    "doubles": "people/pupils/{}", "acts": "people/acts/{}", "import": "import/{}",
    "settings": "settings", "held": "held", "credential": "keys", "route": "channels",
    "template": "templates",
}  # fmt: skip
"""Where a thing of that kind has a card, or a page of all of them."""
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)
_PER_PAGE = 50
_PER_FILE = 10_000


class Filter(Form):
    action: str = ""
    user: int = 0
    since: date | None = Field(None, ge=_EARLIEST, le=_LATEST)
    until: date | None = Field(None, ge=_EARLIEST, le=_LATEST)
    before: int = LAST
    file: str = ""


async def show(visit: Visit) -> Answer:
    asked = visit.query(Filter)
    if asked.file == "csv":
        return await _file(visit, asked)
    rows = await _rows(visit, asked, limit=_PER_PAGE + 1)
    return Page("audit.html", {
        "rows": rows[:_PER_PAGE], "asked": asked,
        "narrowed": asked != Filter(before=asked.before), "actions": ACTION_RU, "kinds": KIND_RU,
        "card_of": partial(_card, visit),
        "who": [(one.id, one.name) for one in await users.of_school(visit.q, _school(visit))],
        "next": rows[_PER_PAGE - 1].id if len(rows) > _PER_PAGE else None,
    })  # fmt: skip


def _card(visit: Visit, one: Shown) -> str:
    """The address of what an entry is about; "" for what has no card, or has none any more."""
    path = PLACES.get(one.kind, "")
    if one.action == "forgot" or ("{}" in path and not one.object_id):
        return ""
    if visit.school_or_none is None:
        return visit.to(f"district/{one.object_id}") if one.kind == "user" else ""
    return visit.to(path.format(one.object_id)) if path else ""


async def _file(visit: Visit, asked: Filter) -> Answer:
    rows = [("Когда", "Кто", "Действие", "Объект", "Подробности")]
    for one in await _rows(visit, asked, limit=_PER_FILE):
        who, what = one.user or "командная строка", ACTION_RU.get(one.action, one.action)
        kind = KIND_RU.get(one.kind, one.kind)
        thing = f"{kind} {one.object_id}" if one.object_id else kind
        rows.append((visit.times.iso(one.at), who, what, thing, one.words))
    slug = visit.school_or_none.slug if visit.school_or_none else "район"
    return downloads.csv(f"журнал-действий-{slug}", rows)


async def _rows(visit: Visit, asked: Filter, *, limit: int) -> list[Shown]:
    wanted = Wanted(
        asked.action, asked.user, _begins(visit, asked.since),
        _begins(visit, asked.until and asked.until + timedelta(days=1)),
    )  # fmt: skip
    return await audit.page(visit.q, _school(visit), wanted, before=asked.before, limit=limit)


def _begins(visit: Visit, day: date | None) -> int | None:
    """The first moment of a day where the visitor is."""
    return None if day is None else millis(datetime.combine(day, time(), visit.times.zone))


def _school(visit: Visit) -> int:
    return visit.school_or_none.id if visit.school_or_none else EVERY_SCHOOL


SCREENS = (
    Screen(
        path="audit", title="Журнал действий", right=Right.AUDIT, group=Group.SETTINGS, show=show
    ),
    Screen(
        path="audit", title="Журнал района", right=Right.SYSTEM, group=Group.DISTRICT,
        of_school=False, show=show,
    ),
)  # fmt: skip
