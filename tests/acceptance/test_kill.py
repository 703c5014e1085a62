"""kill -9 in the middle of 2,000 messages, twice: what `2xx` promised holds all the same.

Real processes on real sockets: the service, the SMSC, a client that repeats what got no answer as
the webhook standard says. Three books are compared: what the client was told, what the SMSC has,
what the database says.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scripts.harness import ledger, settings
from scripts.harness.door import Connection, Prepared, prepare
from scripts.harness.processes import LISTENING, SERVING, Program
from scripts.harness.seeding import Pupil, SeededSchool, seed
from scripts.harness.settings import Account
from scripts.harness.states import States, parts_by_state, states_by_number
from scripts.harness.tables import Tables, tables
from sms_diary.clock import millis

EVENTS, BATCH, CLIENTS = 2000, 50, 4
WINDOW, LEASE = 50, 2
RESPONSE_DELAY = 0.05
"""Seconds: with the window they make a thousand parts a second and keep the window full."""
AHEAD = 400
"""Events accepted and not yet sent at which the client waits, so that a kill meets the door too."""
KILLS = ((300, 700), (1000, 1500))
"""Parts the SMSC has when the service is killed: from, to."""
LIMIT = 25.0
_OF_THE_DEAD = """select count(*) from part where state = 'sending'
    and owner <> (select holder from lease where name = 'route:main')"""


class Trial:
    """One service that dies and comes back, and everything around it."""

    def __init__(self, folder: Path, account: Account, url: str, book: Path) -> None:
        self._folder = folder
        self.config, self.values = settings.write(
            folder, url, account, window=WINDOW, lease_seconds=LEASE
        )
        self.book = book
        self._began = time.monotonic()
        self.service: Program | None = None
        self.port = 0
        self.told: set[str] = set()
        """Numbers of the pupils whose event got its 202."""
        self.repeated = 0

    async def serve(self) -> None:
        # The diary's time goes on while the service is dead.
        now = datetime.fromisoformat(settings.NOW)
        now += timedelta(seconds=time.monotonic() - self._began)
        self.service = await Program.start(
            "sms_diary", "serve", "--config", str(self.config), "--now", now.isoformat(),
            log=self._folder / "service.log",
        )  # fmt: skip
        self.port = int(await self.service.said(SERVING))

    async def kill(self) -> None:
        assert self.service is not None
        await self.service.kill()

    async def stop(self) -> None:
        if self.service is not None:
            await self.service.stop()

    async def post_all(self, requests: Sequence[Prepared]) -> None:
        """Post each request until it gets its 202."""
        waiting = list(reversed(requests))
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(self._client(waiting))

    async def _client(self, waiting: list[Prepared]) -> None:
        while waiting:
            await until(lambda: len(self.told) - ledger.taken(self.book) < AHEAD)
            if waiting:
                await self._post(waiting.pop())

    async def _post(self, request: Prepared) -> None:
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            try:
                connection = await Connection.open(self.port)
            except OSError:
                await asyncio.sleep(0.05)  # it is dead: look again soon
                continue
            try:
                status, body = await connection.post(request.octets)
            except OSError:
                self.repeated += 1
                continue
            finally:
                connection.close()
            assert status == 202, body
            self.told.update(pupil.number for pupil in request.pupils)
            return
        pytest.fail("a request got no answer in time")


async def until(true: Callable[[], bool]) -> None:
    """Poll until it is true; the test fails at the limit."""
    deadline = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def trial(url: str, folder: Path) -> AsyncIterator[Trial]:
    """An SMSC that runs, and a service that does not yet."""
    book = folder / "smsc.jsonl"
    smsc = await Program.start(
        "sms_diary", "simulator", "--smpp-port", "0", "--web-port", "0", "--ledger", str(book),
        "--response-delay", str(RESPONSE_DELAY), log=folder / "smsc.log",
    )  # fmt: skip
    try:
        account = Account(port=int(await smsc.said(LISTENING)))
        one = Trial(folder, account, url, book)
        try:
            yield one
        finally:
            await one.stop()
    finally:
        await smsc.stop()


async def made(one: Trial) -> SeededSchool:
    now = millis(datetime.fromisoformat(settings.NOW))
    [school] = await seed(one.values, pupils=EVENTS, in_a_school=EVENTS, now=now)
    return school


async def killed_and_started_again(one: Trial, view: Tables, moment: int) -> int:
    """Kill at that many parts, start again; how many parts it left on their way."""
    await until(lambda: ledger.taken(one.book) >= moment)
    await one.kill()
    left = await view.count("select count(*) from part where state = 'sending'")
    before = await view.count("select count(*) from part where state = 'doubt'")
    await one.serve()
    # On PostgreSQL they are in doubt when the lease of the dead has run out.
    deadline = time.monotonic() + LIMIT
    while await view.count(_OF_THE_DEAD):
        assert time.monotonic() < deadline, "what the dead process claimed is not in doubt"
        await asyncio.sleep(0.05)
    doubt = await view.count("select count(*) from part where state = 'doubt'")
    assert left <= WINDOW
    assert doubt <= before + left
    return left


async def settled(one: Trial, view: Tables) -> None:
    """Wait until all is delivered but what the SMSC never got."""
    deadline = time.monotonic() + LIMIT
    while True:
        states = await parts_by_state(view)
        at_smsc = len({record["number"] for record in ledger.read(one.book)})
        if states.get("delivered") == at_smsc and sum(states.values()) == EVENTS == at_smsc + (
            states.get("doubt", 0)
        ):
            return
        assert time.monotonic() < deadline, f"{states}, {at_smsc} at the SMSC"
        await asyncio.sleep(0.1)


def assert_the_books_agree(
    pupils: Sequence[Pupil], records: list[ledger.Record], states: States
) -> None:
    verdict = ledger.judge(pupils, records)
    assert (verdict.doubled, verdict.malformed) == (0, 0)
    at_smsc = {f"+{record['number']}" for record in records}
    assert verdict.unique == len(at_smsc)
    wrong = Counter(
        (number in at_smsc, *states.get(number, ("", "")))
        for number in (pupil.number for pupil in pupils)
        if states.get(number)
        != (("delivered", "delivered") if number in at_smsc else ("doubt", "open"))
    )
    assert not wrong


async def test_after_kill_9_all_that_was_accepted_is_at_the_smsc_once_or_in_doubt(
    database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(2)
    async with trial(database_url, tmp_path) as one:
        school = await made(one)
        await one.serve()
        async with tables(database_url) as view:
            posting = asyncio.create_task(one.post_all(prepare([school], BATCH)))
            left = [
                await killed_and_started_again(one, view, chance.randint(*span)) for span in KILLS
            ]
            await posting
            assert one.told == {pupil.number for pupil in school.pupils}
            await settled(one, view)
            states = await states_by_number(one.values, view)
            in_doubt = await view.count("select count(*) from part where state = 'doubt'")
    assert max(left) > 0, "the kills met nothing on its way: the test shows nothing"
    assert in_doubt <= sum(left)
    assert_the_books_agree(school.pupils, ledger.read(one.book), states)


async def test_a_second_server_of_one_sqlite_file_is_refused_in_words(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'diary.db'}"
    async with trial(url, tmp_path) as one:
        await one.serve()
        second = await Program.start(
            "sms_diary", "serve", "--config", str(one.config), log=tmp_path / "second.log"
        )
        code, said = await second.ended()
        assert code == 2
        assert "уже обслуживает другой процесс" in said
        assert "Traceback" not in said
        # The first one does not mind.
        connection = await Connection.open(one.port)
        status, body = await connection.post(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.close()
    assert status == 200, json.loads(body)
