"""SQL for SQLite: batches as one statement, many rows back as one value.

Fetched one by one, each row would wait for the interpreter's lock behind the event loop
(docs/decisions/0002). Connections and transactions are `sqlite.py`'s.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from pydantic_core import from_json

from sms_diary.db import sql as reading_sql
from sms_diary.db.base import Engine, Row

_CHUNK = 500
_SELECT = re.compile(r"\s*select\b")
BLOBS = frozenset({
    "body", "body_hash", "digest", "idx", "raw", "salt", "sealed", "secret", "text", "token_hash",
})  # fmt: skip
"""Names of the `bytea` columns of `schema.sql`, which JSON cannot hold as they are."""
_NAMES: dict[str, tuple[str, ...]] = {}
_JOIN = re.compile(r"(?<!left )(?<!cross )\bjoin\b")
Run = Callable[..., Awaitable[Any]]


def _fetched(connection: sqlite3.Connection, sql: str, params: Any) -> list[Row]:
    return connection.execute(sql, params).fetchall()


def _changed(connection: sqlite3.Connection, sql: str, params: Any) -> int:
    return connection.execute(sql, params).rowcount


def _each(connection: sqlite3.Connection, sql: str, rows: Any) -> None:
    connection.executemany(sql, rows)


def _column_names(connection: sqlite3.Connection, sql: str, params: Any) -> tuple[str, ...]:
    return tuple(column[0] for column in connection.execute(sql, params).description)


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
    """`Queries` over one SQLite connection; `run` calls a function with it, in its thread."""

    engine: Engine = "sqlite"

    def __init__(self, run: Run) -> None:
        self._run = run

    async def all(self, sql: str, **params: Any) -> Sequence[Row]:
        reading_sql.check(sql, params)
        if not _SELECT.match(sql):
            return list(await self._run(_fetched, sql, params))
        columns = await self._columns(sql, sql, params)
        return await self._packed(_packed(sql, columns), columns, params)

    async def one(self, sql: str, **params: Any) -> Row | None:
        reading_sql.check(sql, params)
        rows = await self._run(_fetched, sql, params)
        return rows[0] if rows else None

    async def _columns(self, key: str, sql: str, params: Any) -> tuple[str, ...]:
        """What the columns of a query are called; asked of the engine once."""
        if key not in _NAMES:
            _NAMES[key] = await self._run(_column_names, f"select * from ({sql}) limit 0", params)
        return _NAMES[key]

    async def _packed(self, sql: str, columns: tuple[str, ...], params: Any) -> list[Row]:
        [[text]] = await self._run(_fetched, sql, params)
        rows: list[Row] = from_json(text)
        for name in BLOBS.intersection(columns):
            for row in rows:
                if row[name] is not None:
                    row[name] = bytes.fromhex(row[name])
        return rows

    async def run(self, sql: str, **params: Any) -> int:
        reading_sql.check(sql, params)
        changed: int = await self._run(_changed, sql, params)
        if changed < 0 and sql.lstrip().startswith("with "):
            # The driver counts only for statements that begin with their verb.
            row = await self.one("select changes()")
            return int(row[0]) if row else 0
        return max(changed, 0)

    async def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        rows = list(rows)
        if rows:
            reading_sql.check(sql, rows[0])
            await self._run(_each, sql, rows)

    async def insert(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            # One step of the engine a chunk: executemany would let go of the interpreter's lock
            # and stand in line for it again with every row.
            width = len(reading_sql.column_list(columns))
            for chunk, count in _chunks(rows):
                await self._run(
                    _changed,
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
                found.extend(await self._run(_fetched, batch + rest, values))
                continue
            names = await self._columns(sql, batch + rest, values)
            found.extend(await self._packed(batch + _packed(rest, names), names, values))
        return found

    def only(self, *, sqlite: str = "", postgresql: str = "") -> str:
        return {"sqlite": sqlite, "postgresql": postgresql}[self.engine]
