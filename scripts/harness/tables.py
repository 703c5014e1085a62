"""Looking into a service's database from outside, without its help and without writing.

For counts only; nothing of `sms_diary.db` is used, so that what is wrong there shows.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg


class Tables(Protocol):
    """An open view of a database."""

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Every row of a query."""

    async def count(self, sql: str) -> int:
        """The one number a query gives."""


@asynccontextmanager
async def tables(url: str) -> AsyncIterator[Tables]:
    """Open `sqlite:PATH` or `postgresql://…` for reading."""
    if url.startswith("sqlite:"):
        yield _Sqlite(url.removeprefix("sqlite:"))
        return
    connection = await asyncpg.connect(url)
    try:
        yield _Postgres(connection)
    finally:
        await connection.close()


class _Sqlite:
    def __init__(self, path: str) -> None:
        self._path = path

    def _read(self, sql: str) -> list[tuple[Any, ...]]:
        # A connection a query: nothing is held open while the service checkpoints.
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return await asyncio.to_thread(self._read, sql)

    async def count(self, sql: str) -> int:
        return int((await self.rows(sql))[0][0])


class _Postgres:
    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.fetch(sql)]

    async def count(self, sql: str) -> int:
        return int(await self._connection.fetchval(sql))
