"""Сводка: how a school's messages fare today and this week, and what wants a person's eye.

Each figure leads to the rows behind it. Only sums: no person is shown here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Page, Screen, Visit
from sms_diary.clock import DAY, MINUTE, local
from sms_diary.db import Queries
from sms_diary.filled import named
from sms_diary.model import SchoolMode
from sms_diary.monitor import OK
from sms_diary.store import budget, fill_alarms, held, in_doubt, quarantine
from sms_diary.store.desk import funnel, imports
from sms_diary.store.desk.funnel import Funnel
from sms_diary.store.imports import State
from sms_diary.store.schools import School
from sms_diary.values import value
from sms_diary.web import words
from sms_diary.web.words import Times

_WARNING = 0.03
"""The share of failures at which a school is told to look (as GOV.UK Notify does)."""
_FEW = 20
"""With fewer messages one failure is no share yet."""
_FILES = 3 * DAY
"""How long it is said of files that they wait."""
_AT_IT = 10 * MINUTE
"""Whoever has just loaded them is still at it."""
_DAYS = {"today": 1, "week": 7}


@value
class Step:
    """One bar of the funnel; `path` leads to its rows."""

    name: str
    title: str
    count: int
    share: str
    path: str


@value
class Span:
    name: str
    title: str
    steps: tuple[Step, ...]
    failed: int
    failed_share: str
    failed_path: str
    warning: bool


@value
class Line:
    """A route to an operator. `wrong` "" is well; `elsewhere`: another process has it and knows;
    `low`: there is soon no money left; `money`: what is left, "" where nobody knows."""

    name: str
    wrong: str = ""
    elsewhere: bool = False
    low: str = ""
    money: str = ""


@value
class Matter:
    """Something that wants a person: what it is, and where it is dealt with."""

    text: str
    action: str
    path: str
    right: Right
    """To open that place."""
    grave: bool = False


async def show(visit: Visit) -> Page:
    today, week = await _spans(visit.q, visit.school, visit.now)
    waiting = await funnel.waiting(visit.q, visit.school.id)
    lamps = await _lamps(visit)
    return Page("summary.html", {
        "spans": (today, week), "waiting": waiting, "lamps": lamps,
        "matters": await _matters(visit, week, lamps), "zone": words.zone(visit.school.zone),
    })  # fmt: skip


async def figures(q: Queries, school: School, *, now: int) -> dict[str, str]:
    """What is live on the page, by the names of its `data-live`, as people read it."""
    found = {}
    for span in await _spans(q, school, now):
        for step in span.steps:
            found[f"{span.name}-{step.name}"] = words.number(step.count)
            found[f"{span.name}-{step.name}-share"] = step.share
        found[f"{span.name}-failed"] = words.number(span.failed)
        found[f"{span.name}-failed-share"] = span.failed_share
    times = Times(school.zone, now)
    waiting = await funnel.waiting(q, school.id)
    return found | {
        "waiting": words.number(waiting.messages), "oldest": times.age(waiting.oldest),
        "at": times.clock(now),
    }  # fmt: skip


async def _spans(q: Queries, school: School, now: int) -> tuple[Span, Span]:
    today = local(now, school.zone).date()
    day = await funnel.since(q, school.id, today, today)
    week = await funnel.since(q, school.id, today - timedelta(days=6), today)
    return _span("today", "Сообщения сегодня", day), _span("week", "Сообщения за 7 дней", week)


def _span(name: str, title: str, seen: Funnel) -> Span:
    steps = (
        ("created", "создано", seen.created),
        ("handed", "ушло оператору", seen.handed),
        ("accepted", "принято им", seen.accepted),
        ("delivered", "доставлено", seen.delivered),
    )
    return Span(
        name, title,
        tuple(
            Step(one, said, count, words.share(count, seen.created), _rows(one, name))
            for one, said, count in steps
        ),
        seen.failed, words.share(seen.failed, seen.judged), _rows("failed", name),
        seen.judged >= _FEW and seen.failed / seen.judged >= _WARNING,
    )  # fmt: skip


def _rows(step: str, span: str) -> str:
    """Where the messages behind a figure are listed."""
    return f"messages?step={step}&days={_DAYS[span]}"


async def _lamps(visit: Visit) -> list[Line]:
    """The routes that this process knows."""
    _, lamps = await visit.desk.monitor.ready()
    sights = visit.desk.routes.sights()
    found = []
    for lamp, said in lamps.items():
        kind, _, name = lamp.partition(" ")
        if kind == "route":
            sight = sights.get(name)
            purse = sight.purse if sight else None
            left = purse.balance if purse else None
            found.append(line(name, said, "" if left is None else words.number(float(left))))
    return found


def line(name: str, said: str, money: str) -> Line:
    """A route by what its lamp says (`monitor.ready`)."""
    word = said.partition(":")[0]
    if said == OK or word == "low":
        return Line(name, low="" if said == OK else _plainly(said), money=money)
    return Line(name, _plainly(said), elsewhere=word == "elsewhere", money=money)


def _plainly(said: str) -> str:
    """What a lamp says, without the word for machines before it and the error's name behind."""
    return said.partition(": ")[2].partition(" (")[0] or said


async def _matters(visit: Visit, week: Span, lamps: Sequence[Line]) -> list[Matter]:
    found = []
    if down := [one.name for one in lamps if one.wrong and not one.elsewhere]:
        said = f"Нет связи: {', '.join(down)}"
        found.append(Matter(said, "Каналы", "channels", Right.AGGREGATES, grave=True))
    if poor := [one.name for one in lamps if one.low]:
        said = f"На счёте провайдера мало денег: {', '.join(poor)}"
        found.append(Matter(said, "Каналы", "channels", Right.AGGREGATES, grave=True))
    if week.warning:
        said = f"За неделю не доставлено {week.failed_share} сообщений"
        found.append(Matter(said, "Посмотреть какие", week.failed_path, Right.SEE, grave=True))
    found += await _decisions(visit)
    found += await _files(visit)
    if silent := await fill_alarms.now_silent(visit.q, visit.school.id):
        said = f"Журнал не заполняют дольше недели: {named(silent)}"
        found.append(Matter(said, "Посмотреть", "reports/fill", Right.AGGREGATES))
    if visit.school.mode is SchoolMode.TEST:
        said = "Проверочный режим: SMS получают только номера сотрудников"
        found.append(Matter(said, "Настройки школы", "settings", Right.SEE))
    return found


async def _decisions(visit: Visit) -> list[Matter]:
    """What stands still until somebody decides."""
    q, school_id = visit.q, visit.school.id
    found = []
    if questions := sum((await quarantine.by_reason(q, school_id)).values()):
        said = words.counted(questions, "вопрос", "вопроса", "вопросов")
        text = f"Ждут ответа: {said} о записях журнала"
        found.append(Matter(text, "Ответить", "quarantine", Right.STEER))
    if lines := sum(group.lines for group in await held.groups(q, school_id)):
        said = words.counted(lines, "новость", "новости", "новостей")
        text = f"Задержано: {said}, их необычно много"
        found.append(Matter(text, "Решить", "held", Right.SEE))
    if waiting := await budget.held(q, school_id) if visit.school.budget_month else 0:
        said = words.counted(waiting, "новость", "новости", "новостей")
        text = f"SMS на этот месяц израсходованы, ждут: {said}"
        found.append(Matter(text, "Посмотреть", "reports/cost", Right.AGGREGATES, grave=True))
    doubtful, oldest = await in_doubt.messages(q, school_id)
    if doubtful:
        said = words.counted(doubtful, "сообщение", "сообщения", "сообщений")
        age = visit.times.age(oldest)
        found.append(
            Matter(f"Неясно, ушло ли: {said}, самому старому {age}", "Посмотреть",
                   "messages?state=doubt", Right.SEE)
        )  # fmt: skip
    return found


async def _files(visit: Visit) -> list[Matter]:
    """Files that wait for a person, or were not read while none was there."""
    states = await imports.unfinished(
        visit.q, visit.school.id, since=visit.now - _FILES, before=visit.now - _AT_IT
    )
    said = {State.FAILED: "Файлы не прочитаны", State.APPLYING: "Запись файлов прервалась",
            State.PLANNED: "Файлы проверены, но не записаны"}  # fmt: skip
    return [
        Matter(f"{text}: {words.counted(states[state], 'загрузка', 'загрузки', 'загрузок')}",
               "Импорт", "import", Right.IMPORT, grave=state is not State.PLANNED)
        for state, text in said.items()
        if states.get(state)
    ]  # fmt: skip


SCREENS = (Screen(path="", title="Сводка", right=Right.AGGREGATES, group=Group.TODAY, show=show),)
