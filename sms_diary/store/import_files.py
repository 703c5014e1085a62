"""The files of an import themselves, sealed, while nobody has applied it: to be read once more in
another way. They go with its first chunk, or with a plan that nobody wants.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from sms_diary.db import Queries
from sms_diary.store.tools import Tools

_FILE = "file"


async def add(
    q: Queries, tools: Tools, school_id: int, import_id: int, place: int, body: bytes, *, now: int
) -> None:
    """Keep the file that the import names in this place (from 0)."""
    chunk_id = tools.ids.new()
    sealed = tools.vault.seal(body, "import_chunk.body", chunk_id)
    await q.insert(
        "import_chunk",
        "id, import_id, school_id, seq, kind, body, at",
        [(chunk_id, import_id, school_id, -place - 1, _FILE, sealed, now)],
    )


async def of_import(
    q: Queries, tools: Tools, school_id: int, import_id: int
) -> AsyncIterator[bytes]:
    """The files in their order, one in memory at a time; none once they are gone."""
    rows = await q.all(
        """select id from import_chunk
           where import_id = :import_id and school_id = :school_id and kind = 'file'
           order by seq desc""",
        import_id=import_id,
        school_id=school_id,
    )
    for row in rows:
        one = await q.one("select body from import_chunk where id = :id", id=row["id"])
        assert one is not None
        yield tools.vault.open(one["body"], "import_chunk.body", row["id"])


async def discard(q: Queries, school_id: int, import_id: int) -> bool:
    """Drop a plan of which nothing is applied, with all that was read of it; False if there is
    none."""
    row = await q.one(
        f"""select id from import where id = :id and school_id = :school_id and done = 0
            and (state = 'planned' or state = 'failed') {q.only(postgresql="for update")}""",
        id=import_id,
        school_id=school_id,
    )
    if row is None:
        return False
    await q.run("delete from import_chunk where import_id = :id", id=import_id)
    await q.run("delete from import where id = :id", id=import_id)
    return True
