"""SQLite through aiosqlite: one writer behind a lock, readers of their own.

Coroutines that share a connection share its transaction, so the writer is locked for the
length of each transaction. WAL and `synchronous=FULL`: what is committed survives a power cut.
What a statement looks like for SQLite is `sqlite_queries.py`'s.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import aiosqlite

from sms_diary.db.base import Engine, Outcome, Queries, Work
from sms_diary.db.sqlite_queries import SqliteQueries
from sms_diary.db.turns import TurnLock
from sms_diary.errors import DatabaseError

_P = ParamSpec("_P")
_PRAGMAS = (
    "pragma page_size = 8192",  # of a new file; a batch touches fewer pages so
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    "pragma secure_delete = on",
    "pragma cache_size = -65536",
    "pragma temp_store = memory",
)


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
                yield SqliteQueries(partial(_inside, self._writer))
                # Inside: a commit that fails (no room on the disk) must not stay half done.
                await asyncio.shield(self._writer.commit())
            except BaseException:
                await asyncio.shield(_roll_back(self._writer))
                raise

    async def write(self, work: Work[Outcome], *, urgent: bool = False) -> Outcome:
        async with self._lock.held(urgent=urgent):
            # The lock must not be passed on while the thread is still at it.
            return await _to_the_end(_inside(self._writer, _written, work))

    async def read(self, work: Work[Outcome]) -> Outcome:
        connection = await self._readers.get()
        try:
            return await _to_the_end(_inside(connection, _read, work))
        finally:
            self._readers.put_nowait(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Queries]:
        connection = await self._readers.get()
        try:
            await connection.execute("begin")
            yield SqliteQueries(partial(_inside, connection))
        finally:
            try:
                await asyncio.shield(_roll_back(connection))
            finally:
                self._readers.put_nowait(connection)

    async def purge(self, tables: Sequence[str]) -> bool:  # noqa: ARG002  # one file, one log
        async with self._lock.held(urgent=False):
            done = await self._writer.execute_fetchall("pragma wal_checkpoint(truncate)")
        busy: int = next(iter(done))[0]
        return not busy

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


async def _to_the_end(working: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Its outcome; a caller who is cancelled meanwhile is so once it has ended."""
    task = asyncio.ensure_future(working)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as wish:
            cancelled = wish
    if cancelled is not None:
        task.exception()  # nobody is left to be told
        raise cancelled
    return task.result()


async def _inside(
    connection: aiosqlite.Connection,
    function: Callable[Concatenate[sqlite3.Connection, _P], Outcome],
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> Outcome:
    """Call `function` with the driver's connection, in the thread that it belongs to.

    aiosqlite's own methods go the same way, one statement a hop; a hop costs as much as a small
    statement, and a whole transaction can be one (docs/decisions/0007).
    """
    execute: Any = connection._execute
    found: Outcome = await execute(function, connection._conn, *args, **kwargs)
    return found


def _written(connection: sqlite3.Connection, work: Work[Outcome]) -> Outcome:
    try:
        connection.execute("begin immediate")
        outcome = _carried_out(connection, work)
        # Inside: a commit that fails (no room on the disk) must not stay half done.
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return outcome


def _read(connection: sqlite3.Connection, work: Work[Outcome]) -> Outcome:
    connection.execute("begin")
    try:
        return _carried_out(connection, work)
    finally:
        connection.rollback()


def _carried_out(connection: sqlite3.Connection, work: Work[Outcome]) -> Outcome:
    """The coroutine driven to its end: its queries never wait, and there is nothing else."""

    async def run(function: Callable[..., Any], *args: Any) -> Any:
        return function(connection, *args)

    driven = work(SqliteQueries(run)).__await__()
    try:
        next(driven)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
    raise RuntimeError("the work of a transaction may wait for nothing but its queries")
