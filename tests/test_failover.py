"""A route is out when it has been in trouble for long enough; then the next one carries on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sms_diary.carrying import USUAL, Order, Ways
from sms_diary.channels.base import Outcome, Reports, Result
from sms_diary.clock import HOUR, MINUTE, SECOND, ManualClock
from sms_diary.compose import Compose
from sms_diary.config import load
from sms_diary.db import Database
from sms_diary.dispatch import Dispatch, Settle
from sms_diary.errors import ConfigError
from sms_diary.failover import TRY_AGAIN, Failover, Standing
from sms_diary.fanout import Fanout
from sms_diary.ingest.accept import Acceptor
from sms_diary.model import Failure, Scope
from sms_diary.receipts import Receipts
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir
from sms_diary.store import leases, pausing
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.recording import RecordingChannel
from tests.seeding import classes, column, events, mark, phone, pupil, subscribe

AFTER = MINUTE
Results = Callable[[str, Sequence[Result]], Awaitable[None]]
MUM = phone(1)
WHOLE = replace(USUAL, whole=True)


# ---------------------------------------------------------------- when a route is out


def failed(failure: Failure, scope: Scope = Scope.ACCOUNT) -> Result:
    return Result(1, Outcome.FAILED, failure=failure, scope=scope)


def test_a_route_that_is_not_connected_is_out_after_its_bound_and_back_at_once() -> None:
    standing = Standing(AFTER)
    for now, out in ((0, False), (AFTER - 1, False), (AFTER, True), (HOUR, True)):
        standing.look(now, ready=False, well=False)
        assert standing.out(now) is out
    standing.look(HOUR + 1, ready=True, well=True)
    assert not standing.out(HOUR + 1)


@pytest.mark.parametrize("failure", [Failure.BALANCE, Failure.CONFIG, Failure.UNAVAILABLE])
def test_a_route_that_refuses_all_is_out_and_tried_again_after_a_while(failure: Failure) -> None:
    standing = Standing(AFTER)
    standing.heard([failed(failure)], 0)
    standing.look(AFTER, ready=True, well=True)
    assert standing.out(AFTER)
    standing.look(TRY_AGAIN, ready=True, well=True)
    assert not standing.out(TRY_AGAIN), "it would never show that it is well"
    standing.heard([failed(failure)], TRY_AGAIN + 1)
    assert standing.out(TRY_AGAIN + 1), "it still refuses, and nobody need wait again"
    standing.heard([Result(2, Outcome.ACCEPTED)], TRY_AGAIN + 2)
    assert not standing.out(TRY_AGAIN + 2)


@pytest.mark.parametrize(
    "result",
    [
        failed(Failure.BAD_NUMBER, Scope.NUMBER),
        failed(Failure.REJECTED, Scope.MESSAGE),
        failed(Failure.CONFIG, Scope.MESSAGE),
        failed(Failure.THROTTLED),
        Result(1, Outcome.DOUBT),
        Result(1, Outcome.UNSENT),
    ],
)
def test_what_is_about_one_message_or_not_sure_puts_no_route_out(result: Result) -> None:
    standing = Standing(AFTER)
    for now in range(0, HOUR, MINUTE):
        standing.heard([result], now)
        standing.look(now, ready=True, well=True)
        assert not standing.out(now)


def test_a_pause_that_is_over_is_no_proof_that_all_is_well() -> None:
    standing = Standing(AFTER)
    standing.look(0, ready=False, well=False)
    standing.look(AFTER, ready=True, well=False)
    assert standing.out(AFTER)


# ---------------------------------------------------------------- what waits goes on


class Two:
    """A service with two routes, without its door and its timers."""

    def __init__(self, db: Database, tools: Tools, clock: ManualClock, ways: Ways) -> None:
        self.db, self.clock = db, clock
        wakes = Wakes()
        self.acceptor = Acceptor(db, tools, clock, wakes)
        self.receipts = Receipts(db, tools, clock, wakes, alone=True)
        self.first, self.second = Watched("main"), Watched("next")
        renderer = Renderer.from_folder(templates_dir())
        self.failover = Failover(db, clock, wakes, self.first, ways, after=AFTER)
        settle = Settle(db, tools, clock, wakes, owner="test")
        self.results: dict[str, Results] = {"main": self.failover.hearing(settle), "next": settle}
        self._wakes = wakes
        self._steps = [
            Fanout(db, tools, clock, wakes).step,
            Compose(db, tools, clock, wakes, renderer, ways).step,
            *(
                Dispatch(db, tools, clock, one, owner="test", way=ways.of(one.name)).step
                for one in (self.first, self.second)
            ),
        ]

    async def start(self) -> None:
        for one in (self.first, self.second):
            async with self.db.transaction() as q:
                await leases.take(q, leases.of_route(one.name), "test", HOUR)
            await one.start(
                Reports(
                    self.results[one.name], self.receipts.store, _nothing,
                    self._wakes.dispatch.set,
                )
            )  # fmt: skip

    async def post(self, school: School, request_id: str, **how: Any) -> None:
        await self.acceptor.accept_many([events(school, request_id, mark("5", **how))])
        await self.run()

    async def run(self) -> None:
        for step in self._steps:
            while await step():
                pass

    async def later(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)
        await self.failover.step()
        await self.run()

    async def parts(self) -> list[str]:
        return await column(self.db, "select route || ' ' || state as place from part order by id")


class Watched(RecordingChannel):
    up = True

    def ready(self) -> bool:
        return self.up and super().ready()

    def well(self) -> bool:
        return self.ready()


async def _nothing(_route: str, _batch: Any) -> None: ...


@pytest.fixture(params=[USUAL, WHOLE], ids=["alike", "other"])
async def two(db: Database, tools: Tools, clock: ManualClock, school: School, request: Any) -> Two:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        daughter = await pupil(q, tools, school, class_id, "Белкина Дарья Игоревна", "p0")
        await subscribe(q, tools, school, [(daughter, MUM)])
    ways = Ways("main", {"main": USUAL, "next": request.param}, {"main": Order(("next",))})
    made = Two(db, tools, clock, ways)
    await made.start()
    return made


async def test_a_route_that_is_down_for_long_leaves_its_messages_to_the_next(
    two: Two, school: School
) -> None:
    two.first.up = False
    await two.failover.step()
    await two.post(school, "r1")
    await two.later(AFTER - SECOND)
    assert two.second.sent == [], "it may come back any moment"
    await two.later(SECOND)
    [sent] = two.second.sent
    assert (sent.number, sent.text) == (MUM, "Дарья Б. 24.11 алгебра: 5")
    await two.post(school, "r2", subject="Химия")
    assert len(two.second.sent) == 2, "what is new does not wait again"
    two.first.up = True
    await two.later(SECOND)
    await two.post(school, "r3", subject="Физика")
    assert [part.text for part in two.first.sent] == ["Дарья Б. 24.11 физика: 5"]
    assert len(two.second.sent) == 2


async def test_an_account_without_money_leaves_what_it_refused_to_the_next(
    two: Two, school: School
) -> None:
    await two.post(school, "r1")
    refused = two.first.sent[0]
    await two.first.refuse(Failure.BALANCE, refused)
    await two.later(AFTER)
    assert [part.text for part in two.second.sent] == [refused.text]
    await two.second.accept()
    assert (await two.parts())[-1] == "next sent"
    assert not two.first.open


async def test_a_part_in_doubt_never_changes_its_route(two: Two, school: School) -> None:
    await two.post(school, "r1")
    [part] = two.first.sent
    await two.first.settle(Result(part.part_id, Outcome.DOUBT))
    two.first.up = False
    await two.failover.step()
    await two.later(AFTER)
    await two.later(HOUR)
    assert await two.parts() == ["main doubt"]
    assert two.second.sent == []


# ---------------------------------------------------------------- how it is said


ROUTES = """
[[routes]]
name = "main"
system_id = "a"
host = "h"
{more}
[[routes]]
name = "next"
system_id = "b"
host = "h"
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('backup = ["nxet"]', "Маршрут main: в backup нет маршрута «nxet»"),
        ('backup = ["main"]', "Маршрут main: в backup маршрут назван дважды"),
        ('urgent = ["next", "next"]', "Маршрут main: в urgent маршрут назван дважды"),
    ],
)
def test_an_order_that_cannot_be_is_refused(tmp_path: Path, more: str, said: str) -> None:
    file = tmp_path / "sms-diary.toml"
    file.write_text(ROUTES.format(more=more), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load(file)


def test_a_school_gets_the_order_of_the_route_it_names() -> None:
    ways = Ways("main", {}, {"main": Order(("next",), ("fast", "main"))})
    assert ways.order("", urgent=False) == ("main", "next")
    assert ways.order("", urgent=True) == ("fast", "main")
    assert ways.order("next", urgent=True) == ("next",)
    assert ways.route("", out={"main"}) == "next"
    assert ways.route("", out={"main", "next"}) == "main"
    assert [ways.leads_on(one) for one in ("main", "next", "fast", "alone")] == [
        True, True, True, False,
    ]  # fmt: skip


async def test_a_route_that_a_person_paused_sends_nothing_and_the_next_carries_on(
    two: Two, db: Database, school: School
) -> None:
    async with db.transaction() as q:
        await pausing.pause(q, "main", by="anna", now=1)
    await two.post(school, "r1")
    assert await two.parts() == ["main queued"]
    await two.later(SECOND)
    await two.run()
    assert (two.first.sent, len(two.second.sent)) == ([], 1)
    async with db.transaction() as q:
        await pausing.resume(q, "main")
    await two.later(SECOND)
    await two.post(school, "r2", subject="Музыка")
    assert len(two.first.sent) == 1
