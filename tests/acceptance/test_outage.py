"""An operator that is gone, or refuses all, for 26 hours: what is still valid is told, once.

The service runs whole, under a clock that the test moves; events come in at its door and the SMSC
is a server that is stopped and started again. The hours pass in steps, and each step waits until
the service has done what that hour brings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sms_diary.clock import HOUR, ManualClock, millis
from sms_diary.retry import UNAVAILABLE_LONGEST
from sms_diary.simulator import Options, Smsc
from sms_diary.simulator.rules import Rule
from tests import seeding
from tests.journal_peer import Door, at_the_door, eventually, route, settings
from tests.seeding import column, phone

BEGINS = millis(datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Samara")))
HOURS, LATER = 26, 8
"""How long it lasts, and after how many hours the school posts again."""
TODAY, TOMORROW, FRIDAY = "2026-11-24", "2026-11-25", "2026-11-27"
MANY = 40
"""Pupils of 5А (p0, p1 …), each with a mark in the first hour and every second with one later."""


def timetable(title: str) -> dict[str, Any]:
    return {"kind": "timetable.changed", "class": title, "date": TOMORROW, "lesson": 2,
            "subject": "Химия", "room": "31"}  # fmt: skip


def homework(title: str, day: str) -> dict[str, Any]:
    return {"kind": "homework.set", "class": title, "subject": "Алгебра", "date": day,
            "text": "№ 214"}  # fmt: skip


def urgent(title: str, text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "announcement.posted", "audience": {"classes": [title]}, "date": TODAY,
            "text": text, "urgent": True, **more}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What is posted for one class with one pupil, and what its guardian is told at the end."""

    title: str
    said: tuple[dict[str, Any], ...]
    told: str
    """In the only SMS that comes, in small letters; "" for none."""
    never: str = ""
    """Not in that one."""
    late: int = 0
    """How many of the things posted are too late."""


CASES = (
    Case("6А", (seeding.mark("4", pupil={"id": "6А"}),), "алгебра: 4"),
    Case(
        "6Б",
        ({"kind": "absence.set", "pupil": {"id": "6Б"}, "date": TODAY, "code": "Н"},),
        "24.11",
    ),
    Case("7А", (homework("7А", TOMORROW),), "", late=1),
    Case("7Б", (homework("7Б", FRIDAY),), "214"),
    Case("8А", (timetable("8А"),), "", late=1),
    Case("8Б", (urgent("8Б", "Сбор в 18:00", until=TODAY),), "", late=1),
    Case("9А", (urgent("9А", "Сбор в пятницу"),), "сбор в пятницу"),
    # One message, of which a half is too late.
    Case("9Б", (seeding.mark("3", pupil={"id": "9Б"}), timetable("9Б")), "алгебра: 3", "хим", 1),
)
REFUSING = Options(refuse=(Rule("RSYSERR", share=1.0),))
LATE = sum(case.late for case in CASES)
# Nothing is left to be done at this time: what is too late is closed, what may be tried has been.
OVERDUE = """select (select count(*) from entry where fan is not null)
    + (select count(*) from line where state = 'planned' and due <= :now)
    + (select count(*) from part where state in ('queued', 'retry') and expires <= :now)
    + (select count(*) from part where state = 'retry' and due <= :now) as n"""
UNTRIED = "select count(*) as n from part where state in ('queued', 'sending')"
OPEN = "select count(*) as n from message where state = 'open'"


class Operator:
    """An SMSC that goes away and comes back at one address; each has a ledger of its own."""

    def __init__(self) -> None:
        self.smsc = Smsc(Options())
        self._port = 0

    async def comes(self, options: Options) -> int:
        self.smsc = Smsc(options)
        await self.smsc.start(port=self._port)
        self._port = self.smsc.port
        return self._port

    async def goes(self) -> None:
        await self.smsc.stop()

    def told(self, number: str) -> list[str]:
        """The texts that this phone has got."""
        own = [part for part in self.smsc.ledger if part.number == number.lstrip("+")]
        return [part.fragment.text for part in own]


class Trial:
    """A school at the door of a service, and the time that goes by there."""

    def __init__(self, door: Door, clock: ManualClock, operator: Operator) -> None:
        self.door = door
        self.clock = clock
        self.operator = operator
        self.numbers: dict[str, str] = {}

    async def add_families(self) -> None:
        """For each case a class with one pupil, who has its name as the journal's id."""
        tools, school = self.door.service.base.tools, self.door.school
        async with self.door.database.transaction() as q:
            for place, case in enumerate(CASES):
                [class_id] = await seeding.classes(q, tools, school, case.title)
                name = "Белкина Дарья Игоревна"
                pupil = await seeding.pupil(q, tools, school, class_id, name, case.title)
                number = self.numbers[case.title] = phone(1000 + place)
                await seeding.subscribe(q, tools, school, [(pupil, number)])

    async def post(self, name: str, *said: dict[str, Any]) -> None:
        answer = await self.door.journal.post(list(said), message_id=name)
        assert answer.status == 202, answer.json
        assert answer.json["accepted"] == len(said)

    async def counted(self, sql: str, **params: object) -> int:
        [found] = await column(self.door.database, sql, **params)
        return int(found)

    async def passes(self, milliseconds: int, *, tried: bool) -> None:
        """Time goes by; returns when what it brings is done. `tried`: the operator answers."""
        self.clock.advance(milliseconds)
        wakes = self.door.service.wakes

        async def done() -> bool:
            wakes.receipts.set()
            wakes.compose.set()
            overdue = await self.counted(OVERDUE, now=self.clock.now())
            return overdue == 0 and (not tried or await self.counted(UNTRIED) == 0)

        await eventually(done)

    async def over(self) -> bool:
        """Every message has come to its end."""
        self.door.service.wakes.receipts.set()
        return await self.counted(OPEN) == 0

    async def messages(self, state: str) -> list[dict[str, Any]]:
        page = await self.door.journal.get(f"/v1/messages?state={state}&limit=200")
        found: list[dict[str, Any]] = page.json["messages"]
        return found


@asynccontextmanager
async def trial(url: str, folder: Path) -> AsyncIterator[Trial]:
    operator, clock = Operator(), ManualClock(BEGINS)
    port = await operator.comes(Options())
    made = settings(folder, database=url, routes=[route(port, backoff_first=0.05, backoff_max=0.2)])
    try:
        async with at_the_door(made, pupils=MANY, clock=clock) as door:
            here = Trial(door, clock, operator)
            await here.add_families()
            yield here
    finally:
        await operator.goes()


@pytest.mark.parametrize("away", [None, REFUSING], ids=["gone", "refusing"])
async def test_after_26_hours_without_the_operator_all_that_is_still_valid_is_told_once(
    database_url: str, tmp_path: Path, away: Options | None
) -> None:
    async with trial(database_url, tmp_path) as here:
        await here.operator.goes()
        if away is not None:
            await here.operator.comes(away)
        first = [seeding.mark("5", pupil={"id": f"p{n}"}) for n in range(MANY)]
        await here.post("first", *first, *(said for case in CASES for said in case.said))
        for hour in range(HOURS):
            if hour == LATER:
                second = [seeding.mark("2", pupil={"id": f"p{n}"}, subject="Физика")
                          for n in range(0, MANY, 2)]  # fmt: skip
                await here.post("second", *second)
            await here.passes(HOUR, tried=away is not None)
        assert not here.operator.smsc.ledger
        await here.operator.goes()

        await here.operator.comes(Options())
        await here.passes(UNAVAILABLE_LONGEST, tried=False)
        await eventually(here.over)
        await told_once(here)
        await too_late(here)


async def told_once(here: Trial) -> None:
    """At the SMSC: each text that was still valid, once, and nothing else."""
    for case in CASES:
        texts = here.operator.told(here.numbers[case.title])
        assert len(texts) == bool(case.told), case
        assert all(case.told in text.lower() for text in texts), (case, texts)
        assert not case.never or not any(case.never in text.lower() for text in texts), texts
    for n in range(MANY):
        texts = here.operator.told(phone(n))
        assert Counter(mark for text in texts for mark in ("алгебра: 5", "физика: 2")
                       if mark in text.lower()) == Counter(
            ["алгебра: 5"] + ["физика: 2"] * (n % 2 == 0)), texts  # fmt: skip
    delivered = await here.messages("delivered")
    assert len(delivered) == len(here.operator.smsc.ledger)


async def too_late(here: Trial) -> None:
    """In the database and at the admin endpoint: the rest has expired, and it is said why."""
    became = (await here.door.journal.get(f"{here.door.journal.events}/first")).json["events"]
    lines = [line for event in became for line in event["lines"]]
    late = [line for line in lines if line["state"] == "expired"]
    assert Counter(line["state"] for line in lines) == {"told": len(lines) - LATE, "expired": LATE}
    assert {line["reason_ru"] for line in late} == {"вышел срок: сообщать уже поздно"}
    expired = await here.messages("expired")
    assert len(expired) == LATE
    for message in expired:
        assert message["state_ru"] == "вышел срок: не отправлено или не доставлено"
        page = await here.door.journal.get(f"/v1/messages/{message['id']}")
        last = page.json["timeline"][-1]
        assert (last["what"], last["what_ru"]) == ("expired", message["state_ru"])
