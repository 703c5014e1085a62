"""The files of an import themselves, sealed, while nobody has applied it: to be read once more in
another way. They go with its first chunk, or with a plan that nobody wants.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries
from sms_diary.store.tools import Tools

_FILE = "file"


async def add(
    q: Queries, tools: Tools, school_id: int, import_id: int, bodies: Sequence[bytes], *, now: int
) -> None:
    """Keep the files, in the order in which the import names them."""
    for at, body in enumerate(bodies):
        chunk_id = tools.ids.new()
        sealed = tools.vault.seal(body, "import_chunk.body", chunk_id)
        await q.insert(
            "import_chunk",
            "id, import_id, school_id, seq, kind, body, at",
            [(chunk_id, import_id, school_id, -at - 1, _FILE, sealed, now)],
        )


async def of_import(q: Queries, tools: Tools, school_id: int, import_id: int) -> list[bytes]:
    """The files in their order; [] once they are gone."""
    rows = await q.all(
        """select id, body from import_chunk
           where import_id = :import_id and school_id = :school_id and kind = 'file'
           order by seq desc""",
        import_id=import_id,
        school_id=school_id,
    )
    return [tools.vault.open(row["body"], "import_chunk.body", row["id"]) for row in rows]


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
