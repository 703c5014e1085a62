"""`holidays …`: the days without school in a school's calendar."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.held import SchoolOption
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools

app = typer.Typer(help="Каникулы: в эти дни уходят только срочные SMS.", no_args_is_help=True)
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="ГГГГ-ММ-ДД")]


@app.command("list")
def list_holidays(school: SchoolOption, config: ConfigOption = None) -> None:
    """Показать каникулы школы."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import holidays

        own = await school_of(q, school)
        found = await holidays.of_school(q, own.id)
        for one in found:
            print(f"{one.first} {one.last} {one.name}".rstrip())
        if not found:
            print(
                f"Каникул нет. Добавить: sms-diary holidays add --school {school} ПЕРВЫЙ ПОСЛЕДНИЙ"
            )

    in_database(config, work)


@app.command()
def add(
    school: SchoolOption,
    first: Day,
    last: Day,
    name: Annotated[str, typer.Option(help="Название: «осенние».")] = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Записать каникулы с ПЕРВОГО по ПОСЛЕДНИЙ день; что ещё не ушло, уйдёт уже по-новому."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.errors import ConfigError
        from sms_diary.store import holidays
        from sms_diary.store.holidays import Holiday

        if last < first:
            raise ConfigError("Последний день каникул раньше первого: поменяйте их местами.")
        own = await school_of(q, school)
        one = Holiday(first.date(), last.date(), name.strip())
        await holidays.put(q, own.id, one, now=clock_of(now).now())
        print(f"{school}: каникулы с {one.first} по {one.last}")

    in_database(config, work)


@app.command()
def remove(
    school: SchoolOption, first: Day, config: ConfigOption = None, now: NowOption = None
) -> None:
    """Убрать каникулы, которые начинаются в этот день."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.errors import ConfigError
        from sms_diary.store import holidays

        own = await school_of(q, school)
        day: date = first.date()
        if not await holidays.remove(q, own.id, day, now=clock_of(now).now()):
            raise ConfigError(f"Каникул с {day} нет: sms-diary holidays list --school {school}")
        print(f"{school}: каникул с {day} больше нет")

    in_database(config, work)
