"""Taking parts out of the queue to be sent, and what of them goes to the channel.

The claim is a compare-and-set and *is* the attempt: it is committed before a byte leaves.
Whoever claimed and died leaves its parts `sending`; `sweeps.taken_over` puts them in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sms_diary.carrying import Carrying
from sms_diary.channels.base import Outgoing
from sms_diary.clock import SECOND
from sms_diary.db import Queries, Row
from sms_diary.encoding import Alphabet
from sms_diary.store.tools import Tools

_ALPHABETS = {str(alphabet): alphabet for alphabet in Alphabet}
CLAIMABLE = """p.state = 'queued' and p.expires > :now
    and (p.closes is null or p.closes > :now) and case p.ground
    when 'consent' then n.state = 'open' and n.consent_rev = p.consent_rev
    when 'request' then n.state = 'open' and exists (
        select 1 from request r where r.message_id = p.message_id and r.state = 'open')
    else true end"""
"""Of a part `p` to the number `n`: it may leave now. What asks or welcomes, while that is open."""


async def claim(q: Queries, *, route: str, owner: str, limit: int, now: int) -> list[Row]:
    """Take up to `limit` parts in the order of (lane, turn), none that has expired; for `opened`.

    What else must hold says `CLAIMABLE`; a paused school only answers. Chosen rows and their
    numbers are locked until the commit, and the update repeats the guard on the state.
    """
    chosen = await q.all(
        f"""select p.id, p.message_id, p.seq, p.total, p.udh_ref, p.expires, p.lane, p.turn,
                   p.number_id, n.sealed, m.text, m.alphabet, coalesce(s.sender, '') as sender,
                   case when p.attempts > 0 and exists (
                       select 1 from decision d where d.part_id = p.id and d.decision = 'repeat')
                       then 1 else 0 end as doubted
            from part p
            join number n on n.id = p.number_id
            join message m on m.id = p.message_id
            left join school s on s.id = p.school_id
            where p.route = :route and {CLAIMABLE} and m.text is not null
              and (s.paused_at is null or p.ground in ('reply', 'code'))
            order by p.lane, p.turn, p.id limit :limit
            {q.only(postgresql="for update of p skip locked for share of n skip locked")}""",
        route=route, limit=limit, now=now,
    )  # fmt: skip
    await q.over(
        """with rows(id bigint)
           update part set state = 'sending', attempts = attempts + 1, owner = :owner,
                           claimed_at = :now
           from rows where part.id = rows.id and part.state = 'queued'""",
        sorted((row["id"],) for row in chosen), owner=owner, now=now,
    )  # fmt: skip
    return list(chosen)


async def take_back(q: Queries, *, route: str, owner: str, at: int) -> int:
    """Queue again what was claimed at that moment and surely not handed over; how many parts."""
    return await q.run(
        """update part set state = 'queued', attempts = attempts - 1
           where state = 'sending' and route = :route and owner = :owner and claimed_at = :at""",
        route=route, owner=owner, at=at,
    )  # fmt: skip


def opened(tools: Tools, claimed: Sequence[Row], way: Carrying, *, now: int) -> list[Outgoing]:
    """The claimed parts with numbers and texts of their own, in the order in which they leave."""
    unseal = tools.vault.text
    return [
        Outgoing(
            row["id"],
            unseal(row["sealed"], "number.sealed", row["number_id"]),
            _own(unseal(row["text"], "message.text", row["message_id"]), row, way),
            _ALPHABETS[row["alphabet"]],
            row["expires"],
            max((row["expires"] - now) // SECOND, 1),
            row["sender"],
            row["udh_ref"],
            row["total"],
            row["seq"],
            bool(row["doubted"]),
        )
        for row in claimed
    ]


def _own(text: str, row: Row, way: Carrying) -> str:
    """What this part carries of its message's text.

    A text that was composed for another way of cutting is cut into as many equal pieces as it
    has parts: the channel refuses what does not fit, and nothing of it is sent twice or lost.
    """
    total: int = row["total"]
    if total == 1:
        return text
    pieces = _pieces(way, text)
    if len(pieces) != total:
        step = -(-len(text) // total)
        pieces = [text[at * step : (at + 1) * step] for at in range(total)]
    own: str = pieces[row["seq"] - 1]
    return own


@lru_cache(maxsize=1024)  # the parts of one message come one after another
def _pieces(way: Carrying, text: str) -> list[str]:
    return way.pieces(text)
