"""Imports as the desk lists them; their reports, which are sealed and may be long, apart."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sms_diary.db import Queries, Row
from sms_diary.store.imports import State
from sms_diary.store.tools import Tools
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


_MOST = 256 * 1024
"""Bytes of a report that is opened for a list."""
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


async def reports(
    q: Queries, tools: Tools, school_id: int, import_ids: Iterable[int]
) -> dict[int, bytes]:
    """Import -> its report, of those of the school's that have one and no very long one."""
    rows = await q.over(
        """with rows(id bigint)
           select import.id, import.body from rows join import on import.id = rows.id
           where import.school_id = :school_id and length(import.body) <= :most""",
        sorted((import_id,) for import_id in import_ids),
        school_id=school_id,
        most=_MOST,
    )
    return {
        row["id"]: tools.vault.open(row["body"], "import.body", row["id"]) for row in rows
    }  # fmt: skip


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


async def unfinished(q: Queries, school_id: int, *, since: int, before: int) -> dict[State, int]:
    """How many imports begun in between (epoch milliseconds) came to no end that anybody chose:
    not read, read and not applied, or broken off while they were applied."""
    rows = await q.all(
        """select state, count(*) as n from import
           where school_id = :school_id and body is not null and at >= :since and at < :before
             and state in ('planned', 'applying', 'failed') group by state""",
        school_id=school_id,
        since=since,
        before=before,
    )
    return {State(row["state"]): row["n"] for row in rows}


def _listed(row: Row) -> Listed:
    files = tuple(json.loads(row["options"]).get("files", ()))
    return Listed(
        row["id"], State(row["state"]), files, row["chunks"], row["done"], row["at"], row["by"],
        row["applied_at"], row["undone_at"],
    )  # fmt: skip
