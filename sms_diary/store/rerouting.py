"""Which routes are out, and what waits for one goes by another.

Only what has surely not left moves: a message of which every part waits, and none was ever in
doubt. When a route is out is `failover.py`'s decision, who follows it `carrying.Ways`'.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.carrying import Ways
from sms_diary.db import Queries, Row
from sms_diary.schedule import URGENT_LANE
from sms_diary.store import leases, numbers, withdraw

BATCH = 500
"""Messages moved in one transaction."""
_OUT = "out:"
_SAYS_SO = "out"
"""Holder of these leases: whichever process has the route prolongs them, no heartbeat does."""

# Answers stay: they go by the route that the question came by, and are soon too late anyway.
_MAY_MOVE = """(p.ground = 'consent' or rows.alike = 1 and p.ground in ('request', 'code', 'staff'))
    and not exists (select 1 from part o where o.message_id = p.message_id
                    and (o.state not in ('queued', 'retry') or o.route <> :route))
    and not exists (select 1 from part o join decision d on d.part_id = o.id
                    where o.message_id = p.message_id)"""
# Two branches, one for each of the partial indexes.
_WAITING = """select id from part where route = :route and state = 'queued'
    union all select id from part where state = 'retry' and due >= 0 and route = :route"""


async def out(q: Queries) -> frozenset[str]:
    """The routes that are out: nothing new is composed for them."""
    fresh = f"until >= {leases.now(q)}"
    rows = await q.all(f"select name from lease where name like 'out:%' and {fresh}")
    return frozenset(row["name"].removeprefix(_OUT) for row in rows)


async def say_out(q: Queries, route: str, milliseconds: int) -> None:
    """The route is out for so long, unless it is said again or taken back."""
    await leases.take(q, _OUT + route, _SAYS_SO, milliseconds)


async def say_back(q: Queries, route: str) -> None:
    """The route is used again."""
    await leases.release(q, _SAYS_SO, _OUT + route)


async def move(q: Queries, ways: Ways, route: str, *, now: int) -> int:
    """Let what waits for a route that is out go by those that follow it; how many messages.

    Where both routes carry texts alike the parts change their route. Elsewhere a text must be
    measured and cut anew: the message is withdrawn, and its lines are composed again.
    """
    targets = _targets(ways, route, await out(q) | {route})
    found = await q.over(
        f"""with rows(named text, urgent bigint, target text, alike bigint)
            select distinct p.message_id, p.number_id, rows.target, rows.alike
            from part p join school s on s.id = p.school_id
            join rows on rows.named = s.route
              and rows.urgent = case when p.lane = {URGENT_LANE} then 1 else 0 end
            where p.id in ({_WAITING}) and {_MAY_MOVE}
            order by p.message_id limit {BATCH}""",
        targets, route=route,
    )  # fmt: skip
    # Nothing of these numbers is claimed from here on; what has been meanwhile is left alone.
    await numbers.lock(q, {row["number_id"] for row in found})
    still = await _still_waiting(q, [row["message_id"] for row in found], route)
    moving = [row for row in found if row["message_id"] in still]
    await _change_route(q, [row for row in moving if row["alike"]], route)
    anew = [row for row in moving if not row["alike"]]
    await withdraw.of_messages(
        q, [row["message_id"] for row in anew], {row["number_id"] for row in anew}, now=now
    )
    return len(moving)


def _targets(ways: Ways, route: str, gone: frozenset[str]) -> list[tuple[str, int, str, int]]:
    """(what a school names, urgent, route instead, carries alike), where there is one."""
    found = []
    for named in sorted({"", ways.default, *ways.by_route}):
        for urgent in (0, 1):
            target = ways.route(named, urgent=bool(urgent), out=gone)
            if target not in gone:
                alike = ways.of(target) == ways.of(route)
                found.append((named, urgent, target, int(alike)))
    return found


async def _still_waiting(q: Queries, message_ids: Sequence[int], route: str) -> set[int]:
    rows = await q.over(
        """with rows(id bigint)
           select rows.id from rows where not exists (
               select 1 from part where part.message_id = rows.id
               and (part.state not in ('queued', 'retry') or part.route <> :route))""",
        [(message_id,) for message_id in sorted(set(message_ids))], route=route,
    )  # fmt: skip
    return {row["id"] for row in rows}


async def _change_route(q: Queries, moving: Sequence[Row], route: str) -> None:
    """A retry need not wait on: it was the other route that said no."""
    await q.over(
        """with rows(id bigint, target text)
           update part set route = rows.target, state = 'queued', due = null from rows
           where part.message_id = rows.id and part.route = :route
             and part.state in ('queued', 'retry')""",
        sorted((row["message_id"], row["target"]) for row in moving), route=route,
    )  # fmt: skip
