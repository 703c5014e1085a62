"""`held …`: lines that wait for a person because there were unusually many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.held import Group
    from sms_diary.store.tools import Tools

app = typer.Typer(
    help="Отложенное, потому что записей необычно много: показать, сообщить, не сообщать.",
    no_args_is_help=True,
)
SchoolOption = Annotated[str, typer.Option("--school", help="Короткое имя школы.")]

_KIND_RU = {
    "mark": "отметки", "absence": "пропуски", "term_mark": "итоговые отметки",
    "homework": "домашние задания", "timetable_change": "замены уроков",
}  # fmt: skip


@app.command("list")
def list_held(school: SchoolOption, config: ConfigOption = None) -> None:
    """Показать, сколько отложено и о каких днях."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import held

        own = await school_of(q, school)
        found = await held.groups(q, own.id)
        for one in found:
            print(_line(one))
        if found:
            print(f"Сообщить: sms-diary held release --school {school}")
            print(f"Не сообщать: sms-diary held drop --school {school}")
        else:
            print("Ничего не отложено.")

    in_database(config, work)


def _line(one: Group) -> str:
    days = f", дни с {one.first_day} по {one.last_day}" if one.first_day else ""
    return f"{_KIND_RU[one.kind]}: записей {one.lines}, родителей {one.guardians}{days}"


@app.command()
def release(school: SchoolOption, config: ConfigOption = None, now: NowOption = None) -> None:
    """Сообщить родителям всё отложенное, каждому в его время."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import held

        own = await school_of(q, school)
        print(f"Будет сообщено записей: {await held.release(q, own.id, now=clock_of(now).now())}.")

    in_database(config, work)


@app.command()
def drop(school: SchoolOption, config: ConfigOption = None) -> None:
    """Ничего из отложенного не сообщать; в дневнике оно остаётся."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import held

        own = await school_of(q, school)
        print(f"Не будет сообщено записей: {await held.drop(q, own.id)}.")

    in_database(config, work)
