"""Receipts: stored before they are acknowledged, then applied to the part they speak of.

A receipt may come before the submit response is stored, twice, for one part only, or in
another process. Moves are monotonic: final states do not change.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sms_diary.channels.base import ReceiptReport
from sms_diary.db import Queries, Row
from sms_diary.model import FINAL, PART_MOVES, PartState, part_state_of
from sms_diary.provider_id import candidates, canonical
from sms_diary.store import outbox
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Target:
    """The part a receipt speaks of, as it stands (and, on PostgreSQL, locked)."""

    part_id: int
    message_id: int
    total: int
    state: PartState


Move = tuple[Target, PartState, str]
"""A part, what its receipt says became of it, and the operator's code."""


async def store(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport], *, now: int
) -> None:
    """Keep the receipts and apply those whose part is known."""
    targets = await _match(q, tools, route, reports)
    pairs = list(zip(reports, targets, strict=True))
    rows = []
    orphans: list[tuple[int, bytes]] = []
    for receipt_id, (report, target) in zip(tools.ids.many(len(pairs)), pairs, strict=True):
        rows.append(
            (
                receipt_id, route, report.provider_id, canonical(report.provider_id),
                target.part_id if target else None, str(report.state), report.error,
                report.reported_at, now, tools.vault.seal(report.raw, "receipt.raw", receipt_id),
            )
        )  # fmt: skip
        if target is None and report.number:
            orphans.append((receipt_id, tools.vault.index(report.number)))
    await q.insert(
        "receipt",
        "id, route, provider_id, provider_key, part_id, state, error, reported_at, at, raw",
        rows,
    )
    if orphans:
        await _remember_numbers(q, orphans)
    await apply(q, [(t, r.state, r.error) for r, t in pairs if t is not None], now=now)


async def _match(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport]
) -> list[Target | None]:
    """The part each receipt speaks of: by id within the route, never of another number.

    Nearly all come under the very id that was given; only for the others the id is tried in
    other bases.
    """
    found: list[Target | None] = [None] * len(reports)
    keys = [(canonical(report.provider_id), place) for place, report in enumerate(reports)]
    await _look_up(q, tools, route, reports, keys, found)
    others = [
        (key, place)
        for place, report in enumerate(reports)
        if found[place] is None
        for key in candidates(report.provider_id)[1:]
    ]
    if others:
        await _look_up(q, tools, route, reports, others, found)
    return found


async def _look_up(  # one step of `_match`, split off for its second round
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport],
    keys: Sequence[tuple[str, int]], found: list[Target | None],
) -> None:  # fmt: skip
    rows = await q.over(
        f"""with rows(key text, place bigint)
            select rows.place, part.id, part.message_id, part.total, part.state, part.claimed_at,
                   number.idx
            from rows join part on part.route = :route and part.provider_key = rows.key
            join number on number.id = part.number_id
            {q.only(postgresql="order by part.id for update of part")}""",
        keys,
        route=route,
    )
    for row in sorted(rows, key=lambda row: (row["place"], -row["claimed_at"])):
        place = row["place"]
        number = reports[place].number
        if found[place] is None and (
            not number or hmac.compare_digest(tools.vault.index(number), row["idx"])
        ):
            found[place] = _target(row)


def _target(row: Row) -> Target:
    return Target(row["id"], row["message_id"], row["total"], part_state_of(row["state"]))


async def _remember_numbers(q: Queries, orphans: Sequence[tuple[int, bytes]]) -> None:
    await q.over(
        """with rows(id bigint, idx bytea)
           update receipt set number_id = number.id from rows
           join number on number.idx = rows.idx
           where receipt.id = rows.id""",
        sorted(orphans),
    )


async def apply(q: Queries, moves: Sequence[Move], *, now: int) -> None:
    """Move the parts as their receipts say, where that is legal, and close their messages."""
    last: dict[int, Move] = {}
    for move in moves:
        target, state, _ = move
        before = last.get(target.part_id)
        if state in PART_MOVES[target.state] and (before is None or before[1] not in FINAL):
            last[target.part_id] = move
    legal = [last[part_id] for part_id in sorted(last)]
    await q.over(
        """with rows(id bigint, state text, code text)
           update part set state = rows.state, done_at = :now, code = rows.code from rows
           where part.id = rows.id""",
        [(target.part_id, str(state), error or None) for target, state, error in legal],
        now=now,
    )
    doubted = [target.part_id for target, _, _ in legal if target.state is PartState.DOUBT]
    await outbox.mark_told(q, doubted)
    whole = [(target.message_id, state) for target, state, _ in legal if target.total == 1]
    await outbox.close(q, whole, now=now)
    await outbox.fold(q, [target.message_id for target, _, _ in legal if target.total > 1], now=now)


async def adopt(q: Queries, route: str, accepted: Sequence[tuple[int, str]], *, now: int) -> None:
    """Receipts that came before their submit response: (part id, provider id) just accepted."""
    orphan = await q.one(
        "select 1 as one from receipt where route = :route and part_id is null limit 1",
        route=route,
    )
    if orphan is None:
        return
    rows = await q.over(
        """with rows(key text, part_id bigint)
           update receipt set part_id = rows.part_id from rows
           where receipt.route = :route and receipt.part_id is null
             and receipt.provider_key = rows.key
             and (receipt.number_id is null or receipt.number_id = (
                  select number_id from part where part.id = rows.part_id))
           returning receipt.part_id, receipt.state, receipt.error""",
        sorted(
            (key, part_id) for part_id, provider_id in accepted for key in candidates(provider_id)
        ),
        route=route,
    )
    await _apply_stored(q, [(r["part_id"], PartState(r["state"]), r["error"]) for r in rows], now)


async def _apply_stored(q: Queries, found: Sequence[tuple[int, PartState, str]], now: int) -> None:
    """The same for receipts that were kept before, named by part."""
    rows = await q.over(
        f"""with rows(id bigint)
            select part.id, part.message_id, part.total, part.state
            from rows join part on part.id = rows.id {q.only(postgresql="for update of part")}""",
        sorted({(part_id,) for part_id, _, _ in found}),
    )
    targets = {row["id"]: _target(row) for row in rows}
    await apply(q, [(targets[part_id], state, error) for part_id, state, error in found], now=now)


async def resolve_doubt(q: Queries, *, now: int, before: int) -> int:
    """Give receipts that nobody claims to parts in doubt; how many parts were resolved.

    Only where it is certain enough (design: number and time): one single part in doubt for that
    number on that route, nothing of it on its way, and the receipt came after the attempt.
    """
    rows = await q.all(
        """select receipt.id, receipt.state, receipt.error, receipt.provider_id,
                  max(part.id) as part_id
           from receipt join part on part.number_id = receipt.number_id
                                 and part.route = receipt.route and part.state = 'doubt'
           where receipt.part_id is null and receipt.at <= :before
             and receipt.at >= part.claimed_at
             and not exists (select 1 from part moving where moving.number_id = receipt.number_id
                             and moving.route = receipt.route and moving.state = 'sending')
           group by receipt.id, receipt.state, receipt.error, receipt.provider_id
           having count(*) = 1""",
        before=before,
    )
    if not rows:
        return 0
    # Receipts under two different ids for one part: neither can be trusted.
    names: dict[int, set[str]] = {}
    for row in rows:
        names.setdefault(row["part_id"], set()).add(canonical(row["provider_id"]))
    certain = [row for row in rows if len(names[row["part_id"]]) == 1]
    own = {row["part_id"]: row["provider_id"] for row in certain}
    await q.over(
        """with rows(id bigint, part_id bigint)
           update receipt set part_id = rows.part_id from rows
           where receipt.id = rows.id and receipt.part_id is null""",
        sorted((row["id"], row["part_id"]) for row in certain),
    )
    await q.over(
        """with rows(id bigint, provider_id text, provider_key text)
           update part set provider_id = rows.provider_id, provider_key = rows.provider_key
           from rows where part.id = rows.id""",
        sorted((part_id, name, canonical(name)) for part_id, name in own.items()),
    )
    found = [(row["part_id"], PartState(row["state"]), row["error"]) for row in certain]
    await _apply_stored(q, found, now)
    return len(own)
