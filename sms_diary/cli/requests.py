"""`consents ask`, `consents unreached`: questions by SMS, and numbers that no SMS reaches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run

if TYPE_CHECKING:
    from datetime import date

    from sms_diary.clock import Clock
    from sms_diary.config import Settings
    from sms_diary.db import Database
    from sms_diary.store.opt_in import Askable
    from sms_diary.store.schools import School
    from sms_diary.store.tools import Tools

SchoolOption = Annotated[str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")]


def register(consents: typer.Typer) -> None:
    """Add the commands to the group of consents."""
    consents.command()(ask)
    consents.command()(unreached)


@dataclass(frozen=True, slots=True)
class _Desk:
    """One school of an open database, its day and the settings."""

    database: Database
    tools: Tools
    settings: Settings
    school: School
    today: date
    now: int


@asynccontextmanager
async def _desk(config: Path | None, slug: str, clock: Clock) -> AsyncIterator[_Desk]:
    from sms_diary.app import opened
    from sms_diary.clock import local
    from sms_diary.config import load
    from sms_diary.errors import ConfigError
    from sms_diary.store import schools

    settings = load(config)
    async with opened(settings) as base:
        async with base.database.reading() as q:
            school = await schools.by_slug(q, slug)
        if school is None:
            raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
        now = clock.now()
        today = local(now, school.zone).date()
        yield _Desk(base.database, base.tools, settings, school, today, now)


def ask(
    school: SchoolOption,
    source: Annotated[
        str,
        typer.Option("--source", metavar="БУМАГА", help="Где родители оставили номер."),
    ],
    by: Annotated[str, typer.Option("--by", metavar="КТО", help="Кто за это отвечает.")],
    class_name: Annotated[
        str, typer.Option("--class", metavar="5А", help="Только этот класс; без него — вся школа.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Показать, скольких спросим, и ничего не делать.")
    ] = False,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Спросить по SMS тех, чей ответ неизвестен и кто оставил номер для этого."""
    clock = clock_of(now)

    async def work() -> str:
        async with _desk(config, school, clock) as desk:
            _check(desk, source, by)
            found = await _askable(desk, class_name)
            asked = 0 if dry_run else await _ask(desk, found, source.strip(), by.strip())
            return _said(desk.school, len(found), asked, dry_run=dry_run)

    print(run(work()))


def _check(desk: _Desk, source: str, by: str) -> None:
    from sms_diary.errors import ConfigError
    from sms_diary.requests import NO_WAY_BACK

    if not (source.strip() and by.strip()):
        raise ConfigError(
            "Назовите бумагу (--source) и кто за неё отвечает (--by): без них спрашивать нельзя."
        )
    routes = [one for one in desk.settings.routes if desk.school.route in {"", one.name}]
    if routes and not routes[0].reply_to:
        raise ConfigError(
            f"Маршрут {routes[0].name}: {NO_WAY_BACK}. Если ответы принимает номер, впишите его "
            "в reply_to маршрута."
        )


async def _askable(desk: _Desk, title: str) -> list[Askable]:
    from sms_diary.errors import ConfigError
    from sms_diary.ingest.days import school_year
    from sms_diary.ingest.matching import ClassIndex
    from sms_diary.store import opt_in, people

    async with desk.database.reading() as q:
        class_id = None
        if title:
            year = school_year(desk.today)
            known = await people.classes(q, desk.school.id, year.first.year)
            match = ClassIndex((one.id, one.name) for one in known).find(title)
            class_id = match.class_id
            if class_id is None:
                raise ConfigError(f"Класс «{title}», {year} учебный год: {match.reason}.")
        return await opt_in.askable(q, desk.school.id, class_id, desk.today.isoformat())


async def _ask(desk: _Desk, found: list[Askable], source: str, by: str) -> int:
    """How many were asked; one a transaction, so that no number is locked for long."""
    from sms_diary.store import numbers, opt_in
    from sms_diary.store.ledger import Act, Action

    async with desk.database.reading() as q:
        phones = await numbers.read(q, desk.tools, [one.number_id for one in found])
    asked = 0
    for one in found:
        number = phones[one.number_id]
        evidence = {"source": source, "by": by, "number": number}
        act = Act(Action.ASKED, number, "", by, evidence)
        async with desk.database.transaction() as q:
            request = await opt_in.ask(
                q, desk.tools, desk.school.id, one.guardian_id, one.subscription_ids, act,
                now=desk.now,
            )  # fmt: skip
        asked += request is not None
    return asked


def _said(school: School, found: int, asked: int, *, dry_run: bool) -> str:
    from sms_diary.model import SchoolMode

    if not found:
        return (
            "Спрашивать некого: у каждого родителя с открытым номером ответ уже есть или вопрос "
            "в пути."
        )
    if dry_run:
        return f"Спросим родителей: {found}. Пока ничего не сделано: это --dry-run."
    notes = [f"Вопрос поставлен в очередь, родителей: {asked}. Уйдёт днём, ответа ждём 72 часа."]
    if school.mode is SchoolMode.TEST:
        notes.append(
            "Школа в проверочном режиме: пока спросят только сотрудников, остальных — после "
            f"sms-diary school mode {school.slug} live."
        )
    if school.paused:
        notes.append("Рассылка школы остановлена: вопросы уйдут, когда её включат.")
    return "\n".join(notes)


def unreached(
    school: SchoolOption,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Показать по классам номера, до которых не дошло ни одно из первых SMS."""
    clock = clock_of(now)

    async def work() -> list[str]:
        from sms_diary.clock import local
        from sms_diary.phone import mask
        from sms_diary.plan import short_name
        from sms_diary.store import numbers, request_queue

        async with _desk(config, school, clock) as desk, desk.database.reading() as q:
            found = await request_queue.unreached(q, desk.school.id, desk.today.isoformat())
            phones = await numbers.read(q, desk.tools, [one.number_id for one in found])
            return [
                f"{one.class_name or '—'}  {short_name(one.pupil)}  {mask(phones[one.number_id])}"
                f"  последняя попытка {local(one.at, desk.school.zone):%d.%m.%Y}"
                for one in found
            ]

    lines = run(work())
    if not lines:
        print("Таких номеров нет.")
        return
    print("До этих номеров не дошли три первых SMS подряд. Уточните номер у родителя и загрузите")
    print("исправленный список; пока о детях туда не пишем.")
    print("\n".join(lines))
