"""When the database was last copied, as far as we were told. Copying is `db.sqlite_copy`'s, or
`pg_dump`'s."""

from __future__ import annotations

from pathlib import Path

from sms_diary.db import Queries

_NAME = "backup"


async def file(q: Queries) -> Path | None:
    """The file that the database lies in; None of PostgreSQL, which has none of its own."""
    if q.engine != "sqlite":
        return None
    row = await q.one("select file from pragma_database_list where name = 'main'")
    return Path(row["file"]) if row else None


async def note(q: Queries, *, now: int) -> None:
    """A copy is complete."""
    await q.run(
        """insert into meta (name, value) values (:name, :value)
           on conflict (name) do update set value = excluded.value""",
        name=_NAME,
        value=str(now),
    )


async def last(q: Queries) -> int | None:
    """Epoch milliseconds of the last one; None: nobody has said."""
    row = await q.one("select value from meta where name = :name", name=_NAME)
    return int(row["value"]) if row else None
