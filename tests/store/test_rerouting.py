"""What may go by another route when its own is out, and what never does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sms_diary.carrying import USUAL, Order, Ways
from sms_diary.clock import HOUR
from sms_diary.db import Database
from sms_diary.model import Ground
from sms_diary.schedule import URGENT_LANE
from sms_diary.store import rerouting
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import ROUTE, Subscribed, claim, column, entry, line, queue

ALIKE = Ways(ROUTE, {ROUTE: USUAL, "next": USUAL}, {ROUTE: Order(("next",))})
OTHER = Ways(ROUTE, {ROUTE: USUAL, "next": replace(USUAL, whole=True)}, {ROUTE: Order(("next",))})
PLACES = "select route || ' ' || state as place from part order by id"


async def move(db: Database, ways: Ways = ALIKE) -> int:
    return await db.write(lambda q: rerouting.move(q, ways, ROUTE, now=2))


async def test_what_waits_and_what_was_refused_goes_by_the_next_route(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "одна", "две")
        await queue(q, tools, guardians[1], school.id, "чужая", route="third")
        await q.run("update part set state = 'retry', due = 9, failure = 'balance', attempts = 1"
                    " where id = (select min(id) from part)")  # fmt: skip
    assert await move(db) == 2
    assert await column(db, PLACES) == ["next queued", "next queued", "third queued"]
    assert await column(db, "select count(*) as n from part where due is null") == [3]
    async with db.transaction() as q:
        assert len(await claim(q, tools, route="next")) == 2
        assert await claim(q, tools) == []


@pytest.mark.parametrize("state", ["sending", "doubt", "sent", "delivered", "unknown"])
@pytest.mark.parametrize("ways", [ALIKE, OTHER], ids=["alike", "other"])
async def test_a_part_that_has_perhaps_left_never_changes_its_route_nor_does_its_message(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], state: str, ways: Ways
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "текст", parts=2)
        await q.run("update part set state = :state where seq = 1", state=state)
    assert await move(db, ways) == 0
    assert await column(db, PLACES) == [f"{ROUTE} {state}", f"{ROUTE} queued"]


@pytest.mark.parametrize("ways", [ALIKE, OTHER], ids=["alike", "other"])
async def test_what_is_repeated_after_a_doubt_goes_the_way_it_went(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], ways: Ways
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "срочно")
        await q.run(
            "insert into decision (id, school_id, part_id, decision, actor, claimed_at, at)"
            " select 1, school_id, id, 'repeat', 'policy', 1, 1 from part"
        )
    assert await move(db, ways) == 0
    assert await column(db, PLACES) == [f"{ROUTE} queued"]


async def test_a_text_that_is_carried_otherwise_is_withdrawn_and_its_lines_wait_again(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await entry(q, school, 1)
        await line(q, tools, guardians[0], 1)
        line_ids = [row["id"] for row in await q.all("select id from line")]
        await queue(q, tools, guardians[0], school.id, "урок", lines=tuple(line_ids))
        await queue(q, tools, guardians[1], school.id, "код", ground=Ground.CODE)
    assert await move(db, OTHER) == 1
    assert await column(db, PLACES) == [f"{ROUTE} withdrawn", f"{ROUTE} queued"]
    assert await column(db, "select state || ' ' || reason as why from message order by id") == [
        "withdrawn route", "open ",
    ]  # fmt: skip
    assert await column(db, "select state from line") == ["planned"]


async def test_each_goes_by_the_order_of_its_school_and_of_its_urgency(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    orders = {ROUTE: Order(("next", "last"), (ROUTE, "fast"))}
    ways = Ways(ROUTE, dict.fromkeys((ROUTE, "next", "last", "fast"), USUAL), orders)
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "спешит", lane=URGENT_LANE)
        await queue(q, tools, guardians[0], school.id, "ждёт")
        await rerouting.say_out(q, "next", HOUR)
    assert await move(db, ways) == 2
    assert await column(db, PLACES) == ["fast queued", "last queued"]


async def test_where_all_are_out_nothing_moves(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "ждёт")
        await rerouting.say_out(q, "next", HOUR)
    assert await move(db) == 0
    async with db.transaction() as q:
        await rerouting.say_back(q, "next")
    assert await move(db) == 1


async def test_a_route_is_out_for_as_long_as_that_was_said(db: Database) -> None:
    async with db.transaction() as q:
        await rerouting.say_out(q, "main", HOUR)
        await rerouting.say_out(q, "old", -1)
        assert await rerouting.out(q) == {"main"}


async def test_a_claim_at_the_same_moment_takes_a_message_or_leaves_all_of_it(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for to in guardians:
            await queue(q, tools, to, school.id, *(f"текст {n}" for n in range(5)), parts=2)

    async def claiming() -> None:
        for _ in range(20):
            async with db.transaction() as q:
                await claim(q, tools, limit=3)

    async def moving() -> None:
        for _ in range(20):
            await move(db)

    await asyncio.gather(claiming(), moving(), claiming())
    torn = "select 1 as one from part group by message_id having min(route) <> max(route)"
    assert await column(db, torn) == []
    left = "select 1 as one from part where route = 'next' and state <> 'queued'"
    assert await column(db, left) == []
