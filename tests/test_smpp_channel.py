"""The SMPP channel against a scripted SMSC over TCP: parts out, results, receipts, inbound."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sms_diary.channels.base import Channel, Outcome
from sms_diary.channels.smpp import SmppChannel
from sms_diary.encoding import Alphabet
from sms_diary.model import Failure, PartState, Scope
from sms_diary.provider_id import reference_of
from tests.smpp_peer import (
    BIND_TRX,
    BIND_TRX_RESP,
    DELIVER_RESP,
    ENQUIRE,
    ENQUIRE_RESP,
    NACK,
    SUBMIT,
    SUBMIT_RESP,
    UNBIND,
    UNBIND_RESP,
    HandClock,
    News,
    Smsc,
    deliver_body,
    eventually,
    outcomes,
    part,
    raw,
    read_submit,
    receipt_body,
    settings,
    talking,
    tlv,
)


async def test_a_part_is_accepted_under_the_operators_id_verbatim() -> None:
    def answer(_: object, got: Any) -> bytes:
        return raw(SUBMIT_RESP, got.sequence, b"00aB-7\0")

    async with Smsc(submit=answer) as smsc, talking(smsc) as (channel, news):
        contract: Channel = channel
        await contract.send([part(11)])
        await news.until(lambda: bool(news.results))
    (result,) = news.results
    assert (result.part_id, result.outcome, result.provider_id) == (11, Outcome.ACCEPTED, "00aB-7")


async def test_a_cyrillic_part_goes_out_as_ucs2_with_everything_an_smsc_needs() -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, _):
        await channel.send([part(text="Дневник: 5 🎉", seconds_left=5400)])
        (got,) = await smsc.seen(SUBMIT)
    sent = read_submit(got.body)
    assert sent.source == (5, 0, b"SHKOLA")
    assert sent.destination == (1, 1, b"79000000001")
    assert (sent.coding, sent.esm_class, sent.registered) == (8, 0, 1)
    assert sent.message == "Дневник: 5 🎉".encode("utf-16-be")
    assert sent.validity == b"000000013000000R"
    assert sent.rest == b""


async def test_a_latin_part_goes_out_as_one_septet_an_octet() -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, _):
        await channel.send([part(text="a@b {5}", alphabet=Alphabet.GSM7)])
        (got,) = await smsc.seen(SUBMIT)
    sent = read_submit(got.body)
    assert (sent.coding, sent.message) == (0, b"a\0b \x1b\x285\x1b\x29")


async def test_parts_of_a_long_text_carry_the_same_reference_in_their_headers() -> None:
    parts = [part(n, text="я" * 67, total=2, seq=n, udh_ref=200) for n in (1, 2)]
    async with Smsc() as smsc, talking(smsc) as (channel, _):
        await channel.send(parts)
        got = await smsc.seen(SUBMIT, 2)
    sent = [read_submit(one.body) for one in got]
    assert [one.message[:6] for one in sent] == [b"\5\0\3\xc8\2\1", b"\5\0\3\xc8\2\2"]
    assert {len(one.message) for one in sent} == {140}
    assert {one.esm_class for one in sent} == {0x40}


async def test_a_batch_leaves_in_one_write_and_its_answers_come_back_in_one_list() -> None:
    waiting: list[bytes] = []

    def answer(connection: Any, got: Any) -> None:
        waiting.append(raw(SUBMIT_RESP, got.sequence, b"x\0"))
        if len(waiting) == 50:
            connection.write(b"".join(waiting))

    async with Smsc(submit=answer) as smsc, talking(smsc) as (channel, news):
        await channel.send([part(n) for n in range(50)])
        await news.until(lambda: len(news.results) == 50)
    assert [size for what, size in news.calls if what == "results"] == [50]
    assert set(outcomes(news).values()) == {Outcome.ACCEPTED}


@pytest.mark.parametrize(
    ("status", "failure", "scope"),
    [
        (0x58, Failure.THROTTLED, Scope.ACCOUNT),
        (0x14, Failure.THROTTLED, Scope.ACCOUNT),
        (0x0B, Failure.BAD_NUMBER, Scope.NUMBER),
        (0x0A, Failure.CONFIG, Scope.ACCOUNT),
        (0x08, Failure.UNAVAILABLE, Scope.MESSAGE),
        (0x45, Failure.UNKNOWN, Scope.MESSAGE),
        (0x410, Failure.UNKNOWN, Scope.MESSAGE),
    ],
)
async def test_a_refused_part_fails_in_our_words(
    status: int, failure: Failure, scope: Scope
) -> None:
    def answer(_: object, got: Any) -> bytes:
        return raw(SUBMIT_RESP, got.sequence, status=status)

    async with Smsc(submit=answer) as smsc, talking(smsc) as (channel, news):
        await channel.send([part()])
        await news.until(lambda: bool(news.results))
    (result,) = news.results
    assert (result.outcome, result.failure, result.scope) == (Outcome.FAILED, failure, scope)
    assert (result.delay > 0) == (failure is Failure.THROTTLED)


async def test_room_is_the_window_less_what_is_not_yet_committed() -> None:
    async with Smsc() as smsc, talking(smsc, window=10) as (channel, news):
        assert channel.room() == 10
        news.gate.clear()
        await channel.send([part(n) for n in range(7)])
        assert channel.room() == 3
        await smsc.seen(SUBMIT, 7)
        assert channel.room() == 3  # answered, and the database has not taken it
        rooms = news.rooms
        news.gate.set()
        await news.until(lambda: news.rooms > rooms)
        assert channel.room() == 10


async def test_a_batch_beyond_the_window_waits_for_answers() -> None:
    held: list[bytes] = []

    def answer(_: object, got: Any) -> None:
        held.append(raw(SUBMIT_RESP, got.sequence, b"x\0"))

    async with Smsc(submit=answer) as smsc, talking(smsc, window=3) as (channel, news):
        await channel.send([part(n) for n in range(5)])
        await smsc.seen(SUBMIT, 3)
        smsc.last.write(raw(ENQUIRE, 77))  # answered after whatever was written before
        await smsc.seen(ENQUIRE_RESP)
        assert len(smsc.of(SUBMIT)) == 3
        smsc.last.write(b"".join(held))
        await smsc.seen(SUBMIT, 5)
        smsc.last.write(b"".join(held[3:]))
        await news.until(lambda: len(news.results) == 5)


async def test_results_that_the_database_refuses_are_brought_again() -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, news):
        news.broken = 1
        await channel.send([part(1), part(2)])
        await news.until(lambda: len(news.results) == 2)
        assert channel.outstanding == 0


async def test_without_a_session_parts_come_back_unsent_at_once() -> None:
    channel = SmppChannel(settings(9))
    news = News()
    await channel.start(news.reports)
    assert channel.room() == 0
    await channel.send([part(1), part(2)])
    await news.until(lambda: len(news.results) == 2)
    await channel.stop()
    assert set(outcomes(news).values()) == {Outcome.UNSENT}


async def test_a_cut_connection_leaves_what_was_written_in_doubt_and_gives_back_the_rest() -> None:
    async with Smsc(submit=lambda *_: None) as smsc, talking(smsc, window=2) as (channel, news):
        await channel.send([part(n) for n in (1, 2, 3)])
        await smsc.seen(SUBMIT, 2)
        smsc.last.cut()
        await news.until(lambda: len(news.results) == 3)
        assert outcomes(news) == {1: Outcome.DOUBT, 2: Outcome.DOUBT, 3: Outcome.UNSENT}
        await news.until(channel.ready)  # and it comes back by itself
        assert len(smsc.of(BIND_TRX)) == 2


async def test_a_part_without_an_answer_in_time_is_in_doubt_and_a_late_answer_settles_it() -> None:
    unanswered: list[int] = []

    def answer(_: object, got: Any) -> bytes | None:
        if unanswered:
            return raw(SUBMIT_RESP, got.sequence, b"second\0")
        unanswered.append(got.sequence)
        return None

    clock = HandClock()
    async with (
        Smsc(submit=answer) as smsc,
        talking(smsc, now=clock, response_timeout=10.0, enquire_link=0.05) as (channel, news),
    ):
        await channel.send([part(1)])
        await smsc.seen(SUBMIT)
        clock.now += 6
        await channel.send([part(2)])  # is answered: the peer lives, and the session stays
        await news.until(lambda: outcomes(news) == {2: Outcome.ACCEPTED})
        clock.now += 5
        await news.until(lambda: outcomes(news).get(1) is Outcome.DOUBT)
        smsc.last.write(raw(SUBMIT_RESP, unanswered[0], b"first\0"))
        await news.until(lambda: outcomes(news).get(1) is Outcome.ACCEPTED)
        assert news.results[-1].provider_id == "first"
        assert len(smsc.of(BIND_TRX)) == 1


async def test_a_peer_that_answers_no_submit_is_left_for_a_new_connection() -> None:
    def forgetful(_: object, got: Any) -> bytes | None:
        return None if len(smsc.connections) == 1 else raw(SUBMIT_RESP, got.sequence, b"x\0")

    clock = HandClock()
    async with (
        Smsc(submit=forgetful) as smsc,
        talking(smsc, now=clock, response_timeout=10.0, enquire_link=0.05) as (channel, news),
    ):
        await channel.send([part(1)])
        await smsc.seen(SUBMIT)
        clock.now += 11
        await news.until(lambda: outcomes(news) == {1: Outcome.DOUBT})
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)
        await channel.send([part(2)])
        await news.until(lambda: outcomes(news).get(2) is Outcome.ACCEPTED)


async def test_a_malformed_answer_leaves_the_part_in_doubt_at_once() -> None:
    def answer(_: object, got: Any) -> bytes:
        return raw(SUBMIT_RESP, got.sequence, b"no terminator")

    async with Smsc(submit=answer) as smsc, talking(smsc) as (channel, news):
        await channel.send([part(1)])
        await news.until(lambda: bool(news.results))
    assert outcomes(news) == {1: Outcome.DOUBT}


async def test_generic_nack_of_a_submit_fails_that_part() -> None:
    def answer(_: object, got: Any) -> bytes:
        return raw(NACK, got.sequence, status=0x02)

    async with Smsc(submit=answer) as smsc, talking(smsc) as (channel, news):
        await channel.send([part(1)])
        await news.until(lambda: bool(news.results))
    assert news.results[0].failure is Failure.REJECTED
    assert news.results[0].code == "ESME_RINVCMDLEN"


async def test_a_part_that_cannot_be_built_fails_alone() -> None:
    batch = [
        part(1), part(2, number="не номер"), part(3, text="я" * 71),
        part(4, sender="SLISHKOM DLINNO"),
    ]  # fmt: skip
    async with Smsc() as smsc, talking(smsc) as (channel, news):
        await channel.send(batch)
        await news.until(lambda: len(news.results) == 4)
    found = {r.part_id: (r.failure, r.scope) for r in news.results}
    assert found == {
        1: (None, Scope.MESSAGE),
        2: (Failure.BAD_NUMBER, Scope.NUMBER),
        3: (Failure.REJECTED, Scope.MESSAGE),
        4: (Failure.CONFIG, Scope.MESSAGE),
    }


async def test_a_receipt_is_acknowledged_only_after_it_is_committed() -> None:
    async with Smsc() as smsc, talking(smsc) as (_, news):
        news.gate.clear()
        numbers = smsc.last.deliver(receipt_body("a1"), receipt_body("a2", "UNDELIV"))
        smsc.last.write(raw(ENQUIRE, 77))
        await smsc.seen(ENQUIRE_RESP)
        assert smsc.of(DELIVER_RESP) == []
        news.gate.set()
        answers = await smsc.seen(DELIVER_RESP, 2)
    assert [(a.sequence, a.status, a.body) for a in answers] == [(n, 0, b"\0") for n in numbers]
    assert [(r.provider_id, r.state, r.number) for r in news.receipts] == [
        ("a1", PartState.DELIVERED, "+79000000001"),
        ("a2", PartState.UNDELIVERED, "+79000000001"),
    ]
    assert news.calls[0] == ("receipts", 2)


async def test_a_receipt_that_was_not_stored_is_asked_for_again() -> None:
    async with Smsc() as smsc, talking(smsc) as (_, news):
        news.broken = 1
        smsc.last.deliver(receipt_body("a1"))
        (first,) = await smsc.seen(DELIVER_RESP)
        assert first.status == 0x64
        smsc.last.deliver(receipt_body("a1"))
        answers = await smsc.seen(DELIVER_RESP, 2)
        assert answers[1].status == 0
    assert len(news.receipts) == 1


async def test_a_receipt_before_the_answer_to_its_submit_is_reported_all_the_same() -> None:
    def answer(connection: Any, got: Any) -> bytes:
        connection.deliver(receipt_body("early"))
        return raw(SUBMIT_RESP, got.sequence, b"early\0")

    async with Smsc(submit=answer) as smsc, talking(smsc) as (channel, news):
        await channel.send([part(1)])
        await news.until(lambda: bool(news.results and news.receipts))
    assert news.receipts[0].provider_id == news.results[0].provider_id == "early"


async def test_an_inbound_sms_is_reported_and_then_acknowledged() -> None:
    stop = "СТОП".encode("utf-16-be")
    async with Smsc() as smsc, talking(smsc) as (_, news):
        smsc.last.deliver(deliver_body(stop, coding=8, source=b"89000000001", ton=2))
        (answer,) = await smsc.seen(DELIVER_RESP)
    (sms,) = news.inbound
    assert (sms.number, sms.to, sms.text, answer.status) == ("+79000000001", "1234", "СТОП", 0)


async def test_a_slow_database_stops_the_reading_not_the_process() -> None:
    async with Smsc() as smsc, talking(smsc, max_unanswered=20) as (channel, news):
        news.gate.clear()
        # More than one read of a socket brings; what follows stays unread.
        smsc.last.deliver(*[receipt_body(str(n)) for n in range(5000)])
        smsc.last.write(raw(ENQUIRE, 77))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await smsc.seen(ENQUIRE_RESP)
        news.gate.set()
        answers = await smsc.seen(DELIVER_RESP, 5000)
        await smsc.seen(ENQUIRE_RESP)
        assert {answer.status for answer in answers} == {0}
        assert len(news.receipts) == 5000
        assert channel.ready()


async def test_a_silent_line_is_asked_and_kept() -> None:
    async with Smsc() as smsc, talking(smsc, enquire_link=0.04) as (channel, _):
        await smsc.seen(ENQUIRE, 3)
        assert channel.ready()
    assert len(smsc.of(BIND_TRX)) == 1


async def test_a_dead_peer_is_found_and_replaced() -> None:
    def answer(_: object, got: Any) -> bytes | None:
        alive = len(smsc.connections) > 1
        return raw(ENQUIRE_RESP, got.sequence) if alive else None

    async with (
        Smsc(enquire=answer) as smsc,
        talking(smsc, enquire_link=0.04, response_timeout=0.08),
    ):
        await smsc.until(lambda: len(smsc.of(BIND_TRX)) == 2)


async def test_a_refused_password_is_a_clear_state_and_no_hammering() -> None:
    def refuse(_: object, got: Any) -> bytes:
        return raw(BIND_TRX_RESP, got.sequence, status=0x0E)

    async with Smsc(bind=refuse) as smsc, talking(smsc, bound=False) as (channel, _):
        await smsc.seen(BIND_TRX)
        await eventually(lambda: channel.state == "refused")
        assert channel.reason == "ESME_RINVPASWD"
        assert not channel.ready()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await smsc.seen(BIND_TRX, 2)


async def test_after_a_refusal_it_binds_when_the_smsc_has_changed_its_mind() -> None:
    def refuse_once(_: object, got: Any) -> bytes:
        status = 0x0D if len(smsc.of(BIND_TRX)) == 1 else 0
        return raw(BIND_TRX_RESP, got.sequence, b"smsc\0", status)

    async with Smsc(bind=refuse_once) as smsc, talking(smsc, refused_first=0.01) as (channel, _):
        assert channel.state == "bound"
        assert len(smsc.of(BIND_TRX)) == 2


async def test_a_bind_without_an_answer_is_tried_again() -> None:
    def silent_once(_: object, got: Any) -> bytes | None:
        return None if len(smsc.of(BIND_TRX)) == 1 else raw(BIND_TRX_RESP, got.sequence, b"s\0")

    async with (
        Smsc(bind=silent_once) as smsc,
        talking(smsc, bind_timeout=0.05) as (channel, _),
    ):
        assert channel.ready()
        assert len(smsc.connections) == 2


async def test_an_smsc_that_is_not_there_is_waited_for() -> None:
    async with Smsc() as smsc:
        port = smsc.port
    channel, news = SmppChannel(settings(port)), News()
    await channel.start(news.reports)
    await eventually(lambda: channel.state == "waiting")
    assert channel.reason == "ConnectionRefusedError"
    await channel.stop()
    assert channel.state == "stopped"


async def test_unbind_of_the_peer_is_answered_and_a_new_session_follows() -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, news):
        smsc.last.write(raw(UNBIND, 5))
        (answer,) = await smsc.seen(UNBIND_RESP)
        assert answer.sequence == 5
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)


async def test_stop_waits_for_answers_and_says_goodbye() -> None:
    held: list[Any] = []

    async with Smsc(submit=lambda connection, got: held.append((connection, got))) as smsc:
        channel, news = SmppChannel(settings(smsc.port)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        await channel.send([part(1)])
        await smsc.seen(SUBMIT)
        stopping = asyncio.create_task(channel.stop())
        await asyncio.sleep(0)
        assert channel.room() == 0
        connection, got = held[0]
        connection.write(raw(SUBMIT_RESP, got.sequence, b"x\0"))
        await stopping
        assert outcomes(news) == {1: Outcome.ACCEPTED}
        assert len(smsc.of(UNBIND)) == 1
        assert channel.state == "stopped"


async def test_stop_is_bounded_and_tells_doubt_from_unsent() -> None:
    async with Smsc(submit=lambda *_: None, unbind=lambda *_: None) as smsc:
        channel, news = SmppChannel(settings(smsc.port, window=1, stop_timeout=0.05)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        await channel.send([part(1), part(2)])
        await smsc.seen(SUBMIT)
        async with asyncio.timeout(4):
            await channel.stop()
    assert outcomes(news) == {1: Outcome.DOUBT, 2: Outcome.UNSENT}


async def test_a_channel_that_stopped_on_a_broken_database_begins_anew() -> None:
    """What it could not report is in doubt by now, and must not be reported in the next life."""
    async with Smsc() as smsc:
        channel, news = SmppChannel(settings(smsc.port, window=1, stop_timeout=0.05)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        news.broken = 1_000_000
        await channel.send([part(1)])
        await smsc.seen(SUBMIT)
        await channel.stop()
        assert news.calls  # it was tried
        news.broken = 0
        await channel.start(news.reports)
        await news.until(channel.ready)
        assert (channel.outstanding, channel.room()) == (0, 1)
        await channel.send([part(2)])
        await news.until(lambda: len(news.results) == 1)
        await channel.stop()
    assert outcomes(news) == {2: Outcome.ACCEPTED}


async def test_our_reference_goes_out_and_comes_back_where_the_provider_takes_it() -> None:
    async with Smsc() as smsc, talking(smsc, send_reference=True) as (channel, news):
        await channel.send([part(0x1234567)])
        (got,) = await smsc.seen(SUBMIT)
        reference = read_submit(got.body).rest
        assert reference == tlv(0x204, reference_of(0x1234567).to_bytes(2, "big"))
        smsc.last.deliver(receipt_body("a") + reference)
        await news.until(lambda: bool(news.receipts))
    assert news.receipts[0].reference == reference_of(0x1234567)
