"""Dead numbers are found once a day; a refusal at the operator goes from a receipt to the list."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_diary.app import opened
from sms_diary.channels import spec
from sms_diary.channels.base import Outcome, ReceiptReport, Result
from sms_diary.channels.spec.meanings import of_phone
from sms_diary.cli import app as commands
from sms_diary.clock import DAY, HOUR, ManualClock
from sms_diary.config import load
from sms_diary.db import Database
from sms_diary.dispatch import Settle
from sms_diary.errors import ConfigError
from sms_diary.model import Failure, PartState, Scope
from sms_diary.simulator.options import Options
from sms_diary.simulator.rules import Rule
from sms_diary.simulator.smsc import Smsc
from sms_diary.store import numbers, outbox, receipts
from sms_diary.store.outbox import Settled
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.store.troubles import Failed
from sms_diary.troubles import Limits, Troubles, dead
from sms_diary.wake import Wakes
from tests import seeding
from tests.journal_peer import at_the_door, eventually, route, settings
from tests.seeding import ROUTE, Subscribed, claim, classes, column, phone, pupils, queue, subscribe

NUMBERS = "select state from number order by id"
LIMITS = Limits()
MUM, DAD = phone(1), phone(2)


def _failed(*days: float, nobody: bool = False) -> list[Failed]:
    return [Failed(1, 1, int(day * DAY), nobody) for day in days]


@pytest.mark.parametrize(
    ("failed", "is_dead"),
    [
        ([], False),
        (_failed(0, 7, 13.9), False),
        (_failed(0, 7, 14), True),
        (_failed(0, 14), False),  # two messages say too little
        (_failed(0, 0, 0, 0), False),  # and many of one day too
        (_failed(0, 89), False),
        (_failed(0, 90), True),
        (_failed(100), False),  # one failure, and then a summer without SMS
        (_failed(0, 1.5, 1.9, nobody=True), False),  # two of them on one day
        (_failed(0, 1, 2, nobody=True), True),
        (_failed(0, 1, 2), False),
        ([*_failed(0, 1, nobody=True), *_failed(2)], False),
    ],
)
def test_a_number_is_dead_when_nothing_has_arrived_for_long(
    failed: list[Failed], is_dead: bool
) -> None:
    assert dead(failed, LIMITS) is is_dead


class _Days:
    """Days that go by: every message is taken, and its receipt comes an hour later."""

    def __init__(self, db: Database, tools: Tools, clock: ManualClock, school: School) -> None:
        self.db, self.tools, self.clock, self.school = db, tools, clock, school
        self.troubles = Troubles(db, clock, LIMITS)
        self._count = 0

    async def tell(self, to: Subscribed, state: PartState) -> None:
        self._count += 1
        name, now = f"id-{self._count}", self.clock.now()
        async with self.db.transaction() as q:
            await queue(q, self.tools, to, self.school.id, "5", now=now)
            [part] = await claim(q, self.tools, now=now)
            taken = Settled(part.part_id, PartState.SENT, provider_id=name)
            await outbox.settle(q, [taken], owner="worker", now=now)
        async with self.db.transaction() as q:
            report = ReceiptReport(name, state, to.number, "", None, b"x")
            await receipts.store(q, self.tools, ROUTE, [report], now=now + HOUR)

    async def go_by(self, days: int) -> None:
        self.clock.advance(days * DAY)
        await self.troubles.step()


@pytest.fixture
async def family(db: Database, tools: Tools, school: School) -> list[Subscribed]:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        [child] = await pupils(q, tools, school, class_id, 1)
        return [(await subscribe(q, tools, school, [(child, number)]))[0] for number in (MUM, DAD)]


async def test_a_number_at_which_nothing_arrives_for_two_weeks_is_written_to_no_more(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed]
) -> None:
    mum, dad = family
    days = _Days(db, tools, clock, school)
    for _ in range(3):
        await days.tell(mum, PartState.EXPIRED)
        await days.tell(dad, PartState.DELIVERED)
        assert await column(db, NUMBERS) == ["open", "open"]
        await days.go_by(7)
    assert await column(db, NUMBERS) == ["suspended", "open"]
    async with db.transaction() as q:
        await queue(q, tools, mum, school.id, "5", now=clock.now())
        assert await claim(q, tools, now=clock.now()) == []
        assert await numbers.reopen(q, mum.number_id)  # as СТАРТ does it
    assert await column(db, "select failing_since from number") == [None, None]


async def test_one_delivery_begins_the_count_anew(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed]
) -> None:
    days = _Days(db, tools, clock, school)
    for state in (PartState.EXPIRED, PartState.EXPIRED, PartState.DELIVERED, PartState.EXPIRED):
        await days.tell(family[0], state)
        await days.tell(family[1], PartState.DELIVERED)
        await days.go_by(7)
    assert await column(db, NUMBERS) == ["open", "open"]


async def test_where_nothing_arrives_at_anybody_no_number_is_dead(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed]
) -> None:
    days = _Days(db, tools, clock, school)
    for _ in range(3):
        await days.tell(family[0], PartState.UNDELIVERED)
        await days.tell(family[1], PartState.UNDELIVERED)
        await days.go_by(7)
    assert await column(db, NUMBERS) == ["open", "open"]


@pytest.mark.parametrize(
    ("failure", "scope", "state"),
    [
        (Failure.BLOCKED, Scope.NUMBER, "blocked-by-operator"),
        (Failure.BLOCKED, Scope.MESSAGE, "open"),
        (Failure.BAD_NUMBER, Scope.NUMBER, "open"),
        (Failure.REJECTED, Scope.NUMBER, "open"),
    ],
)
async def test_a_result_that_speaks_of_the_number_is_obeyed(
    db: Database, tools: Tools, clock: ManualClock, school: School, family: list[Subscribed],
    failure: Failure, scope: Scope, state: str,
) -> None:  # fmt: skip
    async with db.transaction() as q:
        await queue(q, tools, family[0], school.id, "5", "4", now=clock.now())
        first, _ = await claim(q, tools, now=clock.now())
        await q.run("update part set state = 'queued' where id <> :id", id=first.part_id)
    settle = Settle(db, tools, clock, Wakes(), owner="worker")
    refused = Result(first.part_id, Outcome.FAILED, failure=failure, scope=scope, code="0x415")
    await settle(ROUTE, [refused])
    assert await column(db, NUMBERS) == [state, "open"]
    left = [] if state == "blocked-by-operator" else ["queued"]
    assert await column(db, "select state from part where state = 'queued'") == left
    fails = failure in (Failure.BLOCKED, Failure.BAD_NUMBER) and scope is Scope.NUMBER
    since = await column(db, "select failing_since from number order by id")
    assert since == [clock.now() if fails else None, None]


# ---------------------------------------------------------------- what providers' files say

FILE = """
[provider]
name = "ours"
title = "Наш оператор"
kind = "smpp"
verified = "no"

[[smpp.receipts]]
code = [{code}]
failure = "{failure}"
reason = "Абонент отказался от рассылок."
"""


def _provider(folder: Path, code: str = "244", failure: str = "blocked") -> Path:
    file = folder / "ours.toml"
    file.write_text(FILE.format(code=code, failure=failure), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("code", "known"), [("244", True), ("0244", True), ("24", False), ("", False), ("000", False)]
)
def test_a_code_of_a_receipt_is_known_with_zeros_in_front_and_without(
    tmp_path: Path, code: str, known: bool
) -> None:
    rules = spec.read(_provider(tmp_path)).of_phones
    assert (of_phone(rules, code) is not None) is known


def test_a_receipt_says_of_a_phone_nothing_but_these_two_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"smpp\.receipts\.1\.failure"):
        spec.read(_provider(tmp_path, failure="rejected"))


# ---------------------------------------------------------------- the whole way


async def test_a_refusal_goes_from_the_operator_to_the_ledger(tmp_path: Path) -> None:
    _provider(tmp_path)
    options = Options(outcomes=(Rule("UNDELIV", number=phone(0)[1:]),), receipt_error="244")
    smsc = Smsc(options)
    await smsc.start()
    made = settings(tmp_path, routes=[route(smsc.port, provider="ours")], providers=tmp_path)
    try:
        async with at_the_door(made) as door:
            async with door.database.transaction() as q:
                for one in door.subscribed:
                    await queue(q, door.service.base.tools, one, door.school.id, "5")

            async def ended() -> bool:
                return "open" not in await column(door.database, "select state from message")

            await eventually(ended)
            found = "select state from part order by number_id"
            assert sorted(await column(door.database, found)) == [
                "delivered", "delivered", "undelivered",
            ]  # fmt: skip
            blocked = "select id from number where state <> 'open'"
            assert await column(door.database, blocked) == [door.subscribed[0].number_id]
            actors = "select actor from ledger where action = 'operator-refusal'"
            assert await column(door.database, actors) == ["route:main"]
    finally:
        await smsc.stop()


# ---------------------------------------------------------------- the command line

NOW = ("--now", "2026-11-28T10:00+04:00")
AT = 1_795_842_000_000
"""28 November 2026, 9 o'clock in Samara."""


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """A school where the operator refuses the first of three phones of 5А."""
    _provider(tmp_path)
    config = tmp_path / "sms-diary.toml"
    config.write_text(
        f'database = "sqlite:{tmp_path / "diary.db"}"\nkey_file = "{tmp_path / "key"}"\n'
        f'providers = "{tmp_path}"\n[[routes]]\nname = "main"\nprovider = "ours"\n'
        'host = "127.0.0.1"\nport = 2775\nsystem_id = "school"\n',
        encoding="utf-8",
    )
    async with opened(load(config)) as base:
        tools = Tools(base.tools.ids, base.tools.vault, lambda _route, _code: Failure.BLOCKED)
        async with base.database.transaction() as q:
            school = await seeding.live_school(q, tools, "school-5")
            class_id, _ = await classes(q, tools, school, "5А", "6Б")
            found = await pupils(q, tools, school, class_id, 3)
            own = await subscribe(
                q, tools, school, [(one, phone(n)) for n, one in enumerate(found)]
            )
            await queue(q, tools, own[0], school.id, "5", now=AT)
            [part] = await claim(q, tools, now=AT)
            taken = Settled(part.part_id, PartState.SENT, provider_id="A")
            await outbox.settle(q, [taken], owner="worker", now=AT)
        async with base.database.transaction() as q:
            report = ReceiptReport("A", PartState.UNDELIVERED, phone(0), "244", None, b"x")
            await receipts.store(q, tools, ROUTE, [report], now=AT)
    return config


async def _run(config: Path, *arguments: str, typed: str = "", code: int = 0) -> str:
    options = ["--school", "school-5", "-c", str(config), *NOW]
    result = await asyncio.to_thread(
        CliRunner().invoke, commands, ["numbers", *arguments, *options], input=typed
    )
    assert result.exit_code == code, result.output
    return result.output


async def test_the_list_says_who_since_when_why_and_what_to_do(config: Path) -> None:
    said = await _run(config, "problems")
    assert "5А" in said
    assert "отказ от рассылок у оператора, с 28.11.2026" in said
    assert "Оператор: Абонент отказался от рассылок. Код 244." in said
    assert "пишет СТАРТ" in said
    assert phone(0) not in said
    assert phone(0) in await _run(config, "problems", "--full")
    assert await _run(config, "problems", "--class", "5 а") == said
    assert "SMS доходят до всех" in await _run(config, "problems", "--class", "6Б")
    assert "7В" in await _run(config, "problems", "--class", "7В", code=2)


async def test_the_list_is_a_page_that_only_its_owner_reads(config: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    await _run(config, "problems", "--out", str(page))
    text = page.read_text("utf-8")
    assert "size: A4" in text
    assert "Код 244." in text
    assert phone(0) not in text
    assert page.stat().st_mode & 0o077 == 0


async def test_a_lifted_refusal_is_marked_once_with_who_says_so(config: Path) -> None:
    how = ("lift", "--by", "Петрова А. В.", "--source", "звонок родителя")
    assert "СТАРТ" in await _run(config, *how, typed=f"{phone(0)}\n")
    assert "снимать нечего" in await _run(config, *how, typed=f"{phone(0)}\n", code=1)
    assert "нет" in await _run(config, *how, typed=f"{phone(9)}\n", code=1)
    assert "SMS доходят до всех" in await _run(config, "problems")
    await _run(config, "lift", "--by", " ", "--source", "звонок", code=2)


async def test_the_proof_of_a_number_says_that_its_operator_refused_and_by_which_route(
    config: Path,
) -> None:
    arguments = ["consents", "prove", "--number", "-c", str(config), *NOW]
    result = await asyncio.to_thread(CliRunner().invoke, commands, arguments, input=f"{phone(0)}\n")
    assert "абонент отказался от рассылок у оператора" in result.output
    assert "оператором, маршрут main" in result.output
    assert "код оператора: 244" in result.output
