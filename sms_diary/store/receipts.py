"""Receipts: stored before they are acknowledged, then applied to the part they speak of.

A receipt may come before the submit response is stored, twice, for one part only, or in
another process. Moves are monotonic: final states do not change.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sms_diary.channels.base import ReceiptReport
from sms_diary.db import Queries
from sms_diary.model import FINAL, PART_MOVES, PartState
from sms_diary.provider_id import candidates, canonical
from sms_diary.store import outbox
from sms_diary.store.tools import Tools

_MOVABLE = {
    state: {source for source, to in PART_MOVES.items() if state in to} for state in PartState
}


async def store(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport], *, now: int
) -> None:
    """Keep the receipts and apply those whose part is known."""
    matches = await _match(q, tools, route, reports)
    rows = []
    for report, part_id in zip(reports, matches, strict=True):
        receipt_id = tools.ids.new()
        rows.append(
            (
                receipt_id, route, report.provider_id, canonical(report.provider_id), part_id,
                report.state.value, report.error, report.reported_at, now,
                tools.vault.seal(report.raw, "receipt.raw", receipt_id),
            )
        )  # fmt: skip
    await q.insert(
        "receipt",
        "id, route, provider_id, provider_key, part_id, state, error, reported_at, at, raw",
        rows,
    )
    orphans = {
        row[0]: report.number
        for row, report in zip(rows, reports, strict=True)
        if row[4] is None and report.number
    }
    if orphans:
        await _remember_numbers(q, tools, orphans)
    applied = [
        (part_id, report.state, report.error)
        for report, part_id in zip(reports, matches, strict=True)
        if part_id is not None
    ]
    await apply(q, applied, now=now)


async def _match(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport]
) -> list[int | None]:
    """The part each receipt speaks of: by id within the route, never of another number."""
    wanted = [
        (key, rank, place)
        for place, report in enumerate(reports)
        for rank, key in enumerate(candidates(report.provider_id))
    ]
    rows = await q.over(
        """with rows(key text, rank bigint, place bigint)
           select rows.rank, rows.place, part.id, part.claimed_at, number.idx
           from rows join part on part.route = :route and part.provider_key = rows.key
           join number on number.id = part.number_id
           order by rows.place, rows.rank, part.claimed_at desc""",
        wanted,
        route=route,
    )
    found: list[int | None] = [None] * len(reports)
    for row in rows:
        place = row["place"]
        number = reports[place].number
        if found[place] is None and (
            not number or hmac.compare_digest(tools.vault.index(number), bytes(row["idx"]))
        ):
            found[place] = row["id"]
    return found


async def _remember_numbers(q: Queries, tools: Tools, orphans: dict[int, str]) -> None:
    await q.over(
        """with rows(id bigint, idx bytea)
           update receipt set number_id = number.id from rows
           join number on number.idx = rows.idx
           where receipt.id = rows.id returning receipt.id""",
        [(receipt_id, tools.vault.index(number)) for receipt_id, number in sorted(orphans.items())],
    )


async def apply(q: Queries, found: Sequence[tuple[int, PartState, str]], *, now: int) -> None:
    """Move the parts (id, state, error) as their receipts say, and close their messages."""
    last: dict[int, tuple[PartState, str]] = {}
    for part_id, state, error in found:
        before = last.get(part_id)
        if state is not PartState.SENT and (before is None or before[0] not in FINAL):
            last[part_id] = (state, error)
    touched: list[int] = []
    for state in sorted({state for state, _ in last.values()}):
        sources = ", ".join(f"'{source}'" for source in sorted(_MOVABLE[state]))
        rows = await q.over(
            f"""with rows(id bigint, code text)
                update part set state = '{state}', done_at = :now, code = rows.code from rows
                where part.id = rows.id and part.state in ({sources})
                returning part.message_id""",
            sorted(
                (part_id, error or None) for part_id, (to, error) in last.items() if to is state
            ),
            now=now,
        )
        touched.extend(row["message_id"] for row in rows)
    await outbox.mark_told(q, touched)
    await outbox.fold(q, touched, now=now)


async def adopt(q: Queries, route: str, accepted: Sequence[tuple[int, str]], *, now: int) -> None:
    """Receipts that came before their submit response: (part id, provider id) just accepted."""
    rows = await q.over(
        """with rows(key text, part_id bigint)
           update receipt set part_id = rows.part_id from rows
           where receipt.route = :route and receipt.part_id is null
             and receipt.provider_key = rows.key
           returning receipt.part_id, receipt.state, receipt.error""",
        sorted(
            (key, part_id) for part_id, provider_id in accepted for key in candidates(provider_id)
        ),
        route=route,
    )
    await apply(q, [(r["part_id"], PartState(r["state"]), r["error"]) for r in rows], now=now)


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
           where receipt.id = rows.id and receipt.part_id is null returning receipt.id""",
        sorted((row["id"], row["part_id"]) for row in certain),
    )
    await q.over(
        """with rows(id bigint, provider_id text, provider_key text)
           update part set provider_id = rows.provider_id, provider_key = rows.provider_key
           from rows where part.id = rows.id returning part.id""",
        sorted((part_id, name, canonical(name)) for part_id, name in own.items()),
    )
    await apply(q, [(r["part_id"], PartState(r["state"]), r["error"]) for r in certain], now=now)
    return len(own)
