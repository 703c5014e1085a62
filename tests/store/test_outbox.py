"""The claim: exactly once, in order, and nothing that may not leave."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from sms_diary.channels.base import Outgoing
from sms_diary.db import Database
from sms_diary.model import ConsentState, Failure, Ground, PartState
from sms_diary.store import numbers, outbox
from sms_diary.store.outbox import Settled
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import (
    FAR,
    Subscribed,
    claim,
    column,
    line,
    long,
    phone,
    queue,
    set_consent,
    waits_or_ends,
)

WORKERS = 8
STATES = "select state from part order by id"


async def _claim(db: Database, tools: Tools, **how: Any) -> list[Outgoing]:
    async with db.transaction() as q:
        return await claim(q, tools, **how)


async def test_many_workers_claim_each_part_exactly_once(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for to in guardians:
            await queue(q, tools, to, school.id, *(f"текст {n}" for n in range(100)))

    async def work(owner: str) -> list[int]:
        mine: list[int] = []
        while claimed := await _claim(db, tools, owner=owner, limit=37):
            mine += [part.part_id for part in claimed]
        return mine

    async def until_none_is_left(owner: str) -> list[int]:
        # On PostgreSQL a worker passes over what others hold, and may find nothing for a moment.
        mine: list[int] = []
        while await column(db, "select 1 from part where state = 'queued' limit 1"):
            mine += await work(owner)
        return mine

    found = await asyncio.gather(*(until_none_is_left(f"w{n}") for n in range(WORKERS)))
    counts = Counter(part_id for mine in found for part_id in mine)
    assert len(counts) == 2000
    assert set(counts.values()) == {1}
    owned = await column(db, "select owner from part where attempts = 1 and state = 'sending'")
    assert Counter(owned) == Counter({f"w{n}": len(m) for n, m in enumerate(found) if m})


async def test_no_claim_is_larger_than_its_limit(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for to in guardians:
            await queue(q, tools, to, school.id, *(f"текст {n}" for n in range(50)))
        await q.run(q.only(sqlite="select 1", postgresql="analyze part"))
    for limit in (1, 7, 300):
        assert len(await _claim(db, tools, limit=limit)) == limit


async def test_a_claimed_part_carries_all_that_a_channel_needs(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[3], school.id, "Дарья: 5", parts=2)
    first, second = await _claim(db, tools)
    assert first.number == second.number == phone(3)
    assert first.text + second.text == long("Дарья: 5", 2)
    assert [(part.seq, part.total, part.udh_ref) for part in (first, second)] == [
        (1, 2, 7),
        (2, 2, 7),
    ]
    assert (first.alphabet, first.expires, first.sender) == ("ucs2", FAR, "")


async def test_parts_leave_by_lane_and_then_by_turn(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for text, lane, turn in (
            ("3", 2, 5),
            ("4", 2, 9),
            ("1", 0, 99),
            ("2", 1, 50),
            ("5", 2, 10),
        ):
            await queue(q, tools, guardians[0], school.id, text, lane=lane, turn=turn)
    assert [part.text for part in await _claim(db, tools, limit=3)] == ["1", "2", "3"]
    assert [part.text for part in await _claim(db, tools, limit=3)] == ["4", "5"]


async def test_what_has_expired_is_not_claimed(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "поздно", expires=100)
        await queue(q, tools, guardians[0], school.id, "ещё нет", expires=101)
    assert [part.text for part in await _claim(db, tools, now=100)] == ["ещё нет"]


async def test_what_was_composed_under_an_older_consent_is_not_claimed(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "по согласию")
        await queue(q, tools, guardians[0], school.id, "код", ground=Ground.CODE)
        await queue(q, tools, guardians[1], school.id, "другому")
        # The revision alone, as if another process were between its two statements.
        await numbers.bump(q, [guardians[0].number_id])
    assert sorted(part.text for part in await _claim(db, tools)) == ["другому", "код"]


@pytest.mark.parametrize("state", ["stopped", "blocked-by-operator", "wrong-number"])
async def test_nothing_on_a_consent_goes_to_a_closed_number(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], state: str
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "по согласию")
        await queue(q, tools, guardians[0], school.id, "ответ", ground=Ground.CODE)
        await q.run(
            "update number set state = :state where id = :id",
            state=state, id=guardians[0].number_id,
        )  # fmt: skip
    assert [part.text for part in await _claim(db, tools)] == ["ответ"]


async def test_another_route_is_not_touched(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "там", route="other")
    assert await _claim(db, tools) == []


async def test_a_stop_and_a_claim_at_once_leave_either_a_claim_or_a_stop(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for to in guardians:
            await queue(q, tools, to, school.id, "5")

    async def stop(to: Subscribed) -> None:
        async with db.transaction() as q:
            await set_consent(q, tools, school.id, [to], ConsentState.STOPPED)

    async def work() -> list[int]:
        return [part.part_id for _ in range(10) for part in await _claim(db, tools, limit=1)]

    done = await asyncio.gather(work(), work(), *map(stop, guardians[:10]))
    claimed = {part_id for mine in done[:2] if mine for part_id in mine}
    sending = await column(db, "select id from part where state = 'sending'")
    assert claimed == set(sending)
    states = Counter(await column(db, STATES))
    assert set(states) <= {"sending", "withdrawn", "queued"}
    stopped = {to.number_id for to in guardians[:10]}
    left = await column(db, "select number_id from part where state = 'queued'")
    assert not stopped & set(left)


async def test_settling_writes_the_outcome_and_leaves_final_parts_alone(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, *"abcd")
    parts = [part.part_id for part in await _claim(db, tools, now=50)]
    async with db.transaction() as q:
        await q.run("update part set state = 'delivered' where id = :id", id=parts[3])
        await outbox.settle(
            q,
            [
                Settled(parts[0], PartState.SENT, provider_id="00AB"),
                Settled(parts[1], PartState.RETRY, failure=Failure.THROTTLED, code="88", due=70,
                        attempt_counts=False),
                Settled(parts[2], PartState.DOUBT),
                Settled(parts[3], PartState.SENT, provider_id="late"),
            ],
            owner="worker", now=60,
        )  # fmt: skip
    async with db.reading() as q:
        rows = await q.all(
            """select state, provider_id, provider_key, attempts, due, sent_at, failure, code
               from part order by id"""
        )
    assert [tuple(row.values()) for row in rows] == [
        ("sent", "00AB", "ab", 1, None, 50, None, None),
        ("retry", None, None, 0, 70, None, "throttled", "88"),
        ("doubt", None, None, 1, None, 50, None, None),
        ("delivered", None, None, 1, None, None, None, None),
    ]


async def test_lines_are_taken_by_their_message_and_told_when_the_operator_takes_a_part(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        own = [await line(q, tools, guardians[n], n) for n in (1, 2)]
        for n in (0, 1):
            await queue(q, tools, guardians[n], school.id, "5", lines=(own[n],))
    states = "select state from line order by id"
    assert await column(db, states) == ["taken", "taken"]
    first, _ = await _claim(db, tools)
    async with db.transaction() as q:
        await outbox.mark_told(q, [first.part_id])
    assert await column(db, states) == ["told", "taken"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["delivered", "delivered"], "delivered"),
        (["delivered", "undelivered"], "undelivered"),
        (["delivered", "rejected"], "rejected"),
        (["delivered", "expired"], "expired"),
        (["delivered", "unknown"], "unknown"),
        (["undelivered", "rejected"], "rejected"),
        (["withdrawn", "delivered"], "withdrawn"),
        (["delivered", "sent"], "open"),
        (["delivered", "doubt"], "open"),
        (["expired", "retry"], "open"),
    ],
)
async def test_a_message_ends_as_its_worst_part_and_not_before_its_last(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], parts: list[str],
    message: str,
) -> None:  # fmt: skip
    async with db.transaction() as q:
        own = await line(q, tools, guardians[0], 1)
        [message_id] = await queue(q, tools, guardians[0], school.id, "5", parts=2, lines=(own,))
        for seq, state in enumerate(parts, 1):
            await q.run("update part set state = :state where seq = :seq", state=state, seq=seq)
        await outbox.mark_told(q, [r["id"] for r in await q.all("select id from part")])
        await outbox.fold(q, [message_id], now=9)
    assert await column(db, "select state from message") == [message]
    told = message in ("delivered", "unknown", "open")
    assert await column(db, "select state from line") == ["told" if told else "silent"]


async def test_two_parts_that_end_at_the_same_time_close_their_message(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        [message] = await queue(q, tools, guardians[0], school.id, "5", parts=2)
    first, second = await _claim(db, tools)
    delivered = "update part set state = 'delivered' where id = :id"
    if db.engine == "sqlite":  # one writer: nothing can happen at the same time
        async with db.transaction() as q:
            await q.run(delivered, id=first.part_id)
            await outbox.fold(q, [message], now=9)
        async with db.transaction() as q:
            await q.run(delivered, id=second.part_id)
            await outbox.fold(q, [message], now=9)
    else:
        async with db.transaction() as later:
            await later.run(delivered, id=second.part_id)
            async with db.transaction() as sooner:
                await sooner.run(delivered, id=first.part_id)
                await outbox.fold(sooner, [message], now=9)
                folding = asyncio.create_task(outbox.fold(later, [message], now=9))
                await waits_or_ends(db, folding)
            await folding
    assert await column(db, "select state from message") == ["delivered"]


async def test_a_late_answer_does_not_settle_what_another_process_has_claimed_again(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "5")
    [part] = await _claim(db, tools, owner="before")
    async with db.transaction() as q:
        unsent = [Settled(part.part_id, PartState.QUEUED, attempt_counts=False)]
        await outbox.settle(q, unsent, owner="before", now=20)
    [again] = await _claim(db, tools, owner="after")
    assert again.part_id == part.part_id
    async with db.transaction() as q:
        late = [Settled(part.part_id, PartState.DOUBT)]
        await outbox.settle(q, late, owner="before", now=30)
    assert await column(db, STATES) == ["sending"]
