"""Messages and subscriptions as people see them: lists, and the timeline of one message.

Reading only. Numbers come out masked; texts only for the school they belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.phone import mask
from sms_diary.store.tools import Tools

_STATE = """case when m.state <> 'open' then m.state
    when exists (select 1 from part p where p.message_id = m.id and p.state = 'doubt') then 'doubt'
    when exists (select 1 from part p where p.message_id = m.id
                 and p.state in ('queued', 'retry')) then 'queued'
    when exists (select 1 from part p where p.message_id = m.id and p.state = 'sending')
        then 'sending'
    else 'sent' end"""


@dataclass(frozen=True, slots=True)
class MessageView:
    id: int
    number: str
    ground: str
    state: str
    parts: int
    alphabet: str
    level: str
    text: str
    created_at: int
    expires: int
    done_at: int | None
    ledger_id: int | None


def _view(row: Row, tools: Tools) -> MessageView:
    number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
    return MessageView(
        id=row["id"],
        number=mask(number),
        ground=row["ground"],
        state=row["shown"],
        parts=row["parts"],
        alphabet=row["alphabet"],
        level=row["level"],
        text=tools.vault.text(row["text"], "message.text", row["id"]),
        created_at=row["created_at"],
        expires=row["expires"],
        done_at=row["done_at"],
        ledger_id=row["ledger_id"],
    )


async def page(
    q: Queries, tools: Tools, school_id: int, *, before: int | None, state: str, limit: int
) -> list[MessageView]:
    """The school's messages, newest first, older than the one with id `before`."""
    rows = await q.all(
        f"""select * from (
                select m.*, n.sealed, {_STATE} as shown
                from message m join number n on n.id = m.number_id
                where m.school_id = :school_id and m.id < :before) shown_messages
            where :state = '' or shown = :state
            order by id desc limit :limit""",
        school_id=school_id,
        before=before if before is not None else 2**63 - 1,
        state=state,
        limit=limit,
    )
    return [_view(row, tools) for row in rows]


async def one(q: Queries, tools: Tools, school_id: int, message_id: int) -> MessageView | None:
    row = await q.one(
        f"""select m.*, n.sealed, {_STATE} as shown
            from message m join number n on n.id = m.number_id
            where m.id = :id and m.school_id = :school_id""",
        id=message_id,
        school_id=school_id,
    )
    return _view(row, tools) if row else None


async def timeline(q: Queries, school_id: int, message_id: int) -> list[dict[str, Any]]:
    """What happened to a message, in order, read from its columns and receipts.

    Each step has `at` (epoch ms), `what` (a closed word), and what belongs to it.
    """
    lines = await q.all(
        """select e.arrived_at, e.kind, l.value, l.was, l.due from line l
           join entry e on e.id = l.entry_id
           where l.message_id = :id and l.school_id = :school_id order by l.id""",
        id=message_id,
        school_id=school_id,
    )
    parts = await q.all(
        "select * from part where message_id = :id and school_id = :school_id order by seq",
        id=message_id,
        school_id=school_id,
    )
    receipts = await q.over(
        """with rows(part_id bigint)
           select receipt.part_id, receipt.state, receipt.error, receipt.at
           from rows join receipt on receipt.part_id = rows.part_id""",
        [(part["id"],) for part in parts],
    )
    seq = {part["id"]: part["seq"] for part in parts}
    steps = [
        {"at": row["arrived_at"], "what": "posted", "kind": row["kind"], "due": row["due"]}
        for row in lines
    ]
    steps += [step for part in parts for step in _part_steps(part)]
    steps += [
        {"at": r["at"], "what": "receipt", "part": seq[r["part_id"]], "state": r["state"],
         "error": r["error"]}
        for r in receipts
    ]  # fmt: skip
    return sorted(steps, key=lambda step: step["at"])


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
    if part["state"] == "doubt":
        steps.append({"at": part["claimed_at"], "what": "in doubt", **own})
    if part["done_at"] is not None:
        step = {"at": part["done_at"], "what": part["state"], **own}
        steps.append(step | {"failure": part["failure"] or "", "code": part["code"] or ""})
    return steps


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    id: int
    guardian_id: int
    pupil_id: int
    pupil: str
    number: str
    state: str
    topics: dict[str, str]
    created_at: int


async def subscriptions(
    q: Queries, tools: Tools, school_id: int, *, after: int, limit: int
) -> list[SubscriptionView]:
    """The school's subscriptions in order of their ids, from the one after `after`."""
    rows = await q.all(
        """select s.id, s.guardian_id, s.pupil_id, s.created_at, p.full_name, n.id as number_id,
                  n.sealed
           from subscription s
           join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id
           join pupil p on p.id = s.pupil_id
           where s.school_id = :school_id and s.id > :after order by s.id limit :limit""",
        school_id=school_id,
        after=after,
        limit=limit,
    )
    return await _subscriptions(q, tools, rows)


async def subscription(
    q: Queries, tools: Tools, school_id: int, subscription_id: int
) -> tuple[SubscriptionView, int, str] | None:
    """One subscription with its number's id and the number itself."""
    rows = await q.all(
        """select s.id, s.guardian_id, s.pupil_id, s.created_at, p.full_name, n.id as number_id,
                  n.sealed
           from subscription s
           join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id
           join pupil p on p.id = s.pupil_id
           where s.school_id = :school_id and s.id = :id""",
        school_id=school_id,
        id=subscription_id,
    )
    if not rows:
        return None
    [view] = await _subscriptions(q, tools, rows)
    number = tools.vault.text(rows[0]["sealed"], "number.sealed", rows[0]["number_id"])
    return view, rows[0]["number_id"], number


async def _subscriptions(q: Queries, tools: Tools, rows: Sequence[Row]) -> list[SubscriptionView]:
    states = await q.over(
        """with rows(id bigint)
           select c.subscription_id, c.topic, c.state
           from rows join consent c on c.subscription_id = rows.id""",
        [(row["id"],) for row in rows],
    )
    by_id: dict[int, dict[str, str]] = {}
    for state in states:
        by_id.setdefault(state["subscription_id"], {})[state["topic"]] = state["state"]
    views = []
    for row in rows:
        topics = by_id.get(row["id"], {})
        number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
        views.append(
            SubscriptionView(
                id=row["id"],
                guardian_id=row["guardian_id"],
                pupil_id=row["pupil_id"],
                pupil=row["full_name"] or "",
                number=mask(number),
                state=topics.get("*", "unknown"),
                topics={topic: state for topic, state in topics.items() if topic != "*"},
                created_at=row["created_at"],
            )
        )
    return views
