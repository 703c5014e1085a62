"""Messages that a provider has cut itself and calls by several ids, one a piece.

Such a message has arrived when all its pieces have, and has failed with the first that did. Most
providers give one id, and no row stands here for their messages.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import DAY
from sms_diary.db import Queries
from sms_diary.model import FINAL, PartState
from sms_diary.provider_id import canonical
from sms_diary.store.receipt_parts import Target, target_of
from sms_diary.store.tools import Tools

_SPEAKS_OF = 7 * DAY
"""A receipt speaks of a part claimed at most so long ago, as in `receipt_parts`."""
Said = tuple[int, str, PartState]
"""A part, an id under which its receipt came, and what that receipt says."""


async def remember(q: Queries, route: str, named: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Parts that were just taken, and all ids of each: (part id, ids)."""
    await q.over(
        """with rows(id bigint) delete from part_piece where part_id in (select id from rows)""",
        sorted((part_id,) for part_id, _ in named),
    )
    rows = {
        (part_id, canonical(one)): (part_id, route, one, canonical(one), str(PartState.SENT))
        for part_id, ids in named
        for one in ids
    }
    await q.insert(
        "part_piece", "part_id, route, provider_id, provider_key, state", list(rows.values())
    )


async def match(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport], *, now: int
) -> dict[int, Target]:
    """By place among the reports, the parts that are called so, as far as their phones agree."""
    if not await _any(q):
        return {}
    rows = await q.over(
        f"""with rows(key text, place bigint)
            select rows.place, part.id, part.message_id, part.total, part.state, number.idx,
                   number.erased_at
            from rows join part_piece on part_piece.route = :route
                                     and part_piece.provider_key = rows.key
            join part on part.id = part_piece.part_id and part.claimed_at > :since
            join number on number.id = part.number_id
            order by part.id {q.only(postgresql="for update of part")}""",
        sorted(
            (key, place)
            for place, report in enumerate(reports)
            if (key := canonical(report.provider_id))
        ),
        route=route,
        since=now - _SPEAKS_OF,
    )
    found: dict[int, Target] = {}
    for row in rows:  # of several the last: operators use ids again
        number = reports[row["place"]].number
        if not number or tools.vault.index(number) == row["idx"]:
            found[row["place"]] = target_of(row)
    return found


async def heard(q: Queries, said: Sequence[Said]) -> list[PartState]:
    """What becomes of each part now; of one that has one id just what was said."""
    states = await _states(q, [part_id for part_id, _, _ in said])
    if not states:
        return [state for _, _, state in said]
    ends = {
        (part_id, canonical(provider_id)): str(state)
        for part_id, provider_id, state in reversed(said)  # of several the first
        if state in FINAL and canonical(provider_id) in states.get(part_id, {})
    }
    await q.over(
        """with rows(part_id bigint, key text, state text)
           update part_piece set state = rows.state from rows
           where part_piece.part_id = rows.part_id and part_piece.provider_key = rows.key
             and part_piece.state = 'sent'""",
        sorted((*key, state) for key, state in ends.items()),
    )
    states = await _states(q, list(states))
    return [
        _whole(list(own.values())) if canonical(provider_id) in (own := states.get(part_id, {}))
        else state
        for part_id, provider_id, state in said
    ]  # fmt: skip


async def open_ids(q: Queries, part_ids: Sequence[int]) -> dict[int, list[str]]:
    """The ids, verbatim, of pieces without a receipt, by part."""
    rows = await q.over(
        """with rows(id bigint)
           select part_piece.part_id, part_piece.provider_id
           from rows join part_piece on part_piece.part_id = rows.id
           where part_piece.state = 'sent' order by part_piece.provider_key""",
        sorted((part_id,) for part_id in set(part_ids)),
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row["part_id"], []).append(row["provider_id"])
    return found


async def _any(q: Queries) -> bool:
    """Whether a provider has ever cut a message: most never do, and nobody need look further."""
    return await q.one("select 1 as one from part_piece limit 1") is not None


async def _states(q: Queries, part_ids: Sequence[int]) -> dict[int, dict[str, PartState]]:
    """The states of pieces by their keys, by part."""
    if not await _any(q):
        return {}
    rows = await q.over(
        """with rows(id bigint)
           select part_piece.part_id, part_piece.provider_key, part_piece.state
           from rows join part_piece on part_piece.part_id = rows.id""",
        sorted((part_id,) for part_id in set(part_ids)),
    )
    found: dict[int, dict[str, PartState]] = {}
    for row in rows:
        found.setdefault(row["part_id"], {})[row["provider_key"]] = PartState(row["state"])
    return found


def _whole(pieces: Sequence[PartState]) -> PartState:
    failed = [state for state in pieces if state not in (PartState.SENT, PartState.DELIVERED)]
    if failed:
        return failed[0]
    return PartState.SENT if PartState.SENT in pieces else PartState.DELIVERED
