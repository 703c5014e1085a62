"""What operators say of phones closes numbers, ends consents, is proved and can be lifted."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sms_diary.channels.base import InboundReport, ReceiptReport
from sms_diary.clock import DAY
from sms_diary.db import Database
from sms_diary.model import ConsentState, Failure, Ground, PartState
from sms_diary.store import inbound, ledger, numbers, outbox, problems, receipts, troubles
from sms_diary.store.outbox import Settled
from sms_diary.store.problems import Kind
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.store.troubles import Lifted
from tests.seeding import (
    ROUTE,
    Subscribed,
    claim,
    classes,
    column,
    line,
    live_school,
    phone,
    pupil,
    queue,
    set_consent,
    subscribe,
)

BLOCKED, ACTIVE, UNKNOWN = ConsentState.BLOCKED, ConsentState.ACTIVE, ConsentState.UNKNOWN
CODES = {"244": Failure.BLOCKED, "1": Failure.BAD_NUMBER}
MUM, DAD = phone(1), phone(2)
NUMBERS = "select state from number order by id"
CONSENTS = "select state from consent order by subscription_id, topic"
LEDGER = "select action from ledger where action like 'operator%' order by school_id, seq"
FAILING = "select failing_since from number order by id"


@pytest.fixture
def knowing(tools: Tools) -> Tools:
    """Tools under which two routes have a provider's file with two codes."""
    known = (ROUTE, "second")
    return replace(tools, of_phone=lambda route, code: CODES.get(code) if route in known else None)


@pytest.fixture
async def mum(db: Database, tools: Tools, school: School) -> Subscribed:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        child = await pupil(q, tools, school, class_id, "Белкина Дарья Игоревна")
        [made] = await subscribe(q, tools, school, [(child, MUM)])
        await subscribe(q, tools, school, [(child, DAD)])
    return made


async def _sent(
    db: Database, tools: Tools, school: School, to: Subscribed, name: str, *, now: int = 10,
    parts: int = 1, route: str = ROUTE,
) -> list[int]:  # fmt: skip
    """The parts of a message with one line that the operator took under `name`-1, `name`-2 …"""
    async with db.transaction() as q:
        own = await line(q, tools, to, tools.ids.new())
        await queue(q, tools, to, school.id, "5", lines=(own,), parts=parts, route=route, now=now)
        claimed = [part.part_id for part in await claim(q, tools, route=route, now=now)]
        settled = [
            Settled(part, PartState.SENT, provider_id=f"{name}-{n}")
            for n, part in enumerate(claimed, 1)
        ]
        await outbox.settle(q, settled, owner="worker", now=now)
        await outbox.mark_told(q, claimed)
    return claimed


async def _receipt(
    db: Database, tools: Tools, name: str, state: PartState, *, error: str = "", now: int = 20,
    number: str = MUM, route: str = ROUTE,
) -> None:  # fmt: skip
    async with db.transaction() as q:
        report = ReceiptReport(f"{name}-1", state, number, error, None, b"x")
        await receipts.store(q, tools, route, [report], now=now)


async def _blocked(db: Database, tools: Tools, school: School, to: Subscribed) -> int:
    [part] = await _sent(db, tools, school, to, "A")
    await _receipt(db, tools, "A", PartState.UNDELIVERED, error="244")
    return part


async def test_a_refusal_at_the_operator_ends_the_consent_and_proves_it(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    part = await _blocked(db, knowing, school, mum)
    assert await column(db, NUMBERS) == ["blocked-by-operator", "open"]
    assert await column(db, CONSENTS) == ["blocked-by-operator", "active"]
    async with db.reading() as q:
        row = await q.one("select * from ledger where action = 'operator-refusal'")
        assert row is not None
        proof = await ledger.evidence(q, knowing, school.id, row["id"])
    assert (row["actor"], row["scope"]) == (
        f"route:{ROUTE}",
        f"subscription:{mum.subscription_id} *",
    )
    assert proof == {"number": MUM, "route": ROUTE, "code": "244", "at": 20, "part": str(part)}
    held = "select ledger_id from consent where state = 'blocked-by-operator'"
    assert await column(db, held) == [row["id"]]


async def test_what_waits_for_a_blocked_number_falls_silent_and_nothing_of_it_is_claimed(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "A")
    async with db.transaction() as q:
        queued = await line(q, knowing, mum, 7)
        await queue(q, knowing, mum, school.id, "4", lines=(queued,))
        await queue(q, knowing, mum, school.id, "включить?", ground=Ground.REQUEST)
        await queue(q, knowing, mum, school.id, "код", ground=Ground.CODE)
        await line(q, knowing, mum, 8)
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="244")
    waiting = (
        "select state || ' ' || reason as line from line where entry_id < 10 order by entry_id"
    )
    assert await column(db, waiting) == ["silent operator-refusal"] * 2
    async with db.transaction() as q:
        assert [part.text for part in await claim(q, knowing, now=30)] == ["код"]


async def test_the_rest_of_a_text_does_not_follow_to_a_blocked_number(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        own = await line(q, knowing, mum, 7)
        await queue(q, knowing, mum, school.id, "длинный", lines=(own,), parts=2)
        [first] = await claim(q, knowing, limit=1, now=10)
        sent = Settled(first.part_id, PartState.SENT, provider_id="A-1")
        await outbox.settle(q, [sent], owner="worker", now=10)
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="244")
    assert await column(db, "select state from part order by seq") == ["undelivered", "withdrawn"]
    assert await column(db, "select state from message") == ["undelivered"]


async def test_further_receipts_of_a_refusal_write_nothing_more(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "B")
    await _blocked(db, knowing, school, mum)
    await _receipt(db, knowing, "B", PartState.REJECTED, error="244", now=25)
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="244", now=26)
    assert await column(db, LEDGER) == ["operator-refusal"]
    assert await column(db, "select state from part order by id") == ["rejected", "undelivered"]


async def test_a_refusal_does_not_soften_a_stop(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "A")
    async with db.transaction() as q:
        await numbers.stop(q, mum.number_id, now=12)
        await set_consent(q, knowing, school.id, [mum], ConsentState.STOPPED, now=12)
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="244")
    assert await column(db, NUMBERS) == ["stopped", "open"]
    assert await column(db, CONSENTS) == ["stopped", "active"]
    assert await column(db, LEDGER) == []


async def test_a_refusal_holds_in_every_school_and_none_learns_of_another(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        other = await live_school(q, knowing, "school-7")
        [class_id] = await classes(q, knowing, other, "1Б")
        child = await pupil(q, knowing, other, class_id, "Белкин Егор Игоревич")
        await subscribe(q, knowing, other, [(child, MUM)])
    await _blocked(db, knowing, school, mum)
    assert await column(db, CONSENTS) == ["blocked-by-operator", "active", "blocked-by-operator"]
    async with db.reading() as q:
        row = await q.one(
            "select id from ledger where action = 'operator-refusal' and school_id = :id",
            id=other.id,
        )
        assert row is not None
        proof = await ledger.evidence(q, knowing, other.id, row["id"])
        assert set(proof) == {"number", "route", "code", "at"}
        assert await ledger.first_broken(q, other.id) is None


async def test_the_consent_to_personal_data_does_not_end_with_sms(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        await set_consent(q, knowing, school.id, [mum], ACTIVE, topic="pd")
        await set_consent(q, knowing, school.id, [mum], ACTIVE, topic="urgent")
    await _blocked(db, knowing, school, mum)
    own = """select topic || ' ' || state as found from consent
        where subscription_id = :id order by topic"""
    assert await column(db, own, id=mum.subscription_id) == [
        "* blocked-by-operator", "pd active", "urgent blocked-by-operator",
    ]  # fmt: skip


async def test_a_receipt_before_its_answer_is_obeyed_when_the_answer_comes(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        await queue(q, knowing, mum, school.id, "5")
        [part] = await claim(q, knowing, now=10)
    await _receipt(db, knowing, "A", PartState.REJECTED, error="244", now=11)
    assert await column(db, NUMBERS) == ["open", "open"]
    async with db.transaction() as q:
        taken = Settled(part.part_id, PartState.SENT, provider_id="A-1")
        await outbox.settle(q, [taken], owner="worker", now=12)
        await receipts.adopt(q, knowing, ROUTE, [(part.part_id, "A-1")], now=12)
    assert await column(db, NUMBERS) == ["blocked-by-operator", "open"]


@pytest.mark.parametrize(("route", "code"), [(ROUTE, "6"), (ROUTE, ""), ("third", "244")])
async def test_a_code_that_no_file_of_its_route_knows_closes_nothing(
    db: Database, knowing: Tools, school: School, mum: Subscribed, route: str, code: str
) -> None:
    await _sent(db, knowing, school, mum, "A", route=route)
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error=code, route=route)
    assert await column(db, NUMBERS) == ["open", "open"]


async def test_refusals_and_a_stop_at_the_same_time_are_written_once_and_block_nobody(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    names = [(f"{route}-{n}", route) for route in (ROUTE, "second") for n in range(3)]
    for name, route in names:
        await _sent(db, knowing, school, mum, name, route=route)

    async def stop() -> None:
        async with db.transaction() as q:
            await numbers.stop(q, mum.number_id, now=20)
            await asyncio.sleep(0)
            await set_consent(q, knowing, school.id, [mum], ConsentState.STOPPED, now=20)

    await asyncio.gather(
        *(_receipt(db, knowing, name, PartState.REJECTED, error="244", route=route)
          for name, route in names),
        stop(),
    )  # fmt: skip
    assert len(await column(db, LEDGER)) <= 1
    assert await column(db, NUMBERS) == ["stopped", "open"]
    assert await column(db, CONSENTS) == ["stopped", "active"]
    async with db.reading() as q:
        assert await ledger.first_broken(q, school.id) is None


async def test_a_number_that_the_network_does_not_know_is_suspended_at_once(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "A")
    async with db.transaction() as q:
        await line(q, knowing, mum, 7)
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="1")
    assert await column(db, NUMBERS) == ["suspended", "open"]
    assert await column(db, "select reason from line where entry_id = 7") == ["suspended"]
    # Nobody has withdrawn a consent: nothing of it is in the ledger.
    assert await column(db, CONSENTS) == ["active", "active"]
    assert await column(db, LEDGER) == []


# ---------------------------------------------------------------- since when it fails


@pytest.mark.parametrize(
    ("state", "fails"),
    [
        (PartState.UNDELIVERED, True), (PartState.EXPIRED, True), (PartState.REJECTED, True),
        (PartState.UNKNOWN, False), (PartState.SENT, False), (PartState.DELIVERED, False),
    ],
)  # fmt: skip
async def test_a_number_fails_from_its_first_failure(
    db: Database, knowing: Tools, school: School, mum: Subscribed, state: PartState, fails: bool
) -> None:
    await _sent(db, knowing, school, mum, "A")
    await _sent(db, knowing, school, mum, "B")
    await _receipt(db, knowing, "A", state, now=20)
    await _receipt(db, knowing, "B", state, now=30)
    assert await column(db, FAILING) == [20 if fails else None, None]


async def test_a_delivery_or_an_sms_from_the_phone_shows_that_it_lives(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    for name in "ABC":
        await _sent(db, knowing, school, mum, name)
    await _receipt(db, knowing, "A", PartState.EXPIRED, now=20)
    await _receipt(db, knowing, "B", PartState.DELIVERED, now=21)
    assert await column(db, FAILING) == [None, None]
    await _receipt(db, knowing, "C", PartState.EXPIRED, now=22)
    assert await column(db, FAILING) == [22, None]
    async with db.transaction() as q:
        report = InboundReport(MUM, "1234", "спасибо", b"1")
        await inbound.store(q, knowing, ROUTE, [report], now=23)
    assert await column(db, FAILING) == [None, None]


async def test_an_sms_from_a_suspended_phone_does_not_open_its_number(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "A")
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="1")
    async with db.transaction() as q:
        await inbound.store(q, knowing, ROUTE, [InboundReport(MUM, "1", "кто это", b"1")], now=23)
    assert await column(db, NUMBERS) == ["suspended", "open"]


async def test_refusals_of_a_number_count_and_a_slip_of_settings_closes_nothing(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        await queue(q, knowing, mum, school.id, "5")
        [part] = await claim(q, knowing, now=10)
        said = [(part.part_id, Failure.BAD_NUMBER, "ESME_RINVDSTADR")]
        await troubles.refused(q, knowing, ROUTE, said, now=11)
    assert await column(db, NUMBERS) == ["open", "open"]
    assert await column(db, FAILING) == [11, None]


async def test_only_what_left_and_did_not_arrive_counts_against_a_number(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "A")
    await _receipt(db, knowing, "A", PartState.EXPIRED, now=DAY)
    async with db.transaction() as q:
        # One that was too late before it left, and one whose text was refused.
        await queue(q, knowing, mum, school.id, "поздно", "не так", now=DAY)
        await q.run("update message set done_at = :now where done_at is null", now=DAY)
        await q.run("update message set state = 'expired' where state = 'open'")
        await q.run("update part set state = 'expired' where state = 'queued'")
        failed = await troubles.failures(q, [(mum.number_id, DAY)])
        assert [(one.at, one.nobody) for one in failed] == [(DAY, False)]
        assert await troubles.failing(q, before=DAY - 1, after=0, limit=9) == []
        assert await troubles.failing(q, before=DAY, after=0, limit=9) == [(mum.number_id, DAY)]
        assert await troubles.arrives(q, [school.id]) == set()


# ---------------------------------------------------------------- what a person does


async def _lift(db: Database, tools: Tools, school: School, number: str = MUM) -> Lifted:
    async with db.transaction() as q:
        return await troubles.lift(
            q,
            tools,
            school.id,
            number,
            by="Петрова А. В.",
            evidence={"source": "звонок 28.11.2026", "by": "Петрова А. В."},
            now=50,
        )


async def test_a_lifted_refusal_asks_for_a_new_consent(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _blocked(db, knowing, school, mum)
    assert await _lift(db, knowing, school) is Lifted.CONSENT_NEEDED
    assert await column(db, NUMBERS) == ["open", "open"]
    assert await column(db, CONSENTS) == ["unknown", "active"]
    assert await column(db, LEDGER) == ["operator-refusal", "operator-lifted"]
    async with db.reading() as q:
        row = await q.one("select id, actor from ledger where action = 'operator-lifted'")
        assert row is not None
        proof = await ledger.evidence(q, knowing, school.id, row["id"])
        assert await ledger.first_broken(q, school.id) is None
    assert row["actor"] == "Петрова А. В."
    assert proof["source"] == "звонок 28.11.2026"
    assert await _lift(db, knowing, school) is Lifted.NOTHING_HELD


async def test_what_one_school_lifts_stays_refused_in_another(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        other = await live_school(q, knowing, "school-7")
        [class_id] = await classes(q, knowing, other, "1Б")
        child = await pupil(q, knowing, other, class_id, "Белкин Егор Игоревич")
        await subscribe(q, knowing, other, [(child, MUM)])
    await _blocked(db, knowing, school, mum)
    assert await _lift(db, knowing, school) is Lifted.CONSENT_NEEDED
    assert await column(db, CONSENTS) == ["unknown", "active", "blocked-by-operator"]
    async with db.reading() as q:
        found = await problems.of_school(q, knowing, other.id, day="2026-11-24", now=60)
    assert [one.kind for one in found] == [Kind.BLOCKED]
    assert await _lift(db, knowing, other) is Lifted.CONSENT_NEEDED


async def test_a_suspended_number_is_opened_under_the_consents_that_it_has(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "A")
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="1")
    assert await _lift(db, knowing, school) is Lifted.OPEN
    assert await column(db, NUMBERS) == ["open", "open"]
    assert await column(db, FAILING) == [None, None]
    assert await column(db, LEDGER) == []


async def test_a_school_lifts_neither_a_stop_nor_a_strangers_number_nor_another_schools(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        other = await live_school(q, knowing, "school-7")
    assert await _lift(db, knowing, other) is Lifted.NOT_OURS
    assert await _lift(db, knowing, school, phone(99)) is Lifted.NOT_OURS
    async with db.transaction() as q:
        await numbers.stop(q, mum.number_id, now=5)
    assert await _lift(db, knowing, school) is Lifted.STOPPED
    async with db.transaction() as q:
        await numbers.disown(q, mum.number_id, now=5)
    assert await _lift(db, knowing, school) is Lifted.STRANGER


async def test_problems_are_listed_by_class_with_what_the_operator_said(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    async with db.transaction() as q:
        tenth, second = await classes(q, knowing, school, "10А", "2Б")
        elder = await pupil(q, knowing, school, tenth, "Яблоков Пётр Ильич")
        younger = await pupil(q, knowing, school, second, "Арбузов Илья Ильич")
        made = await subscribe(
            q, knowing, school, [(elder, phone(3)), (younger, phone(4)), (younger, phone(5))]
        )
        await numbers.disown(q, made[0].number_id, now=9)
        await numbers.failed(q, [made[1].number_id], now=9)
        await numbers.stop(q, made[2].number_id, now=9)
    await _blocked(db, knowing, school, mum)
    async with db.reading() as q:
        soon = await problems.of_school(q, knowing, school.id, day="2026-11-24", now=60)
        later = await problems.of_school(q, knowing, school.id, day="2026-11-24", now=4 * DAY)
    assert [(one.class_name, one.kind, one.since) for one in later] == [
        ("2Б", Kind.FAILING, 9), ("5А", Kind.BLOCKED, 20), ("10А", Kind.WRONG, 9),
    ]  # fmt: skip
    assert [one.kind for one in soon] == [Kind.BLOCKED, Kind.WRONG]
    said = soon[0].said
    assert said is not None
    assert (said.route, said.code, said.state) == (ROUTE, "244", "undelivered")


async def test_what_waits_goes_also_where_no_consent_is_left_to_end(
    db: Database, knowing: Tools, school: School, mum: Subscribed
) -> None:
    await _sent(db, knowing, school, mum, "A")
    async with db.transaction() as q:
        await set_consent(q, knowing, school.id, [mum], ConsentState.REFUSED, now=12)
        await queue(q, knowing, mum, school.id, "включить?", ground=Ground.REQUEST)
    await _receipt(db, knowing, "A", PartState.UNDELIVERED, error="244")
    assert await column(db, NUMBERS) == ["blocked-by-operator", "open"]
    assert await column(db, "select state from part order by id") == ["undelivered", "withdrawn"]
