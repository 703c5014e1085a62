"""A message that the provider calls by several ids arrives when all its pieces have."""

from __future__ import annotations

import itertools

import pytest

from sms_diary.channels.base import Outcome, ReceiptReport, Result
from sms_diary.clock import HOUR, ManualClock
from sms_diary.db import Database
from sms_diary.dispatch import Settle
from sms_diary.model import PartState
from sms_diary.store import asking, receipts
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.seeding import ROUTE, Subscribed, claim, column, phone, queue

D, U, S = PartState.DELIVERED, PartState.UNDELIVERED, PartState.SENT
PARTS = "select state from part order by id"


async def _claimed(db: Database, tools: Tools, school: School, to: Subscribed) -> int:
    async with db.transaction() as q:
        await queue(q, tools, to, school.id, "5")
        [part] = await claim(q, tools, now=10)
        return part.part_id


async def _taken(db: Database, tools: Tools, part_id: int, *ids: str) -> None:
    settle = Settle(db, tools, ManualClock(20), Wakes(), owner="worker")
    first, *more = ids
    taken = Result(part_id, Outcome.ACCEPTED, first, more_ids=tuple(more))
    await settle(ROUTE, [taken])


async def _hear(
    db: Database, tools: Tools, *said: tuple[str, PartState], part_id: int | None = None,
    number: str = phone(0),
) -> None:  # fmt: skip
    reports = [
        ReceiptReport(one, state, number, "", None, b"raw", part_id=part_id) for one, state in said
    ]
    async with db.transaction() as q:
        await receipts.store(q, tools, ROUTE, reports, now=30)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([("A1", D)], "sent"),
        ([("A1", D), ("A1", D), ("A2", S)], "sent"),
        ([("A1", D), ("a2", D)], "sent"),
        ([("A1", D), ("A2", D), ("A3", D)], "delivered"),
        ([("A3", D), ("A2", U)], "undelivered"),
        ([("A2", U), ("A2", D), ("A1", D), ("A3", D)], "undelivered"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
async def test_it_is_delivered_when_all_pieces_are_and_fails_with_the_first_that_does(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed],
    said: list[tuple[str, PartState]], state: str, together: bool,
) -> None:  # fmt: skip
    part_id = await _claimed(db, tools, school, guardians[0])
    await _taken(db, tools, part_id, "A1", "A2", "A3")
    if together:
        await _hear(db, tools, *said)
    else:
        for one in said:
            await _hear(db, tools, one)
    assert await column(db, PARTS) == [state]
    assert set(await column(db, "select part_id from receipt")) == {part_id}


@pytest.mark.parametrize("early", range(4))
async def test_receipts_may_come_before_the_answer(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], early: int
) -> None:
    part_id = await _claimed(db, tools, school, guardians[0])
    said = [("A1", D), ("A2", D), ("A3", D)]
    await _hear(db, tools, *said[:early])
    await _taken(db, tools, part_id, "A1", "A2", "A3")
    assert await column(db, PARTS) == ["delivered" if early == 3 else "sent"]
    await _hear(db, tools, *said[early:])
    assert await column(db, PARTS) == ["delivered"]


async def test_receipts_that_echo_our_id_too_are_counted_by_theirs(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    part_id = await _claimed(db, tools, school, guardians[0])
    await _taken(db, tools, part_id, "A1", "A2")
    await _hear(db, tools, ("A2", D), part_id=part_id)
    assert await column(db, PARTS) == ["sent"]
    await _hear(db, tools, ("A1", D), part_id=part_id)
    assert await column(db, PARTS) == ["delivered"]


async def test_a_receipt_of_another_phone_is_of_no_piece(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    part_id = await _claimed(db, tools, school, guardians[0])
    await _taken(db, tools, part_id, "A1", "A2")
    await _hear(db, tools, ("A1", D), ("A2", D), number=phone(1))
    assert await column(db, PARTS) == ["sent"]


async def test_every_piece_without_a_receipt_is_asked_for(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    part_id = await _claimed(db, tools, school, guardians[0])
    await _taken(db, tools, part_id, "A1", "A2", "A3")
    await _hear(db, tools, ("A2", D))
    async with db.transaction() as q:
        asked = await asking.due(q, tools, route=ROUTE, before=HOUR, now=HOUR, limit=10)
    assert [(one.part_id, one.provider_id) for one in asked] == [(part_id, "A1"), (part_id, "A3")]


async def test_a_message_with_one_id_has_no_pieces(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    part_id = await _claimed(db, tools, school, guardians[0])
    await _taken(db, tools, part_id, "A1")
    assert await column(db, "select part_id from part_piece") == []
    await _hear(db, tools, ("A1", D))
    assert await column(db, PARTS) == ["delivered"]


async def test_the_order_of_receipts_does_not_matter(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    orders = list(itertools.permutations([("A", D), ("B", D), ("C", U)]))
    for place, order in enumerate(orders):
        part_id = await _claimed(db, tools, school, guardians[0])
        await _taken(db, tools, part_id, *(f"{name}{place}" for name in "ABC"))
        await _hear(db, tools, *((f"{name}{place}", state) for name, state in order))
    assert set(await column(db, PARTS)) == {"undelivered"}
