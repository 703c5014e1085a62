"""Receipts that name a part by our own id, look-ups of parts in doubt, and «I have it already»."""

from __future__ import annotations

import pytest

from sms_diary.channels.base import Asked, ReceiptReport
from sms_diary.db import Database
from sms_diary.model import Ground, PartState
from sms_diary.schedule import DIGEST_LANE
from sms_diary.store import asking, doubt, outbox, receipts
from sms_diary.store.doubt import Actor, Decision
from sms_diary.store.outbox import Settled
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import ROUTE, Subscribed, claim, column, phone, queue

PARTS = "select state from part order by id"


async def _sending(db: Database, tools: Tools, school: School, to: Subscribed) -> tuple[int, int]:
    """A message on its way; its id and its part's."""
    async with db.transaction() as q:
        [message_id] = await queue(
            q, tools, to, school.id, "5", lane=DIGEST_LANE, ground=Ground.CONSENT
        )
        [part] = await claim(q, tools, now=10)
    return message_id, part.part_id


async def _settle(
    db: Database, tools: Tools, part_id: int, state: PartState, provider_id: str = ""
) -> None:
    async with db.transaction() as q:
        settled = Settled(part_id, state, provider_id=provider_id)
        await outbox.settle(q, [settled], owner="worker", now=15)
        if state is PartState.SENT:
            await receipts.adopt(q, tools, ROUTE, [(part_id, provider_id)], now=15)


async def _store(
    db: Database, tools: Tools, part_id: int, *, provider_id: str = "U1", number: str = "",
    state: PartState = PartState.DELIVERED, now: int = 30,
) -> None:  # fmt: skip
    report = ReceiptReport(provider_id, state, number, "", None, b"raw", part_id=part_id)
    async with db.transaction() as q:
        await receipts.store(q, tools, ROUTE, [report], now=now)


async def test_a_receipt_with_our_id_ends_a_doubt_and_brings_the_providers_id(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, part_id = await _sending(db, tools, school, guardians[0])
    await _settle(db, tools, part_id, PartState.DOUBT)
    await _store(db, tools, part_id, state=PartState.SENT)
    assert await column(db, PARTS) == ["sent"]
    assert await column(db, "select provider_id from part") == ["U1"]
    await _store(db, tools, part_id)
    assert await column(db, PARTS) == ["delivered"]


async def test_a_receipt_of_another_phone_or_route_changes_nothing(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, part_id = await _sending(db, tools, school, guardians[0])
    await _settle(db, tools, part_id, PartState.DOUBT)
    await _store(db, tools, part_id, number=phone(7))
    report = ReceiptReport("U1", PartState.DELIVERED, "", "", None, b"raw", part_id=part_id)
    async with db.transaction() as q:
        await receipts.store(q, tools, "another", [report], now=30)
    assert await column(db, PARTS) == ["doubt"]


async def test_a_final_state_does_not_change_whatever_is_replayed(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, part_id = await _sending(db, tools, school, guardians[0])
    await _settle(db, tools, part_id, PartState.SENT, "U1")
    await _store(db, tools, part_id)
    await _store(db, tools, part_id, state=PartState.UNDELIVERED)
    assert await column(db, PARTS) == ["delivered"]
    assert len(await column(db, "select id from receipt")) == 2


@pytest.mark.parametrize("answer", ["comes", "is lost"])
async def test_a_receipt_may_come_before_the_answer_to_its_attempt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], answer: str
) -> None:
    _, part_id = await _sending(db, tools, school, guardians[0])
    await _store(db, tools, part_id, provider_id=str(part_id))
    assert await column(db, PARTS) == ["sending"]
    if answer == "comes":
        await _settle(db, tools, part_id, PartState.SENT, str(part_id))
    else:
        await _settle(db, tools, part_id, PartState.DOUBT)
        async with db.transaction() as q:
            await doubt.resolve(q, tools, now=2000, before=1000)
    assert await column(db, PARTS) == ["delivered"]


async def test_parts_in_doubt_are_looked_up_with_pauses_that_double(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, part_id = await _sending(db, tools, school, guardians[0])

    async def asked(now: int) -> list[Asked]:
        async with db.transaction() as q:
            return await asking.in_doubt(q, tools, route=ROUTE, before=now - 100, now=now, limit=9)

    assert await asked(500) == []  # it is on its way
    await _settle(db, tools, part_id, PartState.DOUBT)
    assert await asked(100) == []
    assert await asked(210) == [Asked(part_id, "", phone(0))]
    assert await asked(409) == []
    assert len(await asked(410)) == 1
    await _store(db, tools, part_id, state=PartState.SENT, now=420)
    assert await asked(5000) == []


async def test_a_part_that_is_repeated_after_a_doubt_is_handed_over_as_such(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    message_id, part_id = await _sending(db, tools, school, guardians[0])
    await _settle(db, tools, part_id, PartState.DOUBT)
    async with db.transaction() as q:
        await doubt.decide(
            q, tools, message_id, Decision.REPEAT, school_id=None, actor=Actor.COMMAND, now=50
        )
        [again] = await claim(q, tools, now=60)
    assert (again.part_id, again.doubted) == (part_id, True)


async def test_an_ordinary_retry_is_not_one_after_a_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, part_id = await _sending(db, tools, school, guardians[0])
    await _settle(db, tools, part_id, PartState.QUEUED)
    async with db.transaction() as q:
        [again] = await claim(q, tools, now=60)
    assert (again.part_id, again.doubted) == (part_id, False)
