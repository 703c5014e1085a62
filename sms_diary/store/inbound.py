"""SMS from phones: stored before they are acknowledged, obeyed by the inbound loop.

Long ones come in pieces (`pieces.py`) and become an SMS like any other by `join`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sms_diary.channels.base import InboundReport
from sms_diary.channels.joining import whole_text
from sms_diary.clock import DAY, MINUTE
from sms_diary.db import Queries
from sms_diary.store import numbers, pieces
from sms_diary.store.pieces import Came
from sms_diary.store.tools import Tools

REPEAT_WINDOW = 5 * MINUTE
"""The same route, number and text within this time is the same SMS delivered again."""
ID_WINDOW = 60 * DAY
"""The same for the same route, number and id of the operator's: no list reaches back so far."""


@dataclass(frozen=True, slots=True)
class Inbound:
    id: int
    route: str
    number_id: int
    number: str
    reception: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _New:
    number_id: int
    reception: str
    text: str
    raw: bytes
    digest: bytes
    at: int


async def store(
    q: Queries, tools: Tools, route: str, reports: Sequence[InboundReport], *, now: int
) -> int:
    """Keep SMS and pieces; how many are new. Any number gets a row: СТОП counts from each."""
    await _one_at_a_time(q, route)
    known = await numbers.ensure(q, tools, [report.number for report in reports], now=now)
    await numbers.alive(q, [one.id for one in known.values()])
    whole: dict[bytes, _New] = {}
    listed: dict[bytes, _New] = {}
    in_pieces: dict[bytes, Came] = {}
    for report in reports:
        number_id = known[report.number].id
        known_by = report.id.encode() or report.raw
        digest = tools.vault.digest(f"{route}\n{report.number}\n".encode() + known_by)
        if report.piece is None:
            into = listed if report.id else whole
            into[digest] = _New(number_id, report.to, report.text, report.raw, digest, now)
        else:
            in_pieces[digest] = Came(number_id, report.to, report.piece, report.raw, digest)
    stored, since = 0, now - REPEAT_WINDOW
    if whole:
        stored += await _add_new(q, tools, route, whole, since=since)
    if listed:
        stored += await _add_new(q, tools, route, listed, since=now - ID_WINDOW)
    if in_pieces:
        stored += await pieces.add_new(q, tools, route, in_pieces, since=since, now=now)
    return stored


async def _one_at_a_time(q: Queries, route: str) -> None:
    """Wait, on PostgreSQL, for whoever keeps or joins SMS of this route.

    One that comes again on another session while it is being stored must be seen there, and
    pieces that are stored or joined in two processes at once must not miss one another.
    """
    if q.engine == "postgresql":
        await q.all("select pg_advisory_xact_lock(7307003, hashtext(:route))", route=route)


async def _add_new(
    q: Queries, tools: Tools, route: str, whole: Mapping[bytes, _New], *, since: int
) -> int:
    """Keep the SMS, by their digest, that did not come after `since`; how many."""
    rows = await q.over(
        """with rows(number_id bigint, digest bytea)
           select inbound.digest from rows
           join inbound on inbound.number_id = rows.number_id and inbound.digest = rows.digest
           where inbound.at > :since""",
        sorted((sms.number_id, sms.digest) for sms in whole.values()),
        since=since,
    )
    seen = {bytes(row["digest"]) for row in rows}
    fresh = [sms for digest, sms in whole.items() if digest not in seen]
    await _add(q, tools, route, fresh)
    return len(fresh)


async def _add(q: Queries, tools: Tools, route: str, new: Sequence[_New]) -> list[int]:
    """Keep them, for the loop to obey; their ids, in order."""
    ids = [tools.ids.new() for _ in new]
    seal = tools.vault.seal
    rows = [
        (
            inbound_id, route, sms.number_id, sms.reception,
            seal(sms.text, "inbound.text", inbound_id), seal(sms.raw, "inbound.raw", inbound_id),
            sms.digest, "new", sms.at,
        )
        for inbound_id, sms in zip(ids, new, strict=True)
    ]  # fmt: skip
    columns = "id, route, number_id, reception, text, raw, digest, state, at"
    await q.insert("inbound", columns, rows)
    return ids


async def join(q: Queries, tools: Tools, *, now: int) -> bool:
    """Make an SMS of the pieces of one text that is whole or waited for too long.

    False when there is none. Two processes may find the same one: the second waits for the
    first, and then finds it joined.
    """
    found = await pieces.due(q, now=now)
    if found is None:
        return False
    piece_id, route = found
    await _one_at_a_time(q, route)
    of_text = await pieces.of_text(q, tools, piece_id)
    if not of_text:
        return True
    first = of_text[0]
    whole = _New(
        first.number_id,
        first.reception,
        whole_text([kept.piece for kept in of_text]),
        b"".join(kept.raw for kept in of_text),
        tools.vault.digest(b"".join(kept.digest for kept in of_text)),
        max(kept.at for kept in of_text),
    )
    [inbound_id] = await _add(q, tools, route, [whole])
    await pieces.joined(q, of_text, inbound_id, now=now)
    await pieces.forget(q, route, before=now - REPEAT_WINDOW)
    return True


async def unread(q: Queries, tools: Tools, limit: int) -> list[Inbound]:
    """The next SMS that nobody has obeyed yet, oldest first."""
    rows = await q.all(
        f"""select i.id, i.route, i.number_id, i.reception, i.text, i.at, n.sealed
            from inbound i join number n on n.id = i.number_id
            where i.state = 'new' order by i.id limit :limit
            {q.only(postgresql="for update of i skip locked")}""",
        limit=limit,
    )
    return [
        Inbound(
            id=row["id"],
            route=row["route"],
            number_id=row["number_id"],
            number=tools.vault.text(row["sealed"], "number.sealed", row["number_id"]),
            reception=row["reception"],
            text=tools.vault.text(row["text"], "inbound.text", row["id"]),
            at=row["at"],
        )
        for row in rows
    ]


async def handled(q: Queries, inbound_id: int, meaning: str, state: str) -> None:
    """`done`, or `waiting` for a person."""
    await q.run(
        "update inbound set state = :state, meaning = :meaning where id = :id",
        id=inbound_id,
        state=state,
        meaning=meaning,
    )


async def answered(q: Queries, number_id: int, *, since: int, but: int) -> dict[str, int]:
    """Meaning -> how many SMS of this number have had a reply, of those that came after `since`.

    Not counted is the SMS `but`. What waits or waited for a person counts as `other`, but for a
    stop.
    """
    rows = await q.all(
        """select meaning, count(*) as answered from (
               select case when i.meaning <> 'stop' and (i.state = 'waiting'
                                or i.handled_by is not null) then 'other'
                           else i.meaning end as meaning
               from inbound i
               where i.number_id = :number_id and i.at > :since and i.id <> :but
                 and exists (select 1 from message m
                             where m.inbound_id = i.id and m.ground = 'reply')) replied
           group by meaning""",
        number_id=number_id,
        since=since,
        but=but,
    )
    return {row["meaning"]: row["answered"] for row in rows}
