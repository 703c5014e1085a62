"""Receipts find their part, in whatever order and spelling they come, and move it forward only."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import HOUR
from sms_diary.db import Database, Queries
from sms_diary.model import PartState
from sms_diary.store import outbox, receipts
from sms_diary.store.outbox import Settled
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import ROUTE, Subscribed, claim, column, line, phone, queue, waits_or_ends

D, U, X = PartState.DELIVERED, PartState.UNDELIVERED, PartState.UNKNOWN
PARTS = "select state from part order by id"
MESSAGES = "select state from message order by id"
OWNERS = "select part_id from receipt order by id"


def report(
    provider_id: str, state: PartState = D, number: str = phone(0), error: str = ""
) -> ReceiptReport:
    return ReceiptReport(provider_id, state, number, error, None, b"id:" + provider_id.encode())


async def _sending(
    db: Database, tools: Tools, school: School, to: Subscribed, *, parts: int = 1, now: int = 10
) -> list[int]:
    """Ids of the parts of one message with one line, claimed and not yet answered."""
    async with db.transaction() as q:
        own = await line(q, tools, to, tools.ids.new())
        await queue(q, tools, to, school.id, "5", parts=parts, lines=(own,))
        return [part.id for part in await claim(q, tools, now=now)]


async def _accept(q: Queries, *accepted: tuple[int, str], now: int = 20) -> None:
    """What is written when the operator has taken parts: (part, its id)."""
    settled = [Settled(part, PartState.SENT, provider_id=name) for part, name in accepted]
    await outbox.settle(q, settled, now=now)
    await outbox.mark_told(q, [part for part, _ in accepted])
    await receipts.adopt(q, ROUTE, accepted, now=now)


async def _accepted(db: Database, *accepted: tuple[int, str]) -> None:
    async with db.transaction() as q:
        await _accept(q, *accepted)


async def _store(db: Database, tools: Tools, *reports: ReceiptReport, now: int = 30) -> None:
    async with db.transaction() as q:
        await receipts.store(q, tools, ROUTE, reports, now=now)


async def test_a_receipt_delivers_its_part_and_the_message(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, (part, "A1"))
    await _store(db, tools, report("A1"))
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, MESSAGES) == ["delivered"]
    assert await column(db, "select state from line") == ["told"]
    assert await column(db, OWNERS) == [part]


async def test_a_receipt_before_the_answer_is_adopted_by_it(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _store(db, tools, report("A1"))
    assert await column(db, PARTS) == ["sending"]
    await _accepted(db, (part, "A1"))
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, MESSAGES) == ["delivered"]
    assert await column(db, OWNERS) == [part]


@pytest.mark.parametrize("first", ["answer", "receipt"])
async def test_a_receipt_and_its_answer_written_at_the_same_time_find_each_other(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], first: str
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])

    async def answer(q: Queries) -> None:
        await receipts.one_at_a_time(q, ROUTE)
        await _accept(q, (part, "A1"))

    async def receipt(q: Queries) -> None:
        await receipts.store(q, tools, ROUTE, [report("A1")], now=30)

    sooner, later = (answer, receipt) if first == "answer" else (receipt, answer)
    if db.engine == "sqlite":  # one writer: nothing can happen at the same time
        for work in (sooner, later):
            async with db.transaction() as q:
                await work(q)
    else:
        async with db.transaction() as second:
            async with db.transaction() as one:
                await sooner(one)
                working = asyncio.create_task(later(second))
                await waits_or_ends(db, working)
            await working
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, OWNERS) == [part]


@pytest.mark.parametrize(
    ("given_id", "said"),
    [
        ("1A2B", "6699"),
        ("6699", "1a2b"),
        ("00001a2b", "1A2B"),
        ("1A2B", "0000006699"),
        ("0", "000"),
    ],
)
@pytest.mark.parametrize("early", [False, True])
async def test_hex_and_decimal_zeros_and_capitals_name_the_same_part(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], given_id: str,
    said: str, early: bool,
) -> None:  # fmt: skip
    [part] = await _sending(db, tools, school, guardians[0])
    if early:
        await _store(db, tools, report(said), now=15)
    await _accepted(db, (part, given_id))
    if not early:
        await _store(db, tools, report(said))
    assert await column(db, PARTS) == ["delivered"]


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("number", [phone(1), "+79009999999"])
async def test_a_receipt_of_another_number_is_kept_but_moves_nothing(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], number: str,
    early: bool,
) -> None:  # fmt: skip
    [part] = await _sending(db, tools, school, guardians[0])
    if early:
        await _store(db, tools, report("10", number=number), now=15)
    await _accepted(db, (part, "16"))  # 0x10
    if not early:
        await _store(db, tools, report("10", number=number), report("16", number=number))
    assert await column(db, PARTS) == ["sent"]
    assert set(await column(db, OWNERS)) == {None}


async def test_a_receipt_that_names_no_number_is_believed_by_its_id(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, (part, "A1"))
    await _store(db, tools, report("A1", number=""))
    assert await column(db, PARTS) == ["delivered"]


async def test_an_old_receipt_is_not_adopted_by_a_part_that_got_the_same_id_later(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _store(db, tools, report("A1", U), now=5)
    [part] = await _sending(db, tools, school, guardians[0], now=5 + HOUR)
    await _accepted(db, (part, "A1"))
    await _sweep(db, now=5 + HOUR)
    assert await column(db, PARTS) == ["sent"]


async def _sweep(db: Database, *, now: int) -> None:
    async with db.transaction() as q:
        await receipts.match_again(q, now=now, after=0, limit=100)


async def test_a_receipt_that_missed_its_part_finds_it_in_the_next_sweep(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    parts = [(await _sending(db, tools, school, guardians[n], now=10))[0] for n in (0, 1)]
    await _store(db, tools, report("1F"), report("2F", number=phone(0)), now=15)
    async with db.transaction() as q:  # as if neither had seen the other
        settled = [Settled(parts[0], PartState.SENT, provider_id="31"),
                   Settled(parts[1], PartState.SENT, provider_id="47")]  # fmt: skip
        await outbox.settle(q, settled, now=20)
    await _sweep(db, now=30)
    assert await column(db, PARTS) == ["delivered", "sent"]
    assert await column(db, OWNERS) == [parts[0], None]


async def test_of_two_parts_with_one_id_the_later_is_meant(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    for now in (10, 20):
        [part] = await _sending(db, tools, school, guardians[0], now=now)
        await _accepted(db, (part, "A1"))
    await _store(db, tools, report("A1"))
    assert await column(db, PARTS) == ["sent", "delivered"]


async def test_the_same_receipt_twice_is_kept_twice_and_counted_once(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, (part, "A1"))
    await _store(db, tools, report("A1"), report("A1"))
    done = await column(db, "select done_at from part")
    await _store(db, tools, report("A1"), now=99)
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, "select done_at from part") == done
    assert await column(db, OWNERS) == [part] * 3


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(
    ("first", "then"), list(itertools.permutations([D, U, PartState.EXPIRED], 2))
)
async def test_a_final_state_stays(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], first: PartState,
    then: PartState, together: bool,
) -> None:  # fmt: skip
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, (part, "A1"))
    reports = [report("A1", first, error="001"), report("A1", then, error="002")]
    for batch in [reports] if together else [[one] for one in reports]:
        await _store(db, tools, *batch)
    assert await column(db, PARTS) == [first]
    assert await column(db, MESSAGES) == [first]
    assert await column(db, "select code from part") == ["001"]


async def test_an_intermediate_notice_moves_nothing_and_unknown_may_still_become_delivered(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, (part, "A1"))
    await _store(db, tools, report("A1", PartState.SENT))
    assert await column(db, PARTS) == ["sent"]
    await _store(db, tools, report("A1", X))
    assert (await column(db, PARTS), await column(db, MESSAGES)) == (["unknown"], ["unknown"])
    await _store(db, tools, report("A1"))
    assert (await column(db, PARTS), await column(db, MESSAGES)) == (["delivered"], ["delivered"])


async def test_a_message_is_delivered_when_every_part_is(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    first, second, third = await _sending(db, tools, school, guardians[0], parts=3)
    await _accepted(db, (first, "A1"), (second, "A2"), (third, "A3"))
    await _store(db, tools, report("A3"), report("A1"))
    assert await column(db, MESSAGES) == ["open"]
    await _store(db, tools, report("A2"))
    assert await column(db, MESSAGES) == ["delivered"]


async def test_one_undelivered_part_makes_the_message_undelivered_and_its_lines_untold(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    first, second = await _sending(db, tools, school, guardians[0], parts=2)
    await _accepted(db, (first, "A1"), (second, "A2"))
    await _store(db, tools, report("A1"), report("A2", U, error="017"))
    assert await column(db, PARTS) == ["delivered", "undelivered"]
    assert await column(db, MESSAGES) == ["undelivered"]
    async with db.reading() as q:
        row = await q.one("select state, reason from line")
    assert row is not None
    assert (row["state"], row["reason"]) == ("silent", "not-delivered")


async def test_receipts_at_the_same_time_close_every_message(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    both = [
        await _sending(db, tools, school, to, parts=2) for to in guardians[:10]
    ]  # ten messages of two parts
    await _accepted(
        db, *((part, f"{n}-{seq}") for n, own in enumerate(both) for seq, part in enumerate(own))
    )
    await asyncio.gather(*(
        _store(db, tools, report(f"{n}-{seq}", number=phone(n)))
        for n in range(10) for seq in range(2)
    ))  # fmt: skip
    assert set(await column(db, MESSAGES)) == {"delivered"}


async def test_what_a_receipt_says_is_sealed(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _store(db, tools, report("A1"))
    async with db.reading() as q:
        [row] = await q.all("select id, raw from receipt")
    assert b"A1" not in row["raw"]
    assert tools.vault.open(row["raw"], "receipt.raw", row["id"]) == b"id:A1"


# ---------------------------------------------------------------- parts in doubt


async def _doubt(db: Database, *parts: int) -> None:
    async with db.transaction() as q:
        await outbox.settle(q, [Settled(part, PartState.DOUBT) for part in parts], now=20)


async def _resolve(db: Database, *, before: int = 1000) -> int:
    async with db.transaction() as q:
        return await receipts.resolve_doubt(q, now=2000, before=before)


async def test_the_one_part_in_doubt_of_a_number_gets_the_receipt_nobody_claims(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report("A1"), now=30)
    assert await _resolve(db, before=29) == 0
    assert await _resolve(db, before=30) == 1
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, "select provider_id from part") == ["A1"]
    assert await column(db, OWNERS) == [part]
    assert await column(db, "select state from line") == ["told"]
    assert await _resolve(db) == 0


async def test_doubt_stays_where_it_is_not_certain_whose_receipt_it_is(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [first] = await _sending(db, tools, school, guardians[0], now=10)
    [second] = await _sending(db, tools, school, guardians[0], now=10)
    [other] = await _sending(db, tools, school, guardians[1], now=10)
    [early] = await _sending(db, tools, school, guardians[2], now=50)
    [moving] = await _sending(db, tools, school, guardians[3], now=10)
    await _doubt(db, first, second, other, early, moving)
    await _sending(db, tools, school, guardians[3], now=11)
    await _store(
        db, tools,
        report("two parts in doubt", number=phone(0)),
        report("two receipts", number=phone(1)), report("of one part", number=phone(1)),
        report("before the attempt", number=phone(2)),
        report("another on its way", number=phone(3)),
        report("of nobody", number="+79009999999"), report("without a number", number=""),
    )  # fmt: skip
    assert await _resolve(db) == 0
    assert set(await column(db, "select state from part where state <> 'sending'")) == {"doubt"}


async def test_the_intermediate_and_the_final_receipt_of_one_part_resolve_it_together(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report("A1", PartState.SENT), report("A1", U))
    assert await _resolve(db) == 1
    assert await column(db, PARTS) == ["undelivered"]


async def test_an_answer_that_comes_late_resolves_the_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report("A1"))
    await _accepted(db, (part, "A1"))
    assert await column(db, PARTS) == ["delivered"]


# ---------------------------------------------------------------- any order at all

EVENTS = st.permutations(
    ["answer 1", "answer 2", "receipt 1", "receipt 2", "again 1", "late unknown 2", "notice 1"]
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=EVENTS)
async def test_in_any_order_both_parts_end_delivered(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], order: list[str]
) -> None:
    parts = await _sending(db, tools, school, guardians[0], parts=2)
    names = [f"{part:x}" for part in parts]
    for event in order:
        seq = int(event[-1]) - 1
        match event[:-2]:
            case "answer":
                await _accepted(db, (parts[seq], names[seq]))
            case "receipt" | "again":
                await _store(db, tools, report(str(parts[seq])))
            case "late unknown":
                await _store(db, tools, report(names[seq], X))
            case "notice":
                await _store(db, tools, report(names[seq], PartState.SENT))
    sql = "select state from part where message_id = (select max(id) as id from message)"
    assert await column(db, sql) == ["delivered", "delivered"]
    assert (await column(db, MESSAGES))[-1] == "delivered"
