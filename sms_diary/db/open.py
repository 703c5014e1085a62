"""From a database's address to an open database with its tables."""

from __future__ import annotations

from pathlib import Path

from sms_diary.db import schema
from sms_diary.db.base import Database
from sms_diary.db.postgres import PostgresDatabase
from sms_diary.db.sqlite import SqliteDatabase
from sms_diary.errors import ConfigError
from sms_diary.resources import schema_sql


async def open_database(url: str) -> tuple[Database, bool]:
    """Open `sqlite:PATH` or `postgresql://…`; the database, and whether it was empty before."""
    database: Database
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:").removeprefix("//")).expanduser()  # noqa: ASYNC240
        path.parent.mkdir(parents=True, exist_ok=True)  # once, at start
        database = await SqliteDatabase.open(path)
    elif url.startswith(("postgresql://", "postgres://")):
        database = await PostgresDatabase.open(url)
    else:
        raise ConfigError(
            f"Не понят адрес базы данных «{url}». Нужно «sqlite:путь/к/файлу» "
            "или «postgresql://пользователь@узел/база»."
        )
    try:
        made = await schema.prepare(database, schema_sql())
    except BaseException:
        await database.close()
        raise
    return database, made
