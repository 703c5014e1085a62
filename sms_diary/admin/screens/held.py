"""Задержанное: news that waits because there was unusually much of it: told after all, or not."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sms_diary import voices
from sms_diary.admin import hand
from sms_diary.admin.days import span
from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Page, Redirect, Screen, Visit
from sms_diary.clock import local
from sms_diary.model import Kind
from sms_diary.store import held, telling
from sms_diary.store.held import Pile
from sms_diary.values import value
from sms_diary.web.words import counted

KIND_RU = {
    Kind.MARK: "отметки", Kind.ABSENCE: "пропуски", Kind.TERM_MARK: "итоговые отметки",
    Kind.HOMEWORK: "домашние задания", Kind.TIMETABLE_CHANGE: "замены уроков",
}  # fmt: skip
_PILE = re.compile(r"([a-z_]{1,20}):([0-9]{1,18})")
_SAMPLE = 100
"""Guardians whose texts are written out for an estimate; it is scaled up for the others."""


def _piles(chosen: list[str]) -> list[str]:
    return [one for one in chosen if _PILE.fullmatch(one)]


class Decision(Form):
    """`piles` are «kind:class»; without `sure` the page that asks once more is shown."""

    piles: Annotated[list[str], AfterValidator(_piles)] = Field(default_factory=list)
    do: Literal["tell", "drop"] = "tell"
    sure: bool = False


@value
class Row:
    """One pile as people read it."""

    key: str
    what: str
    class_name: str
    days: str
    lines: int
    guardians: int
    expires: int


@value
class Estimate:
    """What telling would take; `kopecks` None without a price."""

    lines: int
    guardians: int
    segments: int
    exact: bool
    kopecks: int | None


async def show(visit: Visit) -> Page:
    return await _page(visit)


async def act(visit: Visit) -> Answer:
    form = visit.form(Decision)
    wanted = form.read
    if wanted is None or not wanted.piles:
        return await _page(visit, wrong="Отметьте, о чём решаете.", status=422)
    only = frozenset(map(_pile, wanted.piles))
    if not wanted.sure:
        return await _question(visit, wanted, only)
    if wanted.do == "tell":
        lines = await held.release(
            visit.q, visit.school.id, now=visit.now, only=only, day=_today(visit)
        )
        visit.wake(visit.desk.wakes.compose)
        said = f"Будет рассказано: {_news(lines)}. Уйдёт в часы рассылок."
    else:
        lines = await held.drop(visit.q, visit.school.id, only=only, day=_today(visit))
        said = f"Не будет рассказано: {_news(lines)}. В дневнике всё осталось."
    how = "рассказать" if wanted.do == "tell" else "не рассказывать"
    visit.note("decided", "held", 0, f"{how}: {_news(lines)}")
    return Redirect("held", said)


async def _page(visit: Visit, *, wrong: str = "", status: int = 200) -> Page:
    lines, guardians = await held.welcomes(visit.q, visit.school.id)
    return Page("held/list.html", {
        "rows": await _rows(visit), "wrong": wrong, "welcomed_lines": lines,
        "unwelcomed": guardians,
    }, status=status)  # fmt: skip


async def _question(visit: Visit, wanted: Decision, only: frozenset[Pile]) -> Page:
    rows = [row for row in await _rows(visit) if _pile(row.key) in only]
    title = "Рассказать родителям?" if wanted.do == "tell" else "Не рассказывать родителям?"
    return Page("held/confirm.html", {
        "rows": rows, "wanted": wanted, "estimate": await _estimate(visit, only),
    }, title=title)  # fmt: skip


async def _rows(visit: Visit) -> list[Row]:
    found = await held.piles(visit.q, visit.school.id, day=_today(visit))
    return [
        Row(
            f"{one.kind}:{one.class_id}", KIND_RU[Kind(one.kind)], one.class_name,
            _days(one, local(visit.now, visit.school.zone).year), one.lines, one.guardians,
            one.expires,
        )
        for one in found
    ]  # fmt: skip


def _days(one: held.Group, year: int) -> str:
    if not one.last_day:
        return "—"
    last = date.fromisoformat(one.last_day)
    return span(date.fromisoformat(one.first_day) if one.first_day else last, last, year=year)


async def _estimate(visit: Visit, only: frozenset[Pile]) -> Estimate:
    """The texts of some are written out as they would be now; the others are taken to be alike."""
    own = await hand.of(visit, visit.q)
    sample = await held.sample(
        visit.q, visit.school.id, only, day=_today(visit), most=_SAMPLE
    )  # fmt: skip
    segments = 0
    for waiting in sample.rows:
        style = voices.style(visit.school, waiting[0]["latin"], own.way)
        lines = [telling.told(visit.tools, row, row["was"], own.voice.name) for row in waiting]
        segments += sum(text.segments for text in own.renderer.tell(lines, style))
    written = len(sample.rows)
    if written:
        segments = round(segments * sample.guardians / written)
    exact = written == sample.guardians
    return Estimate(sample.lines, sample.guardians, segments, exact, own.cost(segments))


def _pile(key: str) -> Pile:
    kind, _, class_id = key.partition(":")
    return (kind, int(class_id))


def _news(lines: int) -> str:
    return counted(lines, "новость", "новости", "новостей")


def _today(visit: Visit) -> str:
    return local(visit.now, visit.school.zone).date().isoformat()


SCREENS = (
    Screen(
        path="held", title="Задержанное", right=Right.SEE, act_right=Right.STEER,
        group=Group.SENDING, show=show, act=act,
    ),
)  # fmt: skip
