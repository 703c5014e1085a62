"""`templates set`, `reset` and `history`: a school's own texts, checked before they are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.held import SchoolOption
from sms_diary.cli.schools import in_database, school_of
from sms_diary.cli.templates import Name
from sms_diary.cli.texts import read, source, sources

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools

ByOption = Annotated[str, typer.Option("--by", help="Кто изменил.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `templates`."""
    app.command("set")(set_)
    app.command()(reset)
    app.command()(history)


def set_(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="ФАЙЛ", help="Новый текст, UTF-8.")],
    school: SchoolOption,
    by: ByOption = "команда",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Дать школе её собственный текст; что ещё не ушло, будет написано заново."""
    text = read(file)

    async def work(q: Queries, _tools: Tools) -> None:
        source(sources(config), name)
        _check(name, text, config)
        version = await _save(q, school, name, text, by, now)
        print(f"{name}: записано, версия {version}")

    in_database(config, work)


def reset(
    name: Name,
    school: SchoolOption,
    by: ByOption = "команда",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Вернуть школе общий текст."""

    async def work(q: Queries, _tools: Tools) -> None:
        source(sources(config), name)
        version = await _save(q, school, name, "", by, now)
        print(f"{name}: снова общий текст, версия {version}")

    in_database(config, work)


def history(name: Name, school: SchoolOption, config: ConfigOption = None) -> None:
    """Показать все версии текста школы, новые сверху."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.clock import local
        from sms_diary.store import templates as own

        its = await school_of(q, school)
        found = await own.history(q, its.id, name)
        for one in found:
            at = local(one.at, its.zone)
            print(f"версия {one.version}, {at:%d.%m.%Y %H:%M}, {one.made_by}")
            print(one.source.rstrip("\n") or "(общий текст)")
        if not found:
            print("Своего текста у школы не было: действует общий.")

    in_database(config, work)


def _check(name: str, text: str, config: Path | None) -> None:
    """Raises ConfigError with all that is wrong, in Russian."""
    from sms_diary.cli.texts import shared
    from sms_diary.errors import ConfigError

    if found := shared(config).faults(name, text):
        raise ConfigError("\n".join(f"{name}: {one}" for one in found))


async def _save(q: Queries, school: str, name: str, text: str, by: str, now: str | None) -> int:
    from sms_diary.store import templates as own

    its = await school_of(q, school)
    return await own.save(q, its.id, name, text, by=by, now=clock_of(now).now())
