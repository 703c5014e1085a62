"""Who holds a route sends, and nobody else; who loses it lets go before anything else leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sms_diary.channels.base import Asked, Outgoing, Reports
from sms_diary.clock import SECOND, ManualClock
from sms_diary.db import Database
from sms_diary.dispatch import Dispatch, Settle
from sms_diary.holding import Holding
from sms_diary.ids import Ids
from sms_diary.receipts import Receipts
from sms_diary.schedule import URGENT_LANE
from sms_diary.sending import Sending, looping
from sms_diary.store import leases
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.unanswered import A_TIME, REPEAT_AFTER, Unanswered
from sms_diary.wake import Wake, Wakes
from tests.recording import RecordingChannel
from tests.seeding import ROUTE, Subscribed, claim, classes, column, phone, pupils, queue, subscribe

LEASE = leases.of_route(ROUTE)
LONG = 60.0
"""Seconds: longer than any test."""
SHORT = 0.6
PATIENCE = 20.0
PARTS = "select state from part order by id"


async def until(true: Callable[[], Any]) -> None:
    """Poll until it is true, also when it is to be awaited."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = true()
            if await found if isinstance(found, Coroutine) else found:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def background(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def held_by(
    db: Database, tools: Tools, holder: str, *, seconds: float = LONG, alone: bool = False
) -> Holding:
    return Holding(db, tools, holder, seconds=seconds, alone=alone)


async def given_to(db: Database, holder: str, name: str = LEASE) -> None:
    """As after a pause in which it ran out and another process took it."""
    async with db.transaction() as q:
        await q.run(
            "update lease set holder = :holder where name = :name", holder=holder, name=name
        )


# ---------------------------------------------------------------- leases of a process


async def test_what_is_held_is_prolonged_and_nobody_else_gets_it(
    db: Database, tools: Tools
) -> None:
    own, other = held_by(db, tools, "a", seconds=SHORT), held_by(db, tools, "b")
    assert await own.take(LEASE)
    [first] = await column(db, "select until from lease where name = :name", name=LEASE)
    async with background(own.beat()):
        sql = f"select until > {first} + 2 * {int(SHORT * SECOND)} as later from lease"
        await until(lambda: _true(db, f"{sql} where name = '{LEASE}'"))
        assert own.held(LEASE)
        assert not await other.take(LEASE)


async def _true(db: Database, sql: str) -> bool:
    return bool((await column(db, sql))[0])


async def test_a_lease_that_another_took_is_lost_at_the_next_beat(
    db: Database, tools: Tools
) -> None:
    own = held_by(db, tools, "a", seconds=SHORT)
    await own.take(LEASE)
    await own.take("kept")
    await given_to(db, "b")
    async with background(own.beat()), asyncio.timeout(PATIENCE):
        await own.lost(LEASE)
        assert not own.held(LEASE)
        assert own.held("kept")


async def test_a_lease_that_ran_out_is_lost_although_nobody_has_taken_it(
    db: Database, tools: Tools
) -> None:
    own = held_by(db, tools, "a", seconds=SHORT)
    await own.take(LEASE)
    async with db.transaction() as q:
        await leases.release(q, "a")
    async with background(own.beat()), asyncio.timeout(PATIENCE):
        await own.lost(LEASE)


async def test_without_word_from_the_database_a_lease_is_believed_no_longer_than_it_runs(
    db: Database, tools: Tools
) -> None:
    own = held_by(db, tools, "a", seconds=SHORT)
    await own.take(LEASE)
    await db.close()
    assert own.held(LEASE)
    async with background(own.beat()), asyncio.timeout(PATIENCE):
        await own.lost(LEASE)


async def test_a_process_that_was_stopped_knows_before_it_asks(db: Database, tools: Tools) -> None:
    own = held_by(db, tools, "a", seconds=SHORT)
    await own.take(LEASE)
    # Nothing beats: for a process that is stopped no timer runs either.
    await until(lambda: not own.held(LEASE))


async def test_who_is_alone_does_not_lose_by_being_late(db: Database, tools: Tools) -> None:
    own = held_by(db, tools, "a", seconds=SHORT, alone=True)
    async with db.transaction() as q:
        await leases.take(q, LEASE, "a", -1000)
    await own.take(LEASE)
    async with db.transaction() as q:
        await q.run("update lease set until = 1 where name = :name", name=LEASE)
    async with background(own.beat()):
        await until(lambda: _true(db, f"select until > 1 as x from lease where name = '{LEASE}'"))
        assert own.held(LEASE)


async def test_what_must_come_first_is_done_in_the_transaction_that_takes_it(
    db: Database, tools: Tools
) -> None:
    own = held_by(db, tools, "a")

    async def fails(_q: object) -> None:
        raise RuntimeError("first")

    with pytest.raises(RuntimeError, match="first"):
        await own.take(LEASE, fails)
    assert not own.held(LEASE)
    assert await held_by(db, tools, "b").take(LEASE)


async def test_a_lease_that_is_given_back_is_free_at_once(db: Database, tools: Tools) -> None:
    own, other = held_by(db, tools, "a"), held_by(db, tools, "b")
    await own.take(LEASE)
    async with background(other.wait(LEASE)):
        await own.give_back(LEASE)
        await until(lambda: other.held(LEASE))
    assert not own.held(LEASE)
    assert not await own.hold(LEASE)
    assert await other.hold(LEASE)


async def test_a_process_that_lost_its_node_makes_ids_under_another(
    db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        node = await leases.take_node(q, "a", int(SHORT * SECOND))
    moving = Tools(Ids(node), tools.vault)
    own = held_by(db, moving, "a", seconds=SHORT)
    await given_to(db, "b", f"node:{node}")
    async with background(own.beat()):
        await until(lambda: moving.ids.new() >> 12 & 1023 != node)
    taken = await column(db, "select name from lease where holder = 'a'")
    assert taken == [f"node:{moving.ids.new() >> 12 & 1023}"]


# ---------------------------------------------------------------- a route


class Process:
    """One that would send by the route: its leases, its channel, its dispatch."""

    def __init__(self, db: Database, tools: Tools, clock: ManualClock, name: str) -> None:
        self.holding = held_by(db, tools, name, seconds=SHORT)
        self.channel = RecordingChannel(ROUTE)
        wakes = Wakes()
        receipts = Receipts(db, tools, clock, wakes, alone=True)
        reports = Reports(
            Settle(db, tools, clock, wakes, owner=name),
            receipts.store,
            _unheard,
            wakes.dispatch.set,
        )
        dispatch = Dispatch(db, tools, clock, self.channel, owner=name)
        self.sending = Sending(
            self.holding, self.channel, reports, [("dispatch", dispatch.step, wakes.dispatch, 0.02)]
        )

    def __call__(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return self.holding.beat(), self.sending.run()


async def _unheard(_route: str, _reports: object) -> None:
    raise AssertionError("nobody wrote")


@pytest.fixture
async def family(db: Database, tools: Tools, school: School) -> list[Subscribed]:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        found = await pupils(q, tools, school, class_id, 5)
        pairs = [(pupil_id, phone(n)) for n, pupil_id in enumerate(found)]
        return await subscribe(q, tools, school, pairs)


async def _queue(db: Database, tools: Tools, school: School, to: Subscribed, **how: Any) -> None:
    async with db.transaction() as q:
        await queue(q, tools, to, school.id, "5", **how)


async def test_the_second_process_sends_when_the_first_has_let_go_and_doubts_what_it_left(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed]
) -> None:
    first, second = (Process(db, tools, clock, name) for name in "ab")
    assert await first.sending.take()
    async with background(*second()):
        async with background(*first()):
            await _queue(db, tools, school, family[0])
            await until(lambda: first.channel.sent)
            assert not second.channel.ready()
        # It ended in order, and yet without the operator's answer.
        assert not first.channel.ready()
        await until(second.channel.ready)
        assert await column(db, PARTS) == ["doubt"]
        await _queue(db, tools, school, family[1])
        await until(lambda: second.channel.sent)
    assert len(first.channel.sent) == len(second.channel.sent) == 1


async def test_a_process_whose_route_was_taken_lets_go_and_queues_up_again(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed]
) -> None:
    own = Process(db, tools, clock, "a")
    async with background(*own()):
        await until(own.channel.ready)
        await given_to(db, "b")
        await until(lambda: not own.channel.ready())
        await _queue(db, tools, school, family[0])
        async with db.transaction() as q:
            [taken] = await claim(q, tools, owner="b")
            await leases.release(q, "b")
        await until(own.channel.ready)
        # What the other one has in its hands is in doubt, and not ours to send.
        assert await column(db, PARTS) == ["doubt"]
        await _queue(db, tools, school, family[1])
        await until(lambda: own.channel.sent)
    assert [part.part_id == taken.part_id for part in own.channel.sent] == [False]


async def test_no_step_begins_under_a_lease_that_is_not_surely_held(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    holding = held_by(db, tools, "a", seconds=SHORT)
    seen: list[bool] = []
    ticks: list[bool] = []

    async def step() -> bool:
        seen.append(holding.held(LEASE))
        return False

    async def tick() -> bool:
        ticks.append(holding.held(LEASE))
        return False

    reports = Reports(
        Settle(db, tools, clock, Wakes(), owner="a"), _unheard, _unheard, Wakes().dispatch.set
    )
    sending = Sending(holding, RecordingChannel(ROUTE), reports, [("step", step, Wake(), 0.02)])
    # Nothing beats, as after a pause of the whole process.
    async with looping([("tick", tick, Wake(), 0.02)]), background(sending.run()):
        await until(lambda: len(seen) > 2)
        await until(lambda: ticks[-5:] == [False] * 5)
    assert all(seen)


class Unable(RecordingChannel):
    """Fails to start once."""

    failures = 1

    async def start(self, reports: Reports) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError
        await super().start(reports)


async def test_a_channel_that_cannot_start_is_tried_again(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    holding, channel = held_by(db, tools, "a"), Unable(ROUTE)
    reports = Reports(
        Settle(db, tools, clock, Wakes(), owner="a"), _unheard, _unheard, Wakes().dispatch.set
    )
    async with background(Sending(holding, channel, reports, []).run()):
        await until(channel.ready)


# ---------------------------------------------------------------- what the operator owes us


class Listening(RecordingChannel):
    """A channel whose connection comes and goes."""

    up = True

    def ready(self) -> bool:
        return self.up


@pytest.fixture
def operator() -> Listening:
    return Listening(ROUTE)


async def _doubted(db: Database, tools: Tools, school: School, to: Subscribed, now: int) -> None:
    await _queue(db, tools, school, to, lane=URGENT_LANE)
    async with db.transaction() as q:
        await claim(q, tools, now=now)
        await q.run("update part set state = 'doubt' where state = 'sending'")


async def test_urgent_news_is_repeated_when_receipts_had_their_time_on_a_bound_route(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed],
    operator: Listening,
) -> None:  # fmt: skip
    silent = Unanswered(db, tools, clock, Wakes(), operator, query_after=0)
    await _doubted(db, tools, school, family[0], clock.now())
    operator.up = False
    clock.advance(10 * REPEAT_AFTER)
    await silent.step()
    operator.up = True
    await silent.step()
    clock.advance(REPEAT_AFTER - 1)
    await silent.step()
    assert await column(db, PARTS) == ["doubt"]
    # The connection was lost between: what waits at the operator comes after it is back.
    operator.up = False
    await silent.step()
    operator.up = True
    clock.advance(1)
    await silent.step()
    clock.advance(REPEAT_AFTER - 1)
    await silent.step()
    assert await column(db, PARTS) == ["doubt"]
    clock.advance(1)
    await silent.step()
    assert await column(db, PARTS) == ["queued"]


async def test_parts_are_asked_for_where_the_route_says_so_and_is_bound(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed],
    operator: Listening,
) -> None:  # fmt: skip
    for _ in range(A_TIME + 1):
        await _queue(db, tools, school, family[0])
    async with db.transaction() as q:
        sent = await claim(q, tools, now=clock.now())
        await q.run(
            """update part set state = 'sent', sent_at = claimed_at, provider_id = 'A1',
                               provider_key = 'a1'"""
        )
    silent = Unanswered(db, tools, clock, Wakes(), operator, query_after=60 * SECOND)
    never = Unanswered(db, tools, clock, Wakes(), operator, query_after=0)
    clock.advance(59 * SECOND)
    await silent.step()
    clock.advance(SECOND)
    await never.step()
    operator.up = False
    await silent.step()
    assert operator.asked == []
    operator.up = True
    await silent.step()
    assert operator.asked == [_question(part) for part in sent[:A_TIME]]
    await silent.step()
    await silent.step()
    assert operator.asked == [_question(part) for part in sent]


def _question(part: Outgoing) -> Asked:
    return Asked(part.part_id, "A1", part.number)
