"""Who holds what, by the database's clock: node numbers, routes, living processes."""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.ids import NODES


def _now(q: Queries) -> str:
    return q.only(
        sqlite="cast((julianday('now') - 2440587.5) * 86400000 as integer)",
        postgresql="cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
    )


async def take(q: Queries, name: str, holder: str, milliseconds: int) -> bool:
    """Take or prolong a lease; False while somebody else holds it."""
    taken = await q.run(
        f"""insert into lease (name, holder, until) values (:name, :holder, {_now(q)} + :length)
            on conflict (name) do update set holder = excluded.holder, until = excluded.until
            where lease.holder = excluded.holder or lease.until < {_now(q)}""",
        name=name,
        holder=holder,
        length=milliseconds,
    )
    return taken == 1


async def prolong(q: Queries, holder: str, milliseconds: int) -> None:
    """Keep all that this holder has and has not lost meanwhile."""
    await q.run(
        f"""update lease set until = {_now(q)} + :length
            where holder = :holder and until >= {_now(q)}""",
        holder=holder,
        length=milliseconds,
    )


async def inherit(q: Queries, holder: str) -> None:
    """All others are dead: their routes and processes are free (nodes stay used for a while)."""
    await q.run(
        "delete from lease where holder <> :holder and name not like 'node:%'", holder=holder
    )


async def release(q: Queries, holder: str) -> None:
    """Give back all that this holder has."""
    await q.run(f"update lease set until = {_now(q)} - 1 where holder = :holder", holder=holder)


async def take_node(q: Queries, holder: str, milliseconds: int) -> int:
    """A node number that nobody holds; the one that has been free for longest."""
    rows = await q.all(
        f"select name, until < {_now(q)} as free from lease where name like 'node:%' order by until"
    )
    used = {row["name"] for row in rows}
    # All that are fresh, not the first alone: processes that start together try the same one.
    fresh = [name for name in (f"node:{number}" for number in range(NODES)) if name not in used]
    free = [row["name"] for row in rows if row["free"]]
    for name in [*fresh, *free]:
        if await take(q, name, holder, milliseconds):
            return int(name.partition(":")[2])
    raise RuntimeError("all node numbers are held")


async def dead_holders(q: Queries, holders: list[str]) -> list[str]:
    """Those of the processes whose lease has run out (or never was)."""
    rows = await q.over(
        f"""with rows(holder text)
            select rows.holder from rows
            where not exists (select 1 from lease where lease.name = 'process:' || rows.holder
                              and lease.until >= {_now(q)})""",
        [(holder,) for holder in holders],
    )
    return [row["holder"] for row in rows]
