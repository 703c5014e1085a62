"""Places in the queue: each school's own clock of parts, lane by lane, and where a queue stands.

A part's `turn` is a place, no time: how turns follow each other is `plan.turns`' decision, and the
claim (`outbox`) takes them in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sms_diary.db import Queries
from sms_diary.store.claiming import CLAIMABLE

Place = tuple[int, int, str]
"""(school, lane, route): who stands in which queue."""


async def reached(q: Queries, wanted: Iterable[Place], *, now: int) -> dict[Place, int]:
    """The turn behind which the next part of each goes.

    It is that of its school's last part, or the front of the queue if that is further: who comes
    anew begins beside those who wait, neither behind them all nor with what it did not use
    before. An empty queue stands where anybody has got to.
    """
    places = sorted(set(wanted))
    clocks = await q.over(
        """with rows(school_id bigint, lane bigint)
           select turn.school_id, turn.lane, turn.last from rows
           join turn on turn.school_id = rows.school_id and turn.lane = rows.lane""",
        sorted({(school_id, lane) for school_id, lane, _ in places}),
    )
    own = {(row["school_id"], row["lane"]): row["last"] for row in clocks}
    fronts = await _fronts(q, {(route, lane) for _, lane, route in places}, now=now)
    return {
        (school_id, lane, route): max(own.get((school_id, lane), 0), fronts[route, lane])
        for school_id, lane, route in places
    }


async def _fronts(
    q: Queries, queues: Iterable[tuple[str, int]], *, now: int
) -> dict[tuple[str, int], int]:
    """(route, lane) -> the turn of the part that leaves next."""
    rows = await q.over(
        f"""with rows(route text, lane bigint)
            select rows.route, rows.lane,
                   (select p.turn from part p join number n on n.id = p.number_id
                    where p.route = rows.route and p.lane = rows.lane and {CLAIMABLE}
                    order by p.turn, p.id limit 1) as front,
                   (select max(last) from turn where turn.lane = rows.lane) as furthest
            from rows""",
        sorted(queues),
        now=now,
    )
    return {
        (row["route"], row["lane"]): row["furthest"] or 0 if row["front"] is None else row["front"]
        for row in rows
    }


async def keep(q: Queries, reached: Mapping[Place, int]) -> None:
    """Move on the schools' clocks; whoever calls has locked the schools."""
    clocks = {(school_id, lane): last for (school_id, lane, _), last in reached.items()}
    await q.over(
        """with rows(school_id bigint, lane bigint, last bigint)
           insert into turn (school_id, lane, last)
           select school_id, lane, last from rows where true
           on conflict (school_id, lane) do update set last = excluded.last""",
        [(*key, last) for key, last in sorted(clocks.items())],
    )
