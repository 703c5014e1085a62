"""PostgreSQL through asyncpg (extra `[pg]`): a pool, and batches by unnest and COPY."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from sms_diary.db import sql as reading_sql
from sms_diary.db.base import Engine, Outcome, Queries, Row, Work
from sms_diary.errors import ConfigError

if TYPE_CHECKING:
    import asyncpg

Opened = TypeVar("Opened")
_STARTING = "57P03"
"""SQLSTATE cannot_connect_now (PostgreSQL, appendix A)."""
_PAUSE = 0.3


@lru_cache(maxsize=512)
def _over(sql: str) -> str:
    """The statement with its batch as arrays: $1 … $n, named parameters after them."""
    columns, rest = reading_sql.header(sql)
    names = ", ".join(name for name, _ in columns)
    arrays = ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(columns, 1))
    rest = reading_sql.numbered(rest, len(columns) + 1)
    return f"with rows({names}) as (select * from unnest({arrays})){rest}"


class PostgresQueries:
    """`Queries` over one asyncpg connection."""

    engine: Engine = "postgresql"

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy[Any]) -> None:
        self._connection = connection

    async def all(self, sql: str, **params: Any) -> Sequence[Row]:
        reading_sql.check(sql, params)
        values = [params[name] for name in reading_sql.names(sql)]
        return await self._connection.fetch(reading_sql.numbered(sql), *values)

    async def one(self, sql: str, **params: Any) -> Row | None:
        rows = await self.all(sql, **params)
        return rows[0] if rows else None

    async def run(self, sql: str, **params: Any) -> int:
        reading_sql.check(sql, params)
        values = [params[name] for name in reading_sql.names(sql)]
        status = await self._connection.execute(reading_sql.numbered(sql), *values)
        # The command tag ends with the number of rows: «UPDATE 3», «INSERT 0 3».
        last = status.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        rows = list(rows)
        if rows:
            reading_sql.check(sql, rows[0])
            names = reading_sql.names(sql)
            await self._connection.executemany(
                reading_sql.numbered(sql), [[row[name] for name in names] for row in rows]
            )

    async def insert(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            await self._connection.copy_records_to_table(
                table, records=rows, columns=list(reading_sql.column_list(columns))
            )

    async def over(self, sql: str, rows: Sequence[Sequence[Any]], **params: Any) -> list[Row]:
        columns, rest = reading_sql.header(sql)
        reading_sql.check(rest, params)
        if not rows:
            return []
        if len(rows[0]) != len(columns):
            raise TypeError(f"rows of {len(columns)} values wanted by: {sql}")
        arrays = [list(column) for column in zip(*rows, strict=True)]
        named = [params[name] for name in reading_sql.names(rest)]
        return list(await self._connection.fetch(_over(sql), *arrays, *named))

    def only(self, *, sqlite: str = "", postgresql: str = "") -> str:
        return {"sqlite": sqlite, "postgresql": postgresql}[self.engine]


class PostgresDatabase:
    """A pool of connections to one PostgreSQL database."""

    engine: Engine = "postgresql"

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    @classmethod
    async def open(
        cls, url: str, *, connections: int = 10, recovers: float = 120.0
    ) -> PostgresDatabase:
        """`recovers`: seconds to wait for a server that says it is only just starting."""
        try:
            import asyncpg  # noqa: F401, PLC0415  # an extra: SQLite does without
        except ImportError as missing:
            raise ConfigError(
                "Для PostgreSQL нужен драйвер: установите пакет «sms-diary[pg]»."
            ) from missing
        pool = await _once_it_is_up(partial(_pool, url, connections), recovers=recovers)
        durable = await pool.fetchval("show synchronous_commit")
        if durable == "off":
            await pool.close()
            raise ConfigError(
                "В PostgreSQL выключен synchronous_commit: при сбое пропали бы сообщения, "
                "о приёме которых школе уже сказано. Включите его и запустите снова."
            )
        return cls(pool)

    async def write(self, work: Work[Outcome], *, urgent: bool = False) -> Outcome:
        async with self.transaction(urgent=urgent) as q:
            return await work(q)

    async def read(self, work: Work[Outcome]) -> Outcome:
        async with self.reading() as q:
            return await work(q)

    @asynccontextmanager
    async def transaction(self, *, urgent: bool = False) -> AsyncIterator[Queries]:  # noqa: ARG002
        # Many connections write at once here: nobody stands in line.
        async with self._pool.acquire() as connection, connection.transaction():
            yield PostgresQueries(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Queries]:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield PostgresQueries(connection)

    async def purge(self, tables: Sequence[str]) -> bool:
        # Not inside a transaction; the names are our own.
        async with self._pool.acquire() as connection:
            await connection.execute(f"vacuum {', '.join(tables)}")
        return True

    async def check(self) -> None:
        async with self.reading() as q:
            await q.one("select value from meta where name = 'schema'")

    async def close(self) -> None:
        await self._pool.close()


async def _pool(url: str, connections: int) -> asyncpg.Pool[Any]:
    import asyncpg  # noqa: PLC0415

    return await asyncpg.create_pool(url, min_size=1, max_size=connections)


async def _once_it_is_up(connect: Callable[[], Awaitable[Opened]], *, recovers: float) -> Opened:
    """After a crash PostgreSQL recovers for a while, and until then sends everybody away."""
    until = time.monotonic() + recovers
    while True:
        try:
            return await connect()
        except Exception as wrong:
            starting = getattr(wrong, "sqlstate", None) == _STARTING
            if not starting or time.monotonic() > until:
                raise
        await asyncio.sleep(_PAUSE)
