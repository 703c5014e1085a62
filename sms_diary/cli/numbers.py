"""`numbers …`: whom SMS do not reach, a number that receives them again, and another one."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run, write_own
from sms_diary.cli.consents import asked_number

if TYPE_CHECKING:
    from sms_diary.config import Settings
    from sms_diary.db import Queries
    from sms_diary.reports.page import Page
    from sms_diary.store.problems import Problem, Said
    from sms_diary.store.schools import School
    from sms_diary.store.tools import Tools
    from sms_diary.store.troubles import Lifted

app = typer.Typer(
    help="Номера родителей: до которых SMS не доходят, вернуть, сменить.", no_args_is_help=True
)
SchoolOption = Annotated[str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")]
ByOption = Annotated[str, typer.Option("--by", metavar="КТО", help="Кто отмечает.")]
SourceOption = Annotated[
    str,
    typer.Option("--source", metavar="ОТКУДА", help="Откуда известно: заявление, звонок, день."),
]
_NOBODY = "Родителя с таким прежним номером в этой школе нет."


@app.command()
def problems(
    school: SchoolOption,
    class_name: Annotated[
        str, typer.Option("--class", metavar="5А", help="Только этот класс; без него — вся школа.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="ФАЙЛ", help="Страница, чтобы напечатать (A4).")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Показать номера целиком.")] = False,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """До кого SMS не доходят, по классам: с каких пор, что сказал оператор, что делать."""
    from sms_diary.reports.page import html, text

    clock = clock_of(now)

    async def work() -> Page:
        from sms_diary.reports import problems as report

        async with _desk(config, school) as desk:
            found = await _found(desk, class_name, now=clock.now())
            return report.page(
                desk.school.name, found, zone=desk.school.zone, now=clock.now(), full=full,
                explain=_explaining(desk.settings),
            )  # fmt: skip

    page = run(work())
    if out is None:
        print(text(page))
        return
    write_own(out, html(page))
    print(f"Страница: {out}. Откройте её в браузере и напечатайте.")


@app.command()
def lift(
    school: SchoolOption,
    by: ByOption,
    source: SourceOption,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Отметить, что SMS снова доходят: отказ у оператора снят или телефон родителя жив.

    Номер спросят: в историю команд он не попадёт. Код 0 — отмечено, 1 — нельзя, и сказано почему.
    """
    from sms_diary.store.troubles import LIFTED_RU, Lifted

    evidence = _evidence(by, source)
    clock = clock_of(now)

    async def work() -> Lifted:
        from sms_diary.store import troubles

        number = asked_number()
        async with _desk(config, school, writes=True) as desk:
            return await troubles.lift(
                desk.q, desk.tools, desk.school.id, number,
                by=evidence["by"], evidence=evidence, now=clock.now(),
            )  # fmt: skip

    done = run(work())
    if done in (Lifted.CONSENT_NEEDED, Lifted.OPEN):
        print(LIFTED_RU[done])
        return
    print(LIFTED_RU[done], file=sys.stderr)
    raise typer.Exit(1)


@app.command()
def change(
    school: SchoolOption,
    by: ByOption,
    source: SourceOption,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Записать другой номер родителя: прежнему больше не пишем, новому — после его согласия.

    Оба номера спросят, сначала прежний. Код 0 — записано, 1 — такого родителя в школе нет.
    """
    evidence = _evidence(by, source)
    clock = clock_of(now)

    async def work() -> bool:
        from sms_diary.store import moving, numbers, roll

        old, new = asked_number("Прежний номер"), asked_number("Новый номер")
        async with _desk(config, school, writes=True) as desk:
            # Both in one order, as an import locks them.
            await numbers.ensure(desk.q, desk.tools, [old, new], now=clock.now(), lock=True)
            guardian = await roll.of_number(desk.q, desk.tools, desk.school.id, old)
            return guardian is not None and bool(
                await moving.change_number(
                    desk.q, desk.tools, desk.school.id, guardian.id, new,
                    by=evidence["by"], evidence=evidence, now=clock.now(),
                )
            )  # fmt: skip

    if not run(work()):
        print(_NOBODY, file=sys.stderr)
        raise typer.Exit(1)
    print(
        "Номер записан. Прежнему больше ничего не придёт; на новом SMS пойдут, когда родитель "
        "напишет с него СТАРТ или школа внесёт его согласие на бумаге."
    )


def _evidence(by: str, source: str) -> dict[str, str]:
    if not by.strip() or not source.strip():
        print("Напишите, кто отмечает (--by) и откуда это известно (--source).", file=sys.stderr)
        raise typer.Exit(2)
    return {"source": source.strip(), "by": by.strip()}


# ---------------------------------------------------------------- what all need


@dataclass(frozen=True, slots=True)
class _Desk:
    """An open database, one school of it, and the settings that name its routes."""

    q: Queries
    tools: Tools
    settings: Settings
    school: School


@asynccontextmanager
async def _desk(config: Path | None, slug: str, *, writes: bool = False) -> AsyncIterator[_Desk]:
    from sms_diary.app import opened
    from sms_diary.config import load
    from sms_diary.errors import ConfigError
    from sms_diary.store import schools

    settings = load(config)
    async with (
        opened(settings) as base,
        base.database.transaction() if writes else base.database.reading() as q,
    ):
        school = await schools.by_slug(q, slug)
        if school is None:
            raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
        yield _Desk(q, base.tools, settings, school)


async def _found(desk: _Desk, title: str, *, now: int) -> list[Problem]:
    """The problems of the school, or those of one class of this school year."""
    from sms_diary.clock import local
    from sms_diary.errors import ConfigError
    from sms_diary.ingest.days import school_year
    from sms_diary.ingest.matching import ClassIndex, class_key
    from sms_diary.store import people, problems

    today = local(now, desk.school.zone).date()
    found = await problems.of_school(
        desk.q, desk.tools, desk.school.id, day=today.isoformat(), now=now
    )
    if not title:
        return found
    year = school_year(today).first.year
    known = await people.classes(desk.q, desk.school.id, year)
    match = ClassIndex((one.id, one.name) for one in known).find(title)
    if match.class_id is None:
        raise ConfigError(f"Класс «{title}», {year} учебный год: {match.reason}.")
    [own] = [class_key(one.name) for one in known if one.id == match.class_id]
    return [one for one in found if class_key(one.class_name) == own]


def _explaining(settings: Settings) -> Callable[[Said], str]:
    """What an operator's code means, by the files of the routes; "" when nobody knows."""
    from sms_diary.app.routes import of_settings
    from sms_diary.channels.smpp.statuses import GENERAL
    from sms_diary.channels.spec.meanings import of_phone
    from sms_diary.model import Failure

    routes = {one.name: one for one in of_settings(settings)}

    def explained(said: Said) -> str:
        route = routes.get(said.route)
        if said.failure:
            known = route.explain(said.code) if route else ""
            return known or GENERAL[Failure(said.failure)]
        rule = of_phone(route.of_phones, said.code) if route else None
        if rule is None:
            return ""
        return rule.reason or (GENERAL[rule.failure] if rule.failure else "")

    return explained
