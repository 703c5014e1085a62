"""Who holds what: one holder at a time, and what the dead held is free again."""

from __future__ import annotations

import asyncio

from sms_diary.db import Database
from sms_diary.store import leases
from tests.seeding import waits_or_ends

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


async def test_only_what_is_still_held_is_prolonged_and_named(db: Database) -> None:
    await _take(db, "route:lost", "a", OVER)
    await _take(db, "route:kept", "a")
    async with db.transaction() as q:
        assert await leases.prolong(q, "a", 2 * LONG) == ["route:kept"]
    assert await _take(db, "route:lost", "b")
    assert not await _take(db, "route:kept", "b")


async def test_who_is_alone_keeps_what_has_run_out_but_not_what_another_took(db: Database) -> None:
    await _take(db, "route:late", "a", OVER)
    await _take(db, "route:lost", "a", OVER)
    await _take(db, "route:lost", "b")
    async with db.transaction() as q:
        assert await leases.prolong(q, "a", LONG, run_out=True) == ["route:late"]
    assert not await _take(db, "route:late", "b")


async def test_one_lease_can_be_given_back_without_the_others(db: Database) -> None:
    await _take(db, "route:one", "a")
    await _take(db, "route:two", "a")
    async with db.transaction() as q:
        await leases.release(q, "a", "route:one")
        assert (await leases.free(q, "route:one"), await leases.free(q, "route:two")) == (
            True, False,
        )  # fmt: skip
        assert await leases.free(q, "route:none")


async def test_a_lease_is_held_until_it_runs_out_and_by_its_holder_only(db: Database) -> None:
    await _take(db, "route:main", "a")
    await _take(db, "route:late", "a", OVER)
    async with db.transaction() as q:
        assert await leases.holds(q, "route:main", "a")
        assert not await leases.holds(q, "route:main", "b")
        assert not await leases.holds(q, "route:late", "a")
        assert not await leases.holds(q, "route:none", "a")


async def test_who_takes_a_lease_waits_for_what_is_being_done_under_it(db: Database) -> None:
    await _take(db, "route:main", "a", 200)
    async with db.transaction() as q:
        assert await leases.holds(q, "route:main", "a")
        taking = asyncio.create_task(_until_taken(db, "route:main", "b"))
        while await leases.holds(q, "route:main", "a"):
            await asyncio.sleep(0.01)
        if db.engine == "postgresql":
            await waits_or_ends(db, taking)
        # It has run out, and yet: what was begun while it was held is committed first.
        assert not taking.done()
        await leases.take(q, "done under it", "a", LONG)
    await taking
    assert not await _take(db, "done under it", "b")


async def _until_taken(db: Database, name: str, holder: str) -> None:
    """As `holding` does; the lease runs out meanwhile."""
    while not await _take(db, name, holder):
        await asyncio.sleep(0.01)
