"""How fast parts leave: the pace, what a throttling SMSC does to it, the window."""

from __future__ import annotations

import asyncio
import random
import statistics
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.channels.base import Outcome, Outgoing, Reports, Result
from sms_diary.channels.smpp import SmppChannel
from sms_diary.channels.smpp.pacing import Meter, Pacer
from sms_diary.model import Failure
from sms_diary.simulator import Options
from sms_diary.simulator import Smsc as Simulator
from tests.smpp_peer import (
    ENQUIRE,
    ENQUIRE_RESP,
    SUBMIT,
    SUBMIT_RESP,
    HandClock,
    Smsc,
    eventually,
    outcomes,
    part,
    raw,
    settings,
    talking,
)

THROTTLED, QUEUE_FULL = 0x58, 0x14

# --- the pacer, by a clock of its own


@given(
    rate=st.floats(0.1, 2000),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 500)), max_size=40),
)
def test_no_second_ever_sees_more_than_the_rate_and_a_small_burst(
    rate: float, steps: list[tuple[float, int]]
) -> None:
    time = HandClock()
    pacer = Pacer(rate, time)
    taken: list[tuple[float, int]] = []
    for passed, wanted in steps:
        time.now += passed
        taken.append((time.now, pacer.take(wanted)))
    for at, _ in taken:
        within = sum(count for moment, count in taken if at <= moment < at + 1)
        assert within <= rate + max(1.0, rate * 0.05) + 1e-6


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 500), st.booleans()), max_size=60))
def test_the_rate_stays_between_one_and_the_limit_whatever_the_smsc_says(
    steps: list[tuple[float, int, bool]],
) -> None:
    time = HandClock()
    pacer = Pacer(200, time)
    for passed, count, refused in steps:
        time.now += passed
        pacer.take(count)
        if refused:
            pacer.throttled(time.now)
        else:
            pacer.accepted(count)
        assert 1 <= pacer.rate <= 200


def test_a_part_every_two_seconds_is_a_pace_too() -> None:
    time = HandClock()
    pacer = Pacer(0.5, time)
    assert pacer.take(5) == 1
    assert pacer.allowance(1.0) == 0
    assert pacer.wait() == pytest.approx(2.0)
    time.now += 2.0
    assert pacer.take(5) == 1


def test_without_a_limit_nothing_is_held_back() -> None:
    pacer = Pacer(0, HandClock())
    assert pacer.take(10_000) == 10_000
    assert pacer.allowance(1.0) > 1_000_000
    assert pacer.wait() == 0


def test_a_meter_forgets_what_is_a_second_old() -> None:
    meter = Meter()
    for tenth in range(30):
        meter.add(100.0 + tenth / 10, 7)
    assert meter.last_second(102.9) == 70
    assert meter.last_second(103.85) == 7
    assert meter.last_second(104.5) == 0


def test_a_burst_of_refusals_is_one_cut_to_just_below_what_gets_through() -> None:
    time = HandClock()
    pacer = Pacer(100, time)
    for _ in range(10):
        time.now += 0.1
        pacer.accepted(8)
    cuts = [pacer.throttled() for _ in range(50)]
    assert cuts == [True] + [False] * 49
    assert pacer.rate == pytest.approx(80 * 0.95)
    assert pacer.take(10) == 0


def test_refusals_of_parts_that_left_before_the_cut_say_nothing_new() -> None:
    time = HandClock()
    pacer = Pacer(1000, time)
    assert pacer.throttled(time.now)
    rate = pacer.rate
    left_at = time.now
    time.now += 0.6
    assert not pacer.throttled(left_at)
    assert pacer.rate >= rate
    assert pacer.throttled(time.now)
    assert pacer.rate < rate


def test_an_unlimited_route_that_is_throttled_starts_from_what_it_really_sent() -> None:
    time = HandClock()
    pacer = Pacer(0, time)
    for _ in range(30):
        pacer.take(20)
        pacer.accepted(20)
        time.now += 0.1
    pacer.throttled()
    assert pacer.rate == pytest.approx(200 * 0.95, rel=0.12)


def test_an_smsc_that_stood_still_gets_its_rate_back_within_a_minute() -> None:
    """Its queue was full for ten seconds: that is no limit to remember."""
    time = HandClock()
    pacer = Pacer(500, time)
    for tenth in range(700):
        time.now += 0.1
        count = pacer.take(1000)
        if 100 <= tenth < 200 and count:
            pacer.throttled(time.now)
        else:
            pacer.accepted(count)
        if tenth == 199:
            assert pacer.rate < 10
    assert pacer.rate == 500


def test_a_limit_that_was_lifted_is_found_out_within_minutes() -> None:
    time = HandClock()
    pacer = Pacer(1000, time)
    smsc = by_tokens(100, 1.0)
    for _ in range(3000):
        time.now += 0.02
        for _ in range(pacer.take(1000)):
            if smsc(time.now):
                pacer.accepted(1)
            else:
                pacer.throttled(time.now)
    assert 90 < pacer.rate < 130
    time.now += 120
    assert pacer.rate == 1000


def test_a_pause_of_hours_does_not_break_the_arithmetic() -> None:
    time = HandClock()
    pacer = Pacer(0, time)
    pacer.take(10)
    pacer.throttled()
    time.now += 10**7
    assert pacer.take(10**6) == 10**6


def by_the_second(limit: int) -> Callable[[float], bool]:
    """Takes so many in each second of the clock."""
    taken: Counter[int] = Counter()

    def take(now: float) -> bool:
        taken[int(now)] += 1
        return taken[int(now)] <= limit

    return take


def by_tokens(limit: int, saved: float) -> Callable[[float], bool]:
    """A bucket that holds so many seconds' worth."""
    tokens, at = limit * saved, 0.0

    def take(now: float) -> bool:
        nonlocal tokens, at
        tokens, at = min(limit * saved, tokens + (now - at) * limit), now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return take


def by_any_second(limit: int) -> Callable[[float], bool]:
    """Takes so many in any second that one may look at."""
    taken: deque[float] = deque()

    def take(now: float) -> bool:
        while taken and taken[0] <= now - 1:
            taken.popleft()
        if len(taken) >= limit:
            return False
        taken.append(now)
        return True

    return take


@pytest.mark.parametrize("rate", [1000.0, 0.0])
@pytest.mark.parametrize("way_back", [0.0, 0.1, 0.5])
@pytest.mark.parametrize(
    "kind",
    [
        partial(by_the_second, 100), partial(by_tokens, 100, 1.0), partial(by_tokens, 100, 0.1),
        partial(by_any_second, 100),
    ],
    ids=["by the second", "saves a second", "saves a tenth", "by any second"],
)  # fmt: skip
def test_under_a_limit_of_any_kind_the_pace_settles_just_below_it(
    kind: Callable[[], Callable[[float], bool]], way_back: float, rate: float
) -> None:
    time, smsc = HandClock(), kind()
    pacer = Pacer(rate, time)
    on_the_way: deque[tuple[float, bool]] = deque()
    passed, refused = [0] * 60, 0
    for step in range(60 * 100):
        time.now += 0.01
        while on_the_way and on_the_way[0][0] + way_back <= time.now:
            left_at, taken = on_the_way.popleft()
            if taken:
                pacer.accepted(1)
                passed[step // 100] += 1
            else:
                pacer.throttled(left_at)
                refused += step >= 1000
        for _ in range(pacer.take(100 - len(on_the_way) if not rate else 1000)):
            on_the_way.append((time.now, smsc(time.now)))
    assert min(passed[10:]) >= 84
    assert 90 <= statistics.mean(passed[10:]) <= 101
    assert refused < 0.01 * sum(passed[10:])


@pytest.mark.parametrize("limit", [400, 100_000])
@pytest.mark.parametrize("rate", [1000.0, 0.0])
def test_a_share_that_is_refused_at_any_pace_does_not_bring_the_route_to_a_standstill(
    rate: float, limit: int
) -> None:
    """A twentieth is refused whatever we do; and, with `limit`, what is above it, too."""
    time, smsc, chance = HandClock(), by_tokens(limit, 0.1), random.Random(3)
    pacer = Pacer(rate, time)
    passed = [0] * 60
    for step in range(60 * 100):
        time.now += 0.01
        for _ in range(pacer.take(10)):  # a thousand a second are offered
            if chance.random() >= 0.05 and smsc(time.now):
                pacer.accepted(1)
                passed[step // 100] += 1
            else:
                pacer.throttled(time.now)
    assert statistics.mean(passed[25:]) > 0.8 * min(limit, 1000)


# --- the channel


class Feeder:
    """A dispatch in small: hands over what there is room for, and again what came back."""

    def __init__(self, channel: SmppChannel, count: int) -> None:
        self.channel = channel
        self.waiting = deque(part(n) for n in range(count))
        self.open: dict[int, Outgoing] = {}
        self.accepted_at: list[float] = []
        self.throttled = 0
        self.failed: list[Result] = []
        self._wake = asyncio.Event()

    async def run(self) -> None:
        await self.channel.start(Reports(self._results, self._nothing, self._nothing, self._room))
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.waiting and (room := self.channel.room()):
                batch = [self.waiting.popleft() for _ in range(min(room, len(self.waiting)))]
                self.open.update((one.part_id, one) for one in batch)
                await self.channel.send(batch)

    async def _results(self, _route: str, results: Sequence[Result]) -> None:
        now = asyncio.get_running_loop().time()
        for result in results:
            one = self.open.pop(result.part_id)
            if result.outcome is Outcome.ACCEPTED:
                self.accepted_at.append(now)
                continue
            self.waiting.append(one)
            if result.failure is Failure.THROTTLED:
                self.throttled += 1
            elif result.outcome is not Outcome.UNSENT:
                self.failed.append(result)

    async def _nothing(self, _route: str, _reports: Sequence[Any]) -> None:
        return

    def _room(self) -> None:
        self._wake.set()


async def test_throttled_at_a_hundred_a_second_a_thousand_settle_just_below_and_none_fails() -> (
    None
):
    simulator = Simulator(Options(max_parts_per_second=100, receipt_delay=None))
    await simulator.start()
    route = settings(simulator.port, rate=1000.0, system_id="demo", password="demo")
    feeder = Feeder(SmppChannel(route), 10_000)
    loop = asyncio.get_running_loop()
    start = loop.time()
    running = asyncio.create_task(feeder.run())
    steady = await _steady_halves(start, settling=6, wanted=8)
    rate = feeder.channel.rate
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await feeder.channel.stop()
    taken = simulator.stats.submitted
    await simulator.stop()

    halves = Counter(int((at - start) * 2) for at in feeder.accepted_at)
    settled = [count * 2 for half, count in sorted(halves.items()) if half in steady]
    assert 90 <= statistics.median(settled) <= 100
    assert 90 <= rate <= 104
    assert feeder.failed == []
    assert taken == len(feeder.accepted_at) == len({*range(10_000)} - _left(feeder))
    assert feeder.throttled < 600


async def _steady_halves(start: float, *, settling: int, wanted: int) -> set[int]:
    """The half seconds after `settling` in which this machine did not stand still.

    It has other work, and what does not run sends nothing. Enough of them, or those of a while.
    """
    loop = asyncio.get_running_loop()
    steady: set[int] = set()
    before = half = -1.0
    while len(steady) <= wanted and loop.time() < start + 30:
        asked = loop.time()
        await asyncio.sleep(0.02)
        now = int((loop.time() - start) * 2)
        if loop.time() - asked > 0.05:
            before = now
        if now != half:
            # The one that is over, unless it or its neighbour was disturbed.
            if half >= settling and before < half:
                steady.add(int(half))
            half = now
    return steady


def _left(feeder: Feeder) -> set[int]:
    return {one.part_id for one in feeder.waiting} | set(feeder.open)


async def test_a_paced_route_sends_no_faster_than_its_rate() -> None:
    async with Smsc() as smsc, talking(smsc, rate=200.0) as (channel, news):
        loop = asyncio.get_running_loop()
        assert channel.room() == 100  # the window; the pace alone would allow 210
        start = loop.time()
        await channel.send([part(n) for n in range(60)])
        await news.until(lambda: len(news.results) == 60)
        # 10 may go at once, 50 more need a quarter of a second.
        assert loop.time() - start >= 0.2
        assert set(outcomes(news).values()) == {Outcome.ACCEPTED}


async def test_the_rate_is_shared_by_all_sessions_of_a_route() -> None:
    clock = HandClock()
    async with Smsc() as smsc, talking(smsc, now=clock, rate=40.0, sessions=4) as (channel, news):
        await eventually(lambda: channel.connections == (4, 4))
        assert channel.room() == 42  # 40 within the second and the burst, not four times that
        assert channel.rate == 40
        await channel.send([part(n) for n in range(42)])
        await news.until(lambda: len(news.results) == 2)
        for moment in range(1, 6):
            clock.now += 0.055
            await news.settled(2 + 2 * moment)
        assert len(smsc.of(SUBMIT)) == 12


@pytest.mark.parametrize("status", [THROTTLED, QUEUE_FULL])
async def test_throttling_slows_the_session_and_time_speeds_it_up_again(status: int) -> None:
    clock = HandClock()

    def answer(_: object, got: Any) -> bytes:
        return raw(SUBMIT_RESP, got.sequence, status=status)

    async with (
        Smsc(submit=answer) as smsc,
        talking(smsc, now=clock, rate=1000.0) as (
            channel,
            news,
        ),
    ):
        await channel.send([part(n) for n in range(20)])
        await news.until(lambda: len(news.results) == 20)
        assert channel.rate == 500  # one cut for the whole burst
        assert {result.failure for result in news.results} == {Failure.THROTTLED}
        assert {result.delay > 0 for result in news.results} == {True}
        clock.now += 1.0
        assert channel.rate == 750
        clock.now += 20.0
        assert channel.rate == 1000


async def test_one_throttled_session_leaves_the_others_their_pace() -> None:
    clock = HandClock()

    def answer(connection: Any, got: Any) -> bytes:
        status = THROTTLED if connection is smsc.connections[0] else 0
        return raw(SUBMIT_RESP, got.sequence, b"x\0", status=status)

    smsc = Smsc(submit=answer)
    async with smsc, talking(smsc, now=clock, sessions=2) as (channel, news):
        await eventually(lambda: channel.connections == (2, 2))
        await channel.send([part(n) for n in range(20)])
        await news.until(lambda: len(news.results) == 20)
        assert sorted(outcomes(news).values()).count(Outcome.FAILED) == 10
        await channel.send([part(100 + n) for n in range(20)])
        await news.until(lambda: len(news.results) == 40)
        assert len(smsc.connections[0].of(SUBMIT)) == 10
        assert len(smsc.connections[1].of(SUBMIT)) == 30


async def test_what_can_no_longer_leave_within_a_second_is_given_back_when_throttled() -> None:
    clock = HandClock()
    held: list[Any] = []

    def hold(_: object, got: Any) -> None:
        held.append(got)

    async with (
        Smsc(submit=hold) as smsc,
        talking(smsc, now=clock, rate=100.0, stop_timeout=0.1) as (channel, news),
    ):
        await channel.send([part(n) for n in range(100)])
        await smsc.seen(SUBMIT, 5)  # the burst; the others wait for their time
        smsc.last.write(raw(SUBMIT_RESP, held[0].sequence, status=THROTTLED))
        await news.until(lambda: Outcome.UNSENT in outcomes(news).values())
        assert channel.rate == 50  # nothing got through: half at once
        unsent = [one for one, outcome in outcomes(news).items() if outcome is Outcome.UNSENT]
        # What was claimed last comes back, for what is more urgent to overtake it.
        assert sorted(unsent) == list(range(55, 100))
        assert channel.room() == 0


async def test_a_window_of_one_is_one_part_at_a_time() -> None:
    on_the_wire, most = 0, 0

    def answer(connection: Any, got: Any) -> None:
        nonlocal on_the_wire, most
        on_the_wire += 1
        most = max(most, on_the_wire)

        def reply() -> None:
            nonlocal on_the_wire
            on_the_wire -= 1
            connection.write(raw(SUBMIT_RESP, got.sequence, b"x\0"))

        asyncio.get_running_loop().call_later(0.001, reply)

    async with Smsc(submit=answer) as smsc, talking(smsc, window=1) as (channel, news):
        for n in range(20):
            await news.until(lambda: channel.room() == 1)
            await channel.send([part(n)])
            assert channel.room() == 0
        await news.until(lambda: len(news.results) == 20)
    assert most == 1
    assert set(outcomes(news).values()) == {Outcome.ACCEPTED}


async def test_full_windows_cost_no_time_while_they_wait() -> None:
    """No timer runs while only an answer can make room."""
    async with (
        Smsc(submit=lambda *_: None) as smsc,
        talking(smsc, window=2, stop_timeout=0.1) as (channel, _),
    ):
        await channel.send([part(n) for n in range(6)])
        await smsc.seen(SUBMIT, 2)
        smsc.last.write(raw(ENQUIRE, 77))
        await smsc.seen(ENQUIRE_RESP)
        assert channel._out._timer is None
