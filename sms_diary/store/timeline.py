"""What happened to one message, in order: read from its columns, its receipts and decisions.

Reading only: no step is written down for this on the way of a message that goes well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.store.doubt import Decision

STEPS = (
    "posted", "due", "composed", "handed over", "put off", "in doubt", "accepted", "receipt",
    "taken for sent", "to be repeated",
)  # fmt: skip
"""What can happen, in the order of things that happen in one millisecond; then the final state."""
_DECIDED = {Decision.SENT: "taken for sent", Decision.REPEAT: "to be repeated"}
_RANK = {what: rank for rank, what in enumerate(STEPS)}


async def read(q: Queries, school_id: int, message_id: int) -> list[dict[str, Any]]:
    """What happened to a message, in order.

    Each step has `at` (epoch ms), `what` (one of `STEPS`, or a final state), and what belongs
    to it.
    """
    message = await q.one(
        "select created_at, parts from message where id = :id and school_id = :school_id",
        id=message_id,
        school_id=school_id,
    )
    if message is None:
        return []
    steps = await _line_steps(q, school_id, message_id)
    steps.append({"at": message["created_at"], "what": "composed", "parts": message["parts"]})
    parts = await q.all(
        "select * from part where message_id = :id and school_id = :school_id order by seq",
        id=message_id,
        school_id=school_id,
    )
    steps += [step for part in parts for step in _part_steps(part)]
    steps += await _receipt_steps(q, parts)
    steps += await _decision_steps(q, parts)
    return sorted(steps, key=lambda step: (step["at"], _RANK.get(step["what"], len(_RANK))))


async def _line_steps(q: Queries, school_id: int, message_id: int) -> list[dict[str, Any]]:
    # When an older version arrived is no longer known: the entry has moved on.
    lines = await q.all(
        """select e.kind, l.due, case when e.version = l.version then e.arrived_at end as arrived,
                  d.source
           from line l join entry e on e.id = l.entry_id
           left join event on event.id = e.event_id left join delivery d on d.id = event.delivery_id
           where l.message_id = :id and l.school_id = :school_id order by l.id""",
        id=message_id,
        school_id=school_id,
    )
    posted = [
        {"at": row["arrived"], "what": "posted", "kind": row["kind"], "source": row["source"] or ""}
        for row in lines
        if row["arrived"] is not None
    ]
    return posted + [{"at": row["due"], "what": "due", "kind": row["kind"]} for row in lines]


async def _receipt_steps(q: Queries, parts: Sequence[Row]) -> list[dict[str, Any]]:
    rows = await q.over(
        """with rows(part_id bigint, seq bigint)
           select rows.seq, receipt.state, receipt.error, receipt.at
           from rows join receipt on receipt.part_id = rows.part_id""",
        [(part["id"], part["seq"]) for part in parts],
    )
    return [
        {"at": row["at"], "what": "receipt", "part": row["seq"], "state": row["state"],
         "error": row["error"]}
        for row in rows
    ]  # fmt: skip


async def _decision_steps(q: Queries, parts: Sequence[Row]) -> list[dict[str, Any]]:
    rows = await q.over(
        """with rows(part_id bigint, seq bigint, total bigint)
           select rows.seq, rows.total, decision.decision, decision.actor, decision.claimed_at,
                  decision.at
           from rows join decision on decision.part_id = rows.part_id""",
        [(part["id"], part["seq"], part["total"]) for part in parts],
    )
    steps: list[dict[str, Any]] = []
    for row in rows:
        own = {"part": row["seq"], "of": row["total"]}
        decided = {"what": _DECIDED[Decision(row["decision"])], "actor": row["actor"]}
        steps.append({"at": row["claimed_at"], "what": "in doubt", **own})
        steps.append({"at": row["at"], **decided, **own})
    return steps


def _part_steps(part: Row) -> list[dict[str, Any]]:
    own = {"part": part["seq"], "of": part["total"]}
    steps: list[dict[str, Any]] = []
    if part["claimed_at"] is not None:
        steps.append(
            {"at": part["claimed_at"], "what": "handed over", **own, "route": part["route"],
             "attempt": part["attempts"]}
        )  # fmt: skip
    if part["sent_at"] is not None and part["provider_id"]:
        steps.append(
            {"at": part["sent_at"], "what": "accepted", **own, "provider_id": part["provider_id"]}
        )
    if part["state"] == "retry":
        why = {"failure": part["failure"] or "", "code": part["code"] or ""}
        steps.append({"at": part["claimed_at"], "what": "put off", **own, **why})
    if part["state"] == "doubt":
        steps.append({"at": part["claimed_at"], "what": "in doubt", **own})
    if part["done_at"] is not None:
        step = {"at": part["done_at"], "what": part["state"], **own}
        steps.append(step | {"failure": part["failure"] or "", "code": part["code"] or ""})
    return steps
