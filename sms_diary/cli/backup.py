"""`backup …`: a copy of the database, and a word that one was made by other means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, run
from sms_diary.cli.schools import in_database

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools

app = typer.Typer(help="Копия базы: сделать, отметить, что сделана.", no_args_is_help=True)
_PG_DUMP = (
    "Базу PostgreSQL копирует pg_dump. Когда копия готова, отметьте это: sms-diary backup note"
)


@app.command()
def make(
    file: Annotated[Path, typer.Argument(metavar="ФАЙЛ", help="Куда записать; файла ещё нет.")],
    config: ConfigOption = None,
) -> None:
    """Скопировать базу SQLite, не останавливая службу."""
    run(_copied(file, config))
    in_database(config, _noted)
    print(f"Копия базы: {file}")
    print("Файла ключа в ней нет: его копию храните отдельно от этой.")


async def _copied(file: Path, config: Path | None) -> None:
    import asyncio

    from sms_diary.app import opened
    from sms_diary.config import load
    from sms_diary.db.sqlite_copy import copy
    from sms_diary.errors import ConfigError
    from sms_diary.store import backups

    async with opened(load(config)) as base:
        async with base.database.reading() as q:
            own = await backups.file(q)
        if own is None:
            raise ConfigError(_PG_DUMP)
        await asyncio.to_thread(copy, own, file)


@app.command()
def note(config: ConfigOption = None) -> None:
    """Отметить, что копия базы сделана сейчас: её покажет страница «Состояние службы»."""
    in_database(config, _noted)
    print("Отмечено: копия базы сделана сейчас.")


async def _noted(q: Queries, _tools: Tools) -> None:
    from sms_diary.clock import SystemClock
    from sms_diary.store import backups

    await backups.note(q, now=SystemClock().now())
