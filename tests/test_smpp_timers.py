"""Peers that fall silent, and the end of a channel: what each timer of a session does."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from sms_diary.channels.base import Outcome
from sms_diary.channels.smpp import SmppChannel
from sms_diary.channels.smpp.timers import Due, Timers
from sms_diary.simulator import Options
from sms_diary.simulator import Smsc as Simulator
from tests.smpp_peer import (
    BIND_TRX,
    BIND_TRX_RESP,
    BIND_TX,
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
    eventually,
    outcomes,
    part,
    raw,
    receipt_body,
    settings,
    talking,
)

# --- what is due, by a clock of its own


def timers(**changes: Any) -> Timers:
    values = {"enquire_link": 30.0, "response_timeout": 10.0, "inactivity": 100.0}
    return Timers(settings(1, **{**values, **changes}), 0.0)


def test_a_silent_peer_is_asked_and_given_up_when_it_does_not_answer() -> None:
    watch = timers()
    assert watch.due(29.9, busy=False) is Due.NOTHING
    assert watch.due(30.0, busy=False) is Due.ENQUIRE
    watch.enquired(30.0)
    assert watch.due(39.9, busy=False) is Due.NOTHING
    assert watch.due(40.0, busy=False) is Due.SILENT


def test_a_peer_that_says_anything_is_alive() -> None:
    watch = timers()
    watch.enquired(30.0)
    watch.heard(39.0)  # a receipt, say
    assert watch.due(45.0, busy=False) is Due.NOTHING
    watch.enquiry_answered()
    assert watch.due(60.0, busy=False) is Due.NOTHING
    assert watch.due(69.0, busy=False) is Due.ENQUIRE


def test_a_peer_that_does_not_read_is_given_up_even_if_it_talks() -> None:
    watch = timers()
    watch.congested(5.0)
    watch.heard(14.0)
    assert watch.due(14.9, busy=True) is Due.NOTHING
    assert watch.due(15.0, busy=True) is Due.DEAF
    watch.congested(None)
    assert watch.due(15.0, busy=True) is Due.NOTHING


def test_a_line_without_work_is_left_unless_something_is_on_its_way() -> None:
    watch = timers()
    watch.heard(99.0)  # answers to enquire_link are no work
    assert watch.due(100.0, busy=True) is Due.NOTHING
    assert watch.due(100.0, busy=False) is Due.IDLE
    watch.worked(99.0)
    assert watch.due(100.0, busy=False) is Due.NOTHING
    assert timers(inactivity=0.0).due(29.0, busy=False) is Due.NOTHING


def test_time_in_which_we_did_not_read_counts_for_nobody() -> None:
    watch = timers()
    watch.enquired(1.0)
    watch.congested(1.0)
    watch.restart(500.0)
    assert watch.due(509.0, busy=False) is Due.NOTHING
    assert not watch.answers_nothing(499.0)


def test_the_shortest_timer_says_how_often_to_look() -> None:
    assert timers().period == 1.0
    assert timers(inactivity=0.4).period == pytest.approx(0.1)
    assert timers(response_timeout=0.2).period == pytest.approx(0.05)


# --- peers


async def test_a_bind_without_an_answer_in_its_own_time_is_tried_again() -> None:
    def silent_once(_: object, got: Any) -> bytes | None:
        return None if len(smsc.of(BIND_TRX)) == 1 else raw(BIND_TRX_RESP, got.sequence, b"s\0")

    async with (
        Smsc(bind=silent_once) as smsc,
        talking(smsc, bind_timeout=0.05, response_timeout=60.0) as (channel, _),
    ):
        assert channel.ready()
        assert len(smsc.connections) == 2


async def test_a_peer_that_takes_no_connection_is_given_up_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        # What it may keep waiting is taken, so that the next one gets no answer.
        waiting = [socket.socket() for _ in range(2)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        channel = SmppChannel(settings(port, connect_timeout=0.1, backoff_first=60.0))
        await channel.start(News().reports)
        await eventually(lambda: channel.state == "waiting")
        assert channel.reason == "TimeoutError"
        await channel.stop()
        for one in waiting:
            one.close()


async def test_a_peer_that_stops_reading_is_found_and_replaced() -> None:
    clock = HandClock()
    async with (
        Smsc() as smsc,
        talking(smsc, now=clock, window=2000, response_timeout=10.0, enquire_link=0.2) as (
            channel,
            news,
        ),
    ):
        deaf = smsc.last
        transport = deaf.writer.transport
        transport.pause_reading()  # type: ignore[attr-defined]
        # The system's buffers take some megabytes before writing is of no use.
        number = 0
        while channel.room() and number < 200_000:
            await channel.send([part(number + n) for n in range(min(2000, channel.room()))])
            number += 2000
            await asyncio.sleep(0)
        clock.now += 11
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)
        await news.until(lambda: len(news.results) == 2000)
        assert set(outcomes(news).values()) <= {Outcome.DOUBT, Outcome.UNSENT}


async def test_a_peer_that_talks_and_does_not_read_is_found_too() -> None:
    clock = HandClock()
    async with (
        Smsc() as smsc,
        talking(smsc, now=clock, response_timeout=10.0, enquire_link=0.2) as (channel, _),
    ):
        deaf = smsc.last
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        (session,) = channel._connections.sending()
        while session.may_write:
            # Its buffers fill with our answers, and then ours begins to.
            deaf.write(raw(ENQUIRE, 1) * 3000)
            await asyncio.sleep(0.001)
        for _ in range(12):
            deaf.write(raw(ENQUIRE, 1))  # never silent for long
            heard = session._timers._heard_at
            clock.now += 1.0
            await eventually(lambda heard=heard: session._timers._heard_at > heard)  # type: ignore[misc]
        await smsc.seen(BIND_TRX, 2)
        assert session.reason == Due.DEAF


async def test_a_line_without_work_says_goodbye_and_comes_back() -> None:
    clock = HandClock()
    async with (
        Smsc() as smsc,
        talking(smsc, now=clock, inactivity=60.0, enquire_link=0.2) as (channel, news),
    ):
        clock.now += 59
        await channel.send([part(1)])  # work: the time starts anew
        await news.until(lambda: bool(news.results))
        clock.now += 59
        await smsc.seen(ENQUIRE)
        smsc.last.deliver(receipt_body("id1"))
        await smsc.seen(DELIVER_RESP)
        enquired = len(smsc.of(ENQUIRE))
        clock.now += 59
        await smsc.seen(ENQUIRE, enquired + 1)
        assert smsc.of(UNBIND) == []
        clock.now += 2
        await smsc.seen(UNBIND)
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)
        assert len(smsc.connections) == 2
        assert smsc.connections[0].of(UNBIND)


async def test_a_line_with_a_part_on_its_way_is_not_left_for_idleness() -> None:
    clock = HandClock()
    async with (
        Smsc(submit=lambda *_: None) as smsc,
        talking(
            smsc, now=clock, inactivity=5.0, enquire_link=0.2, response_timeout=100.0,
            stop_timeout=0.1,
        ) as (channel, _),
    ):  # fmt: skip
        await channel.send([part(1)])
        await smsc.seen(SUBMIT)
        clock.now += 50
        await smsc.seen(ENQUIRE)
        assert smsc.of(UNBIND) == []


async def test_an_unanswered_unbind_does_not_keep_an_idle_line() -> None:
    clock = HandClock()
    async with (
        Smsc(unbind=lambda *_: None) as smsc,
        talking(smsc, now=clock, inactivity=5.0, enquire_link=0.2) as (channel, news),
    ):
        clock.now += 6
        await smsc.seen(UNBIND)
        await eventually(lambda: len(smsc.connections) == 2)
        await news.until(channel.ready)


# --- the end


async def test_stop_drains_the_windows_of_all_sessions_and_unbinds_each() -> None:
    held: list[tuple[Any, Any]] = []
    async with Smsc(submit=lambda connection, got: held.append((connection, got))) as smsc:
        channel, news = SmppChannel(settings(smsc.port, bind="pair", sessions=2)), News()
        await channel.start(news.reports)
        await eventually(lambda: channel.connections == (4, 4))
        await channel.send([part(n) for n in range(10)])
        await smsc.seen(SUBMIT, 10)
        stopping = asyncio.create_task(channel.stop())
        await asyncio.sleep(0)
        assert channel.room() == 0
        await channel.send([part(99)])  # too late
        for answers in range(1, 11):  # time enough to go on without waiting
            smsc.last.write(raw(ENQUIRE, 77))
            await smsc.seen(ENQUIRE_RESP, answers)
        assert smsc.of(UNBIND) == []
        for connection, got in held:
            connection.write(raw(SUBMIT_RESP, got.sequence, b"x\0"))
        await stopping
        assert len(smsc.of(UNBIND)) == 4
    found = outcomes(news)
    assert found.pop(99) is Outcome.UNSENT
    assert set(found.values()) == {Outcome.ACCEPTED}
    assert len(found) == 10
    assert channel.outstanding == 0
    assert channel.state == "stopped"


async def test_stop_tells_doubt_from_unsent_and_leaves_nothing_behind() -> None:
    before = len(asyncio.all_tasks())
    async with Smsc(submit=lambda *_: None, unbind=lambda *_: None) as smsc:
        route = settings(smsc.port, window=2, sessions=2, stop_timeout=0.05)
        channel, news = SmppChannel(route), News()
        await channel.start(news.reports)
        await eventually(lambda: channel.connections == (2, 2))
        await channel.send([part(n) for n in range(6)])
        await smsc.seen(SUBMIT, 4)
        async with asyncio.timeout(4):
            await channel.stop()
        assert sorted(outcomes(news).values()) == [Outcome.DOUBT] * 4 + [Outcome.UNSENT] * 2
        await smsc.until(lambda: all(one.writer.is_closing() for one in smsc.connections))
    await eventually(lambda: len(asyncio.all_tasks()) == before)


@pytest.mark.parametrize("silent", ["bind", "unbind"])
async def test_stop_is_bounded_whatever_the_peer_does_not_answer(silent: str) -> None:
    async with Smsc() as smsc:
        smsc.scripts[silent] = lambda *_: None
        channel = SmppChannel(settings(smsc.port, stop_timeout=0.05))
        await channel.start(News().reports)
        await smsc.seen(BIND_TRX)
        async with asyncio.timeout(4):
            await channel.stop()
        assert channel.state == "stopped"


async def test_stop_with_a_peer_that_does_not_read_is_bounded() -> None:
    async with Smsc() as smsc:
        channel, news = SmppChannel(settings(smsc.port, window=50_000, stop_timeout=0.05)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        smsc.last.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await channel.send([part(n) for n in range(50_000)])
        async with asyncio.timeout(8):
            await channel.stop()
        assert len(outcomes(news)) == 50_000
        assert set(outcomes(news).values()) <= {Outcome.DOUBT, Outcome.UNSENT}


async def test_stop_while_it_waits_for_its_turn_or_for_a_pause_ends_at_once() -> None:
    def refuse(_: object, got: Any) -> bytes:
        return raw(got.command | NACK, got.sequence, status=0x0E)

    async with Smsc(bind=refuse) as smsc:
        channel = SmppChannel(settings(smsc.port, bind="pair", sessions=2))
        await channel.start(News().reports)
        await smsc.seen(BIND_TX)
        await eventually(lambda: channel.state == "refused")
        async with asyncio.timeout(1):
            await channel.stop()
    assert channel.connections == (0, 4)


async def test_a_channel_may_be_started_again() -> None:
    simulator = Simulator(Options(receipt_delay=None))
    await simulator.start()
    channel = SmppChannel(settings(simulator.port, system_id="demo", password="demo"))
    for n in range(2):
        news = News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        await channel.send([part(n)])
        await news.settled(1)
        await channel.stop()
        assert not channel.ready()
    assert simulator.stats.submitted == 2
    await simulator.stop()


async def test_what_comes_with_the_goodbye_is_still_stored() -> None:
    def parting(connection: Any, got: Any) -> bytes:
        connection.deliver(receipt_body("late"))
        return raw(UNBIND_RESP, got.sequence)

    async with Smsc(unbind=parting) as smsc:
        async with talking(smsc):
            pass
        (refused,) = await smsc.seen(DELIVER_RESP)
    # Not bound any more: it is told to bring it again, so nothing is lost.
    assert refused.status == 0x64


async def test_what_could_not_be_stored_at_the_stop_takes_no_room_when_the_route_comes_back() -> (
    None
):
    async with Smsc() as smsc:
        channel, news = SmppChannel(settings(smsc.port, window=2, stop_timeout=0.05)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        news.broken = 1000
        await channel.send([part(1), part(2)])
        await smsc.seen(SUBMIT, 2)
        await eventually(lambda: news.broken < 1000)
        await channel.stop()
        assert channel.has(1)
        news.broken = 0
        await channel.start(news.reports)
        await news.until(channel.ready)
        assert (channel.room(), channel.has(1)) == (2, False)
        await channel.send([part(3)])
        await news.until(lambda: bool(news.results))
        await channel.stop()
    # What was given up is in doubt by then: an old result must not be told of a new attempt.
    assert list(outcomes(news)) == [3]
