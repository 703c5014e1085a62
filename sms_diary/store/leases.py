"""Who holds what, by the database's clock: node numbers, routes, what only one process does."""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.ids import NODES


def now(q: Queries) -> str:
    """The database's clock in epoch milliseconds, as SQL."""
    return q.only(
        sqlite="cast((julianday('now') - 2440587.5) * 86400000 as integer)",
        postgresql="cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
    )


def of_route(route: str) -> str:
    """The name of the lease under which a route is used (`sweeps.unheld` spells it out too)."""
    return f"route:{route}"


async def take(q: Queries, name: str, holder: str, milliseconds: int) -> bool:
    """Take or prolong a lease; False while somebody else holds it."""
    taken = await q.run(
        f"""insert into lease (name, holder, until) values (:name, :holder, {now(q)} + :length)
            on conflict (name) do update set holder = excluded.holder, until = excluded.until
            where lease.holder = excluded.holder or lease.until < {now(q)}""",
        name=name,
        holder=holder,
        length=milliseconds,
    )
    return taken == 1


async def free(q: Queries, name: str) -> bool:
    """Whether nobody holds it: worth a try of `take`, which locks."""
    row = await q.one(f"select until < {now(q)} as free from lease where name = :name", name=name)
    return row is None or bool(row["free"])


async def holds(q: Queries, name: str, holder: str) -> bool:
    """Whether this holder has it, and will until this transaction ends.

    On PostgreSQL whoever wants to take it next waits for that end, and so sees all that was done
    under it.
    """
    row = await q.one(
        f"""select 1 as one from lease
            where name = :name and holder = :holder and until >= {now(q)}
            {q.only(postgresql="for share")}""",
        name=name,
        holder=holder,
    )
    return row is not None


async def prolong(
    q: Queries, holder: str, milliseconds: int, *, run_out: bool = False
) -> list[str]:
    """Keep all that this holder has and has not lost meanwhile; the names of what it kept.

    `run_out`: also what has run out and nobody else has taken since.
    """
    rows = await q.all(
        f"""update lease set until = {now(q)} + :length
            where holder = :holder and (until >= {now(q)} or :run_out = 1) returning name""",
        holder=holder,
        length=milliseconds,
        run_out=int(run_out),
    )
    return [row["name"] for row in rows]


async def inherit(q: Queries, holder: str) -> None:
    """All others are dead: what they held is free (their nodes stay used for a while)."""
    await q.run(
        "delete from lease where holder <> :holder and name not like 'node:%'", holder=holder
    )


async def release(q: Queries, holder: str, name: str = "") -> None:
    """Give back one lease of this holder, or all that it has."""
    await q.run(
        f"""update lease set until = {now(q)} - 1
            where holder = :holder and (name = :name or :name = '')""",
        holder=holder,
        name=name,
    )


async def take_node(q: Queries, holder: str, milliseconds: int) -> int:
    """A node number that nobody holds; the one that has been free for longest."""
    rows = await q.all(
        f"select name, until < {now(q)} as free from lease where name like 'node:%' order by until"
    )
    used = {row["name"] for row in rows}
    # All that are fresh, not the first alone: processes that start together try the same one.
    fresh = [name for name in (f"node:{number}" for number in range(NODES)) if name not in used]
    free = [row["name"] for row in rows if row["free"]]
    for name in [*fresh, *free]:
        if await take(q, name, holder, milliseconds):
            return int(name.partition(":")[2])
    raise RuntimeError("all node numbers are held")
