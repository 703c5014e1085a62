"""`sms-diary backup …`: a whole copy, made while the service writes; and that one was made."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sms_diary.app import Base
from sms_diary.db import Database
from sms_diary.db.sqlite_copy import copy
from sms_diary.store import backups
from tests.test_admin_cli import Desk


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def pupils(file: Path) -> int:
    with closing(sqlite3.connect(file)) as own:
        [(problem,)] = own.execute("pragma integrity_check").fetchall()
        assert problem == "ok"
        return int(own.execute("select count(*) from pupil").fetchone()[0])


def test_a_copy_holds_what_the_database_holds_and_is_its_owners_alone(
    command: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "copy.db"
    code, out = command("backup", "make", str(file))
    assert code == 0, out
    assert "ключа в ней нет" in out
    assert pupils(file) == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy.db", "data"]
    code, out = command("backup", "make", str(file))
    assert (code, "уже есть" in out) == (2, True)
    assert command("backup", "make", str(tmp_path / "nowhere" / "copy.db"))[0] == 2


def test_a_copy_is_made_while_somebody_writes(tmp_path: Path) -> None:
    source = tmp_path / "diary.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table pupil (id integer primary key)")
        writer.execute("insert into pupil values (1)")
        writer.execute("begin immediate")
        writer.execute("insert into pupil values (2)")
        copy(source, tmp_path / "copy.db")
        writer.execute("commit")
    assert pupils(tmp_path / "copy.db") == 1, "as of one moment"


def test_a_copy_of_what_is_no_database_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "diary.db"
    source.write_bytes(b"not a database at all" * 100)
    with pytest.raises(OSError, match="Копия не записана"):
        copy(source, tmp_path / "copy.db")
    assert [one.name for one in tmp_path.iterdir()] == ["diary.db"]


def test_a_copy_made_by_other_means_is_noted(command: Desk) -> None:
    async def last(base: Base) -> int | None:
        async with base.database.reading() as q:
            return await backups.last(q)

    assert command.do(last) is None
    assert command("backup", "note") == (0, "Отмечено: копия базы сделана сейчас.\n")
    first = command.do(last)
    assert first is not None
    assert command("backup", "note")[0] == 0
    again = command.do(last)
    assert again is not None
    assert again >= first


async def test_the_last_copy_is_kept_on_both_engines(db: Database) -> None:
    async with db.transaction() as q:
        assert await backups.last(q) is None
        await backups.note(q, now=5)
        await backups.note(q, now=7)
        assert await backups.last(q) == 7
        file = await backups.file(q)
    assert (file is not None) == (q.engine == "sqlite")
    assert file is None or await asyncio.to_thread(file.exists)
