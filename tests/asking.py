"""A parent with a phone and a service that answers: for the tests of the words."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any

import pytest

from sms_diary.carrying import USUAL, Carrying, Ways
from sms_diary.channels.base import InboundReport
from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.inbound import InboundLoop
from sms_diary.ingest.accept import Acceptor
from sms_diary.model import ALL_TOPICS
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir
from sms_diary.store import consents, numbers
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.seeding import (
    ROUTE,
    Subscribed,
    classes,
    column,
    events,
    live_school,
    pupil,
    subscribe,
)

RENDERER = Renderer.from_folder(templates_dir())
WAYS = Ways(ROUTE, {})


class Phones:
    """Phones that write to a service; what they are answered is read from the outbox."""

    def __init__(
        self, db: Database, tools: Tools, clock: ManualClock, way: Carrying = USUAL
    ) -> None:
        self.db, self.tools, self.clock = db, tools, clock
        wakes = Wakes()
        self.loop = InboundLoop(db, tools, clock, wakes, RENDERER, Ways(ROUTE, {ROUTE: way}))
        self._acceptor = Acceptor(db, tools, clock, wakes)
        self._counts = itertools.count(1)

    async def post(self, school: School, *said: dict[str, Any], **how: Any) -> None:
        """What a school's journal says, accepted."""
        request = events(school, f"r{next(self._counts)}", *said, **how)
        await self._acceptor.accept_many([request])

    async def child(
        self, school: School, external: str, number: str, name: str, title: str = "5А", **how: Any
    ) -> Subscribed:  # fmt: skip
        """A pupil of a class whom this number follows, welcomed."""
        async with self.db.transaction() as q:
            [class_id] = await classes(q, self.tools, school, title)
            pupil_id = await pupil(q, self.tools, school, class_id, name, external)
            [made] = await subscribe(q, self.tools, school, [(pupil_id, number)], **how)
            await q.run("update guardian set welcomed_at = 1 where id = :id", id=made.guardian_id)
        return made

    async def write(self, number: str, text: str) -> list[str]:
        """The answers to this SMS, one a school, in the order in which they were queued."""
        before = set(await column(self.db, "select id from message"))
        await self.hear(number, text)
        while await self.loop.step():
            pass
        return await self.answers(but=before)

    async def hear(self, number: str, *texts: str) -> None:
        """SMS that are kept and not obeyed yet."""
        reports = [
            InboundReport(number, "1234", text, f"{next(self._counts)} {text}".encode())
            for text in texts
        ]
        await self.loop.store(ROUTE, reports)

    async def answers(self, but: Collection[int] = ()) -> list[str]:
        """Every answer so far, in the order in which they were queued."""
        async with self.db.reading() as q:
            rows = await q.all("select id, text from message where ground = 'reply' order by id")
        unseal = self.tools.vault.text
        return [
            unseal(row["text"], "message.text", row["id"]) for row in rows if row["id"] not in but
        ]

    async def one(self, sql: str, **params: object) -> Any:
        [found] = await column(self.db, sql, **params)
        return found

    async def number_state(self, number: str) -> str:
        async with self.db.reading() as q:
            found = await numbers.find(q, self.tools, [number])
        return found[number].state

    async def states(self, *who: Subscribed, topic: str = ALL_TOPICS) -> list[str | None]:
        """Where they stand on a topic; None without a row."""
        async with self.db.reading() as q:
            found = await consents.states(q, [one.subscription_id for one in who])
        return [found.get((one.subscription_id, topic)) for one in who]


@pytest.fixture
async def phones(db: Database, tools: Tools, clock: ManualClock) -> Phones:
    return Phones(db, tools, clock)


@pytest.fixture
async def gymnasium(db: Database, tools: Tools, school: School) -> School:
    """A second school; its rows come after those of the first."""
    assert school.id
    async with db.transaction() as q:
        return await live_school(q, tools, "gymnasium")
