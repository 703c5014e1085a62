"""SMS that wait for a person: read, and marked as handled by one.

A school sees those of numbers that one of its guardians has, if they concern it (`addressed`).
What concerns none of a number's schools for certain is read by those who run the service.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sms_diary.db import Queries, Row
from sms_diary.store import addressed
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Waiting:
    """One such SMS; `text` is "" when its retention is over."""

    id: int
    at: int
    number: str
    reception: str
    text: str


_SEEN = """i.state = 'waiting' and (:any_school = 1 or exists (
    select 1 from guardian g where g.number_id = i.number_id and g.school_id = :school_id))"""
_COLUMNS = "i.*, n.sealed"


async def waiting(q: Queries, tools: Tools, *, school_id: int | None, limit: int) -> list[Waiting]:
    """The SMS that nobody has handled yet, oldest first; of one school, or (None) all.

    At most `limit` are looked at.
    """
    rows = await q.all(
        f"""select {_COLUMNS} from inbound i join number n on n.id = i.number_id
            where {_SEEN} order by i.id limit :limit""",
        limit=limit,
        **_school(school_id),
    )
    own = await _own(q, tools, rows, school_id)
    return [_waiting(tools, row) for row in rows if row["id"] in own]


async def find(
    q: Queries, tools: Tools, inbound_id: int, *, school_id: int | None
) -> Waiting | None:
    """One of them; None where there is none, or not for this school to see."""
    row = await q.one(
        f"""select {_COLUMNS} from inbound i join number n on n.id = i.number_id
            where i.id = :id and {_SEEN}""",
        id=inbound_id,
        **_school(school_id),
    )
    if row is None or not await _own(q, tools, [row], school_id):
        return None
    return _waiting(tools, row)


async def done(
    q: Queries, tools: Tools, inbound_id: int, *, school_id: int | None, by: str, now: int
) -> bool:
    """Mark one as handled by this person; False where none of it waits for this school."""
    if await find(q, tools, inbound_id, school_id=school_id) is None:
        return False
    changed = await q.run(
        """update inbound set state = 'done', handled_by = :by, handled_at = :now
           where state = 'waiting' and id = :id""",
        id=inbound_id,
        by=by,
        now=now,
    )
    return changed == 1


async def _own(
    q: Queries, tools: Tools, rows: Sequence[Row], school_id: int | None
) -> Collection[int]:
    if school_id is None:
        return {row["id"] for row in rows}
    return await addressed.readable(q, tools, school_id, rows)


def _school(school_id: int | None) -> dict[str, int]:
    return {"any_school": int(school_id is None), "school_id": school_id or 0}


def _waiting(tools: Tools, row: Row) -> Waiting:
    text = row["text"]
    return Waiting(
        id=row["id"],
        at=row["at"],
        number=tools.vault.text(row["sealed"], "number.sealed", row["number_id"]),
        reception=row["reception"],
        text=tools.vault.text(text, "inbound.text", row["id"]) if text else "",
    )
