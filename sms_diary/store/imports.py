"""Imports of files: planned, applied, undone; their chunks, and what they have made.

What a chunk says is `ingest.imports.chunks`'; here it is sealed bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sms_diary.clock import DAY
from sms_diary.db import Queries, Row
from sms_diary.store.tools import Tools
from sms_diary.values import value

KEPT = 7 * DAY
"""How long a plan waits to be applied; then what was read of its files goes."""


class State(StrEnum):
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDONE = "undone"
    FAILED = "failed"


STATE_RU: dict[State, str] = {
    State.PLANNED: "проверено, не применено",
    State.APPLYING: "применяется",
    State.APPLIED: "применено",
    State.UNDONE: "отменено",
    State.FAILED: "файлы не прочитаны",
}


@value
class Import:
    """`options` is what was said of the files; `done` of `chunks` are applied."""

    id: int
    school_id: int
    state: State
    options: Mapping[str, Any]
    chunks: int
    done: int
    report: bytes | None
    at: int
    by: str
    applied_at: int | None


async def add(
    q: Queries, school_id: int, import_id: int, *, digest: bytes, options: Mapping[str, Any],
    by: str, now: int,
) -> None:  # fmt: skip
    """A plan in the making. Older plans of the school that nobody applied lose their chunks."""
    await q.run(
        "delete from import_chunk where school_id = :school_id and at < :before",
        school_id=school_id,
        before=now - KEPT,
    )
    await q.insert(
        "import",
        "id, school_id, state, digest, options, at, by",
        [(import_id, school_id, "planned", digest, json.dumps(options, ensure_ascii=False), now,
          by)],
    )  # fmt: skip


async def add_chunk(
    q: Queries, tools: Tools, school_id: int, import_id: int, seq: int, *, kind: str, body: bytes,
    now: int,
) -> None:  # fmt: skip
    chunk_id = tools.ids.new()
    sealed = tools.vault.seal(body, "import_chunk.body", chunk_id)
    await q.insert(
        "import_chunk",
        "id, import_id, school_id, seq, kind, body, at",
        [(chunk_id, import_id, school_id, seq, kind, sealed, now)],
    )


async def planned(
    q: Queries, tools: Tools, school_id: int, import_id: int, *, chunks: int, report: bytes
) -> None:
    """The plan is whole: so many chunks, and what they would do."""
    await q.run(
        """update import set chunks = :chunks, body = :report
           where id = :id and school_id = :school_id""",
        chunks=chunks,
        report=tools.vault.seal(report, "import.body", import_id),
        id=import_id,
        school_id=school_id,
    )


async def find(
    q: Queries, tools: Tools, school_id: int, import_id: int, *, lock: bool = False
) -> Import | None:
    row = await q.one(
        f"""select * from import where id = :id and school_id = :school_id
            {q.only(postgresql="for update") if lock else ""}""",
        id=import_id,
        school_id=school_id,
    )
    return _import(row, tools) if row else None


async def page(
    q: Queries, tools: Tools, school_id: int, *, before: int = 0, limit: int = 20
) -> list[Import]:
    """The school's imports, the last one first."""
    rows = await q.all(
        """select * from import where school_id = :school_id and (id < :before or :before = 0)
           order by id desc limit :limit""",
        school_id=school_id,
        before=before,
        limit=limit,
    )
    return [_import(row, tools) for row in rows]


def _import(row: Row, tools: Tools) -> Import:
    report = row["body"]
    return Import(
        row["id"], row["school_id"], State(row["state"]), json.loads(row["options"]),
        row["chunks"], row["done"],
        tools.vault.open(report, "import.body", row["id"]) if report else None,
        row["at"], row["by"], row["applied_at"],
    )  # fmt: skip


async def chunk(
    q: Queries, tools: Tools, school_id: int, import_id: int, seq: int
) -> tuple[str, bytes] | None:
    """The kind and body of one chunk; None once it is gone."""
    row = await q.one(
        """select id, kind, body from import_chunk
           where import_id = :import_id and seq = :seq and school_id = :school_id""",
        import_id=import_id,
        seq=seq,
        school_id=school_id,
    )
    return (
        (row["kind"], tools.vault.open(row["body"], "import_chunk.body", row["id"]))
        if row
        else None
    )


async def advance(
    q: Queries, school_id: int, import_id: int, *, done: int, now: int, last: bool
) -> None:
    """So many chunks are applied; after the last one the import is, and none of them is kept."""
    await q.run(
        """update import set done = :done, state = :state, applied_at = :now
           where id = :id and school_id = :school_id""",
        done=done,
        state=str(State.APPLIED if last else State.APPLYING),
        now=now,
        id=import_id,
        school_id=school_id,
    )
    await q.run(
        """delete from import_chunk where import_id = :import_id and school_id = :school_id
           and seq < :done""",
        import_id=import_id,
        school_id=school_id,
        done=done,
    )


async def set_state(q: Queries, school_id: int, import_id: int, state: State, *, now: int) -> None:
    await q.run(
        """update import set state = :state, undone_at = :undone_at
           where id = :id and school_id = :school_id""",
        state=str(state),
        undone_at=now if state is State.UNDONE else None,
        id=import_id,
        school_id=school_id,
    )


async def forget(q: Queries, school_id: int, before: int) -> None:
    """What old imports hold beside their reports: chunks that nobody applied, former values."""
    await q.run(
        "delete from import_chunk where school_id = :school_id and at <= :before",
        school_id=school_id,
        before=before,
    )
    await q.run(
        """delete from import_was where import_id in (
               select id from import where school_id = :school_id and at <= :before)""",
        school_id=school_id,
        before=before,
    )


# ---------------------------------------------------------------- what it made


async def note_made(q: Queries, import_id: int, what: str, made: Iterable[tuple[int, str]]) -> None:
    """Keep what was made, as (id, what was before); what is noted already stays as it is."""
    await q.over(
        """with rows(id bigint, was text)
           insert into import_made (import_id, what, id, was)
           select :import_id, :what, id, was from rows where true on conflict do nothing""",
        sorted(dict(made).items()),
        import_id=import_id,
        what=what,
    )


async def made(q: Queries, import_id: int) -> dict[str, dict[int, str]]:
    """What the import made: kind → id → what was before."""
    rows = await q.all(
        "select what, id, was from import_made where import_id = :import_id order by id",
        import_id=import_id,
    )
    found: dict[str, dict[int, str]] = {}
    for row in rows:
        found.setdefault(row["what"], {})[row["id"]] = row["was"]
    return found


async def note_entries(q: Queries, import_id: int, entry_ids: Sequence[int]) -> None:
    """Keep these entries as they are now: the import is about to change them."""
    await q.over(
        """with rows(id bigint)
           insert into import_was (import_id, entry_id, value, body)
           select :import_id, entry.id, entry.value, entry.body
           from rows join entry on entry.id = rows.id where true on conflict do nothing""",
        [(one,) for one in sorted(set(entry_ids))],
        import_id=import_id,
    )


DELIVERIES = (
    "delivery.school_id = :school_id and delivery.source = 'file'"
    " and delivery.request_id like :requests"
)
"""The deliveries of one import, by the names of its chunks."""


async def delivery_of(q: Queries, school_id: int, import_id: int, seq: int) -> int:
    """The delivery that a chunk has become."""
    row = await q.one(
        """select id from delivery where school_id = :school_id and source = 'file'
           and request_id = :request_id""",
        school_id=school_id,
        request_id=request_id(import_id, seq),
    )
    assert row is not None
    return int(row["id"])


def request_id(import_id: int, seq: int) -> str:
    """How the delivery of a chunk is called."""
    return f"import-{import_id}-{seq}"


def requests(import_id: int) -> str:
    """The pattern of all of them."""
    return f"import-{import_id}-%"
