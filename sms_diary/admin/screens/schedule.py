"""Расписание: what is told at once and what in digests, in which hours, on which days, and what
waits for that now.

Holidays stand on the same page; `schedule/holidays` adds and removes them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from sms_diary.admin.days import span
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Page, Redirect, Screen, Visit
from sms_diary.clock import local
from sms_diary.model import Topic
from sms_diary.reports.words import TOPIC_RU
from sms_diary.schedule.coming import digests
from sms_diary.schedule.hours import Hours as Window
from sms_diary.schedule.hours import clock, minutes
from sms_diary.schedule.rhythm import USUAL, Rhythm
from sms_diary.store import held, holidays, settings
from sms_diary.store.desk import waiting
from sms_diary.store.holidays import Holiday
from sms_diary.web import words

RHYTHM_RU = {
    Rhythm.NOW: "сразу", Rhythm.DAY: "раз в день", Rhythm.WEEK: "раз в неделю",
    Rhythm.OFF: "не сообщать",
}  # fmt: skip
DAYS_RU = (
    "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье",
)  # fmt: skip
_RUNS = 5
_FAR = 60
"""Days looked ahead for the next quiet hour."""
MIDNIGHT = 24 * 60
"""«24:00»: the end of a day, in minutes."""
_TIME = re.compile(r"\d+:[0-5]\d")
_TIMES = ("digest_at", "day_from", "day_to", "urgent_from", "urgent_to")


def _minute(text: str) -> int:
    """«8:30» or «24:00» as minutes after midnight."""
    found = minutes(text) if _TIME.fullmatch(text) else -1
    if not 0 <= found <= MIDNIGHT:
        raise PydanticCustomError("time_parsing", "no time")
    return found


def _weekdays(days: list[int]) -> list[int]:
    return sorted({day for day in days if 1 <= day <= len(DAYS_RU)})


_Minute = Annotated[int, BeforeValidator(_minute)]


class Hours(Form):
    """The whole page but the holidays."""

    marks: Rhythm
    absences: Rhythm
    homework: Rhythm
    timetable: Rhythm
    announcements: Rhythm
    digest_at: _Minute
    digest_day: Annotated[int, Field(ge=1, le=7)]
    day_from: _Minute
    day_to: _Minute
    urgent_from: _Minute
    urgent_to: _Minute
    off_days: Annotated[list[int], AfterValidator(_weekdays)] = Field(default_factory=list)


class Break(Form):
    """A holiday to be added, or the first day of one to be removed."""

    first: date
    last: date
    name: Annotated[str, Field(max_length=60)] = ""


class Gone(Form):
    do: Literal["add", "remove"] = "add"
    first: Annotated[date | None, BeforeValidator(lambda typed: typed or None)] = None


async def show(visit: Visit) -> Page:
    return await _page(visit)


async def act(visit: Visit) -> Answer:
    form = visit.form(Hours)
    if form.read is not None and (wrong := _crossed(form.read)):
        form = form.but(**wrong)
    if form.read is None:
        return await _page(visit, form=form)
    row = await settings.read(visit.q, visit.school.id, lock=True)
    values = _columns(form.read)
    news = {name: one for name, one in values.items() if row[name] != one}
    if not news:
        return Redirect("schedule", "Всё уже так и записано.")
    await settings.change(visit.q, visit.school.id, news, now=visit.now)
    visit.note("changed", "settings", visit.school.id, "расписание рассылок")
    visit.wake(visit.desk.wakes.compose)
    return Redirect("schedule", "Сохранено. Что ещё не ушло, уйдёт уже по-новому.")


async def act_on_holidays(visit: Visit) -> Answer:
    asked = visit.form(Gone).read
    if asked is not None and asked.do == "remove" and asked.first is not None:
        await holidays.remove(visit.q, visit.school.id, asked.first, now=visit.now)
        return _changed(visit, "Каникул больше нет в списке: SMS в эти дни уходят как обычно.")
    form = visit.form(Break)
    known = await holidays.of_school(visit.q, visit.school.id)
    if form.read is not None and (wrong := _overlapping(form.read, known)):
        form = form.but(**wrong)
    if form.read is None:
        return await _page(visit, holiday=form)
    one = Holiday(form.read.first, form.read.last, form.read.name)
    await holidays.put(visit.q, visit.school.id, one, now=visit.now)
    return _changed(visit, "Каникулы записаны. В эти дни уйдёт только срочное.")


def _changed(visit: Visit, said: str) -> Redirect:
    visit.note("changed", "settings", visit.school.id, "каникулы")
    visit.wake(visit.desk.wakes.compose)
    return Redirect("schedule", said)


def _overlapping(one: Break, known: list[Holiday]) -> dict[str, str]:
    if one.last < one.first:
        return {"last": "Последний день раньше первого"}
    if holidays.crossing([*known, Holiday(one.first, one.last, one.name)]):
        return {"first": "Эти дни пересекаются с другими каникулами: сначала уберите те"}
    return {}


def _crossed(hours: Hours) -> dict[str, str]:
    found = {}
    if hours.day_from >= hours.day_to:
        found["day_to"] = "Конец должен быть позже начала, иначе SMS не уйдут никогда"
    if hours.urgent_from >= hours.urgent_to:
        found["urgent_to"] = "Конец должен быть позже начала"
    if len(hours.off_days) == len(DAYS_RU):
        found["off_days"] = "Оставьте хотя бы один день, в который SMS уходят"
    return found


def _columns(hours: Hours) -> dict[str, Any]:
    """As `settings.change` takes them; rhythms that are the usual ones are left unsaid."""
    chosen = {topic: Rhythm(getattr(hours, topic)) for topic in Topic}
    own = [f"{topic}={how}" for topic, how in chosen.items() if how is not USUAL[topic]]
    return {
        "rhythms": " ".join(own), "digest_day": hours.digest_day,
        "off_days": "".join(map(str, hours.off_days)),
        **{name: getattr(hours, name) for name in _TIMES},
    }  # fmt: skip


async def _page(
    visit: Visit, *, form: Filled[Hours] | None = None, holiday: Filled[Break] | None = None
) -> Page:
    school, q = visit.school, visit.q
    row = await settings.read(q, school.id)
    today = local(visit.now, school.zone).date()
    wrong = form is not None or holiday is not None
    values = {
        "form": form, "holiday": holiday, "rhythms_ru": RHYTHM_RU,
        "topics": {topic: TOPIC_RU[topic] for topic in Topic},
        "days_ru": DAYS_RU, "rhythms": school.rhythms, "digest_day": school.calendar.digest_day,
        "at": {name: clock(row[name]) for name in _TIMES},
        "off_days": form.typed.get("off_days", []) if form else list(row["off_days"]),
        "holidays": await holidays.of_school(q, school.id), "today": today,
        "waiting": await waiting.planned(q, school.id),
        "held": sum(group.lines for group in await held.groups(q, school.id)),
        "welcomes": await held.welcomes(q, school.id),
        "runs": digests(school.calendar, visit.now, _RUNS), "zone": words.zone(school.zone),
        "span": span, "now_said": _now_ru(visit),
    }  # fmt: skip
    return Page("schedule.html", values, status=422 if wrong else 200)


def _closes(plain: Window, now: int) -> int | None:
    """When it will be quiet; None: not in the next weeks. Where the hours are all of a day, a
    midnight is no end."""
    closes = plain.closing(now)
    for _ in range(_FAR):
        if closes is None or not plain.open_at(closes):
            return closes
        closes = plain.closing(closes)
    return None


def _now_ru(visit: Visit) -> str:
    """Whether ordinary news leaves just now, and until when it is so."""
    plain = visit.school.calendar.plain
    opens, closes = plain.next_open(visit.now), _closes(plain, visit.now)
    if visit.school.paused:
        return "Рассылка школы приостановлена: сейчас не уходит ничего."
    if opens > visit.now:
        return f"Сейчас тихо: обычные новости подождут, уйдут {visit.times.when(opens)}."
    if closes is None:
        return "SMS уходят в любое время."
    return f"Сейчас SMS уходят; тихо станет {visit.times.when(closes)}."


SCREENS = (
    Screen(
        path="schedule", title="Расписание рассылок", right=Right.SEE, act_right=Right.SETTINGS,
        group=Group.SENDING, show=show, act=act,
    ),
    Screen(
        path="schedule/holidays", title="Расписание рассылок", right=Right.SETTINGS,
        act=act_on_holidays,
    ),
)  # fmt: skip
