"""Receipts: stored before they are acknowledged, then applied to the part they speak of.

Which part that is, is decided in `receipt_parts.py`. A receipt may come before the submit
response is stored, twice, for one part only, or in another process. Moves are monotonic: final
states do not change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import HOUR, MINUTE
from sms_diary.db import Queries, Row
from sms_diary.model import FINAL, PART_MOVES, PartState
from sms_diary.provider_id import candidates, canonical, reference_of
from sms_diary.store import numbers, outbox, own_ids, part_pieces, troubles
from sms_diary.store.receipt_parts import (
    Hit,
    Target,
    any_other_base,
    choose,
    match,
    spoken,
    target_of,
)
from sms_diary.store.tools import Tools

NO_NUMBER_OF_OURS = 0
"""`receipt.number_id` where the receipt names a phone that the database does not know."""
SKEW = MINUTE
"""Clocks of two processes differ by less."""

SURELY_ANSWERED = MINUTE
"""When a receipt has come, the answer to its submit has long come too (or never will)."""
ORPHAN_KEPT = 72 * HOUR
"""For so long a receipt may wait for its part (design: unknown ids are kept)."""
Move = tuple[Target, PartState, str]
"""A part, what its receipt says became of it, and the operator's code."""


async def one_at_a_time(q: Queries, route: str) -> None:
    """Whoever brings news of this route's parts next waits until this transaction ends.

    Else, on PostgreSQL, a receipt looks for its part before the answer that names it is
    committed, the answer looks for the receipt before that is committed, and they never meet.
    """
    if q.engine == "postgresql":
        await q.all("select pg_advisory_xact_lock(7307002, hashtext(:route))", route=route)


async def store(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport], *, now: int
) -> int:
    """Keep the receipts and apply those whose part is known.

    How many of them could speak of several parts, and so were applied to none.
    """
    await one_at_a_time(q, route)
    named = await own_ids.named(q, tools, route, reports)
    targets, ambiguous = await match(q, tools, route, reports, now=now)
    for place, called in (await part_pieces.match(q, tools, route, reports, now=now)).items():
        targets[place] = called
    for place, one in named.items():
        targets[place] = one.target
    pairs = list(zip(reports, targets, strict=True))
    orphans = {r.number for r, target in pairs if target is None and r.number}
    known = await numbers.find(q, tools, orphans) if orphans else {}
    rows = []
    ids = zip(tools.ids.many(len(pairs)), enumerate(pairs), strict=True)
    for receipt_id, (place, (report, target)) in ids:
        own = named.get(place)
        erased = target.erased if target else report.number in known and known[report.number].erased
        rows.append(
            (
                receipt_id, route, report.provider_id, canonical(report.provider_id),
                target.part_id if target else None, str(report.state), report.error,
                report.reported_at, now,
                None if erased else tools.vault.seal(report.raw, "receipt.raw", receipt_id),
                None if target
                else own.number_id if own
                else None if not report.number
                else known[report.number].id if report.number in known
                else NO_NUMBER_OF_OURS,
                report.reference if own is None or report.part_id is None
                else reference_of(report.part_id),
            )
        )  # fmt: skip
    await q.insert(
        "receipt",
        "id, route, provider_id, provider_key, part_id, state, error, reported_at, at, raw,"
        " number_id, reference",
        rows,
    )
    told = [(t, r) for r, t in pairs if t is not None]
    states = await part_pieces.heard(q, [(t.part_id, r.provider_id, r.state) for t, r in told])
    moves = [(t, state, r.error) for (t, r), state in zip(told, states, strict=True)]
    await apply(q, tools, moves, now=now)
    return ambiguous


async def apply(q: Queries, tools: Tools, moves: Sequence[Move], *, now: int) -> None:
    """Move the parts as their receipts say, where that is legal, and close their messages.

    What the receipts say of the phones themselves is obeyed too.
    """
    last: dict[int, Move] = {}
    for move in moves:
        target, state, _ = move
        before = last.get(target.part_id)
        if state in PART_MOVES[target.state] and (before is None or before[1] not in FINAL):
            last[target.part_id] = move
    legal = [last[part_id] for part_id in sorted(last)]
    moved = await q.over(
        """with rows(id bigint, state text, code text, done_at bigint)
           update part set state = rows.state, done_at = rows.done_at, code = rows.code from rows
           where part.id = rows.id
           returning part.id, part.school_id, part.number_id, part.route, part.state, part.code""",
        [
            (target.part_id, str(state), error or None, None if state is PartState.SENT else now)
            for target, state, error in legal
        ],
    )
    doubted = [target.part_id for target, _, _ in legal if target.state is PartState.DOUBT]
    await outbox.mark_told(q, doubted)
    # Numbers are locked before messages, as a stop does it.
    await troubles.heard(q, tools, moved, now=now)
    # A notice on the way ends a doubt, and nothing else.
    ended = [move for move in legal if move[1] is not PartState.SENT]
    whole = [(target.message_id, state) for target, state, _ in ended if target.total == 1]
    await outbox.close(q, whole, now=now)
    await outbox.fold(q, [target.message_id for target, _, _ in ended if target.total > 1], now=now)


async def adopt(
    q: Queries, tools: Tools, route: str, accepted: Sequence[tuple[int, str]], *, now: int
) -> None:
    """Receipts that came before their submit response: (part id, provider id) just accepted."""
    orphan = await q.one(
        "select 1 as one from receipt where route = :route and part_id is null limit 1",
        route=route,
    )
    if orphan is None:
        return
    rows = await q.over(
        """with rows(key text, part_id bigint, other_base bigint)
           select receipt.id, receipt.provider_id, receipt.state, receipt.error, rows.part_id,
                  rows.other_base
           from rows
           join receipt on receipt.route = :route and receipt.part_id is null
                       and receipt.provider_key = rows.key
           join part on part.id = rows.part_id and part.claimed_at <= receipt.at + :skew
                    and (receipt.number_id is null or receipt.number_id = part.number_id)""",
        sorted(
            (key, part_id, int(key != canonical(provider_id)))
            for part_id, provider_id in accepted
            for key in candidates(provider_id)
        ),
        route=route,
        skew=SKEW,
    )
    if any(row["other_base"] for row in rows) and await spoken(q, route) is False:
        rows = [row for row in rows if not row["other_base"]]
    parts: dict[int, list[int]] = {}
    for row in rows:
        parts.setdefault(row["id"], []).append(row["part_id"])
    # What several claim is left to the sweep, which sees all of them.
    owned = [row for row in rows if len(parts[row["id"]]) == 1]
    await give(q, [(row["id"], row["part_id"]) for row in owned])
    states = await part_pieces.heard(
        q, [(row["part_id"], row["provider_id"], PartState(row["state"])) for row in owned]
    )
    moves = [
        (row["part_id"], state, row["error"]) for row, state in zip(owned, states, strict=True)
    ]
    await apply_stored(q, tools, moves, now)


async def give(q: Queries, owned: Sequence[tuple[int, int]]) -> None:
    """Give receipts that nobody claims to parts: (receipt id, part id)."""
    await q.over(
        """with rows(id bigint, part_id bigint)
           update receipt set part_id = rows.part_id, raw = case when exists (
               select 1 from part join number on number.id = part.number_id
               where part.id = rows.part_id and number.erased_at is not null) then null else raw end
           from rows where receipt.id = rows.id and receipt.part_id is null""",
        sorted(owned),
    )


async def apply_stored(
    q: Queries, tools: Tools, found: Sequence[tuple[int, PartState, str]], now: int
) -> None:
    """As `apply`, for receipts that were kept before: (part id, state, code)."""
    rows = await q.over(
        f"""with rows(id bigint)
            select part.id, part.message_id, part.total, part.state, number.erased_at
            from rows join part on part.id = rows.id join number on number.id = part.number_id
            {q.only(postgresql="for update of part")}""",
        sorted({(part_id,) for part_id, _, _ in found}),
    )
    targets = {row["id"]: target_of(row) for row in rows}
    moves = [(targets[part_id], state, error) for part_id, state, error in found]
    await apply(q, tools, moves, now=now)


async def match_again(
    q: Queries, tools: Tools, *, now: int, after: int, limit: int
) -> tuple[int, int]:
    """Look once more for the parts of receipts that nobody claims, of ids from `after` on.

    How many were read, and the id of the last one (0 at the end): a sweep goes round them.
    """
    rows = await q.all(
        """select receipt.id, receipt.route, receipt.provider_id, receipt.state, receipt.error,
                  receipt.number_id, receipt.at
           from receipt
           where receipt.part_id is null and receipt.id > :after and receipt.at > :since
           order by receipt.id limit :limit""",
        after=after,
        since=now - ORPHAN_KEPT,
        limit=limit,
    )
    orphans = {row["id"]: row for row in rows}
    hits = await _hits(q, orphans)
    bases = {
        route: await spoken(q, route)
        for route in {orphans[i]["route"] for i, own in hits.items() if any_other_base(own)}
    }
    found: dict[int, int] = {}
    for receipt_id, may in sorted(hits.items()):
        row = orphans[receipt_id]
        base = bases.get(row["route"])
        early = base is False and row["at"] > now - SURELY_ANSWERED
        own = [hit for hit in may if not (early and hit.other_base)]
        if target := choose(own, base):
            found[receipt_id] = target.part_id
    await give(q, list(found.items()))
    moves = [(p, PartState(orphans[r]["state"]), orphans[r]["error"]) for r, p in found.items()]
    await apply_stored(q, tools, moves, now)
    return len(rows), rows[-1]["id"] if len(rows) == limit else 0


async def _hits(q: Queries, orphans: Mapping[int, Row]) -> dict[int, list[Hit]]:
    """The parts that kept receipts may speak of, by receipt."""
    parts = await q.over(
        """with rows(key text, route text, receipt_id bigint)
           select rows.receipt_id, part.id, part.message_id, part.total, part.state,
                  part.number_id, part.claimed_at, part.provider_key, part.provider_id,
                  number.erased_at
           from rows join part on part.route = rows.route and part.provider_key = rows.key
           join number on number.id = part.number_id""",
        [
            (key, row["route"], row["id"])
            for row in orphans.values()
            for key in candidates(row["provider_id"])
        ],
    )
    hits: dict[int, list[Hit]] = {}
    for part in parts:
        receipt = orphans[part["receipt_id"]]
        other = part["provider_key"] != canonical(receipt["provider_id"])
        of_number = receipt["number_id"] in (None, part["number_id"])
        if of_number and part["claimed_at"] <= receipt["at"] + SKEW:
            answered = part["provider_id"] is not None
            hit = Hit(target_of(part), other, part["claimed_at"], answered)
            hits.setdefault(receipt["id"], []).append(hit)
    return hits
