"""Каналы: the routes to operators, how they are just now, and what the school's SMS met on them.

Routes are configured in a file of the server; here a person sees them, pauses one, tries one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.routes import Sight
from sms_diary.admin.screen import (
    Answer,
    Group,
    Page,
    Redirect,
    Refused,
    Screen,
    Visit,
    found,
)
from sms_diary.channels.smpp.statuses import GENERAL
from sms_diary.model import Failure, PartState
from sms_diary.monitor import OK
from sms_diary.store import pausing, rerouting, trials
from sms_diary.store.desk import routes
from sms_diary.store.desk.routes import Figures, Met, Sent
from sms_diary.store.pausing import Paused
from sms_diary.values import value
from sms_diary.words import PART_RU

_LOG = 10
"""Sendings that the page shows; the list of messages has them all."""
_NO_FIGURES = Figures(0, 0, None, None)
_BAD = {PartState.UNDELIVERED, PartState.EXPIRED, PartState.REJECTED, PartState.UNKNOWN}
_TONES = {PartState.DELIVERED: "good", PartState.WITHDRAWN: "off"}
_TRIAL = "Проверка SMS-дневника: {}, {}. Отвечать не нужно."


class Pause(Form):
    route: Annotated[str, Field(min_length=1, max_length=40)]
    pause: bool


class Try(Form):
    route: Annotated[str, Field(min_length=1, max_length=40)]
    number: int = Field(ge=1, le=2**63 - 1)


@value
class Channel:
    """One route as the page shows it; `wrong` "" is well."""

    name: str
    sight: Sight
    wrong: str
    paused: Paused | None
    out: bool
    figures: Figures


@value
class Trouble:
    met: Met
    meaning: str


async def show(visit: Visit) -> Page:
    q, school = visit.q, visit.school
    ways, named = visit.desk.ways, school.route
    sees = visit.may(Right.SEE)
    staff = await trials.staff(q, visit.tools, school.id) if visit.may(Right.STEER) else []
    troubles = [Trouble(one, _meaning(visit, one)) for one in await routes.errors(q, school.id)]
    channels = await _channels(visit)
    return Page("channels.html", {
        "channels": channels, "names": [(one.name, one.name) for one in channels],
        "window": routes.WINDOW, "sources": visit.desk.sources, "prices": visit.desk.prices,
        "order": ways.order(named, urgent=False), "urgent": ways.order(named, urgent=True),
        "troubles": troubles,
        "log": [_logged(visit, one) for one in await routes.log(q, school.id, limit=_LOG)]
        if sees else [],
        "staff": staff, "sees": sees, "paused_school": school.paused,
    })  # fmt: skip


async def _channels(visit: Visit) -> list[Channel]:
    desk = visit.desk
    desk.routes.look(now=visit.now)
    _, lamps = await desk.monitor.ready()
    paused = await pausing.every(visit.q)
    out = await rerouting.out(visit.q)
    figures = await routes.figures(visit.q, visit.school.id, now=visit.now)
    return [
        Channel(
            name, sight, _wrong(lamps.get(f"route {name}", "")), paused.get(name), name in out,
            figures.get(name, _NO_FIGURES),
        )
        for name, sight in desk.routes.sights().items()
    ]  # fmt: skip


def _wrong(lamp: str) -> str:
    """What the lamp says, without the word for machines; a route of another process is none."""
    if lamp == OK:
        return ""
    return lamp.partition(": ")[2] or "маршрут держит другой процесс"


def _meaning(visit: Visit, met: Met) -> str:
    explain = visit.desk.explain_receipt if met.of_receipt else visit.desk.explain
    known = explain(met.route, met.code)
    if not known and met.failure:
        known = GENERAL[Failure(met.failure)]
    return known or "Оператор не объяснил. Спросите у него, назвав код."


def _logged(visit: Visit, one: Sent) -> tuple[Sent, str, str, str]:
    """A part with its state in words, the tone of it, and what the code means."""
    tone = "bad" if one.state in _BAD else _TONES.get(one.state, "wait")
    explained = visit.desk.explain(one.route, one.code) if one.code else ""
    return one, PART_RU[one.state], tone, explained


async def pause(visit: Visit) -> Answer:
    """Pause a route for all schools, or let it go on."""
    form = visit.form(Pause).read
    if form is None or form.route not in visit.desk.routes.sights():
        raise Refused("Такого канала нет: откройте страницу каналов заново.")
    if form.pause:
        await pausing.pause(visit.q, form.route, by=visit.user.login, now=visit.now)
        visit.note("paused", "route", 0, f"канал {form.route}")
        said = "Канал приостановлен: что ждёт, уйдёт по запасному или останется в очереди."
    else:
        await pausing.resume(visit.q, form.route)
        visit.note("resumed", "route", 0, f"канал {form.route}")
        said = "Канал снова работает."
    visit.wake(visit.desk.wakes.dispatch)
    return Redirect("channels", said)


async def attempt(visit: Visit) -> Answer:
    """A trial SMS to one of the school's staff, by the route that was chosen."""
    form = visit.form(Try).read
    if form is None or form.route not in visit.desk.routes.sights():
        raise Refused("Выберите канал и номер сотрудника.")
    if visit.school.paused or await pausing.is_paused(visit.q, form.route):
        raise Refused("Рассылка школы или этот канал приостановлены: пробное SMS не уйдёт.")
    text = _TRIAL.format(visit.school.short_name, visit.times.clock(visit.now))
    message_id = found(await trials.send(
        visit.q, visit.tools, visit.school.id, form.number, text, route=form.route,
        way=visit.desk.ways.of(form.route), now=visit.now,
    ))  # fmt: skip
    visit.note("changed", "message", message_id, f"пробное SMS, канал {form.route}")
    visit.wake(visit.desk.wakes.dispatch)
    return Redirect(f"messages/{message_id}", "Пробное SMS в очереди. Что с ним, видно ниже.")


SCREENS = (
    Screen(
        path="channels", title="Каналы", right=Right.AGGREGATES, group=Group.SETTINGS, show=show
    ),
    Screen(path="channels/pause", title="Пауза канала", right=Right.SYSTEM, act=pause),
    Screen(path="channels/try", title="Пробное SMS", right=Right.STEER, act=attempt),
)
