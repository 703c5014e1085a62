"""Receipts find their part, in whatever order and spelling they come, and move it forward only."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import HOUR, MINUTE
from sms_diary.db import Database, Queries, open_database
from sms_diary.ids import Ids
from sms_diary.model import PartState
from sms_diary.store import doubt, outbox, receipts
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
        return [part.part_id for part in await claim(q, tools, now=now)]


async def _accept(q: Queries, tools: Tools, *accepted: tuple[int, str], now: int = 20) -> None:
    """What is written when the operator has taken parts: (part, its id)."""
    settled = [Settled(part, PartState.SENT, provider_id=name) for part, name in accepted]
    await outbox.settle(q, settled, owner="worker", now=now)
    await outbox.mark_told(q, [part for part, _ in accepted])
    await receipts.adopt(q, tools, ROUTE, accepted, now=now)


async def _accepted(db: Database, tools: Tools, *accepted: tuple[int, str]) -> None:
    async with db.transaction() as q:
        await _accept(q, tools, *accepted)


async def _store(db: Database, tools: Tools, *reports: ReceiptReport, now: int = 30) -> int:
    async with db.transaction() as q:
        return await receipts.store(q, tools, ROUTE, reports, now=now)


async def test_a_receipt_delivers_its_part_and_the_message(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (part, "A1"))
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
    await _accepted(db, tools, (part, "A1"))
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
        await _accept(q, tools, (part, "A1"))

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
    await _accepted(db, tools, (part, given_id))
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
    await _accepted(db, tools, (part, "16"))  # 0x10
    if not early:
        await _store(db, tools, report("10", number=number), report("16", number=number))
    assert await column(db, PARTS) == ["sent"]
    assert set(await column(db, OWNERS)) == {None}


async def test_a_receipt_that_names_no_number_is_believed_by_its_id(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (part, "A1"))
    await _store(db, tools, report("A1", number=""))
    assert await column(db, PARTS) == ["delivered"]


async def test_an_old_receipt_is_not_adopted_by_a_part_that_got_the_same_id_later(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _store(db, tools, report("A1", U), now=5)
    [part] = await _sending(db, tools, school, guardians[0], now=5 + HOUR)
    await _accepted(db, tools, (part, "A1"))
    await _sweep(db, tools, now=5 + HOUR)
    assert await column(db, PARTS) == ["sent"]


async def _sweep(db: Database, tools: Tools, *, now: int) -> None:
    async with db.transaction() as q:
        await receipts.match_again(q, tools, now=now, after=0, limit=100)


async def test_a_receipt_that_missed_its_part_finds_it_in_the_next_sweep(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    parts = [(await _sending(db, tools, school, guardians[n], now=10))[0] for n in (0, 1)]
    await _store(db, tools, report("1F"), report("2F", number=phone(0)), now=15)
    async with db.transaction() as q:  # as if neither had seen the other
        settled = [Settled(parts[0], PartState.SENT, provider_id="31"),
                   Settled(parts[1], PartState.SENT, provider_id="47")]  # fmt: skip
        await outbox.settle(q, settled, owner="worker", now=20)
    await _sweep(db, tools, now=30)
    assert await column(db, PARTS) == ["delivered", "sent"]
    assert await column(db, OWNERS) == [parts[0], None]


async def test_of_two_parts_with_one_id_neither_is_meant_and_that_is_counted(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    for now in (10, 20):
        [part] = await _sending(db, tools, school, guardians[0], now=now)
        await _accepted(db, tools, (part, "A1"))
    assert await _store(db, tools, report("A1"), report("B2")) == 1
    await _sweep(db, tools, now=40)
    assert await column(db, PARTS) == ["sent", "sent"]
    assert await column(db, OWNERS) == [None, None]


async def test_an_ambiguous_receipt_is_not_given_to_a_part_in_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    for now in (10, 20):
        [part] = await _sending(db, tools, school, guardians[0], now=now)
        await _accepted(db, tools, (part, "A1"))
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report("A1"))
    assert await _resolve(db, tools) == 0
    assert await column(db, PARTS) == ["sent", "sent", "doubt"]


async def test_of_two_parts_with_one_id_the_one_that_waits_is_meant(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    for state in (U, D):
        [part] = await _sending(db, tools, school, guardians[0])
        await _accepted(db, tools, (part, "A1"))
        assert await _store(db, tools, report("A1", state)) == 0
    assert await column(db, PARTS) == ["undelivered", "delivered"]
    assert await _store(db, tools, report("A1", X)) == 0
    assert await column(db, PARTS) == ["undelivered", "delivered"]


# ---------------------------------------------------------------- ids in two bases


async def _in_two_bases(
    db: Database, tools: Tools, school: School, to: Subscribed
) -> tuple[int, int]:
    """Parts of one number under 10 and 16: a receipt of «10» may mean either, 16 is 0x10."""
    ten, sixteen = [(await _sending(db, tools, school, to))[0] for _ in range(2)]
    await _accepted(db, tools, (ten, "10"), (sixteen, "16"))
    return ten, sixteen


async def _told_the_base(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], *, hexadecimal: bool
) -> list[ReceiptReport]:
    """Receipts of four parts of other numbers, whose ids are beyond doubt."""
    known = []
    for n in range(1, 5):
        [part] = await _sending(db, tools, school, guardians[n])
        await _accepted(db, tools, (part, str(1000 + n)))
        name = f"{1000 + n:x}" if hexadecimal else str(1000 + n)
        known.append(report(name, number=phone(n)))
    return known


async def test_digits_that_name_two_parts_are_applied_to_none_while_the_base_is_unknown(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _in_two_bases(db, tools, school, guardians[0])
    assert await _store(db, tools, report("10")) == 1
    assert await column(db, PARTS) == ["sent", "sent"]
    assert await column(db, OWNERS) == [None]


@pytest.mark.parametrize("hexadecimal", [False, True])
@pytest.mark.parametrize("when", ["before", "together", "after"])
async def test_digits_that_name_two_parts_are_read_as_the_route_was_read_until_now(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], hexadecimal: bool,
    when: str,
) -> None:  # fmt: skip
    known = await _told_the_base(db, tools, school, guardians, hexadecimal=hexadecimal)
    await _in_two_bases(db, tools, school, guardians[0])
    if when == "before":
        await _store(db, tools, *known)
    if when == "together":
        assert await _store(db, tools, *known, report("10")) == 0
    else:
        await _store(db, tools, report("10"))
    if when == "after":
        await _store(db, tools, *known)
        await _sweep(db, tools, now=60)
    states = await column(db, PARTS)
    assert states[:4] == ["delivered"] * 4
    assert states[4:] == (["sent", "delivered"] if hexadecimal else ["delivered", "sent"])


async def test_in_a_full_batch_of_hexadecimal_ids_digits_are_not_taken_for_decimal(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    parts = []
    for n in range(1, 20):
        [part] = await _sending(db, tools, school, guardians[n])
        parts.append((part, str(1000 + n)))
    await _accepted(db, tools, *parts)
    ten, sixteen = await _in_two_bases(db, tools, school, guardians[0])
    full = [report(f"{1000 + n:x}", number=phone(n)) for n in range(1, 20)]
    assert await _store(db, tools, *full, report("10", U), report("A")) == 0
    ends = "select state from part where id >= :first order by id"
    assert await column(db, ends, first=min(ten, sixteen)) == ["delivered", "undelivered"]
    assert set(await column(db, PARTS)) == {"delivered", "undelivered"}


async def test_a_receipt_before_its_answer_is_not_taken_for_one_in_another_base(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    known = await _told_the_base(db, tools, school, guardians, hexadecimal=False)
    await _store(db, tools, *known)
    [sixteen] = await _sending(db, tools, school, guardians[0])
    [ten] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (sixteen, "16"))
    assert await _store(db, tools, report("10", U)) == 0  # of the other part
    await _sweep(db, tools, now=40)
    assert await column(db, PARTS) == [*["delivered"] * 4, "sent", "sending"]
    await _accepted(db, tools, (ten, "10"))
    assert await column(db, PARTS) == [*["delivered"] * 4, "sent", "undelivered"]


async def test_an_answer_in_one_base_does_not_adopt_the_receipt_of_another_part(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    known = await _told_the_base(db, tools, school, guardians, hexadecimal=False)
    await _store(db, tools, *known)
    [ten] = await _sending(db, tools, school, guardians[0])
    [sixteen] = await _sending(db, tools, school, guardians[0])
    await _store(db, tools, report("16", U))  # before its answer
    await _accepted(db, tools, (ten, "10"))
    assert await column(db, PARTS) == [*["delivered"] * 4, "sent", "sending"]
    await _accepted(db, tools, (sixteen, "16"))
    assert await column(db, PARTS) == [*["delivered"] * 4, "sent", "undelivered"]


async def test_a_route_that_changes_its_base_is_understood_after_a_minute(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _store(db, tools, *await _told_the_base(db, tools, school, guardians, hexadecimal=False))
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (part, "2000"))
    await _store(db, tools, report("7D0"))
    await _sweep(db, tools, now=30 + MINUTE - 1)
    assert await column(db, PARTS) == [*["delivered"] * 4, "sent"]
    await _sweep(db, tools, now=30 + MINUTE + 1)
    assert await column(db, PARTS) == ["delivered"] * 5


@pytest.mark.parametrize(
    ("given_id", "said"),
    [
        ("ce5bc5a9-4f7d-4282-9244-2e1022a9335c", "CE5BC5A9-4F7D-4282-9244-2E1022A9335C"),
        ("a29f6845555647139e5c8f3b817f2c9a", "a29f6845555647139e5c8f3b817f2c9a"),
        ("S21311242091636504458661711", "S21311242091636504458661711"),
        ("rdwjwxns18krxr9936ey96ymcw", "rdwjwxns18krxr9936ey96ymcw"),
        ("33E95179", "0870928761"),
        ("39f99dd5", "0972660181"),
        ("00B8BE19", "B8BE19"),
    ],
)
async def test_ids_that_operators_were_seen_to_give_are_matched(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], given_id: str,
    said: str,
) -> None:  # fmt: skip
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (part, given_id))
    await _store(db, tools, report(said))
    assert await column(db, PARTS) == ["delivered"]


# ---------------------------------------------------------------- time and place


@pytest.mark.parametrize(("hours", "state"), [(71, "delivered"), (73, "sent")])
async def test_a_receipt_of_an_unknown_id_is_kept_for_three_days(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], hours: int, state: str
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _store(db, tools, report("1F"), now=20)
    async with db.transaction() as q:
        await outbox.settle(
            q, [Settled(part, PartState.SENT, provider_id="1F")], owner="worker", now=20
        )
    await _sweep(db, tools, now=20 + hours * HOUR)
    assert await column(db, PARTS) == [state]


async def test_an_id_that_was_used_weeks_ago_is_another_id(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [old] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (old, "A1"))
    await _store(db, tools, report("A1", X))
    later = 30 + 14 * 24 * HOUR
    [new] = await _sending(db, tools, school, guardians[0], now=later)
    await _store(db, tools, report("A1"), now=later)  # before its answer
    await _accepted(db, tools, (new, "A1"))
    assert await column(db, PARTS) == ["unknown", "delivered"]


async def test_a_receipt_on_another_route_names_nothing_here(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (part, "A1"))
    async with db.transaction() as q:
        await receipts.store(q, tools, "other", [report("A1"), report("B2")], now=15)
    [later] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (later, "B2"))
    await _sweep(db, tools, now=40)
    assert await column(db, PARTS) == ["sent", "sent"]


async def test_a_receipt_without_an_id_is_kept_and_names_nothing(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    zero, empty = [(await _sending(db, tools, school, guardians[n]))[0] for n in (0, 1)]
    await _accepted(db, tools, (zero, "000"), (empty, ""))
    assert await _store(db, tools, report(""), report(" "), report("", number=phone(1))) == 0
    await _sweep(db, tools, now=40)
    assert await column(db, PARTS) == ["sent", "sent"]
    assert await column(db, OWNERS) == [None] * 3
    await _store(db, tools, report("0"))
    assert await column(db, PARTS) == ["delivered", "sent"]


async def test_a_receipt_without_an_id_may_still_end_a_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report(""))
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, "select provider_id from part") == [None]


async def test_a_receipt_comes_to_another_process_than_the_answer(
    database_url: str, db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    first, second = await _sending(db, tools, school, guardians[0], parts=2)
    other, _ = await open_database(database_url)
    try:
        own = Tools(Ids(2), tools.vault)
        await _store(other, own, report("A2", U))  # before the answer
        await _accepted(db, tools, (first, "A1"), (second, "A2"))
        await _store(other, own, report("A1"))
    finally:
        await other.close()
    assert await column(db, PARTS) == ["delivered", "undelivered"]
    assert await column(db, MESSAGES) == ["undelivered"]


async def test_the_same_receipt_twice_is_kept_twice_and_counted_once(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _accepted(db, tools, (part, "A1"))
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
    await _accepted(db, tools, (part, "A1"))
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
    await _accepted(db, tools, (part, "A1"))
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
    await _accepted(db, tools, (first, "A1"), (second, "A2"), (third, "A3"))
    await _store(db, tools, report("A3"), report("A1"))
    assert await column(db, MESSAGES) == ["open"]
    await _store(db, tools, report("A2"))
    assert await column(db, MESSAGES) == ["delivered"]


async def test_one_undelivered_part_makes_the_message_undelivered_and_its_lines_untold(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    first, second = await _sending(db, tools, school, guardians[0], parts=2)
    await _accepted(db, tools, (first, "A1"), (second, "A2"))
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
        db,
        tools,
        *((part, f"{n}-{seq}") for n, own in enumerate(both) for seq, part in enumerate(own)),
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
        await outbox.settle(
            q, [Settled(part, PartState.DOUBT) for part in parts], owner="worker", now=20
        )


async def _resolve(db: Database, tools: Tools, *, before: int = 1000) -> int:
    async with db.transaction() as q:
        return await doubt.resolve(q, tools, now=2000, before=before)


async def test_the_one_part_in_doubt_of_a_number_gets_the_receipt_nobody_claims(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report("A1"), now=30)
    assert await _resolve(db, tools, before=29) == 0
    assert await _resolve(db, tools, before=30) == 1
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, "select provider_key from part") == ["a1"]
    assert await column(db, OWNERS) == [part]
    assert await column(db, "select state from line") == ["told"]
    assert await _resolve(db, tools) == 0


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
    assert await _resolve(db, tools) == 0
    assert set(await column(db, "select state from part where state <> 'sending'")) == {"doubt"}


async def test_the_intermediate_and_the_final_receipt_of_one_part_resolve_it_together(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report("A1", PartState.SENT), report("A1", U))
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["undelivered"]


async def test_an_answer_that_comes_late_resolves_the_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0])
    await _doubt(db, part)
    await _store(db, tools, report("A1"))
    await _accepted(db, tools, (part, "A1"))
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
                await _accepted(db, tools, (parts[seq], names[seq]))
            case "receipt" | "again":
                await _store(db, tools, report(str(parts[seq])))
            case "late unknown":
                await _store(db, tools, report(names[seq], X))
            case "notice":
                await _store(db, tools, report(names[seq], PartState.SENT))
    sql = "select state from part where message_id = (select max(id) as id from message)"
    assert await column(db, sql) == ["delivered", "delivered"]
    assert (await column(db, MESSAGES))[-1] == "delivered"
