"""SQLite through aiosqlite: one writer behind a lock, readers of their own.

Coroutines that share a connection share its transaction, so the writer is locked for the
length of each transaction. WAL and `synchronous=FULL`: what is committed survives a power cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiosqlite

from sms_diary.db import sql as reading_sql
from sms_diary.db.base import Engine, Queries, Row

_CHUNK = 512
_PRAGMAS = (
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    "pragma secure_delete = on",
    "pragma cache_size = -65536",
    "pragma temp_store = memory",
)


@lru_cache(maxsize=512)
def _over(sql: str, count: int) -> str:
    """The statement over `count` rows; rows of nulls fill it up and are dropped again.

    Only powers of two are asked for, so each statement is prepared at most ten times.
    """
    columns, rest = reading_sql.header(sql)
    names = ", ".join(name for name, _ in columns)
    row = f"({', '.join('?' * len(columns))})"
    values = ", ".join([row] * count)
    # Named parameters of `rest` are numbered after the positional ones.
    rest = reading_sql.numbered(rest, len(columns) * count + 1).replace("$", "?")
    body = f"select * from (values {values}) where column1 is not null"
    return f"with rows({names}) as ({body}){rest}"


class SqliteQueries:
    """`Queries` over one aiosqlite connection."""

    engine: Engine = "sqlite"

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def all(self, sql: str, **params: Any) -> Sequence[Row]:
        reading_sql.check(sql, params)
        return list(await self._connection.execute_fetchall(sql, params))

    async def one(self, sql: str, **params: Any) -> Row | None:
        rows = await self.all(sql, **params)
        return rows[0] if rows else None

    async def run(self, sql: str, **params: Any) -> int:
        reading_sql.check(sql, params)
        cursor = await self._connection.execute(sql, params)
        changed = cursor.rowcount
        await cursor.close()
        return max(changed, 0)

    async def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        rows = list(rows)
        if rows:
            reading_sql.check(sql, rows[0])
            await self._connection.executemany(sql, rows)

    async def insert(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            marks = ", ".join("?" * len(reading_sql.column_list(columns)))
            sql = f"insert into {table} ({columns}) values ({marks})"
            await self._connection.executemany(sql, rows)

    async def over(self, sql: str, rows: Sequence[Sequence[Any]], **params: Any) -> list[Row]:
        columns, rest = reading_sql.header(sql)
        reading_sql.check(rest, params)
        named = [params[name] for name in reading_sql.names(rest)]
        found: list[Row] = []
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            count = 1 << (len(chunk) - 1).bit_length()
            values = [value for row in chunk for value in row]
            if len(values) != len(chunk) * len(columns):
                raise TypeError(f"rows of {len(columns)} values wanted by: {sql}")
            values.extend([None] * ((count - len(chunk)) * len(columns)))
            found.extend(await self._connection.execute_fetchall(_over(sql, count), values + named))
        return found

    def only(self, *, sqlite: str = "", postgresql: str = "") -> str:
        return {"sqlite": sqlite, "postgresql": postgresql}[self.engine]


class SqliteDatabase:
    """An open SQLite file. Always close it: a live connection hangs the interpreter's exit."""

    engine: Engine = "sqlite"

    def __init__(self, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self._writer = writer
        self._lock = asyncio.Lock()
        self._readers: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._all = [writer, *readers]
        for reader in readers:
            self._readers.put_nowait(reader)

    @classmethod
    async def open(cls, path: Path, *, readers: int = 2) -> SqliteDatabase:
        opened: list[aiosqlite.Connection] = []
        try:
            for number in range(1 + readers):
                connection = await aiosqlite.connect(
                    path, isolation_level=None, timeout=30, cached_statements=512
                )
                opened.append(connection)
                connection.row_factory = aiosqlite.Row
                for pragma in _PRAGMAS:
                    await connection.execute(pragma)
                if number > 0:
                    await connection.execute("pragma query_only = on")
        except BaseException:
            for connection in opened:
                await connection.close()
            raise
        path.chmod(0o600)  # noqa: ASYNC240  # once, at start
        return cls(opened[0], opened[1:])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Queries]:
        async with self._lock:
            try:
                await self._writer.execute("begin immediate")
                yield SqliteQueries(self._writer)
            except BaseException:
                await asyncio.shield(_roll_back(self._writer))
                raise
            await asyncio.shield(self._writer.commit())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Queries]:
        connection = await self._readers.get()
        try:
            await connection.execute("begin")
            yield SqliteQueries(connection)
        finally:
            await asyncio.shield(_roll_back(connection))
            self._readers.put_nowait(connection)

    async def close(self) -> None:
        for connection in self._all:
            await connection.close()


async def _roll_back(connection: aiosqlite.Connection) -> None:
    # Goes through the connection's own queue, so it runs after whatever was cancelled.
    await connection.rollback()
