"""What came in at the door or from a file, once: requests, their events, their answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sms_diary.db import Queries
from sms_diary.model import Source
from sms_diary.store.tools import Tools
from sms_diary.values import value

Key = tuple[int, str, str]
"""(school, source, request id)."""


@value
class Earlier:
    """A request that was answered before."""

    body_hash: bytes
    answer: dict[str, Any]


async def earlier(q: Queries, keys: Iterable[Key]) -> dict[Key, Earlier]:
    """Those of the requests that have been here before."""
    rows = await q.over(
        """with rows(p_school bigint, p_source text, p_request text)
           select school_id, source, request_id, body_hash, answer
           from rows join delivery on school_id = p_school and source = p_source
                                  and request_id = p_request""",
        sorted(set(keys)),
    )
    return {
        (row["school_id"], row["source"], row["request_id"]): Earlier(
            bytes(row["body_hash"]), json.loads(row["answer"])
        )
        for row in rows
    }


@value
class NewDelivery:
    id: int
    school_id: int
    source: Source
    request_id: str
    body_hash: bytes
    body: bytes
    answer: dict[str, Any]


async def add(q: Queries, tools: Tools, deliveries: Sequence[NewDelivery], *, now: int) -> None:
    await q.insert(
        "delivery",
        "id, school_id, source, request_id, body_hash, body, answer, at",
        [
            (
                d.id, d.school_id, d.source, d.request_id, d.body_hash,
                tools.vault.seal(d.body, "delivery.body", d.id),
                json.dumps(d.answer, ensure_ascii=False), now,
            )
            for d in deliveries
        ],
    )  # fmt: skip


@value
class NewEvent:
    id: int
    school_id: int
    delivery_id: int
    pos: int
    kind: str
    at: int
    outcome: str
    entry_id: int | None
    version: int | None


async def add_events(q: Queries, events: Sequence[NewEvent]) -> None:
    await q.insert(
        "event",
        "id, school_id, delivery_id, pos, kind, at, outcome, entry_id, version",
        [
            (
                e.id,
                e.school_id,
                e.delivery_id,
                e.pos,
                e.kind,
                e.at,
                e.outcome,
                e.entry_id,
                e.version,
            )
            for e in events
        ],
    )


@value
class Held:
    """An event that waits for a person: why, in a closed word and in a sentence without names."""

    school_id: int
    delivery_id: int
    pos: int
    reason: str
    detail: str
    candidates: tuple[int, ...]
    ask: str = ""
    """The question, digested: what has the same is settled by one answer."""
    same: str = ""
    """What is held, digested: it is asked once."""


async def add_quarantine(q: Queries, tools: Tools, held: Sequence[Held], *, now: int) -> list[int]:
    ids = tools.ids.many(len(held))
    await q.insert(
        "quarantine",
        "id, school_id, delivery_id, pos, reason, detail, candidates, ask, same, state, at",
        [
            (
                quarantine_id, h.school_id, h.delivery_id, h.pos, h.reason, h.detail,
                ",".join(map(str, h.candidates)), h.ask, h.same, "open", now,
            )
            for quarantine_id, h in zip(ids, held, strict=True)
        ],
    )  # fmt: skip
    return ids


async def open_questions(q: Queries, school_id: int) -> set[str]:
    """What is still held, as `same` names it."""
    rows = await q.all(
        """select same from quarantine
           where school_id = :school_id and state = 'open' and same <> ''""",
        school_id=school_id,
    )
    return {row["same"] for row in rows}


async def open_candidates(q: Queries, school_id: int, reason: str) -> set[tuple[int, ...]]:
    """What each open question of this kind is about, whichever file it came from."""
    rows = await q.all(
        """select candidates from quarantine
           where school_id = :school_id and state = 'open' and reason = :reason""",
        school_id=school_id,
        reason=reason,
    )
    return {tuple(int(one) for one in row["candidates"].split(",") if one) for row in rows}


async def answer_about(
    q: Queries, school_id: int, reason: str, first: int, *, by: str, now: int
) -> None:
    """The open questions of this kind whose first candidate it is have their answer."""
    await q.run(
        """update quarantine set state = 'resolved', resolved_at = :now, resolved_by = :by
           where school_id = :school_id and state = 'open' and reason = :reason
             and candidates like :first""",
        school_id=school_id,
        reason=reason,
        first=f"{first},%",
        by=by,
        now=now,
    )


async def what_became(
    q: Queries, school_id: int, request_id: str
) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """The answer given to a webhook request, and each of its events with its lines' states."""
    delivery = await q.one(
        """select id, answer from delivery
           where school_id = :school_id and source = 'webhook' and request_id = :request_id""",
        school_id=school_id,
        request_id=request_id,
    )
    if delivery is None:
        return None
    events = await q.all(
        """select event.pos, event.kind, event.outcome, event.version, entry.silence,
                  entry.fan, entry.version as newest, entry.id as entry_id
           from event left join entry on entry.id = event.entry_id
           where event.delivery_id = :id order by event.pos""",
        id=delivery["id"],
    )
    lines = await q.over(
        """with rows(entry_id bigint, version bigint)
           select line.entry_id, line.version, line.state, line.reason, count(*) as count
           from rows join line on line.entry_id = rows.entry_id and line.version = rows.version
           group by line.entry_id, line.version, line.state, line.reason""",
        sorted({(e["entry_id"], e["version"]) for e in events if e["entry_id"] and e["version"]}),
    )
    by_version: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in lines:
        told = {"state": row["state"], "reason": row["reason"], "count": row["count"]}
        by_version.setdefault((row["entry_id"], row["version"]), []).append(told)
    return json.loads(delivery["answer"]), [
        {
            "index": event["pos"],
            "kind": event["kind"],
            "outcome": event["outcome"],
            "silence": event["silence"] or "",
            "pending": event["fan"] is not None and event["newest"] == event["version"],
            "lines": by_version.get((event["entry_id"], event["version"]), []),
        }
        for event in events
    ]
