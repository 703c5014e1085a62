"""Receipts: stored before they are acknowledged, then applied to the part they speak of.

A receipt may come before the submit response is stored, twice, for one part only, or in
another process. Moves are monotonic: final states do not change.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import HOUR, MINUTE
from sms_diary.db import Queries, Row
from sms_diary.model import FINAL, PART_MOVES, PartState, part_state_of
from sms_diary.provider_id import candidates, canonical
from sms_diary.store import numbers, outbox
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Target:
    """The part a receipt speaks of, as it stands (and, on PostgreSQL, locked)."""

    part_id: int
    message_id: int
    total: int
    state: PartState


NO_NUMBER_OF_OURS = 0
"""`receipt.number_id` where the receipt names a phone that the database does not know."""
SKEW = MINUTE
"""Clocks of two processes differ by less."""

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
) -> None:
    """Keep the receipts and apply those whose part is known."""
    await one_at_a_time(q, route)
    targets = await _match(q, tools, route, reports)
    pairs = list(zip(reports, targets, strict=True))
    orphans = {r.number for r, target in pairs if target is None and r.number}
    known = await numbers.find(q, tools, orphans) if orphans else {}
    rows = []
    for receipt_id, (report, target) in zip(tools.ids.many(len(pairs)), pairs, strict=True):
        rows.append(
            (
                receipt_id, route, report.provider_id, canonical(report.provider_id),
                target.part_id if target else None, str(report.state), report.error,
                report.reported_at, now, tools.vault.seal(report.raw, "receipt.raw", receipt_id),
                None if target or not report.number
                else known[report.number].id if report.number in known
                else NO_NUMBER_OF_OURS,
            )
        )  # fmt: skip
    await q.insert(
        "receipt",
        "id, route, provider_id, provider_key, part_id, state, error, reported_at, at, raw,"
        " number_id",
        rows,
    )
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
             and exists (
                select 1 from part where part.id = rows.part_id
                  and part.claimed_at <= receipt.at + :skew
                  and (receipt.number_id is null or receipt.number_id = part.number_id))
           returning receipt.part_id, receipt.state, receipt.error""",
        sorted(
            (key, part_id) for part_id, provider_id in accepted for key in candidates(provider_id)
        ),
        route=route,
        skew=SKEW,
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


async def match_again(q: Queries, *, now: int, after: int, limit: int) -> tuple[int, int]:
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
    wanted = [
        (key, row["route"], row["id"]) for row in rows for key in candidates(row["provider_id"])
    ]
    parts = await q.over(
        """with rows(key text, route text, receipt_id bigint)
           select rows.receipt_id, part.id, part.number_id, part.claimed_at
           from rows join part on part.route = rows.route and part.provider_key = rows.key""",
        wanted,
    )
    own = {row["id"]: row for row in rows}
    found = {
        part["receipt_id"]: part["id"]
        for part in sorted(parts, key=lambda part: part["claimed_at"])
        if own[part["receipt_id"]]["number_id"] in (None, part["number_id"])
        and part["claimed_at"] <= own[part["receipt_id"]]["at"] + SKEW
    }
    await q.over(
        """with rows(id bigint, part_id bigint)
           update receipt set part_id = rows.part_id from rows
           where receipt.id = rows.id and receipt.part_id is null""",
        sorted(found.items()),
    )
    moves = [(p, PartState(own[r]["state"]), own[r]["error"]) for r, p in sorted(found.items())]
    await _apply_stored(q, moves, now)
    return len(rows), rows[-1]["id"] if len(rows) == limit else 0


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
           from rows where part.id = rows.id and part.state = 'doubt'""",
        sorted((part_id, name, canonical(name)) for part_id, name in own.items()),
    )
    found = [(row["part_id"], PartState(row["state"]), row["error"]) for row in certain]
    await _apply_stored(q, found, now)
    return len(own)
