"""Which part a receipt speaks of: by its id within the route, never of another number.

An SMSC may write its ids in one base in the response and in another in the receipt, so digits
can name two parts. Then it counts how its receipts were read until now; where that does not
decide, none is meant. Storing receipts and moving parts is `receipts.py`'s.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import DAY
from sms_diary.db import Queries, Row
from sms_diary.model import PartState, part_state_of
from sms_diary.provider_id import candidates, canonical
from sms_diary.store.tools import Tools
from sms_diary.values import value

_WAITING = frozenset({PartState.SENDING, PartState.SENT, PartState.DOUBT})
_REVISABLE = frozenset({PartState.UNKNOWN})
_SPEAKS_OF = 7 * DAY
"""A receipt speaks of a part claimed at most so long ago: operators use ids again."""
_FEW = 8
"""So many receipts may all have been read in the wrong base by chance."""
_LATEST = 50
"""Receipts from which the base of a route is learnt."""
_SURE = 3
"""Times that one base must be commoner than the other."""


@value
class Target:
    """The part a receipt speaks of, as it stands (and, on PostgreSQL, locked)."""

    part_id: int
    message_id: int
    total: int
    state: PartState
    erased: bool
    """Its number was erased: nothing that names it is kept."""


@value
class Hit:
    """A part that may be meant."""

    target: Target
    other_base: bool
    """Whether the ids are equal only when they are read in different bases."""
    claimed_at: int
    answered: bool
    """Whether the part has its id from the answer to its submit."""


def target_of(row: Row) -> Target:
    """From a row with id, message_id, total and state of a part, and erased_at of its number."""
    return Target(
        row["id"], row["message_id"], row["total"], part_state_of(row["state"]),
        row["erased_at"] is not None,
    )  # fmt: skip


def choose(hits: Sequence[Hit], other_base: bool | None) -> Target | None:
    """The one part that is meant; None where several may be.

    `other_base` is what is known of the route (`spoken`). Parts that wait for a receipt come
    before those whose fate was given up, these before the last of those that have had theirs.
    """
    if len({hit.other_base for hit in hits}) > 1:
        if other_base is None:
            return None
        hits = [hit for hit in hits if hit.other_base == other_base]
    for states in (_WAITING, _REVISABLE):
        meant = [hit.target for hit in hits if hit.target.state in states]
        if meant:
            return meant[0] if len(meant) == 1 else None
    return max(hits, key=lambda hit: hit.claimed_at).target if hits else None


def any_other_base(hits: Sequence[Hit]) -> bool:
    """Whether it depends on the base of the ids which part is meant."""
    return any(hit.other_base for hit in hits)


async def match(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport], *, now: int
) -> tuple[list[Target | None], int]:
    """The part of each receipt, and how many receipts could speak of several.

    Nearly all come under the very id that was given; only where many do not, or where chance
    could deceive, are the ids tried in other bases too.
    """
    hits: list[list[Hit]] = [[] for _ in reports]
    keys = [
        (key, place)
        for place, report in enumerate(reports)
        if (key := canonical(report.provider_id))
    ]
    for place, hit in await _look_up(q, tools, route, reports, keys, now=now):
        hits[place].append(hit)
    missed = [place for _, place in keys if not hits[place]]
    if len(missed) * 2 > len(keys) or len(keys) <= _FEW:
        missed = [place for _, place in keys]
    others = [
        (key, place) for place in missed for key in candidates(reports[place].provider_id)[1:]
    ]
    found = await _look_up(q, tools, route, reports, others, now=now, other_base=True)
    if not found:
        return _chosen(hits, None)
    for place, hit in found:
        hits[place].append(hit)
    base = await spoken(q, route, _told(reports, hits))
    if base is False:
        # The part itself may not be known yet; the sweep looks again when it surely is.
        hits = [[hit for hit in own if not hit.other_base] for own in hits]
    return _chosen(hits, base)


def _chosen(hits: Sequence[Sequence[Hit]], base: bool | None) -> tuple[list[Target | None], int]:
    found: list[Target | None] = []
    ambiguous = 0
    for own in hits:
        # Nearly always there is one.
        target = own[0].target if len(own) == 1 else choose(own, base)
        ambiguous += target is None and bool(own)
        found.append(target)
    return found, ambiguous


async def _look_up(
    q: Queries, tools: Tools, route: str, reports: Sequence[ReceiptReport],
    keys: Sequence[tuple[str, int]], *, now: int, other_base: bool = False,
) -> list[tuple[int, Hit]]:  # fmt: skip
    """The parts under these (key, place of a report) that are of that report's number."""
    rows = await q.over(
        f"""with rows(key text, place bigint)
            select rows.place, part.id, part.message_id, part.total, part.state, part.claimed_at,
                   part.provider_id, number.idx, number.erased_at
            from rows join part on part.route = :route and part.provider_key = rows.key
            join number on number.id = part.number_id
            where part.claimed_at > :since
            {q.only(postgresql="order by part.id for update of part")}""",
        keys,
        route=route,
        since=now - _SPEAKS_OF,
    )
    found = []
    for row in rows:
        report = reports[row["place"]]
        if not report.number or hmac.compare_digest(tools.vault.index(report.number), row["idx"]):
            answered = row["provider_id"] is not None
            hit = Hit(target_of(row), other_base, row["claimed_at"], answered)
            found.append((row["place"], hit))
    return found


def _told(reports: Sequence[ReceiptReport], hits: Sequence[Sequence[Hit]]) -> list[bool]:
    """What a batch tells of the base: for each receipt with one part, whether it is another."""
    return [
        own[0].other_base
        for report, own in zip(reports, hits, strict=True)
        if len(own) == 1 and own[0].answered and _tells(report.provider_id)
    ]


def _tells(provider_id: str) -> bool:
    """A name, or a number of one digit, is the same in every base."""
    return len(candidates(provider_id)) > 1


async def spoken(q: Queries, route: str, batch: Iterable[bool] = ()) -> bool | None:
    """Whether this route's receipts write ids in another base than its responses.

    By its latest receipts and what is known of a batch (True: read in another base); None
    where they tell nothing or both. Parts that have their id from a receipt (they were in doubt)
    tell nothing.
    """
    rows = await q.all(
        """select last.provider_key as said, part.provider_key as given
           from (select part_id, provider_key from receipt
                 where route = :route and part_id is not null order by id desc limit :limit) last
           join part on part.id = last.part_id and part.provider_id is not null""",
        route=route,
        limit=_LATEST,
    )
    told = [row["said"] != row["given"] for row in rows if _tells(row["said"])]
    told += batch
    other = sum(told)
    same = len(told) - other
    if other > _SURE * same:
        return True
    return False if same > _SURE * other else None
