"""SQLite through aiosqlite: one writer behind a lock, readers of their own.

Coroutines that share a connection share its transaction, so the writer is locked for the
length of each transaction. Many rows come back as one value: fetched one by one, each would wait
for the interpreter's lock behind the event loop (docs/decisions/0002). WAL and
`synchronous=FULL`: what is committed survives a power cut.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import aiosqlite
from pydantic_core import from_json

from sms_diary.db import sql as reading_sql
from sms_diary.db.base import Engine, Queries, Row
from sms_diary.db.turns import TurnLock
from sms_diary.errors import DatabaseError

_CHUNK = 500
_SELECT = re.compile(r"\s*select\b")
BLOBS = frozenset({
    "body", "body_hash", "digest", "idx", "raw", "salt", "sealed", "secret", "text", "token_hash",
})  # fmt: skip
"""Names of the `bytea` columns of `schema.sql`, which JSON cannot hold as they are."""
_NAMES: dict[str, tuple[str, ...]] = {}
_JOIN = re.compile(r"(?<!left )(?<!cross )\bjoin\b")
_PRAGMAS = (
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    "pragma secure_delete = on",
    "pragma cache_size = -65536",
    "pragma temp_store = memory",
)


@lru_cache(maxsize=512)
def _over(sql: str, count: int) -> tuple[str, str]:
    """The batch of `count` rows and the statement over it; rows of nulls fill it up.

    Only powers of two are asked for, so each statement is prepared at most ten times.
    """
    columns, rest = reading_sql.header(sql)
    names = ", ".join(name for name, _ in columns)
    row = f"({', '.join('?' * len(columns))})"
    values = ", ".join([row] * count)
    # Named parameters of `rest` are numbered after the positional ones.
    rest = reading_sql.numbered(rest, len(columns) * count + 1).replace("$", "?")
    # The batch leads and the tables follow in the order they are written: without statistics
    # the planner may put a whole table before a batch of unknown size.
    rest = _JOIN.sub("cross join", rest)
    body = f"select * from (values {values}) where column1 is not null"
    return f"with rows({names}) as ({body})", rest


@lru_cache(maxsize=512)
def _packed(sql: str, columns: tuple[str, ...]) -> str:
    """The query with all its rows in one value."""
    pairs = ", ".join(
        f"'{name}', iif({name} is null, null, hex({name}))"
        if name in BLOBS
        else f"'{name}', {name}"
        for name in columns
    )
    return f" select json_group_array(json_object({pairs})) from ({sql})"


@lru_cache(maxsize=512)
def _insert(table: str, columns: str, count: int, *, exact: bool) -> str:
    row = f"({', '.join('?' * len(reading_sql.column_list(columns)))})"
    values = ", ".join([row] * count)
    if exact:
        return f"insert into {table} ({columns}) values {values}"
    return (
        f"insert into {table} ({columns}) select * from (values {values}) where column1 is not null"
    )


def _chunks(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Sequence[Sequence[Any]], int]]:
    """Up to 500 rows each, and what they are filled up to: a power of two, or 500."""
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        yield chunk, min(_CHUNK, 1 << (len(chunk) - 1).bit_length())


def _values(chunk: Sequence[Sequence[Any]], width: int, count: int) -> list[Any]:
    values = list(chain.from_iterable(chunk))
    if len(values) != len(chunk) * width:
        raise TypeError(f"a row of this batch has not {width} values")
    values.extend([None] * ((count - len(chunk)) * width))
    return values


class SqliteQueries:
    """`Queries` over one aiosqlite connection."""

    engine: Engine = "sqlite"

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def all(self, sql: str, **params: Any) -> Sequence[Row]:
        reading_sql.check(sql, params)
        if not _SELECT.match(sql):
            return list(await self._connection.execute_fetchall(sql, params))
        columns = await self._columns(sql, sql, params)
        return await self._packed(_packed(sql, columns), columns, params)

    async def one(self, sql: str, **params: Any) -> Row | None:
        reading_sql.check(sql, params)
        rows = list(await self._connection.execute_fetchall(sql, params))
        return rows[0] if rows else None

    async def _columns(self, key: str, sql: str, params: Any) -> tuple[str, ...]:
        """What the columns of a query are called; asked of the engine once."""
        if key not in _NAMES:
            cursor = await self._connection.execute(f"select * from ({sql}) limit 0", params)
            _NAMES[key] = tuple(column[0] for column in cursor.description)
            await cursor.close()
        return _NAMES[key]

    async def _packed(self, sql: str, columns: tuple[str, ...], params: Any) -> list[Row]:
        [[text]] = await self._connection.execute_fetchall(sql, params)
        rows: list[Row] = from_json(text)
        for name in BLOBS.intersection(columns):
            for row in rows:
                if row[name] is not None:
                    row[name] = bytes.fromhex(row[name])
        return rows

    async def run(self, sql: str, **params: Any) -> int:
        reading_sql.check(sql, params)
        cursor = await self._connection.execute(sql, params)
        changed = cursor.rowcount
        await cursor.close()
        if changed < 0 and sql.lstrip().startswith("with "):
            # The driver counts only for statements that begin with their verb.
            row = await self.one("select changes()")
            return int(row[0]) if row else 0
        return max(changed, 0)

    async def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        rows = list(rows)
        if rows:
            reading_sql.check(sql, rows[0])
            await self._connection.executemany(sql, rows)

    async def insert(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            # One step of the engine a chunk: executemany would let go of the interpreter's lock
            # and stand in line for it again with every row.
            width = len(reading_sql.column_list(columns))
            for chunk, count in _chunks(rows):
                await self._connection.execute_fetchall(
                    _insert(table, columns, count, exact=count == len(chunk)),
                    _values(chunk, width, count),
                )

    async def over(self, sql: str, rows: Sequence[Sequence[Any]], **params: Any) -> list[Row]:
        columns, rest = reading_sql.header(sql)
        reading_sql.check(rest, params)
        named = [params[name] for name in reading_sql.names(rest)]
        found: list[Row] = []
        for chunk, count in _chunks(rows):
            values = _values(chunk, len(columns), count) + named
            batch, rest = _over(sql, count)
            if not _SELECT.match(rest):
                found.extend(await self._connection.execute_fetchall(batch + rest, values))
                continue
            names = await self._columns(sql, batch + rest, values)
            found.extend(await self._packed(batch + _packed(rest, names), names, values))
        return found

    def only(self, *, sqlite: str = "", postgresql: str = "") -> str:
        return {"sqlite": sqlite, "postgresql": postgresql}[self.engine]


class SqliteDatabase:
    """An open SQLite file. Always close it: a live connection hangs the interpreter's exit."""

    engine: Engine = "sqlite"

    def __init__(
        self, path: Path, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]
    ) -> None:
        self._path = path
        self._file = path.stat()
        self._writer = writer
        self._lock = TurnLock()
        self._readers: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._all = [writer, *readers]
        for reader in readers:
            self._readers.put_nowait(reader)

    @classmethod
    async def open(cls, path: Path, *, readers: int = 2, wait: float = 10.0) -> SqliteDatabase:
        """`wait`: seconds for which a statement waits while another program holds the file."""
        opened: list[aiosqlite.Connection] = []
        try:
            for number in range(1 + readers):
                connection = await aiosqlite.connect(
                    path, isolation_level=None, timeout=wait, cached_statements=512
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
        return cls(path, opened[0], opened[1:])

    @asynccontextmanager
    async def transaction(self, *, urgent: bool = False) -> AsyncIterator[Queries]:
        async with self._lock.held(urgent=urgent):
            try:
                await self._writer.execute("begin immediate")
                yield SqliteQueries(self._writer)
                # Inside: a commit that fails (no room on the disk) must not stay half done.
                await asyncio.shield(self._writer.commit())
            except BaseException:
                await asyncio.shield(_roll_back(self._writer))
                raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Queries]:
        connection = await self._readers.get()
        try:
            await connection.execute("begin")
            yield SqliteQueries(connection)
        finally:
            try:
                await asyncio.shield(_roll_back(connection))
            finally:
                self._readers.put_nowait(connection)

    async def check(self) -> None:
        async with self.reading() as q:
            await q.one("select value from meta where name = 'schema'")
        # An open file outlives its name: without this, all would go on into a file that nobody
        # will ever see again.
        if not os.path.samestat(self._file, self._path.stat()):
            raise DatabaseError("the database file was replaced")

    async def close(self) -> None:
        for connection in self._all:
            await connection.close()


async def _roll_back(connection: aiosqlite.Connection) -> None:
    # Goes through the connection's own queue, so it runs after whatever was cancelled.
    await connection.rollback()
