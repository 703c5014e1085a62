"""`away …`: days on which a class or the school is not at school although it is no holiday."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption
from sms_diary.cli.held import SchoolOption
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools

app = typer.Typer(
    help="Дни дома: дистанционное обучение и карантин. Журнал за них не спрашивают.",
    no_args_is_help=True,
)
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="ГГГГ-ММ-ДД")]


class Reason(StrEnum):
    """The words of the command: those of the store, which is not imported for `--help`."""

    DISTANCE = "distance"
    QUARANTINE = "quarantine"
    OFF = "off"


@app.command("list")
def list_away(school: SchoolOption, config: ConfigOption = None) -> None:
    """Показать такие дни, с номером каждой записи."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import away

        own = await school_of(q, school)
        found = await away.of_school(q, own.id)
        for one in found:
            whose = one.class_name or "вся школа"
            print(f"{one.id} {one.first} {one.last} {whose}: {away.WHY_RU[one.why]}")
        if not found:
            print(
                "Таких дней нет. Добавить: sms-diary away add "
                f"--school {school} ПЕРВЫЙ ПОСЛЕДНИЙ --why quarantine"
            )

    in_database(config, work)


@app.command()
def add(
    school: SchoolOption,
    first: Day,
    last: Day,
    why: Annotated[
        Reason,
        typer.Option(help="distance — дистанционно, quarantine — карантин, off — отмена занятий."),
    ],
    class_name: Annotated[str, typer.Option("--class", help="Класс; без него вся школа.")] = "",
    config: ConfigOption = None,
) -> None:
    """Записать дни с ПЕРВОГО по ПОСЛЕДНИЙ: журнал за них не спрашивают. На SMS не влияет."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.errors import ConfigError
        from sms_diary.store import away
        from sms_diary.store.away import Why

        days = first.date(), last.date()
        if wrong := away.wrong(*days):
            raise ConfigError(f"{wrong}.")
        own = await school_of(q, school)
        await away.add(
            q, tools, own.id, class_name=class_name.strip(), first=days[0], last=days[1],
            why=Why(why.value),
        )  # fmt: skip
        print(f"{school}: {class_name.strip() or 'вся школа'} дома с {days[0]} по {days[1]}")

    in_database(config, work)


@app.command()
def remove(
    school: SchoolOption,
    number: Annotated[int, typer.Argument(metavar="НОМЕР", help="Номер из away list.")],
    config: ConfigOption = None,
) -> None:
    """Убрать запись: журнал за эти дни снова спрашивают."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.errors import ConfigError
        from sms_diary.store import away

        own = await school_of(q, school)
        if not await away.remove(q, own.id, number):
            raise ConfigError(f"Такой записи нет: sms-diary away list --school {school}")
        print(f"{school}: запись убрана")

    in_database(config, work)
