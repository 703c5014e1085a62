"""Places in the queue: how schools that send at the same time share it."""

from __future__ import annotations

from sms_diary import plan
from sms_diary.db import Database, Queries
from sms_diary.schedule import DIGEST_LANE, URGENT_LANE
from sms_diary.store import numbers, turns
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import ROUTE, Subscribed, claim, classes, live_school, phone, queue, subscribe
from tests.seeding import pupil as a_pupil

NOW = 2


async def _another(q: Queries, tools: Tools) -> tuple[School, Subscribed]:
    """A second school, with one guardian."""
    school = await live_school(q, tools, "another")
    [class_id] = await classes(q, tools, school, "5А")
    pupil = await a_pupil(q, tools, school, class_id, "Ким Анна", "k1")
    [guardian] = await subscribe(q, tools, school, [(pupil, phone(900))])
    return school, guardian


async def _send(
    q: Queries, tools: Tools, school_id: int, to: Subscribed, count: int, lane: int = DIGEST_LANE,
) -> None:  # fmt: skip
    """Queue so many messages of one part, as compose does."""
    place = (school_id, lane, ROUTE)
    reached = await turns.reached(q, [place], now=NOW)
    for turn in plan.turns(reached[place], count):
        await queue(q, tools, to, school_id, "5", lane=lane, turn=turn)
        reached[place] = turn
    await turns.keep(q, reached)


async def _leave(q: Queries, tools: Tools, count: int) -> str:
    """The next parts by the ending of their numbers: «a» are those of the second school."""
    parts = await claim(q, tools, limit=count, now=NOW)
    return "".join("a" if part.number == phone(900) else "." for part in parts)


async def test_who_comes_to_a_long_queue_takes_turns_with_those_who_wait(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        other, guardian = await _another(q, tools)
        await _send(q, tools, school.id, guardians[0], 40)
        assert await _leave(q, tools, 20) == "." * 20
        await _send(q, tools, other.id, guardian, 5)
        assert await _leave(q, tools, 12) == "..a.a.a.a.a."


async def test_a_school_that_sent_much_when_nobody_else_did_owes_nothing(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        other, guardian = await _another(q, tools)
        await _send(q, tools, school.id, guardians[0], 40)
        assert await _leave(q, tools, 40) == "." * 40
        await _send(q, tools, other.id, guardian, 20)
        await _send(q, tools, school.id, guardians[0], 3)
        assert await _leave(q, tools, 8) == "aa.a.a.a"


async def test_what_a_school_sends_in_one_lane_is_not_held_against_it_in_another(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        other, guardian = await _another(q, tools)
        await _send(q, tools, other.id, guardian, 20, URGENT_LANE)
        await _send(q, tools, school.id, guardians[0], 40)
        await _send(q, tools, school.id, guardians[0], 2, URGENT_LANE)
        assert await _leave(q, tools, 6) == "aa.a.a"


async def test_a_part_that_may_not_leave_does_not_hold_the_queue_where_it_was(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        other, guardian = await _another(q, tools)
        await _send(q, tools, school.id, guardians[1], 1)
        await numbers.bump(q, [guardians[1].number_id])
        await _send(q, tools, school.id, guardians[0], 40)
        assert await _leave(q, tools, 20) == "." * 20
        await _send(q, tools, other.id, guardian, 20)
        assert await _leave(q, tools, 7) == "..a.a.a"
