"""Забыть человека: a preview of what goes, a confirmation, the act (152-ФЗ ст. 20, 21).

What is destroyed and how stands in `store/persons/`; the preview is the same work, taken back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Visit, found
from sms_diary.admin.screens.people import finding
from sms_diary.db import Queries
from sms_diary.errors import NotYet
from sms_diary.reports.person.act import WHAT_RU
from sms_diary.store import numbers
from sms_diary.store.destruction import Order, What
from sms_diary.store.persons import erase
from sms_diary.store.persons import pupil as pupils
from sms_diary.store.persons.erase import TOUCHED, Erased
from sms_diary.store.persons.preview import Work, preview
from sms_diary.values import value

WORD = "УНИЧТОЖИТЬ"
GROUNDS = (
    "отзыв согласия на обработку персональных данных",
    "ребёнок выбыл из школы, цель обработки достигнута",
    "данные записаны по ошибке",
)
_BUSY = "Журнал базы пока занят: до конца его очистит команда sms-diary person purge."


class Wanted(Form):
    do: Literal["preview", "erase"]
    ground: Annotated[str, Field(min_length=1, max_length=200)]
    document: Annotated[str, Field(max_length=100)] = ""
    word: str = ""


@value
class Forgotten:
    """Whom an act is about, by what is said of them on the page, and the work."""

    name: str
    back: str
    work: Callable[[Order], Work]


Find = Callable[[Queries, Visit], Awaitable[Forgotten]]


def screen(find: Find) -> tuple[
    Callable[[Visit], Awaitable[Page]], Callable[[Visit], Awaitable[Answer]]
]:  # fmt: skip
    """`show` and `act` of a page that forgets whoever `find` finds at its address."""

    async def show(visit: Visit) -> Page:
        return _page(await find(visit.q, visit))

    async def act(visit: Visit) -> Answer:
        async with visit.desk.database.reading() as q:
            whom = await find(q, visit)
        form = visit.form(Wanted)
        if form.read is None:
            return _page(whom, form, status=422)
        work = whom.work(Order(visit.user.name, form.read.ground, form.read.document))
        try:
            if form.read.do == "erase" and form.read.word.upper() == WORD:
                return await _erase(visit, work)
            going = await preview(visit.desk.database, work)
        except NotYet as wait:
            raise Refused(str(wait)) from wait
        if form.read.do == "erase":
            form = form.but(word=f"Чтобы подтвердить, введите слово {WORD}")
            return _page(whom, form, going=_counts(going), status=422)
        return _page(whom, form, going=_counts(going))

    return show, act


async def _erase(visit: Visit, work: Work) -> Answer:
    database = visit.desk.database
    async with database.transaction() as q:
        done = await work(q)
    if not done:
        raise Refused("Уничтожать нечего: данных этого человека уже нет.")
    said = "Данные уничтожены." if await database.purge(TOUCHED) else f"Данные уничтожены. {_BUSY}"
    visit.note("forgot", "act", done[0].id)
    return Redirect(f"people/acts/{done[0].id}", said)


def _counts(going: list[Erased] | None) -> list[tuple[str, int]]:
    """What goes and how much of it; nothing is an answer too."""
    if not going:
        raise Refused("Уничтожать нечего: данных этого человека уже нет.")
    return [
        (WHAT_RU[what], count)
        for what in What
        if (count := sum(one.counts.get(what, 0) for one in going))
    ]


def _page(
    whom: Forgotten, form: Filled[Wanted] | None = None, *,
    going: list[tuple[str, int]] | None = None, status: int = 200,
) -> Page:  # fmt: skip
    return Page("people/forget.html", {
        "whom": whom, "form": form, "going": going, "word": WORD,
        "grounds": [(one, one) for one in GROUNDS],
    }, status=status)  # fmt: skip


async def _guardian(q: Queries, visit: Visit) -> Forgotten:
    one = (await finding.family(q, visit)).guardian
    number = (await numbers.read(q, visit.tools, [one.number_id]))[one.number_id]
    if not number:
        raise Refused("Данные этого родителя уже уничтожены.")

    def work(order: Order) -> Work:
        async def erasing(inner: Queries) -> list[Erased] | None:
            return await erase.number(
                inner, visit.tools, number, [visit.school.id], order, whole=False, now=visit.now
            )

        return erasing

    return Forgotten(one.full_name or one.number, f"people/guardians/{one.id}", work)


async def _pupil(q: Queries, visit: Visit) -> Forgotten:
    one = found(await finding.pupil(q, visit))

    def work(order: Order) -> Work:
        async def erasing(inner: Queries) -> list[Erased] | None:
            done = await pupils.pupil(
                inner, visit.tools, visit.school.id, one.id, order, now=visit.now
            )
            return [done] if done else None

        return erasing

    return Forgotten(one.full_name, f"people/pupils/{one.id}", work)


show_guardian, act_guardian = screen(_guardian)
show_pupil, act_pupil = screen(_pupil)
