"""Making the tables of an empty database, and refusing one that another version made.

`schema.sql` is one file for both engines; blocks between `-- only sqlite:` (or
`-- only postgresql:`) and `-- end` belong to one of them.
"""

from __future__ import annotations

import re

from sms_diary.db.base import Database, Engine, Queries
from sms_diary.errors import DatabaseError, DatabaseNewer

VERSION = 3
# A statement ends where the next line is empty or begins anew: the bodies of triggers do not.
_END = re.compile(r";\n(?=\n|create |--|\Z)")
_LIST = re.compile(r"\b(?!not\b)(\w+) in \(('[^)]*')\)")
_BLOCK = re.compile(r"^-- only (sqlite|postgresql):\n(.*?)^-- end\n", re.M | re.S)


def for_engine(text: str, engine: Engine) -> list[str]:
    """The statements of `schema.sql` for one engine, in order."""
    text = _BLOCK.sub(lambda m: m.group(2) if m.group(1) == engine else "", text)
    if engine == "sqlite":
        # Only this spelling makes the id the row's own address, without a second index.
        text = text.replace("bigint primary key", "integer primary key")
        text = _LIST.sub(_alternatives, text)
    return [statement for statement in _END.split(text) if _has_sql(statement)]


def _alternatives(match: re.Match[str]) -> str:
    """`a in ('x', 'y', 'z')` as `(a = 'x' or …)`: a quarter of the time of all our SQL.

    SQLite makes a table of the list anew for each row that it checks, and it does not see that a
    partial index over such a list serves a query for one of its members.
    """
    column, members = match.groups()
    return "(" + " or ".join(f"{column} = {member.strip()}" for member in members.split(",")) + ")"


def _has_sql(statement: str) -> bool:
    lines = (line.strip() for line in statement.splitlines())
    return any(line and not line.startswith("--") for line in lines)


async def prepare(database: Database, text: str) -> bool:
    """Create the tables if there are none; True if they were made just now.

    Raises DatabaseNewer when a newer version of the program made them.
    """
    async with database.transaction() as q:
        if q.engine == "postgresql":
            await q.all("select pg_advisory_xact_lock(7307001)")
        if not await _exists(q):
            for statement in for_engine(text, q.engine):
                await q.run(statement)
            await q.run(
                "insert into meta (name, value) values ('schema', :version)", version=str(VERSION)
            )
            return True
        row = await q.one("select value from meta where name = 'schema'")
    found = int(row["value"]) if row else 0
    if found > VERSION:
        raise DatabaseNewer(
            f"База данных сделана более новой версией программы (схема {found}, нужна {VERSION}). "
            "Обновите программу."
        )
    if found < VERSION:
        raise DatabaseError(
            f"Базу данных сделала прежняя версия программы (схема {found}, нужна {VERSION}), и "
            "перенести её нельзя: укажите пустую базу и загрузите школы и списки заново."
        )
    return False


async def _exists(q: Queries) -> bool:
    sql = q.only(
        sqlite="select 1 from sqlite_master where type = 'table' and name = 'meta'",
        postgresql="select 1 from pg_tables where schemaname = current_schema()"
        " and tablename = 'meta'",
    )
    return await q.one(sql) is not None
