"""A network that breaks and an SMSC that is a nuisance: all the same, each SMS leaves once.

At each PDU, either way, the connection is cut with p = 0.0005; 5 % of the submits are throttled;
receipts come shuffled, twice, and under ids in hexadecimal where the responses had decimal ones.
Service and SMSC are real processes. The SMSC's book is set against the database.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from scripts.harness import ledger, settings
from scripts.harness.door import Connection, Prepared, prepare
from scripts.harness.processes import LISTENING, SERVING, Program
from scripts.harness.seeding import Pupil, SeededSchool, seed
from scripts.harness.settings import Account
from scripts.harness.states import parts_by_state, states_by_number
from scripts.harness.tables import Tables, tables
from sms_diary.clock import millis
from sms_diary.config import Settings

CUT, THROTTLE, WINDOW = 0.0005, 0.05, 100
BEHAVIOUR = {
    "seed": 11,
    "cut": CUT,
    "throttle": THROTTLE,
    "receipts": ["shuffled", "doubled"],
    "receipt_ids": "hex",
}
IN_A_SCHOOL, BATCH, CLIENTS = 1000, 250, 4
PDUS = 6
"""Of one SMS at the least: the submit, two receipts, and an answer to each."""
PAGE = re.compile(r"Телефоны родителей: http://127\.0\.0\.1:(\d+)/")
STATS = b"GET /stats.json HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Stage:
    """What runs, and where it is to be seen."""

    values: Settings
    schools: Sequence[SeededSchool]
    port: int
    page: int
    book: Path
    view: Tables

    @property
    def pupils(self) -> list[Pupil]:
        return [pupil for school in self.schools for pupil in school.pupils]

    async def smsc_says(self) -> dict[str, int]:
        """The SMSC's counters."""
        connection = await Connection.open(self.page)
        try:
            status, body = await connection.post(STATS)
        finally:
            connection.close()
        assert status == 200
        counters: dict[str, int] = json.loads(body)
        return counters


@asynccontextmanager
async def stage(url: str, folder: Path, messages: int) -> AsyncIterator[Stage]:
    book = folder / "smsc.jsonl"
    async with AsyncExitStack() as stack:
        smsc = await Program.start(
            "sms_diary", "simulator", "--smpp-port", "0", "--web-port", "0",
            "--ledger", str(book), "--options", json.dumps(BEHAVIOUR), log=folder / "smsc.log",
        )  # fmt: skip
        stack.push_async_callback(smsc.stop)
        account = Account(port=int(await smsc.said(LISTENING)))
        page = int(await smsc.said(PAGE))
        config, values = settings.write(folder, url, account, window=WINDOW, lease_seconds=30)
        now = millis(datetime.fromisoformat(settings.NOW))
        schools = await seed(values, pupils=messages, in_a_school=IN_A_SCHOOL, now=now)
        service = await Program.start(
            "sms_diary", "serve", "--config", str(config), "--now", settings.NOW,
            log=folder / "service.log",
        )  # fmt: skip
        stack.push_async_callback(service.stop)
        port = int(await service.said(SERVING))
        view = await stack.enter_async_context(tables(url))
        yield Stage(values, schools, port, page, book, view)


async def post_all(port: int, requests: Sequence[Prepared]) -> None:
    waiting = list(reversed(requests))

    async def client() -> None:
        connection = await Connection.open(port)
        while waiting:
            status, body = await connection.post(waiting.pop().octets)
            assert status == 202, body
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())


async def settled(here: Stage, limit: float) -> dict[str, int]:
    """Wait until all that the SMSC has is delivered, told twice, and nothing is on its way."""
    deadline = time.monotonic() + limit
    while True:
        states = await parts_by_state(here.view)
        taken = ledger.taken(here.book)
        total = len(here.pupils)
        ended = states.get("delivered", 0) + states.get("doubt", 0)
        if states.get("delivered", 0) >= taken and sum(states.values()) == ended == total:
            said = await here.smsc_says()
            if said["receipts_acked"] >= 2 * taken:
                return states
        assert time.monotonic() < deadline, f"{states}, {taken} at the SMSC"
        await asyncio.sleep(0.2)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("database_url", "messages"),
    [
        ("sqlite", 1000),
        pytest.param("postgresql", 1000, marks=pytest.mark.long),
        pytest.param("sqlite", 20_000, marks=pytest.mark.long),
        pytest.param("postgresql", 20_000, marks=pytest.mark.long),
    ],
    indirect=["database_url"],
)
async def test_on_a_bad_network_nothing_is_lost_nothing_is_sent_twice_and_all_states_are_right(
    database_url: str, tmp_path: Path, messages: int
) -> None:
    began = time.monotonic()
    async with stage(database_url, tmp_path, messages) as here:
        await post_all(here.port, prepare(here.schools, BATCH))
        parts = await settled(here, 60 + messages / 50)
        states = await states_by_number(here.values, here.view)
        said = await here.smsc_says()
    records = ledger.read(here.book)
    verdict = ledger.judge(here.pupils, records)
    at_smsc = {f"+{record['number']}" for record in records}
    wrong = Counter(
        (number in at_smsc, *found)
        for number, found in states.items()
        if found != (("delivered", "delivered") if number in at_smsc else ("doubt", "open"))
    )
    figures = {
        "messages": messages, "seconds": round(time.monotonic() - began), "cuts": said["cuts"],
        "throttled": said["throttled"], "receipts_acked": said["receipts_acked"],
        "delivered": parts["delivered"], "in_doubt": parts.get("doubt", 0),
        "lost": len({pupil.number for pupil in here.pupils} - states.keys()),
        "doubled": verdict.doubled, "malformed": verdict.malformed, "wrong": sum(wrong.values()),
    }  # fmt: skip
    print(json.dumps(figures))  # noqa: T201  # they are asked for
    # The network was as bad as was asked for.
    assert messages * PDUS * CUT / 4 < said["cuts"] < messages * PDUS * CUT * 4
    assert messages * THROTTLE / 2 < said["throttled"] < messages * THROTTLE * 2
    assert (figures["lost"], verdict.doubled, verdict.malformed) == (0, 0, 0), figures
    assert not wrong, figures
    assert verdict.unique == len(at_smsc) == parts["delivered"]
    assert parts.get("doubt", 0) <= WINDOW * said["cuts"], figures
