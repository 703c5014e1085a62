"""Messages a second over the whole path: signed webhook, database, SMSC, receipt stored.

The service and the simulated SMSC are processes of their own on this machine; `docs/bench.md`
says how to read the figures. The last line of the output is JSON; the exit code is 1 when the
gate is red. Run by `scripts/bench`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scripts.harness import digests, figures, ledger, settings
from scripts.harness.door import prepare
from scripts.harness.figures import Outcome
from scripts.harness.load import Programs, drive
from scripts.harness.postgres import postgres
from scripts.harness.processes import LISTENING, SERVING, Program
from scripts.harness.seeding import SeededSchool, seed
from scripts.harness.settings import Account
from scripts.harness.tables import Tables, tables
from sms_diary.clock import millis

_IN_A_SCHOOL = 1000
_CONNECTIONS = {500: 4, 10: 32, 1: 64}
"""How many clients post at once, by the size of their requests."""
_RECEIPT_DELAY = 0.05


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said. `smsc` None: a simulator is started."""

    messages: int
    batch: int
    engine: str
    smsc: Account | None
    window: int
    connections: int
    profile: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, ready for the first request."""

    programs: Programs
    port: int
    schools: list[SeededSchool]
    tables: Tables
    book: Path | None
    """The simulator's ledger; None with an SMSC outside."""


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    add = parser.add_argument
    add("--messages", type=int, default=20000, help="how many marks, each a message of one part")
    add("--batch", type=int, default=500, help="events in a request, 1 to 1000")
    add("--engine", choices=("sqlite", "postgres"), default="sqlite")
    add("--smsc", metavar="HOST:PORT", help="an SMSC outside instead of the simulator")
    add("--system-id", default="demo", help="its account")
    add("--password", default="demo")
    add("--window", type=int, default=500, help="parts, and receipts, on their way at once")
    add("--connections", type=int, help="clients that post at once")
    add("--profile", default="", metavar="FILE", help="profile the service with cProfile into FILE")
    given = parser.parse_args()
    if given.messages < 1 or not 1 <= given.batch <= 1000:  # noqa: PLR2004  # the door's own limit
        parser.error("--messages from 1, --batch from 1 to 1000")
    outside = None
    if given.smsc:
        host, _, port = given.smsc.rpartition(":")
        outside = Account(host, int(port), given.system_id, given.password)
    nearest = min(_CONNECTIONS, key=lambda size: abs(size - given.batch))
    connections = given.connections or _CONNECTIONS[nearest]
    return Options(
        given.messages, given.batch, given.engine, outside, given.window, connections, given.profile
    )


@asynccontextmanager
async def _stage(options: Options, folder: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        account, book, simulator = options.smsc, None, None
        if account is None:
            book = folder / "smsc.jsonl"
            simulator = await Program.start(
                "sms_diary", "simulator", "--smpp-port", "0", "--web-port", "0",
                "--receipt-delay", str(_RECEIPT_DELAY), "--ledger", str(book),
                "--options", json.dumps({"deliver_window": options.window}),
                log=folder / "simulator.log",
            )  # fmt: skip
            stack.push_async_callback(simulator.stop)
            account = Account(port=int(await simulator.said(LISTENING)))
        url = f"sqlite:{folder / 'bench.db'}"
        if options.engine == "postgres":
            url = stack.enter_context(postgres())
        config, values = settings.write(
            folder, url, account, window=options.window, lease_seconds=30
        )
        _say(f"making {options.messages} pupils with their guardians and consents …")
        now = millis(datetime.fromisoformat(settings.NOW))
        schools = await seed(values, pupils=options.messages, in_a_school=_IN_A_SCHOOL, now=now)
        program = ["sms_diary", "serve", "--config", str(config), "--now", settings.NOW]
        if options.profile:
            program = ["cProfile", "-o", options.profile, "-m", *program]
        service = await Program.start(*program, log=folder / "service.log")
        stack.push_async_callback(service.stop)
        port = int(await service.said(SERVING))
        view = await stack.enter_async_context(tables(url))
        yield Stage(Programs(service, simulator), port, schools, view, book)


async def _bench(options: Options) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="sms-bench-") as folder:
        async with _stage(options, Path(folder)) as stage:
            requests = prepare(stage.schools, options.batch)
            _say(f"posting {len(requests)} requests over {options.connections} connections …")
            course = await drive(
                requests, stage.programs, port=stage.port, connections=options.connections,
                tables=stage.tables, say=_say,
            )  # fmt: skip
            records = ledger.read(stage.book) if stage.book else None
            verdict = await _verdict(stage, records)
            _say(stage.programs.service.errors())
            return figures.outcome(course, verdict, records)


async def _verdict(stage: Stage, records: list[ledger.Record] | None) -> ledger.Verdict:
    """By the SMSC's book, and by the database too; without a book by the database alone."""
    pupils = [pupil for school in stage.schools for pupil in school.pupils]
    delivered = await stage.tables.count(
        "select count(*) from message where state = 'delivered' and parts = 1"
    )
    parts = await stage.tables.count("select count(*) from part where state = 'delivered'")
    told = await stage.tables.count("select count(distinct number_id) from part")
    untold = max(len(pupils) - min(delivered, parts, told), 0)
    if records is None:
        doubled = max(parts - told, 0)
        return ledger.Verdict(told - doubled, doubled, untold, 0)
    verdict = ledger.judge(pupils, records)
    return verdict if untold <= verdict.lost else verdict.missing(untold)


def _say(text: str) -> None:
    if text:
        print(text, file=sys.stderr, flush=True)


def main() -> int:
    options = _options()
    outcome = asyncio.run(_bench(options))
    head = {"engine": options.engine, "messages": options.messages, "batch": options.batch}
    print(json.dumps(head | outcome.as_dict() | {"digests_per_s": digests.a_second()}))
    return 0 if outcome.verdict.green else 1


if __name__ == "__main__":
    sys.exit(main())
