"""Pieces of long SMS from phones, kept until their text is whole or given up.

Here is their table. The text that they become is an SMS like any other: `inbound.py`'s, and so
is the lock, one route at a time, under which all of this runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sms_diary.channels.base import Piece
from sms_diary.clock import MINUTE
from sms_diary.db import Queries
from sms_diary.store.tools import Tools

PATIENCE = 2 * MINUTE
"""How long a piece waits for the others, by the diary's clock."""
MOST_WAITING = 255
"""Pieces of one number that may wait: as many as the longest text has. Beyond, the oldest are
not waited for any more, so that no phone fills the database with texts it never ends."""

_COLUMNS = "id, route, number_id, reception, idx, total, seq, coding, sealed, raw, digest, at, due"


@dataclass(frozen=True, slots=True)
class Came:
    """A piece as it came, and how it is known: `digest` if it comes again."""

    number_id: int
    reception: str
    piece: Piece
    raw: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A piece that waits; `raw` and `piece` are unsealed (`way` and `reference` are not kept)."""

    id: int
    idx: bytes
    number_id: int
    reception: str
    piece: Piece
    raw: bytes
    digest: bytes
    at: int


async def add_new(
    q: Queries, tools: Tools, route: str, came: Mapping[bytes, Came], *, since: int, now: int
) -> int:
    """Keep the pieces, by their digest, that neither wait nor came after `since`; how many.

    A text that is whole with them is due at once.
    """
    known = await q.over(
        """with rows(number_id bigint, digest bytea)
           select p.digest from rows
           join inbound_piece p on p.number_id = rows.number_id and p.digest = rows.digest
           where p.at > :since or p.inbound_id is null""",
        sorted((one.number_id, one.digest) for one in came.values()),
        since=since,
    )
    seen = {bytes(row["digest"]) for row in known}
    fresh = [one for digest, one in came.items() if digest not in seen]
    rows = [_row(tools, route, one, now) for one in fresh]
    await q.insert("inbound_piece", _COLUMNS, rows)
    await _hasten_whole(q, {row[4] for row in rows}, now)
    await _hasten_excess(q, route, {one.number_id for one in fresh}, now)
    return len(rows)


def _row(tools: Tools, route: str, came: Came, now: int) -> tuple[Any, ...]:
    piece_id, piece = tools.ids.new(), came.piece
    return (
        piece_id, route, came.number_id, came.reception, _index(tools, route, came), piece.total,
        piece.seq, piece.coding, tools.vault.seal(piece.octets, "inbound_piece.sealed", piece_id),
        tools.vault.seal(came.raw, "inbound_piece.raw", piece_id), came.digest, now, now + PATIENCE,
    )  # fmt: skip


def _index(tools: Tools, route: str, came: Came) -> bytes:
    piece = came.piece
    return tools.vault.digest(
        f"{route}\n{came.number_id}\n{piece.way}\n{piece.reference}\n{piece.total}\n"
        f"{came.reception}".encode()
    )


async def _hasten_whole(q: Queries, indexes: Iterable[bytes], now: int) -> None:
    """Of a text that is whole the oldest piece is due: it is in that text, whatever else waits."""
    await q.over(
        """with rows(idx bytea)
           update inbound_piece set due = :now
           from (select min(w.id) as id from rows join inbound_piece w on w.idx = rows.idx
                 where w.inbound_id is null
                 group by w.idx, w.total having count(distinct w.seq) = w.total) as whole
           where inbound_piece.id = whole.id""",
        [(idx,) for idx in sorted(indexes)],
        now=now,
    )


async def _hasten_excess(q: Queries, route: str, number_ids: Iterable[int], now: int) -> None:
    await q.over(
        """with rows(number_id bigint)
           update inbound_piece set due = :now
           from (select w.id,
                        row_number() over (partition by w.number_id order by w.id desc) as place
                 from rows join inbound_piece w on w.number_id = rows.number_id
                 where w.route = :route and w.inbound_id is null) as waiting
           where inbound_piece.id = waiting.id and waiting.place > :most
             and inbound_piece.due > :now""",
        [(number_id,) for number_id in sorted(number_ids)],
        now=now,
        route=route,
        most=MOST_WAITING,
    )


async def due(q: Queries, *, now: int) -> tuple[int, str] | None:
    """The piece (id, route) whose text has waited longest for being joined."""
    row = await q.one(
        """select id, route from inbound_piece where inbound_id is null and due <= :now
           order by due, id limit 1""",
        now=now,
    )
    return (row["id"], row["route"]) if row else None


async def of_text(q: Queries, tools: Tools, piece_id: int) -> list[Kept]:
    """What is there of that piece's text, in order; empty when it has been joined meanwhile.

    A reference is soon used again: of two pieces in one place the earlier is of this text, and
    the other of the next.
    """
    rows = await q.all(
        """select w.id, w.idx, w.number_id, w.reception, w.total, w.seq, w.coding, w.sealed,
                  w.raw, w.digest, w.at
           from inbound_piece first join inbound_piece w on w.idx = first.idx
           where first.id = :id and first.inbound_id is null and w.inbound_id is null
             and not exists (select 1 from inbound_piece earlier
                             where earlier.idx = w.idx and earlier.seq = w.seq
                               and earlier.id < w.id and earlier.inbound_id is null)
           order by w.seq""",
        id=piece_id,
    )
    return [
        Kept(
            id=row["id"],
            idx=bytes(row["idx"]),
            number_id=row["number_id"],
            reception=row["reception"],
            piece=Piece(
                octets=tools.vault.open(row["sealed"], "inbound_piece.sealed", row["id"]),
                coding=row["coding"], way="", reference=0, total=row["total"], seq=row["seq"],
            ),
            raw=tools.vault.open(row["raw"], "inbound_piece.raw", row["id"]),
            digest=bytes(row["digest"]),
            at=row["at"],
        )
        for row in rows
    ]  # fmt: skip


async def joined(q: Queries, pieces: Sequence[Kept], inbound_id: int, *, now: int) -> None:
    """These pieces of one text have become that SMS; the next under its reference may be whole."""
    await q.over(
        """with rows(id bigint, inbound_id bigint)
           update inbound_piece set inbound_id = rows.inbound_id, sealed = null, raw = null
           from rows where inbound_piece.id = rows.id and inbound_piece.inbound_id is null""",
        sorted((piece.id, inbound_id) for piece in pieces),
    )
    await _hasten_whole(q, {pieces[0].idx}, now)


async def forget(q: Queries, route: str, *, before: int) -> None:
    """Delete joined pieces that came before that time."""
    await q.run(
        """delete from inbound_piece
           where inbound_id is not null and route = :route and at <= :before""",
        route=route,
        before=before,
    )
