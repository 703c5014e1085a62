"""Who leaves first: answers before thousands of marks, and no school waits for all of another's.

Measured in submits at the SMSC, as its own ledger has them, never in seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sms_diary.app import Service, running
from sms_diary.clock import ManualClock
from sms_diary.compose import GUARDIANS
from sms_diary.model import Ground
from sms_diary.schedule import DIGEST_LANE
from sms_diary.simulator import Options, Smsc
from sms_diary.store import outbox
from sms_diary.store.outbox import NewMessage
from sms_diary.store.schools import School
from tests import seeding
from tests.journal_peer import route, settings
from tests.seeding import FAR, ROUTE, Subscribed, column, phone

PATIENCE = 25.0
MARKS, THOUSANDS = 100, 20_000
ONE_AFTER_ANOTHER = itertools.count(1)


@dataclass(frozen=True)
class Stage:
    """A service and its SMSC in one process."""

    service: Service
    smsc: Smsc
    window: int
    families: dict[str, list[Subscribed]] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """Submits that the SMSC has taken so far."""
        return len(self.smsc.ledger)

    def numbers(self, start: int) -> list[str]:
        """Whom the submits from that place on were for, in order."""
        return [f"+{part.number}" for part in self.smsc.ledger[start:]]

    async def add_school(self, slug: str, *, phones: range) -> School:
        """A live school with a pupil and an agreeing guardian for each of these numbers."""
        base = self.service.base
        async with base.database.transaction() as q:
            school = await seeding.live_school(q, base.tools, slug)
            [class_id] = await seeding.classes(q, base.tools, school, "5А")
            ids = await seeding.pupils(q, base.tools, school, class_id, len(phones))
            pairs = [(pupil_id, phone(n)) for pupil_id, n in zip(ids, phones, strict=True)]
            self.families[slug] = await seeding.subscribe(q, base.tools, school, pairs)
        return school

    async def post(self, school: School, *said: dict[str, Any]) -> None:
        """As the door does; returns when it is committed."""
        request = seeding.events(school, f"r{next(ONE_AFTER_ANOTHER)}", *said)
        await self.service.acceptor.accept_many([request])

    async def composed(self, school: School) -> int:
        """Parts of a school that have come to the queue so far."""
        sql = "select count(*) as n from part where school_id = :id"
        [found] = await column(self.service.base.database, sql, id=school.id)
        return int(found)

    async def waiting(self) -> int:
        """Parts that are in the queue now."""
        sql = "select count(*) as n from part where state = 'queued'"
        [found] = await column(self.service.base.database, sql)
        return int(found)


@asynccontextmanager
async def stage(
    url: str, folder: Path, clock: ManualClock, *, window: int, pause: float
) -> AsyncIterator[Stage]:
    """`pause`: seconds in which the SMSC answers a submit; with the window they make its pace."""
    smsc = Smsc(Options(response_delay=pause))
    await smsc.start()
    made = settings(folder, database=url, routes=[route(smsc.port, window=window)])
    try:
        async with running(made, clock) as service:
            yield Stage(service, smsc, window)
    finally:
        await smsc.stop()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0.005)


def digest(to: Sequence[Subscribed], school: School, count: int) -> list[NewMessage]:
    """So many short messages of marks in all."""
    return [
        NewMessage(
            school_id=school.id, guardian_id=one.guardian_id, number_id=one.number_id,
            consent_rev=1, ground=Ground.CONSENT, ledger_id=one.ledger_id, inbound_id=None,
            text="Дарья Б. 24.11 алгебра: 5", alphabet="ucs2", turns=(turn,), udh_ref=0,
            level="full", lane=DIGEST_LANE, route=ROUTE, expires=FAR,
        )
        for turn, one in zip(range(count), itertools.cycle(to))
    ]  # fmt: skip


async def test_an_answer_to_a_parent_overtakes_fifty_thousand_marks_within_a_window(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    """From the parent's СТОП to its confirmation at the SMSC: what was claimed already (a window
    at the most) and what one window takes meanwhile, of 50,000 parts that were there before.
    """
    window = 10
    async with stage(database_url, tmp_path, clock, window=window, pause=1.0) as here:
        school = await here.add_school("school-5", phones=range(50))
        parent, *others = here.families["school-5"]
        base = here.service.base
        async with base.database.transaction() as q:
            await outbox.add(q, base.tools, digest(others, school, 50_000), now=clock.now())
        here.service.wakes.dispatch.set()

        async def under_way() -> bool:
            return here.sent >= 2 * window

        await until(under_way)
        before = here.sent
        await here.smsc.inbound(parent.number.lstrip("+"), "СТОП", "79000000000")

        async def confirmed() -> bool:
            return parent.number in here.numbers(before)

        await until(confirmed)
        place = 1 + here.numbers(before).index(parent.number)
        queued = await here.waiting()
    print(json.dumps({"place": place, "window": window, "queued": queued}))  # noqa: T201
    assert place <= 2 * window
    assert queued > 49_000


def marks(work: str) -> list[dict[str, Any]]:
    return [seeding.mark("5", pupil={"id": f"p{n}"}, work=work) for n in range(MARKS)]


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
async def test_an_announcement_to_thousands_delays_another_schools_marks_twofold_at_most(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    """Alone, a school's marks take N submits from the first to the last. Beside an announcement
    for 20,000 guardians of another school, they take 2 x N and one window from the moment at
    which they are queued; and they are queued after a few steps of compose, not after all of
    that announcement.
    """
    window = 20
    async with stage(database_url, tmp_path, clock, window=window, pause=0.1) as here:
        big = await here.add_school("big", phones=range(1000, 1000 + THOUSANDS))
        small = await here.add_school("small", phones=range(MARKS))
        own = {one.number for one in here.families["small"]}

        async def all_taken() -> bool:
            return here.sent == MARKS

        await here.post(small, *marks("самостоятельная"))
        await until(all_taken)
        alone = here.sent
        assert set(here.numbers(0)) == own

        await here.post(
            big,
            {"kind": "announcement.posted", "audience": {"school": True}, "date": "2026-11-24",
             "text": "Завтра день открытых дверей"},
        )  # fmt: skip

        async def under_way() -> bool:
            return here.sent >= alone + 5 * window

        await until(under_way)
        composed, posted = await here.composed(big), here.sent
        await here.post(small, *marks("диктант"))

        async def queued() -> bool:
            return await here.composed(small) == 2 * MARKS

        await until(queued)
        meanwhile, start = await here.composed(big) - composed, here.sent

        async def told() -> bool:
            return sum(number in own for number in here.numbers(posted)) == MARKS

        await until(told)
        last = max(n for n, number in enumerate(here.numbers(0), 1) if number in own)
    left = THOUSANDS - (last - 2 * MARKS)
    figures = {"alone": alone, "together": last - start, "composed_before": meanwhile,
               "sent_before": start - posted, "left": left}  # fmt: skip
    print(json.dumps(figures))  # noqa: T201
    assert last - start <= 2 * alone + window
    assert meanwhile <= 8 * GUARDIANS
    # The other school had enough to say all the while.
    assert left > THOUSANDS / 2
