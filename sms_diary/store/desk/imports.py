"""Imports as the desk lists them: without their reports, which are sealed and may be long."""

from __future__ import annotations

import json

from sms_diary.db import Queries, Row
from sms_diary.store.imports import State
from sms_diary.values import value


@value
class Listed:
    """`done` of `chunks` are applied; moments in epoch milliseconds."""

    id: int
    state: State
    files: tuple[str, ...]
    chunks: int
    done: int
    at: int
    by: str
    applied_at: int | None
    undone_at: int | None


_COLUMNS = "id, state, options, chunks, done, at, by, applied_at, undone_at"


async def page(q: Queries, school_id: int, *, before: int, limit: int) -> list[Listed]:
    """The school's imports older than `before`, the newest first."""
    rows = await q.all(
        f"""select {_COLUMNS} from import where school_id = :school_id and id < :before
            order by id desc limit :limit""",
        school_id=school_id,
        before=before,
        limit=limit,
    )
    return [_listed(row) for row in rows]


async def same(q: Queries, school_id: int, import_id: int) -> Listed | None:
    """The last import of the very same files that was applied before, if there is one."""
    rows = await q.all(
        f"""select {_COLUMNS} from import where school_id = :school_id and state = 'applied'
            and id < :id and digest = (select digest from import
                                       where id = :id and school_id = :school_id)
            order by id desc limit 1""",
        school_id=school_id,
        id=import_id,
    )
    return _listed(rows[0]) if rows else None


def _listed(row: Row) -> Listed:
    files = tuple(json.loads(row["options"]).get("files", ()))
    return Listed(
        row["id"], State(row["state"]), files, row["chunks"], row["done"], row["at"], row["by"],
        row["applied_at"], row["undone_at"],
    )  # fmt: skip
