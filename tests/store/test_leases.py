"""Who holds what: one holder at a time, and what the dead held is free again."""

from __future__ import annotations

import asyncio

from sms_diary.db import Database
from sms_diary.store import leases

LONG, OVER = 60_000, -1000
"""Milliseconds; a lease of the second length has run out when it is given."""


async def _take(db: Database, name: str, holder: str, length: int = LONG) -> bool:
    async with db.transaction() as q:
        return await leases.take(q, name, holder, length)


async def _node(db: Database, holder: str, length: int = LONG) -> int:
    async with db.transaction() as q:
        return await leases.take_node(q, holder, length)


async def test_a_lease_has_one_holder_who_may_prolong_it(db: Database) -> None:
    assert await _take(db, "route:main", "a")
    assert not await _take(db, "route:main", "b")
    assert await _take(db, "route:main", "a")
    assert await _take(db, "route:other", "b")


async def test_a_lease_that_ran_out_or_was_given_back_is_free(db: Database) -> None:
    assert await _take(db, "route:main", "a", OVER)

    assert await _take(db, "route:main", "b")
    async with db.transaction() as q:
        await leases.release(q, "b")
    assert await _take(db, "route:main", "c")


async def test_of_many_who_want_a_lease_at_once_one_gets_it(db: Database) -> None:
    got = await asyncio.gather(*(_take(db, "route:main", f"h{n}") for n in range(8)))
    assert got.count(True) == 1


async def test_processes_that_start_at_once_get_different_nodes(db: Database) -> None:
    nodes = await asyncio.gather(*(_node(db, f"h{n}") for n in range(8)))
    assert len(set(nodes)) == 8


async def test_a_node_that_was_given_back_is_not_taken_again_at_once(db: Database) -> None:
    first = await _node(db, "a")
    async with db.transaction() as q:
        await leases.release(q, "a")
    assert await _node(db, "b") != first


async def test_only_what_is_still_held_is_prolonged(db: Database) -> None:
    await _take(db, "route:lost", "a", OVER)
    await _take(db, "route:kept", "a")
    async with db.transaction() as q:
        await leases.prolong(q, "a", 2 * LONG)
    assert await _take(db, "route:lost", "b")
    assert not await _take(db, "route:kept", "b")


async def test_a_process_without_a_living_lease_is_dead(db: Database) -> None:
    await _take(db, "process:alive", "alive")
    await _take(db, "process:late", "late", OVER)
    async with db.transaction() as q:
        assert sorted(await leases.dead_holders(q, ["alive", "late", "never"])) == ["late", "never"]
        assert await leases.dead_holders(q, []) == []
