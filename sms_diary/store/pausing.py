"""Routes that a person has paused: nothing leaves by them until somebody lets it again.

A row of `meta` a route: it must outlive every process, as a lease does not.
"""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.values import value

_NAME = "paused:"


@value
class Paused:
    """Since when (epoch milliseconds), and the login of who did it."""

    at: int
    by: str


async def pause(q: Queries, route: str, *, by: str, now: int) -> None:
    """Let nothing more leave by the route; what waits goes by those that follow it."""
    await q.run(
        """insert into meta (name, value) values (:name, :value)
           on conflict (name) do nothing""",
        name=_NAME + route,
        value=f"{now} {by}",
    )


async def resume(q: Queries, route: str) -> None:
    await q.run("delete from meta where name = :name", name=_NAME + route)


async def is_paused(q: Queries, route: str) -> bool:
    return (
        await q.one("select 1 as one from meta where name = :name", name=_NAME + route) is not None
    )


async def every(q: Queries) -> dict[str, Paused]:
    """All that are paused, by route."""
    rows = await q.all("select name, value from meta where name like 'paused:%'")
    found = {}
    for row in rows:
        at, _, by = row["value"].partition(" ")
        found[row["name"].removeprefix(_NAME)] = Paused(int(at), by)
    return found
