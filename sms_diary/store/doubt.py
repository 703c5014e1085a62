"""Parts in doubt: handed over, and the operator's answer was never seen. Never resent blindly.

A receipt resolves the doubt where it is certain whose it is, a person by deciding, the policy of
their class for what is urgent; after 72 hours `sweeps.py` gives up. Asking the operator is for
parts whose id is known (`unanswered.py`), showing them to people is `in_doubt.py`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum

from sms_diary.clock import SECOND
from sms_diary.db import Queries, Row
from sms_diary.model import Ground, PartState, part_state_of
from sms_diary.provider_id import REFERENCES, candidates, canonical, reference_of
from sms_diary.schedule import URGENT_LANE
from sms_diary.store import outbox, receipts
from sms_diary.store.tools import Tools

UNCLAIMED = 3 * SECOND
"""A receipt that nobody claims for this long may belong to a part in doubt."""
IN_DOUBT = "part.provider_key is null and part.state = 'doubt'"
_WITHOUT_ID = "part.provider_key is null and (part.state = 'doubt' or part.state = 'sent')"
"""As `part_without_id` has it. `sent` without an id: a person said so, the receipt may yet come."""
_ALLOWED = """part.expires > :now and (part.ground <> 'consent'
    or (number.state = 'open' and number.consent_rev = part.consent_rev))"""
"""What the claim demands too: without it a repeated part would wait in the queue for nothing."""


class Decision(StrEnum):
    """What may be decided of a part in doubt."""

    SENT = "sent"
    REPEAT = "repeat"


class Actor(StrEnum):
    """Who decided."""

    POLICY = "policy"
    COMMAND = "command"
    TOKEN = "token"  # noqa: S105  # a word
    DESK = "desk"


class Outcome(StrEnum):
    """What came of a decision."""

    DONE = "done"
    NO_MESSAGE = "no-message"
    NOT_IN_DOUBT = "not-in-doubt"
    TOO_LATE = "too-late"
    NO_CONSENT = "no-consent"


OUTCOME_RU: dict[Outcome, str] = {
    Outcome.DONE: "Решение записано.",
    Outcome.NO_MESSAGE: "Такого сообщения нет.",
    Outcome.NOT_IN_DOUBT: "Решать нечего: о сообщении уже всё известно или уже решено.",
    Outcome.TOO_LATE: "Повторять поздно: срок сообщения вышел. Ничего не изменено.",
    Outcome.NO_CONSENT: "Повторить нельзя: с тех пор родитель отказался или согласие на этот номер "
    "изменилось. Ничего не изменено.",
}


# ---------------------------------------------------------------- by receipts


async def resolve(q: Queries, tools: Tools, *, now: int, before: int) -> int:
    """Give receipts that came until `before` and nobody claims to parts in doubt; how many parts.

    Only where it is certain whose a receipt is: it echoes our reference (SMPP 3.4 §5.3.2.17), or
    it brings none and that number has one single part without an id on that route and nothing on
    its way. In both cases it came after the attempt, and no part of that number has its id, in
    whichever base: such a one is a copy, for `receipts.match_again` to find its part.
    """
    if await q.one(f"select 1 as one from part where {_WITHOUT_ID} limit 1") is None:
        return 0
    rows = await _candidates(q, before)
    named = await _named(q, rows)
    certain = _certain([row for row in rows if row["id"] not in named])
    own = {row["part_id"]: row["provider_id"] for row in certain}
    await receipts.give(q, [(row["id"], row["part_id"]) for row in certain])
    await q.over(
        f"""with rows(id bigint, provider_key text)
            update part set provider_key = rows.provider_key
            from rows where part.id = rows.id and {_WITHOUT_ID}""",
        # `provider_id` is what an answer said, and there was none.
        sorted((part_id, canonical(name) or None) for part_id, name in own.items()),
    )
    found = [(row["part_id"], part_state_of(row["state"]), row["error"]) for row in certain]
    await receipts.apply_stored(q, tools, found, now)
    return len(own)


async def _candidates(q: Queries, before: int) -> Sequence[Row]:
    """Each receipt with each part it may speak of, in the order in which the receipts came."""
    # SQLite would read every part, and for each of them every receipt of its route.
    parts = q.only(sqlite="cross join part indexed by part_without_id", postgresql="join part")
    return await q.all(
        f"""select receipt.id, receipt.state, receipt.error, receipt.provider_id,
                   receipt.reference, part.id as part_id
            from receipt {parts} on part.number_id = receipt.number_id
                                and part.route = receipt.route and {_WITHOUT_ID}
            where receipt.part_id is null and receipt.at <= :before
              and receipt.at >= part.claimed_at
              and not exists (
                  select 1 from part moving where moving.number_id = receipt.number_id
                  and moving.route = receipt.route and moving.state = 'sending'
                  and (receipt.reference is null or moving.id % {REFERENCES} = receipt.reference))
            order by receipt.id, part.id""",
        before=before,
    )


async def _named(q: Queries, rows: Sequence[Row]) -> set[int]:
    """Those of the receipts the id of which a part of their number has."""
    named = await q.over(
        """with rows(key text, receipt_id bigint)
           select rows.receipt_id from rows join receipt on receipt.id = rows.receipt_id
           join part on part.route = receipt.route and part.provider_key = rows.key
                    and part.number_id = receipt.number_id""",
        sorted({(key, row["id"]) for row in rows for key in candidates(row["provider_id"])}),
    )
    return {row["receipt_id"] for row in named}


def _certain(rows: Sequence[Row]) -> list[Row]:
    by_receipt: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row["reference"] in (None, reference_of(row["part_id"])):
            by_receipt[row["id"]].append(row)
    by_part: dict[int, list[Row]] = defaultdict(list)
    for own in by_receipt.values():
        if len(own) == 1:
            by_part[own[0]["part_id"]].append(own[0])
    certain: list[Row] = []
    for own in by_part.values():
        echoed = [row for row in own if row["reference"] is not None]
        # Under two different ids and without our reference: neither can be trusted.
        if echoed or len({canonical(row["provider_id"]) for row in own}) == 1:
            certain += echoed or own
    return certain


# ---------------------------------------------------------------- by a person


async def decide(
    q: Queries, tools: Tools, message_id: int, decision: Decision, *,
    school_id: int | None, actor: Actor, now: int,
) -> Outcome:  # fmt: skip
    """Carry out what a person decided of all parts of a message that are in doubt.

    `school_id` None: of any school. A second decision about the same attempt finds nothing to
    decide; a repeat leaves only while the claim would let it.
    """
    known = await q.one(
        """select id from message where id = :id
           and (:any_school = 1 or school_id = :school_id)""",
        id=message_id,
        school_id=school_id or 0,
        any_school=int(school_id is None),
    )
    if known is None:
        return Outcome.NO_MESSAGE
    rows = await q.all(
        f"""select part.id, part.school_id, part.claimed_at, part.expires > :now as timely,
                   case when {_ALLOWED} then 1 else 0 end as allowed
            from part join number on number.id = part.number_id
            where part.message_id = :id and {IN_DOUBT}
            order by part.id {q.only(postgresql="for update of part")}""",
        id=message_id,
        now=now,
    )
    if not rows:
        return Outcome.NOT_IN_DOUBT
    if decision is Decision.REPEAT and not all(row["allowed"] for row in rows):
        timely = all(row["timely"] for row in rows)
        return Outcome.NO_CONSENT if timely else Outcome.TOO_LATE
    await _carry_out(q, tools, rows, decision, actor, now)
    return Outcome.DONE


async def _carry_out(
    q: Queries, tools: Tools, rows: Sequence[Row], decision: Decision, actor: Actor, now: int
) -> None:
    """Move parts (id, school_id, claimed_at) that are in doubt, and write down who decided it."""
    state = PartState.SENT if decision is Decision.SENT else PartState.QUEUED
    await q.over(
        f"""with rows(id bigint)
            update part set state = :state,
                sent_at = case when :state = 'sent' then part.sent_at end
            from rows where part.id = rows.id and {IN_DOUBT}""",
        sorted((row["id"],) for row in rows),
        state=str(state),
    )
    if decision is Decision.SENT:
        await outbox.mark_told(q, [row["id"] for row in rows])
    await q.insert(
        "decision",
        "id, school_id, part_id, decision, actor, claimed_at, at",
        [
            (made, row["school_id"], row["id"], str(decision), str(actor), row["claimed_at"], now)
            for made, row in zip(tools.ids.many(len(rows)), rows, strict=True)
        ],
    )


# ---------------------------------------------------------------- by policy


REPEATS = f"""part.lane = {URGENT_LANE} and part.ground = '{Ground.CONSENT}'
    and not exists (select 1 from decision where decision.part_id = part.id
                    and decision.decision = 'repeat')"""
"""Urgent news is worth a second copy, once; marks and digests are not, nor is an answer: whoever
wrote СТОП must not be written to twice."""


async def repeat_urgent(q: Queries, tools: Tools, *, route: str, before: int, now: int) -> int:
    """Queue again what is urgent, was handed over until `before` and has no receipt; how many.

    Once, while the claim would let it, and never where an unclaimed receipt may be its own.
    """
    rows = await q.all(
        f"""select part.id, part.school_id, part.claimed_at
            from part join number on number.id = part.number_id
            where {IN_DOUBT} and part.route = :route and part.claimed_at <= :before
              and {_ALLOWED} and {REPEATS}
              and not exists (
                  select 1 from receipt where receipt.part_id is null
                  and receipt.route = part.route and receipt.number_id = part.number_id
                  and receipt.at >= part.claimed_at)
            order by part.id
            {q.only(postgresql="for update of part skip locked for share of number skip locked")}
            """,
        route=route,
        before=before,
        now=now,
    )
    await _carry_out(q, tools, rows, Decision.REPEAT, Actor.POLICY, now)
    return len(rows)
