"""СТОП amid thousands of messages to others: it holds from its commit on, whoever sends.

Real processes: an SMSC with a book of its own and, on PostgreSQL, three workers, each with a route
of its own, on which one parent of three schools is told without a pause. What was claimed is asked
of the database by plain SQL, what left of the SMSC's book.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.harness import settings
from scripts.harness.door import Connection
from scripts.harness.ledger import Record
from scripts.harness.phones import Phones
from scripts.harness.processes import SERVING, Program
from scripts.harness.tables import Tables, tables
from sms_diary.app import Base, opened
from sms_diary.config import Settings
from sms_diary.model import Ground
from sms_diary.schedule import DIGEST_LANE
from sms_diary.store import outbox
from sms_diary.store.outbox import NewMessage
from tests import seeding
from tests.seeding import FAR, Subscribed, phone

ROUTES = ("north", "middle", "south")
WINDOW, LEASE = 20, 10
OTHERS = 100
"""Numbers of a school beside the parent's, each told many times."""
OFTEN = 20
"""One message in so many is the parent's."""
AHEAD = 1000
"""Messages to others beyond those that must still be in flight when the СТОП is committed."""
GRACE = 2000
"""Milliseconds in which what was claimed before may still leave."""
LIMIT = 50.0
CONFIRMED = "SMS-дневник отключен"
PARENT = phone(0)
_READY = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
_IN_FLIGHT = "('queued', 'retry', 'sending')"


@dataclass(frozen=True)
class Seen:
    """What the database says of the parent's number at one moment."""

    stopped: bool
    claimed: dict[int, str]
    """Parts that have left the queue for the operator, with their grounds."""
    waiting: int
    """Parts that may yet be claimed on the ground of a consent."""
    withdrawn: int


@dataclass
class Flight:
    """Schools, the SMSC with its phones, and workers that send."""

    values: Settings
    phones: Phones
    view: Tables
    families: list[tuple[int, list[Subscribed]]] = field(default_factory=list)
    """(school, whom it tells), the parent first; a school a route."""

    @property
    def parent(self) -> int:
        return self.families[0][1][0].number_id

    async def queue(self, base: Base, messages: int) -> None:
        """So many messages to others, and the parent's among them, all on their way at once."""
        each = -(-messages // len(ROUTES))
        async with base.database.transaction() as q:
            revs = {row["id"]: row["consent_rev"] for row in await q.all("select * from number")}
            for route, (school_id, family) in zip(ROUTES, self.families, strict=True):
                made = texts(route, school_id, family, each, revs)
                await outbox.add(q, base.tools, made, now=1)

    def got(self) -> list[Record]:
        """The parts that the parent's phone was sent, in the SMSC's book."""
        number = PARENT.lstrip("+")
        return [record for record in self.phones.records() if record["number"] == number]

    async def seen(self) -> Seen:
        """One statement, so one moment."""
        rows = await self.view.rows(
            "select n.state, p.id, p.state, p.ground from number n"
            f" join part p on p.number_id = n.id where n.id = {self.parent}"
        )
        return Seen(
            rows[0][0] == "stopped",
            {
                part: ground
                for _, part, state, ground in rows
                if state not in ("queued", "retry", "withdrawn")
            },
            sum(state in ("queued", "retry") and g != "reply" for _, _, state, g in rows),
            sum(state == "withdrawn" for _, _, state, _ in rows),
        )

    async def in_flight(self) -> int:
        """Messages to other numbers that have not reached the operator yet."""
        return await self.view.count(
            f"select count(*) from part where state in {_IN_FLIGHT} and number_id <> {self.parent}"
        )


def texts(
    route: str, school_id: int, family: list[Subscribed], count: int, revs: dict[int, int]
) -> list[NewMessage]:
    """So many to others in turn, and one in `OFTEN` to the parent besides."""
    parent, *others = family
    turns, to = itertools.count(), itertools.cycle(others)
    return [
        NewMessage(
            school_id=school_id, guardian_id=one.guardian_id, number_id=one.number_id,
            consent_rev=revs[one.number_id], ground=Ground.CONSENT, ledger_id=one.ledger_id,
            inbound_id=None, text="Дарья Б. 24.11 алгебра: 5", alphabet="ucs2",
            turns=(next(turns),), udh_ref=0, level="full", lane=DIGEST_LANE, route=route,
            expires=FAR,
        )
        for place in range(count)
        for one in ((next(to), parent) if place % OFTEN == 0 else (next(to),))
    ]  # fmt: skip


async def families(base: Base) -> list[tuple[int, list[Subscribed]]]:
    """Three live schools, a child of the parent in each."""
    found = []
    async with base.database.transaction() as q:
        for place, route in enumerate(ROUTES):
            school = await seeding.live_school(q, base.tools, f"school-{route}")
            [class_id] = await seeding.classes(q, base.tools, school, "5А")
            ids = await seeding.pupils(q, base.tools, school, class_id, 1 + OTHERS)
            numbers = [PARENT, *(phone(1 + place * OTHERS + n) for n in range(OTHERS))]
            pairs = list(zip(ids, numbers, strict=True))
            found.append((school.id, await seeding.subscribe(q, base.tools, school, pairs)))
    return found


def configured(folder: Path, url: str, smsc: int, workers: int) -> tuple[Settings, list[Path]]:
    """The settings of all, and a file for each worker: all routes for one, else one for each."""
    routes = [
        {"name": name, "host": "127.0.0.1", "port": smsc, "system_id": name, "password": name,
         "source": name, "window": WINDOW}
        for name in ROUTES
    ]  # fmt: skip
    path, values = settings.write_routes(folder, url, routes, lease_seconds=LEASE)
    if workers == 1:
        return values, [path]
    files = []
    for route in routes:
        own = folder / str(route["name"])
        own.mkdir()
        file, of_worker = settings.write_routes(own, url, [route], lease_seconds=LEASE)
        of_worker.key_file.write_text(values.key_file.read_text())  # all read one database
        files.append(file)
    return values, files


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Poll until it is true; the test fails at the limit."""
    deadline = time.monotonic() + LIMIT
    while not await true():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


async def serve(config: Path, stack: AsyncExitStack, log: Path) -> None:
    """Start a worker; returns when its routes are bound."""
    program = await Program.start("sms_diary", "serve", "--config", str(config), log=log)
    stack.push_async_callback(program.stop)
    port = int(await program.said(SERVING))

    async def ready() -> bool:
        connection = await Connection.open(port)
        try:
            status, body = await connection.post(_READY)
        finally:
            connection.close()
        lamps: dict[str, str] = json.loads(body)["lamps"]
        own = [said for name, said in lamps.items() if name.startswith("route ")]
        return status == 200 and bool(own) and set(own) == {"ok"}

    await until(ready)


@asynccontextmanager
async def flight(
    url: str, folder: Path, *, workers: int, messages: int, answer: float
) -> AsyncIterator[Flight]:
    """Messages on their way, the parent's among them. `answer`: seconds the SMSC takes to answer;
    with the window they make its pace."""
    # SMS from phones come to the first account.
    behaviour: dict[str, Any] = {
        "system_id": ROUTES[0], "password": ROUTES[0],
        "accounts": {name: name for name in ROUTES[1:]}, "response_delay": answer,
    }  # fmt: skip
    phones = await Phones.start(folder, "smsc", behaviour)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(phones.stop)
        values, files = configured(folder, url, phones.port, workers)
        view = await stack.enter_async_context(tables(url))
        async with opened(values) as base:
            here = Flight(values, phones, view, await families(base))
        starting = [serve(file, stack, folder / f"{n}.log") for n, file in enumerate(files)]
        await asyncio.gather(*starting)
        async with opened(values) as base:
            await here.queue(base, messages)
        yield here


@pytest.mark.parametrize(
    ("database_url", "still", "answer"),
    [
        ("postgresql", 1_000, 0.1),
        pytest.param("sqlite", 1_000, 0.1, marks=pytest.mark.long),
        *(
            pytest.param(engine, 10_000, 0.05, marks=[pytest.mark.long, pytest.mark.timeout(150)])
            for engine in ("sqlite", "postgresql")
        ),
    ],
    indirect=["database_url"],
)
async def test_after_stop_amid_thousands_only_its_confirmation_is_claimed_and_leaves(
    database_url: str, tmp_path: Path, still: int, answer: float
) -> None:
    workers = 1 if database_url.startswith("sqlite:") else len(ROUTES)
    messages = still + AHEAD
    async with flight(
        database_url, tmp_path, workers=workers, messages=messages, answer=answer
    ) as here:

        async def under_way() -> bool:
            return {record["sender"] for record in here.got()} == set(ROUTES)

        await until(under_way)
        await here.phones.say(PARENT.lstrip("+"), "СТОП")
        seen = await here.seen()
        while not seen.stopped:
            seen = await here.seen()
        committed, flying = round(time.time() * 1000), await here.in_flight()

        async def all_have_left() -> bool:
            return await here.in_flight() == 0

        await until(all_have_left)
        at_last, got = await here.seen(), here.got()
        owners = await here.view.count("select count(distinct owner) from part")
    # The СТОП met what it is to stop, and others it must not.
    assert flying >= still
    assert seen.withdrawn > still // OFTEN // 2
    assert owners == workers
    # From the commit on: nothing waits, nothing is claimed but the confirmation.
    assert seen.waiting == at_last.waiting == 0
    after = {part: at_last.claimed[part] for part in at_last.claimed.keys() - seen.claimed.keys()}
    assert list(after.values()) in ([], [Ground.REPLY])
    assert Counter(at_last.claimed.values())[Ground.REPLY] == 1
    # By the SMSC's own book.
    confirmed = [record for record in got if record["text"].startswith(CONFIRMED)]
    assert len(confirmed) == 1
    others = [record["at"] for record in got if record not in confirmed]
    assert max(others) <= committed + GRACE
    assert len(here.phones.records()) - len(got) >= messages
