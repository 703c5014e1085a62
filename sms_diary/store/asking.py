"""Which parts the operator is to be asked for, because their receipt is long in coming."""

from __future__ import annotations

from sms_diary.channels.base import Asked
from sms_diary.db import Queries
from sms_diary.store import part_pieces
from sms_diary.store.tools import Tools


async def due(
    q: Queries, tools: Tools, *, route: str, before: int, now: int, limit: int
) -> list[Asked]:
    """Parts of the route that were sent until `before`, oldest first, marked as asked for now.

    Each comes again when as much time has gone by since the last question as had until then: the
    pauses double.
    """
    rows = await q.all(
        f"""select part.id, part.provider_id, part.number_id, number.sealed,
                   coalesce(school.sender, '') as sender
            from part join number on number.id = part.number_id
            left join school on school.id = part.school_id
            where part.state = 'sent' and part.route = :route and part.provider_id is not null
              and part.sent_at <= :before and number.erased_at is null
              and (part.asked_at is null or part.asked_at * 2 - part.sent_at <= :now)
            order by part.sent_at, part.id limit :limit
            {q.only(postgresql="for update of part skip locked")}""",
        route=route,
        before=before,
        now=now,
        limit=limit,
    )
    await q.over(
        """with rows(id bigint)
           update part set asked_at = :now from rows where part.id = rows.id""",
        sorted((row["id"],) for row in rows),
        now=now,
    )
    pieces = await part_pieces.open_ids(q, [row["id"] for row in rows])
    return [
        Asked(
            part_id=row["id"],
            provider_id=provider_id,
            number=tools.vault.text(row["sealed"], "number.sealed", row["number_id"]),
            sender=row["sender"],
        )
        for row in rows
        for provider_id in pieces.get(row["id"], [row["provider_id"]])
    ]


async def in_doubt(
    q: Queries, tools: Tools, *, route: str, before: int, now: int, limit: int
) -> list[Asked]:
    """Parts of the route in doubt since `before`, to be looked up by our own id, as in `due`."""
    rows = await q.all(
        f"""select part.id, part.number_id, number.sealed
            from part join number on number.id = part.number_id
            where part.state = 'doubt' and part.provider_key is null and part.route = :route
              and part.claimed_at <= :before and number.erased_at is null
              and (part.asked_at is null or part.asked_at * 2 - part.claimed_at <= :now)
            order by part.claimed_at, part.id limit :limit
            {q.only(postgresql="for update of part skip locked")}""",
        route=route,
        before=before,
        now=now,
        limit=limit,
    )
    await q.over(
        """with rows(id bigint)
           update part set asked_at = :now from rows where part.id = rows.id""",
        sorted((row["id"],) for row in rows),
        now=now,
    )
    return [
        Asked(row["id"], "", tools.vault.text(row["sealed"], "number.sealed", row["number_id"]))
        for row in rows
    ]
