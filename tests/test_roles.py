"""Several processes on one PostgreSQL: each does its part, and two never hold one bind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scripts.harness import ledger, settings
from scripts.harness.door import Connection, prepare
from scripts.harness.processes import LISTENING, SERVING, Program
from scripts.harness.seeding import SeededSchool, seed
from scripts.harness.settings import Account
from scripts.harness.tables import Tables, tables
from sms_diary import holding
from sms_diary.clock import millis
from sms_diary.config import Settings
from tests.conftest import PostgresForTests

LEASE = 3.0
"""Seconds, for what must run out while a test waits; long ones are given back or never."""
LONG = 600.0
LIMIT = 30.0
BATCH = 10
REAL_LEASE = Settings().lease_seconds
BOUND_WITHIN = 5.0
"""Seconds in which a process that has taken a route is connected to an operator that answers."""
TAKEN_OVER_WITHIN = 40.0


@pytest.fixture
def postgresql(postgres: PostgresForTests) -> Iterator[str]:
    address = postgres.fresh()
    yield address
    postgres.drop(address)


class Process:
    """A running `serve`, and what it says of itself."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.port = port

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        connection = await Connection.open(self.port)
        try:
            async with asyncio.timeout(LIMIT):
                return await connection.post(request)
        finally:
            connection.close()

    async def get(self, path: str) -> tuple[int, bytes]:
        return await self.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    async def lamps(self) -> tuple[int, dict[str, str]]:
        status, body = await self.get("/readyz")
        return status, json.loads(body)["lamps"]

    async def sends(self) -> bool:
        """Whether it holds the route and is connected."""
        return (await self.lamps())[1]["route main"] == "ok"

    async def stands_by(self) -> bool:
        status, lamps = await self.lamps()
        return status == 200 and lamps["route main"].startswith("elsewhere: маршрут держит другой")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.program.pid, number)


class House:
    """An SMSC, a database with one school, and processes that are started by name."""

    def __init__(self, folder: Path, smsc: int, url: str, lease: float) -> None:
        self.book = folder / "smsc.jsonl"
        self._folder = folder
        self.config, self.values = settings.write(
            folder, url, Account(port=smsc), window=20, lease_seconds=lease
        )
        self.url = url
        self._stack = AsyncExitStack()
        self.school: SeededSchool

    async def fill(self, pupils: int) -> None:
        now = millis(datetime.fromisoformat(settings.NOW))
        [self.school] = await seed(self.values, pupils=pupils, in_a_school=pupils, now=now)
        self._requests = prepare([self.school], BATCH)

    async def serve(self, *roles: str) -> Process:
        arguments = [word for role in roles for word in ("--role", role)]
        program = await Program.start(
            "sms_diary", "serve", "--config", str(self.config), "--now", settings.NOW, *arguments,
            log=self._folder / "service.log",
        )  # fmt: skip
        self._stack.push_async_callback(program.kill)
        return Process(program, int(await program.said(SERVING)))

    async def post(self, door: Process, requests: int = 1) -> None:
        """Marks of the next pupils, a batch a request."""
        for _ in range(requests):
            status, body = await door.ask(self._requests.pop(0).octets)
            assert status == 202, body

    def taken(self) -> Counter[str]:
        """How often the SMSC took an SMS to each number."""
        return Counter(record["number"] for record in ledger.read(self.book))

    async def close(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def house(
    url: str, folder: Path, *options: str, pupils: int = 50, lease: float = LEASE
) -> AsyncIterator[tuple[House, Tables]]:
    smsc = await Program.start(
        "sms_diary", "simulator", "--smpp-port", "0", "--web-port", "0",
        "--ledger", str(folder / "smsc.jsonl"), *options, log=folder / "smsc.log",
    )  # fmt: skip
    try:
        made = House(folder, int(await smsc.said(LISTENING)), url, lease)
        await made.fill(pupils)
        try:
            async with tables(url) as view:
                yield made, view
        finally:
            await made.close()
    finally:
        await smsc.stop()


async def until(true: Callable[[], Awaitable[bool]], limit: float = LIMIT) -> float:
    """Poll until it is true; how many seconds it took."""
    began = time.monotonic()
    while not await true():
        assert time.monotonic() - began < limit, "waited in vain"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def delivered(view: Tables, count: int) -> Callable[[], Awaitable[bool]]:
    async def all_of_them() -> bool:
        return await view.count("select count(*) from part where state = 'delivered'") >= count

    return all_of_them


async def test_three_processes_of_one_role_each_do_all_the_work_together(
    postgresql: str, tmp_path: Path
) -> None:
    async with house(postgresql, tmp_path) as (here, view):
        door = await here.serve("web")
        sender, planner = await here.serve("send"), await here.serve("fanout")
        await until(sender.sends)
        await here.post(door)
        await until(delivered(view, BATCH))
        assert await door.lamps() == (200, {"database": "ok"})
        assert await planner.lamps() == (200, {"database": "ok"})
        # Only the door takes events; health is everybody's.
        assert [(await one.get("/v1/messages"))[0] for one in (door, planner, sender)] == [
            401, 404, 404,
        ]  # fmt: skip
    assert set(here.taken().values()) == {1}


@pytest.mark.long
async def test_roles_can_be_put_together_and_one_that_is_missing_does_nothing(
    postgresql: str, tmp_path: Path
) -> None:
    async with house(postgresql, tmp_path) as (here, view):
        both = await here.serve("web,send")
        await until(both.sends)
        await here.post(both)
        assert await view.count("select count(*) from line") == 0
        await here.serve("fanout")
        await until(delivered(view, BATCH))


async def test_when_a_sender_is_killed_another_holds_its_bind_soon_and_loses_nothing(
    postgresql: str, tmp_path: Path
) -> None:
    slow = ("--response-delay", "0.3", "--max-sessions", "1")
    async with house(postgresql, tmp_path, *slow) as (here, view):
        door, first = await here.serve("web", "fanout"), await here.serve("send")
        await until(first.sends)
        second = await here.serve("send")
        assert await second.stands_by()
        await here.post(door, 3)
        sending = "select count(*) from part where state = 'sending'"
        await until(lambda: _some(view, sending))
        await first.program.kill()
        took = await until(second.sends)
        assert took < LEASE + 2 * holding.LOOK_AGAIN + BOUND_WITHIN
        await here.post(door)
        # What the first one had in its hands is in doubt until its receipt comes; none is lost.
        open_ = "select count(*) from part where state in ('queued', 'sending', 'sent')"
        await until(lambda: _none(view, open_))
        states = dict(await view.rows("select state, count(*) from part group by state"))
    assert states.keys() <= {"delivered", "doubt"}
    assert sum(states.values()) == 4 * BATCH
    assert states.get("doubt", 0) <= 20
    assert set(here.taken().values()) == {1}
    assert len(here.taken()) >= states["delivered"]


async def _some(view: Tables, sql: str) -> bool:
    return await view.count(sql) > 0


async def _none(view: Tables, sql: str) -> bool:
    return await view.count(sql) == 0


def test_with_the_usual_lease_a_dead_process_is_replaced_in_under_forty_seconds() -> None:
    """The lease runs from the last heartbeat at the latest; who waits looks every second."""
    assert REAL_LEASE / holding.BEATS == 5
    waiting = min(holding.LOOK_AGAIN, REAL_LEASE / holding.BEATS)
    assert REAL_LEASE + waiting + BOUND_WITHIN < TAKEN_OVER_WITHIN


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_with_the_usual_lease_it_is_so(postgresql: str, tmp_path: Path) -> None:
    async with house(postgresql, tmp_path, lease=REAL_LEASE) as (here, _):
        first = await here.serve("send")
        await until(first.sends)
        second = await here.serve("send")
        await first.program.kill()
        assert await until(second.sends, 60) < TAKEN_OVER_WITHIN


@pytest.mark.long
async def test_a_sender_that_was_stopped_for_longer_than_its_lease_sends_nothing_any_more(
    postgresql: str, tmp_path: Path
) -> None:
    async with house(postgresql, tmp_path, pupils=80) as (here, view):
        door, first = await here.serve("web", "fanout"), await here.serve("send")
        await until(first.sends)
        await here.post(door)
        await until(delivered(view, BATCH))
        second = await here.serve("send")
        first.signal(signal.SIGSTOP)
        await until(second.sends)
        # Work for whoever takes it, while the first one comes back to life.
        posting = asyncio.create_task(here.post(door, 6))
        first.signal(signal.SIGCONT)
        await until(first.stands_by)
        await posting
        await until(delivered(view, 7 * BATCH))
        owners = await view.rows("select owner, count(*) from part group by owner")
        # It waits for its turn, and takes it.
        await second.program.stop()
        await until(first.sends)
        await here.post(door)
        await until(delivered(view, 8 * BATCH))
    assert sorted(count for _, count in owners) == [BATCH, 6 * BATCH]
    assert here.taken() == Counter(dict.fromkeys(here.taken(), 1))
    assert len(here.taken()) == 8 * BATCH


@pytest.mark.long
async def test_a_sender_that_ends_in_order_gives_its_bind_away_at_once(
    postgresql: str, tmp_path: Path
) -> None:
    slow = ("--response-delay", "0.3", "--max-sessions", "1")
    async with house(postgresql, tmp_path, *slow, lease=LONG) as (here, view):
        door, first = await here.serve("web", "fanout"), await here.serve("send")
        await until(first.sends)
        second = await here.serve("send")
        await here.post(door, 3)
        await until(lambda: _some(view, "select count(*) from part where state = 'sending'"))
        await first.program.stop()
        assert await until(second.sends) < 2 * holding.LOOK_AGAIN + BOUND_WITHIN
        await until(delivered(view, 3 * BATCH))
        holders = await view.count(
            "select count(distinct holder) from lease"
            " where until > extract(epoch from now()) * 1000"
        )
    # Answers that were due were waited for: nothing is in doubt.
    assert set(here.taken().values()) == {1}
    assert holders == 2


@pytest.mark.long
async def test_one_process_of_all_sweeps(postgresql: str, tmp_path: Path) -> None:
    async with house(postgresql, tmp_path, lease=LONG) as (here, view):
        for role in ("web", "fanout", "send"):
            await here.serve(role)
        sql = "select count(*) from lease where name = 'sweep'"
        await until(lambda: _some(view, sql))
        assert await view.count(sql) == 1
        await here.serve("send")
        [(holder,)] = await view.rows("select holder from lease where name = 'sweep'")
        others: list[Any] = await view.rows("select holder from lease where name like 'node:%'")
    assert sum(holder == one for (one,) in others) == 1
