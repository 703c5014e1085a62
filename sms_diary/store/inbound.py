"""SMS from phones: stored before they are acknowledged, obeyed by the inbound loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sms_diary.channels.base import InboundReport
from sms_diary.clock import MINUTE
from sms_diary.db import Queries
from sms_diary.store import numbers
from sms_diary.store.tools import Tools

REPEAT_WINDOW = 5 * MINUTE
"""The same route, number and text within this time is the same SMS delivered again."""


@dataclass(frozen=True, slots=True)
class Inbound:
    id: int
    route: str
    number_id: int
    number: str
    reception: str
    text: str
    at: int


async def store(
    q: Queries, tools: Tools, route: str, reports: Sequence[InboundReport], *, now: int
) -> int:
    """Keep the SMS; how many of them are new. Any number gets a row: СТОП counts from each.

    One route at a time on PostgreSQL: an SMS that comes again on another session while it is
    being stored must be seen there.
    """
    if q.engine == "postgresql":
        await q.all("select pg_advisory_xact_lock(7307003, hashtext(:route))", route=route)
    known = await numbers.ensure(q, tools, [report.number for report in reports], now=now)
    digests = [
        tools.vault.digest(f"{route}\n{report.number}\n".encode() + report.raw)
        for report in reports
    ]
    rows = await q.over(
        """with rows(number_id bigint, digest bytea)
           select inbound.digest from rows
           join inbound on inbound.number_id = rows.number_id and inbound.digest = rows.digest
           where inbound.at > :since""",
        sorted({(known[r.number].id, d) for r, d in zip(reports, digests, strict=True)}),
        since=now - REPEAT_WINDOW,
    )
    seen = {bytes(row["digest"]) for row in rows}
    fresh = []
    for report, digest in zip(reports, digests, strict=True):
        if digest in seen:
            continue
        seen.add(digest)
        inbound_id = tools.ids.new()
        fresh.append(
            (
                inbound_id, route, known[report.number].id, report.to,
                tools.vault.seal(report.text, "inbound.text", inbound_id),
                tools.vault.seal(report.raw, "inbound.raw", inbound_id), digest, "new", now,
            )
        )  # fmt: skip
    await q.insert(
        "inbound", "id, route, number_id, reception, text, raw, digest, state, at", fresh
    )
    return len(fresh)


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


async def done(q: Queries, inbound_id: int, meaning: str) -> None:
    await q.run(
        "update inbound set state = 'done', meaning = :meaning where id = :id",
        id=inbound_id,
        meaning=meaning,
    )


async def was_answered(q: Queries, number_id: int, *, since: int) -> bool:
    """Whether an SMS of this number that came after `since` has had its reply."""
    row = await q.one(
        """select 1 as one from inbound i
           join message m on m.inbound_id = i.id and m.ground = 'reply'
           where i.number_id = :number_id and i.at > :since limit 1""",
        number_id=number_id,
        since=since,
    )
    return row is not None
