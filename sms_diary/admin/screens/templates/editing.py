"""One text: its editor, how it comes out, a test to one's own phone, saving."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sms_diary.admin import hand
from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.hand import Hand
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Visit
from sms_diary.admin.screens.templates.versions import changes, known
from sms_diary.db import Queries
from sms_diary.render import TABLES, Level
from sms_diary.render.kinds import KINDS, TITLES, VARIABLES
from sms_diary.render.ladder import RUSSIAN
from sms_diary.render.preview import Sight, View
from sms_diary.render.preview import preview as preview_of
from sms_diary.render.real import Real
from sms_diary.store import staff, templates
from sms_diary.values import value

_SHOWN = 20
_EMPTY = "Напишите текст. Чтобы вернуть стандартный, есть отдельная кнопка"
_TESTED = "Проверочное SMS отправляется: в нём обычные значения. Текст пока не сохранён."
_NOT_STAFF = "Выберите номер сотрудника"


class Text(Form):
    source: Annotated[str, Field(max_length=100_000)] = ""
    version: int = 0
    """The school's own version that was on the page."""
    to: int = 0
    """The staff number that a test goes to."""
    do: Literal["save", "try"] = "save"


@value
class Rung:
    """One level of shortening: usual and longest values."""

    name: str
    usual: tuple[Sight, ...]
    longest: tuple[Sight, ...]


@value
class Tried:
    """How a text comes out: as it would be sent, and at each level."""

    name: str
    hand: Hand
    views: tuple[View, ...]
    rungs: tuple[Rung, ...]
    faults: tuple[str, ...] = ()
    own: bool = False
    """Whether the longest values are the school's."""


async def show(visit: Visit) -> Page:
    name = known(visit)
    own = await hand.of(visit, visit.q)
    source = await _source(visit, visit.q, name)
    found = tried(own, name, source, await hand.real(visit, visit.q, own))
    return await _page(visit, found, source=source)


async def preview(visit: Visit) -> Page:
    """The page with the typed text tried; nothing is kept."""
    name = known(visit)
    form = visit.form(Text)
    async with visit.desk.database.reading() as q:
        own = await hand.of(visit, q)
        real = await hand.real(visit, q, own)
    source = form.read.source if form.read else ""
    return Page("templates/preview.html", {
        "name": name, "tried": tried(own, name, source, real), "is_table": name in TABLES,
    })  # fmt: skip


async def act(visit: Visit) -> Answer:
    name = known(visit)
    form = visit.form(Text)
    own = await hand.of(visit, visit.q)
    source = form.read.source if form.read else ""
    found = tried(own, name, source, await hand.real(visit, visit.q, own))
    if form.read is not None and (wrong := await _wrong(visit, form.read, found)):
        form = form.but(**wrong)
    if form.read is None:
        return await _page(visit, found, form=form, status=422)
    if form.read.do == "try":
        return await _try_out(visit, found, form)
    return await _save(visit, name, source)


def tried(own: Hand, name: str, source: str, real: Real) -> Tried:
    """The text on usual values and on the longest of the school, or what is wrong with it."""
    if faults := own.renderer.faults(name, source):
        return Tried(name, own, (), (), tuple(one[:1].upper() + one[1:] for one in faults))
    if name in TABLES or not source:
        return Tried(name, own, (), ())
    written = own.with_text(name, source)
    rungs = []
    for level in Level:
        views = preview_of(written.renderer, name, own.style, level, real)
        rungs += [Rung(RUSSIAN[level], *(view.sights for view in views))] if views else []
    views = preview_of(written.renderer, name, own.style, own=real)
    return Tried(name, own, tuple(views), tuple(rungs), own=bool(real.pupils))


async def _page(
    visit: Visit, found: Tried, *, source: str = "", form: Filled[Text] | None = None,
    tested: str = "", status: int = 200,
) -> Page:  # fmt: skip
    name = found.name
    kind = KINDS.get(name)
    history = await changes(visit, name)
    values: dict[str, Any] = {
        "name": name, "what": TITLES.get(name, ""), "form": form, "source": source,
        "tried": found, "is_table": name in TABLES, "tested": tested,
        "variables": [
            (one, VARIABLES[one].meaning, one in kind.shows) for one in kind.variables
        ] if kind else [],
        "changes": history[:_SHOWN], "version": history[0].version if history else 0,
        "own": bool(history) and not history[0].standard,
        "staff": await _phones(visit),
    }  # fmt: skip
    title = TITLES.get(name, name)
    return Page(
        "templates/edit.html", values, status=status, title=f"{title[:1].upper()}{title[1:]}"
    )  # fmt: skip


async def _phones(visit: Visit) -> list[tuple[int, str]]:
    """Whom a test may be sent to, if this user may."""
    if not visit.may(Right.SETTINGS):
        return []
    found = await staff.of_school(visit.q, visit.tools, visit.school.id)
    return [(one.number_id, one.number) for one in found]


async def _source(visit: Visit, q: Queries, name: str) -> str:
    last = (await templates.last(q, visit.school.id)).get(name)
    return (last.source if last else "") or visit.desk.renderer.source(name)


async def _wrong(visit: Visit, text: Text, found: Tried) -> dict[str, str]:
    """Field -> why it cannot be done."""
    if not text.source and found.name not in TABLES:
        return {"source": _EMPTY}
    if found.faults:
        return {"source": "; ".join(found.faults)}
    if text.do == "try":
        return {} if text.to else {"to": _NOT_STAFF}
    last = (await templates.last(visit.q, visit.school.id)).get(found.name)
    if last is not None and last.version != text.version:
        return {"": "Пока вы правили, этот текст изменили. Ниже его новая история: сверьте и "
                    "сохраните ещё раз."}  # fmt: skip
    return {}


async def _save(visit: Visit, name: str, source: str) -> Redirect:
    if source == (await _source(visit, visit.q, name)).strip():
        return Redirect(f"templates/{name}", "Текст тот же: сохранять нечего.")
    if source == visit.desk.renderer.source(name).strip():
        source = ""
    version = await templates.save(
        visit.q, visit.school.id, name, source, by=visit.actor, now=visit.now
    )
    visit.note("changed", "template", 0, f"{TITLES.get(name, name)}, версия {version}")
    visit.wake(visit.desk.wakes.compose)
    return Redirect(f"templates/{name}", "Сохранено. Что ещё не ушло, будет написано заново.")


async def _try_out(visit: Visit, found: Tried, form: Filled[Text]) -> Page:
    """One's own phone shows better than any page how it reads."""
    assert form.read is not None
    for sight in found.views[0].sights if found.views else ():
        sent = await staff.send(
            visit.q, visit.tools, visit.school.id, form.read.to, sight.text,
            way=found.hand.way, route=found.hand.route, now=visit.now,
        )  # fmt: skip
        if not sent:
            wrong = form.but(to=_NOT_STAFF)
            return await _page(visit, found, form=wrong, status=422)
    visit.note("tried", "template", 0, TITLES.get(found.name, found.name))
    visit.wake(visit.desk.wakes.dispatch)
    return await _page(visit, found, form=form, tested=_TESTED)
