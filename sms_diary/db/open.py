"""From a database's address to an open database with its tables."""

from __future__ import annotations

from pathlib import Path

from sms_diary.db import schema
from sms_diary.db.base import Database
from sms_diary.db.postgres import PostgresDatabase
from sms_diary.db.sqlite import SqliteDatabase
from sms_diary.errors import ConfigError
from sms_diary.resources import schema_sql


async def open_database(url: str, *, wait: float = 10.0) -> tuple[Database, bool]:
    """Open `sqlite:PATH` or `postgresql://…`; the database, and whether it was empty before.

    `wait`: seconds for which a write to SQLite waits while another program writes.
    """
    database: Database
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:").removeprefix("//")).expanduser()  # noqa: ASYNC240
        path.parent.mkdir(parents=True, exist_ok=True)  # once, at start
        database = await SqliteDatabase.open(path, wait=wait)
    elif url.startswith(("postgresql://", "postgres://")):
        database = await PostgresDatabase.open(url)
    else:
        raise ConfigError(
            # Not quoted: it may hold a password.
            "Не понят адрес базы данных (database). Нужно «sqlite:путь/к/файлу» "
            "или «postgresql://пользователь@узел/база»."
        )
    try:
        made = await schema.prepare(database, schema_sql())
    except BaseException:
        await database.close()
        raise
    return database, made
