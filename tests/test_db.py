"""Both engines behind `Queries`: parameters, batches, transactions, the schema's own guards."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from sms_diary.db import Database, Queries, open_database
from sms_diary.db.schema import VERSION
from sms_diary.db.sqlite import SqliteDatabase
from sms_diary.errors import ConfigError, DatabaseError, DatabaseNewer
from tests.conftest import PostgresForTests

SIZES = (0, 1, 511, 512, 513, 2000)


async def _table(db: Database) -> None:
    async with db.transaction() as q:
        await q.run("create table thing (id bigint primary key, name text, raw bytea)")


async def _names(db: Database) -> list[str]:
    async with db.reading() as q:
        return [row["name"] for row in await q.all("select name from thing order by id")]


async def _set(db: Database, name: str) -> None:
    async with db.transaction() as q:
        await q.run("insert into thing (id, name) values (1, :name)", name=name)


@pytest.mark.parametrize("params", [{}, {"id": 1, "wrong": 2}, {"other": 1}])
async def test_unknown_and_missing_parameters_are_errors(
    db: Database, params: dict[str, Any]
) -> None:
    sql = "select 1 as one from meta where name <> ':no' and name <> :id"
    over = "with rows(x bigint) select x from rows where x > :id"
    async with db.reading() as q:
        for call in (q.all, q.one, q.run):
            with pytest.raises(TypeError, match="wanted"):
                await call(sql, **params)
        with pytest.raises(TypeError, match="wanted"):
            await q.over(over, [(1,)], **params)
        with pytest.raises(TypeError, match="wanted"):
            await q.many(sql, [params])


async def test_run_says_how_many_rows_changed(db: Database) -> None:
    await _table(db)
    async with db.transaction() as q:
        await q.insert("thing", "id, name", [(n, "a") for n in range(7)])
        assert await q.run("update thing set name = 'b' where id < :n", n=3) == 3
        assert await q.run("delete from thing where id > :n", n=5) == 1
        assert await q.run("update thing set name = 'c' where id = :n", n=100) == 0
        assert await q.run("insert into thing (id) values (:n)", n=100) == 1


async def test_run_counts_also_behind_a_common_table_expression(db: Database) -> None:
    await _table(db)
    async with db.transaction() as q:
        await q.insert("thing", "id, name", [(n, "a") for n in range(7)])
        changed = await q.run(
            """with few as (select id from thing where id < :n)
               update thing set name = 'b' where id in (select id from few)""",
            n=3,
        )
    assert changed == 3


@pytest.mark.parametrize("size", SIZES)
async def test_a_batch_of_any_size_gives_a_row_for_each_outcome(db: Database, size: int) -> None:
    await _table(db)
    rows = [(n, None if n % 3 else f"имя {n}", bytes([n % 256, 0])) for n in range(1, size + 1)]
    async with db.transaction() as q:
        await q.over(
            """with rows(id bigint, name text, raw bytea)
               insert into thing (id, name, raw) select id, name, raw from rows""",
            rows,
        )
        back = await q.over(
            """with rows(id bigint, name text, raw bytea)
               update thing set name = :said || ':::' || coalesce(rows.name, 'нет') from rows
               where thing.id = rows.id and thing.id > :least
               returning thing.id, thing.name, thing.raw""",
            rows,
            said="да",
            least=1,
        )
    assert sorted((row["id"], row["name"], bytes(row["raw"])) for row in back) == [
        (n, f"да:::{name or 'нет'}", raw) for n, name, raw in rows if n > 1
    ]


@pytest.mark.parametrize("size", SIZES)
async def test_a_bulk_insert_keeps_every_row(db: Database, size: int) -> None:
    await _table(db)
    rows = [(n, None if n % 2 else "a", None if n % 5 else b"\x00\xff") for n in range(size)]
    async with db.transaction() as q:
        await q.insert("thing", "id, name, raw", rows)
    async with db.reading() as q:
        found = await q.all("select id, name, raw from thing order by id")
    assert [(row["id"], row["name"], row["raw"]) for row in found] == rows


async def test_what_is_read_is_what_was_written_in_the_order_asked_for(db: Database) -> None:
    awkward = ["", "'\"\\ \u2028", "имя 🙂", "строка\nи\tещё", ":name $1 ?", "null", None]
    async with db.transaction() as q:
        await q.run("create table kept (id bigint primary key, name text, raw bytea, big bigint)")
        rows = [(n, name, bytes(range(n)), 2**63 - 1 - n) for n, name in enumerate(awkward)]
        await q.insert("kept", "id, name, raw, big", rows)
        back = await q.all("select id, name, raw, big from kept order by id desc")
        assert [tuple(row.values()) for row in back] == rows[::-1]
        joined = await q.over(
            """with rows(id bigint, n bigint)
               select kept.name, kept.raw, rows.n, kept.big from rows
               join kept on kept.id = rows.id where rows.n <> :not order by kept.id desc""",
            [(n, n + 100) for n in range(len(rows))],
            **{"not": 103},
        )
    expected = [(name, raw, n + 100, big) for n, name, raw, big in rows[::-1] if n != 3]
    assert [tuple(row.values()) for row in joined] == expected


async def test_a_row_of_the_wrong_width_is_an_error(db: Database) -> None:
    async with db.reading() as q:
        with pytest.raises(TypeError, match="2 values"):
            await q.over("with rows(a bigint, b text) select a from rows", [(1,), (2,)])


async def test_a_statement_for_many_rows_runs_for_each(db: Database) -> None:
    await _table(db)
    async with db.transaction() as q:
        await q.many(
            "insert into thing (name, id) values (:name, :id)",
            ({"id": n, "name": str(n)} for n in range(3)),
        )
    assert await _names(db) == ["0", "1", "2"]


async def test_an_exception_undoes_the_whole_transaction(db: Database) -> None:
    await _table(db)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as q:
            await q.run("insert into thing (id, name) values (1, 'a')")
            raise ZeroDivisionError
    assert await _names(db) == []


async def test_a_failed_statement_leaves_the_database_usable(db: Database) -> None:
    await _table(db)
    await _set(db, "a")
    with pytest.raises(Exception, match=r"(?i)unique"):
        await _set(db, "b")
    async with db.transaction() as q:
        await q.run("update thing set name = 'c'")
    assert await _names(db) == ["c"]


async def test_a_cancelled_transaction_is_undone_and_the_next_one_works(db: Database) -> None:
    await _table(db)
    inside = asyncio.Event()

    async def work() -> None:
        async with db.transaction() as q:
            await q.run("insert into thing (id, name) values (1, 'lost')")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _set(db, "kept")
    assert await _names(db) == ["kept"]


async def test_a_transaction_cancelled_at_any_await_leaves_no_trace_or_all_of_it(
    db: Database,
) -> None:
    await _table(db)

    async def work() -> None:
        async with db.transaction() as q:
            await q.run("delete from thing")
            await q.insert("thing", "id, name", [(1, "a"), (2, "b")])

    for turns in range(40):
        task = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await _names(db) in ([], ["a", "b"])
    await work()
    assert await _names(db) == ["a", "b"]


async def test_cancelled_readers_do_not_use_up_the_readers(db: Database) -> None:
    async def read() -> None:
        async with db.reading() as q:
            await q.all("select name from meta")

    for turns in range(40):
        task = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        # Twice: the second one comes while the first is being cleaned up after.
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(10):
        await read()


async def test_writers_do_not_lose_each_others_updates(db: Database) -> None:
    await _table(db)
    async with db.transaction() as q:
        await q.run("insert into thing (id, name) values (1, '')")
    lock = "" if db.engine == "sqlite" else "for update"

    async def append(letter: str) -> None:
        async with db.transaction() as q:
            row = await q.one(f"select name from thing where id = 1 {lock}")
            assert row is not None
            await q.run("update thing set name = :name", name=row["name"] + letter)

    await asyncio.gather(*map(append, "abcdef"))
    assert sorted((await _names(db))[0]) == list("abcdef")


async def test_a_reader_sees_one_moment_and_does_not_wait_for_a_writer(db: Database) -> None:
    await _table(db)
    await _set(db, "old")
    async with db.reading() as reader:
        assert await reader.all("select name from thing")
        async with db.transaction() as writer:
            await writer.run("update thing set name = 'new'")
            row = await reader.one("select name from thing")
            assert row is not None
            assert row["name"] == "old"
        row = await reader.one("select name from thing")
        assert row is not None
        assert row["name"] == "old"
    assert await _names(db) == ["new"]


async def test_a_reader_cannot_write(db: Database) -> None:
    async with db.reading() as q:
        with pytest.raises(Exception, match=r"(?i)read-?only"):
            await q.run("insert into meta (name, value) values ('a', 'b')")


async def test_the_tables_are_made_once(database_url: str) -> None:
    first, was_empty = await open_database(database_url)
    again, was_empty_again = await open_database(database_url)
    try:
        # The PostgreSQL of a test is a copy of one that has its tables already.
        assert was_empty is (first.engine == "sqlite")
        assert not was_empty_again
    finally:
        await first.close()
        await again.close()


async def test_two_processes_may_open_an_empty_database_at_once(tmp_path: Path) -> None:
    opened = await asyncio.gather(*(open_database(f"sqlite:{tmp_path}/a.db") for _ in range(3)))
    for database, _ in opened:
        await database.close()
    assert sorted(made for _, made in opened) == [False, False, True]


async def test_a_database_of_another_version_is_refused(database_url: str) -> None:
    for version, error in ((VERSION + 1, DatabaseNewer), (VERSION - 1, DatabaseError)):
        database, _ = await open_database(database_url)
        async with database.transaction() as q:
            await q.run("update meta set value = :v where name = 'schema'", v=str(version))
        await database.close()
        with pytest.raises(error, match="верси"):
            await open_database(database_url)
        await _set_version(database_url)


async def _set_version(url: str) -> None:
    if url.startswith("sqlite:"):
        database = await SqliteDatabase.open(Path(url.removeprefix("sqlite:")))
        async with database.transaction() as q:
            await q.run(f"update meta set value = '{VERSION}' where name = 'schema'")
        await database.close()
    else:
        connection = await asyncpg.connect(url)
        await connection.execute(f"update meta set value = '{VERSION}' where name = 'schema'")
        await connection.close()


async def test_an_address_of_no_engine_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="Не понят адрес") as refused:
        await open_database("mysql://diary:secret@localhost/diary")
    assert "secret" not in str(refused.value)


async def test_a_postgresql_that_may_forget_commits_is_refused(
    postgres: PostgresForTests,
) -> None:
    address = postgres.fresh()
    connection = await asyncpg.connect(address)
    name = await connection.fetchval("select current_database()")
    await connection.execute(f'alter database "{name}" set synchronous_commit = off')
    await connection.close()
    with pytest.raises(ConfigError, match="synchronous_commit"):
        await open_database(address)
    postgres.drop(address)


async def test_sqlite_keeps_what_it_commits_and_wipes_what_it_deletes(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    database = await SqliteDatabase.open(path)
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    async with database.transaction() as writer, database.reading() as reader:
        for q in (writer, reader):
            for name, value in wanted.items():
                row = await q.one(f"pragma {name}")
                assert row is not None
                assert row[0] == value, name
    await database.close()
    assert path.stat().st_mode & 0o077 == 0


async def test_the_ledger_can_only_grow(db: Database) -> None:
    async with db.transaction() as q:
        await q.run(
            """insert into ledger (id, school_id, seq, at, action, subject, scope, actor,
                                   commitment, prev, hash)
               values (1, 1, 1, 1, 'given', 's', 'x', 'a', 'c', 'p', 'h')"""
        )
    for sql in ("update ledger set at = 2", "delete from ledger"):
        with pytest.raises(Exception, match="append-only"):
            async with db.transaction() as q:
                await q.run(sql)
    if db.engine == "postgresql":
        with pytest.raises(Exception, match="append-only"):
            async with db.transaction() as q:
                await q.run("truncate ledger cascade")


async def test_a_message_without_a_ground_cannot_be_kept(db: Database) -> None:
    sql = """insert into message (id, school_id, number_id, ground, ledger_id, text, alphabet,
                                  parts, level, state, created_at, expires)
             values (1, 1, 1, :ground, :ledger_id, :text, 'ucs2', 1, 'full', 'open', 1, 2)"""
    for ground, ledger_id in (("consent", None), ("consent", 5), ("reply", None), ("", None)):
        with pytest.raises(Exception, match=r"(?i)check"):
            async with db.transaction() as q:
                await q.run(sql, ground=ground, ledger_id=ledger_id, text=b"")


# ---------------------------------------------------------------- all of a transaction at once

_COUNT = "select count(*) from meta where name like 'w%'"


async def _note(name: str, q: Queries) -> int:
    return await q.run("insert into meta (name, value) values (:name, '')", name=name)


async def test_work_is_committed_at_its_end_and_its_outcome_returned(db: Database) -> None:
    assert await db.write(partial(_note, "w1")) == 1
    assert await db.read(_noted) == 1


async def test_work_that_raises_leaves_nothing(db: Database) -> None:
    async def half_done(q: Queries) -> None:
        await _note("w1", q)
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await db.write(half_done)
    assert await db.read(_noted) == 0
    assert await db.write(partial(_note, "w1")) == 1


async def test_works_that_meet_are_carried_out_one_after_another(db: Database) -> None:
    async def next_one(q: Queries) -> None:
        await q.run("update meta set value = value || 'x' where name = 'w0'")

    await db.write(partial(_note, "w0"))
    await asyncio.gather(*(db.write(next_one, urgent=n % 2 == 0) for n in range(20)))
    async with db.reading() as q:
        row = await q.one("select value from meta where name = 'w0'")
    assert row is not None
    assert row["value"] == "x" * 20


async def test_reading_work_cannot_write(db: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"):
        await db.read(partial(_note, "w1"))
    assert await db.read(_noted) == 0


async def test_sqlite_work_that_waits_for_something_else_is_refused(tmp_path: Path) -> None:
    async def impatient(q: Queries) -> None:
        await _note("w1", q)
        await asyncio.sleep(0)

    database, _ = await open_database(f"sqlite:{tmp_path / 'db'}")
    try:
        with pytest.raises(RuntimeError, match="nothing but its queries"):
            await database.write(impatient)
        assert await database.read(_noted) == 0
    finally:
        await database.close()


async def test_who_cancels_sqlite_work_waits_for_its_end(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def slow(q: Queries) -> None:
        begun.set()
        go_on.wait(5)  # in the connection's thread: the event loop goes on
        await _note("w1", q)

    database, _ = await open_database(f"sqlite:{tmp_path / 'db'}")
    try:
        task = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        other = asyncio.create_task(database.write(partial(_note, "w2")))
        await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await other
        assert await database.read(_noted) == 2
    finally:
        await database.close()


async def _noted(q: Queries) -> int:
    row = await q.one(_COUNT)
    assert row is not None
    return int(row[0])
