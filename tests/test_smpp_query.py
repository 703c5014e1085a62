"""query_sm: what became of parts whose receipt is long in coming."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sms_diary.channels.base import Asked, Channel, Outcome
from sms_diary.channels.smpp import SmppChannel
from sms_diary.model import PartState
from sms_diary.simulator import Options
from sms_diary.simulator import Smsc as Simulator
from tests.smpp_peer import (
    BIND_RX,
    BIND_TX,
    DELIVER_RESP,
    ENQUIRE,
    ENQUIRE_RESP,
    NACK,
    QUERY,
    QUERY_RESP,
    UNBIND,
    HandClock,
    News,
    Smsc,
    eventually,
    outcomes,
    part,
    raw,
    receipt_body,
    settings,
    talking,
)


def asked(part_id: int = 1, provider_id: str = "00aB-7", sender: str = "") -> Asked:
    return Asked(part_id, provider_id, "+79000000001", sender)


def told(state: int, *, date: bytes = b"", error: int = 0, message_id: bytes = b"7") -> bytes:
    return message_id + b"\0" + date + b"\0" + bytes((state, error))


def answering(body: bytes, status: int = 0) -> Any:
    return lambda _, got: raw(QUERY_RESP, got.sequence, body, status)


async def passed(smsc: Smsc) -> None:
    """All that the channel wrote before now has arrived."""
    count = len(smsc.of(ENQUIRE_RESP))
    smsc.last.write(raw(ENQUIRE, 4242))
    await smsc.seen(ENQUIRE_RESP, count + 1)


async def test_a_question_names_the_part_as_the_operator_and_the_submit_did() -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, _):
        contract: Channel = channel
        await contract.ask([asked(1), asked(2, "x" * 64, sender="1234")])
        first, second = await smsc.seen(QUERY, 2)
    assert first.body == b"00aB-7\0\5\0SHKOLA\0"
    assert second.body == b"x" * 64 + b"\0\3\0" + b"1234\0"


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (1, PartState.SENT), (2, PartState.DELIVERED), (3, PartState.EXPIRED),
        (4, PartState.UNDELIVERED), (5, PartState.UNDELIVERED), (6, PartState.SENT),
        (7, PartState.UNKNOWN), (8, PartState.REJECTED), (99, PartState.UNKNOWN),
    ],
)  # fmt: skip
async def test_the_answer_is_reported_like_a_receipt(number: int, state: PartState) -> None:
    body = told(number, date=b"261124100600000+", error=17)
    async with Smsc(query=answering(body)) as smsc, talking(smsc) as (channel, news):
        await channel.ask([asked()])
        await news.until(lambda: bool(news.receipts))
        await passed(smsc)
        (question,) = smsc.of(QUERY)
        assert smsc.of(DELIVER_RESP) == []  # there is nothing to acknowledge
        assert channel.counts["query answered"] == 1
    (receipt,) = news.receipts
    assert (receipt.provider_id, receipt.number) == ("00aB-7", "+79000000001")
    assert (receipt.state, receipt.error) == (state, "17")
    assert receipt.raw == raw(QUERY_RESP, question.sequence, body)
    assert receipt.reported_at == 1000 * int(datetime(2026, 11, 24, 10, 6, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("date", "hour"),
    [
        (b"261124100600016+", 6),  # four hours east
        (b"261124100600012-", 13),
        (b"2611241006", 7),  # in the route's zone
        (b"", None), (b"000002000000000R", None), (b"269924100600000+", None), (b"soon", None),
    ],
)  # fmt: skip
async def test_the_final_date_is_read_where_there_is_one(date: bytes, hour: int | None) -> None:
    async with (
        Smsc(query=answering(told(2, date=date))) as smsc,
        talking(smsc, receipt_zone="+03:00") as (channel, news),
    ):
        await channel.ask([asked()])
        await news.until(lambda: bool(news.receipts))
    found = news.receipts[0].reported_at
    expected = hour and 1000 * int(datetime(2026, 11, 24, hour, 6, tzinfo=UTC).timestamp())
    assert found == expected
    assert news.receipts[0].error == ""


@pytest.mark.parametrize("status", [0x67, 0x0C, 0x08])
async def test_a_refused_question_gives_nothing_and_is_counted(status: int) -> None:
    async with Smsc(query=answering(b"", status)) as smsc, talking(smsc) as (channel, news):
        await channel.ask([asked()])
        await eventually(lambda: channel.counts["query refused"] == 1)
        await channel.ask([asked()])  # it may be asked again
        await smsc.seen(QUERY, 2)
    assert news.receipts == []


@pytest.mark.parametrize(
    "body",
    [b"", b"7\0", b"7\0\0", b"7\0\0\2", b"x" * 70 + b"\0\0\2\0", b"7\0" + b"1" * 20 + b"\0\2\0"],
)
async def test_a_cut_answer_gives_nothing_and_is_counted(body: bytes) -> None:
    async with Smsc(query=answering(body)) as smsc, talking(smsc) as (channel, news):
        await channel.ask([asked()])
        await eventually(lambda: channel.counts["malformed"] == 1)
        assert channel.ready()
    assert news.receipts == []


@pytest.mark.parametrize("command", [NACK, QUERY_RESP])
async def test_an_smsc_that_knows_no_query_is_not_asked_again_on_that_session(
    command: int,
) -> None:
    def refuse(_: object, got: Any) -> bytes:
        return raw(command, got.sequence, status=0x03)

    clock = HandClock()
    async with Smsc(query=refuse) as smsc, talking(smsc, now=clock) as (channel, news):
        await channel.ask([asked()])
        await smsc.seen(QUERY)
        await passed(smsc)
        clock.now += 1.0  # the pace would let it go
        await channel.ask([asked(2)])
        await passed(smsc)
        assert len(smsc.of(QUERY)) == 1
        await channel.send([part(1)])  # parts go as before
        await news.until(lambda: outcomes(news) == {1: Outcome.ACCEPTED})
        smsc.last.cut()
        await smsc.until(lambda: len(smsc.connections) == 2)
        await eventually(channel.ready)
        await channel.ask([asked(3)])  # a new session, perhaps another machine
        await smsc.seen(QUERY, 2)


async def test_few_are_asked_at_a_time_and_none_twice() -> None:
    held: list[Any] = []

    def hold(_: object, got: Any) -> None:
        held.append(got)

    clock = HandClock()
    async with Smsc(query=hold) as smsc, talking(smsc, now=clock) as (channel, news):
        everything = [asked(n, f"id{n}") for n in range(30)]
        for _ in range(40):
            clock.now += 1.0
            await channel.ask(everything)
            await passed(smsc)
        assert len(smsc.of(QUERY)) == 10
        for got in held[:10]:
            clock.now += 1.0
            smsc.last.write(raw(QUERY_RESP, got.sequence, told(2)))
        await smsc.seen(QUERY, 11)
        for _ in range(10):
            clock.now += 1.0
            await channel.ask(everything[20:])
            await passed(smsc)
    questions = [got.body.split(b"\0")[0].decode() for got in smsc.of(QUERY)]
    assert len(questions) == len(set(questions)) == 20
    assert len(news.receipts) == 10


async def test_questions_are_paced_by_a_tenth_of_the_rate_and_take_no_room_from_parts() -> None:
    clock = HandClock()
    async with (
        Smsc(query=answering(told(2))) as smsc,
        talking(smsc, now=clock, rate=20.0, window=10) as (channel, news),
    ):
        room = channel.room()
        await channel.ask([asked(n, f"id{n}") for n in range(5)])
        await smsc.seen(QUERY)
        await passed(smsc)
        assert len(smsc.of(QUERY)) == 1
        assert channel.room() == room
        for count in range(2, 5):
            clock.now += 0.3
            await channel.ask([])
            await passed(smsc)
            assert len(smsc.of(QUERY)) == count - 1
            clock.now += 0.21  # two a second
            await channel.ask([])
            await smsc.seen(QUERY, count)
        assert len(news.receipts) >= 3


async def test_a_throttled_question_slows_the_questions_not_the_parts() -> None:
    clock = HandClock()
    async with (
        Smsc(query=answering(b"", 0x58)) as smsc,
        talking(smsc, now=clock, rate=100.0) as (channel, _),
    ):
        await channel.ask([asked(1)])
        await eventually(lambda: channel.counts["query refused"] == 1)
        assert channel.rate == 100
        clock.now += 0.101  # a tenth of a second was enough before
        await channel.ask([asked(2)])
        await passed(smsc)
        assert len(smsc.of(QUERY)) == 1
        clock.now += 0.2
        await smsc.seen(QUERY, 2)


async def test_a_question_without_an_answer_is_forgotten_and_may_be_asked_again() -> None:
    clock = HandClock()
    async with (
        Smsc(query=lambda *_: None) as smsc,
        talking(smsc, now=clock, response_timeout=10.0, enquire_link=0.2) as (channel, news),
    ):
        await channel.ask([asked()])
        await smsc.seen(QUERY)
        clock.now += 1
        await channel.ask([asked()])
        await passed(smsc)
        assert len(smsc.of(QUERY)) == 1
        clock.now += 10
        await eventually(lambda: channel.counts["query unanswered"] == 1)
        await channel.ask([asked()])
        first, _ = await smsc.seen(QUERY, 2)
        # The first answer comes at last: nobody waits for it, and nothing breaks.
        smsc.last.write(raw(QUERY_RESP, first.sequence, told(2)))
        await eventually(lambda: channel.counts["unexpected answer"] == 1)
        assert news.receipts == []
        assert len(smsc.connections) == 1


async def test_a_pair_asks_by_its_transmitter() -> None:
    async with (
        Smsc(query=answering(told(2))) as smsc,
        talking(smsc, bind="pair") as (channel, news),
    ):
        await eventually(lambda: channel.connections == (2, 2))
        await channel.ask([asked()])
        await news.until(lambda: bool(news.receipts))
    assert len(smsc.bound_as(BIND_TX)[0].of(QUERY)) == 1
    assert smsc.bound_as(BIND_RX)[0].of(QUERY) == []


async def test_what_cannot_be_asked_for_is_passed_over() -> None:
    async with Smsc(query=answering(told(2))) as smsc, talking(smsc) as (channel, news):
        strange = [asked(1, ""), asked(2, "x" * 65), asked(3, "ид"), asked(4, sender="A" * 12)]
        await channel.ask([*strange, asked(5)])
        await news.until(lambda: bool(news.receipts))
        assert channel.counts["query not possible"] == 4
    assert len(smsc.of(QUERY)) == 1


async def test_the_simulator_tells_what_became_of_a_part_whose_receipt_never_came() -> None:
    simulator = Simulator(Options(receipt_delay=0.01, lost_receipts=1.0))
    await simulator.start()
    route = settings(simulator.port, system_id="demo", password="demo")
    channel, news = SmppChannel(route), News()
    await channel.start(news.reports)
    await news.until(channel.ready)
    await channel.send([part(1)])
    await news.until(lambda: bool(news.results))
    provider_id = news.results[0].provider_id
    while not any(receipt.state is PartState.DELIVERED for receipt in news.receipts):
        seen = len(news.receipts)
        await channel.ask([asked(1, provider_id)])
        await news.until(lambda seen=seen: len(news.receipts) > seen)  # type: ignore[misc]
    await channel.stop()
    await simulator.stop()
    assert {receipt.provider_id for receipt in news.receipts} == {provider_id}
    assert news.receipts[-1].reported_at


async def test_without_a_session_nothing_is_asked_and_nothing_kept() -> None:
    def refuse_once(_: object, got: Any) -> bytes:
        status = 0x08 if len(smsc.connections) == 1 else 0
        return raw(got.command | NACK, got.sequence, b"s\0", status)

    smsc = Smsc(bind=refuse_once)
    async with smsc, talking(smsc, bound=False, backoff_first=0.2) as (channel, news):
        await eventually(lambda: channel.state == "waiting")
        await channel.ask([asked()])
        await news.until(channel.ready)
        await passed(smsc)
        assert smsc.of(QUERY) == []


async def test_an_answer_that_was_not_stored_is_lost_without_harm() -> None:
    async with Smsc(query=answering(told(2))) as smsc, talking(smsc) as (channel, news):
        news.broken = 1
        await channel.ask([asked()])
        await eventually(lambda: ("receipts", 1) in news.calls)
        assert news.receipts == []
        await channel.ask([asked()])
        await news.until(lambda: bool(news.receipts))
        assert smsc.of(DELIVER_RESP) == []


async def test_an_answer_between_two_receipts_keeps_none_of_them_from_its_acknowledgement() -> None:
    async with Smsc(query=answering(told(2))) as smsc, talking(smsc) as (channel, news):
        news.gate.clear()
        first = smsc.last.deliver(receipt_body("a1"))
        await passed(smsc)
        await channel.ask([asked()])
        await smsc.seen(QUERY)
        second = smsc.last.deliver(receipt_body("a2"))
        await passed(smsc)
        news.gate.set()
        answers = await smsc.seen(DELIVER_RESP, 2)
    assert [answer.sequence for answer in answers] == first + second
    assert news.calls == [("receipts", 1), ("receipts", 2)]
    assert {receipt.provider_id for receipt in news.receipts} == {"a1", "00aB-7", "a2"}


async def test_questions_stop_when_the_channel_does() -> None:
    clock = HandClock()
    async with (
        Smsc(query=answering(told(2)), submit=lambda *_: None) as smsc,
        talking(smsc, now=clock, stop_timeout=0.4) as (channel, _),
    ):
        await channel.send([part(1)])
        await channel.ask([asked(n, f"id{n}") for n in range(100)])
        await smsc.seen(QUERY)
        clock.now += 60
        await channel.stop()  # waits for the part, and asks nothing meanwhile
        await channel.ask([asked(500)])
        assert len(smsc.of(UNBIND)) == 1
        assert len(smsc.of(QUERY)) == 1
