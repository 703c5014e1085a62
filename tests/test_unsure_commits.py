"""A commit whose answer is lost: nobody knows whether it was made, and nothing goes wrong by it.

PostgreSQL that dies while it commits leaves its client so. Here the transaction is carried out
and then an error comes, as if the connection had broken in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from sms_diary.channels.base import Outcome, Reports, Result
from sms_diary.clock import ManualClock
from sms_diary.db import Database, Queries
from sms_diary.db.base import Engine, Work
from sms_diary.dispatch import Dispatch, Settle
from sms_diary.errors import ChannelError
from sms_diary.store import leases
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.recording import RecordingChannel
from tests.seeding import ROUTE, Subscribed, classes, column, phone, pupils, queue, subscribe

PARTS = "select state from part order by id"
ATTEMPTS = "select attempts from part order by id"


class Unsure:
    """A database the next write of which is committed and then answered with an error."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.unsure = False

    @property
    def engine(self) -> Engine:
        return self._database.engine

    async def write(self, work: Work[Any], *, urgent: bool = False) -> Any:
        outcome = await self._database.write(work, urgent=urgent)
        if self.unsure:
            self.unsure = False
            raise ConnectionResetError
        return outcome

    async def read(self, work: Work[Any]) -> Any:
        return await self._database.read(work)

    def transaction(self, *, urgent: bool = False) -> AbstractAsyncContextManager[Queries]:
        return self._database.transaction(urgent=urgent)

    def reading(self) -> AbstractAsyncContextManager[Queries]:
        return self._database.reading()

    async def purge(self, tables: Sequence[str]) -> bool:
        return await self._database.purge(tables)

    async def check(self) -> None:
        await self._database.check()

    async def close(self) -> None:
        await self._database.close()


class Here:
    """A route with a channel, and a database that may fail to answer."""

    def __init__(
        self, db: Database, tools: Tools, school: School, clock: ManualClock, to: Subscribed
    ) -> None:
        self.db = db
        self.unsure = Unsure(db)
        self.channel = RecordingChannel(ROUTE)
        self.dispatch = Dispatch(self.unsure, tools, clock, self.channel, owner="a")
        self.settle = Settle(self.unsure, tools, clock, Wakes(), owner="a")
        self._tools, self._school, self._to = tools, school, to

    async def queue(self, *texts: str) -> None:
        async with self.db.transaction() as q:
            await queue(q, self._tools, self._to, self._school.id, *texts)

    async def states(self) -> list[str]:
        return await column(self.db, PARTS)

    @property
    def sent(self) -> list[str]:
        return self.channel.texts()


async def _nothing(*_: object) -> None: ...


@pytest.fixture
async def here(db: Database, tools: Tools, school: School, clock: ManualClock) -> Here:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        [pupil_id] = await pupils(q, tools, school, class_id, 1)
        [to] = await subscribe(q, tools, school, [(pupil_id, phone(0))])
        assert await leases.take(q, leases.of_route(ROUTE), "a", 60_000)
    one = Here(db, tools, school, clock, to)
    await one.channel.start(Reports(one.settle, _nothing, _nothing, lambda: None))
    return one


async def test_what_was_perhaps_claimed_is_claimed_again_and_leaves_once(here: Here) -> None:
    await here.queue("один", "два")
    here.unsure.unsure = True
    with pytest.raises(ConnectionResetError):
        await here.dispatch.step()
    assert (await here.states(), here.sent) == (["sending", "sending"], [])
    for _ in range(2):
        await here.dispatch.step()
        assert (await here.states(), here.sent) == (["sending", "sending"], ["один", "два"])
    assert await column(here.db, ATTEMPTS) == [1, 1]


async def test_what_is_on_its_way_is_not_taken_back_with_it(here: Here) -> None:
    await here.queue("один")
    await here.dispatch.step()
    await here.queue("два")
    here.unsure.unsure = True
    with pytest.raises(ConnectionResetError):
        await here.dispatch.step()
    await here.dispatch.step()
    assert (await here.states(), here.sent) == (["sending", "sending"], ["один", "два"])


async def test_a_result_that_was_perhaps_written_does_not_undo_a_later_attempt(here: Here) -> None:
    await here.queue("один")
    await here.dispatch.step()
    [unsent] = [Result(part_id, Outcome.UNSENT) for part_id in here.channel.open]
    here.unsure.unsure = True
    with pytest.raises(ConnectionResetError):
        await here.channel.settle(unsent)
    # Its report will be repeated; until then the part must not be on its way again.
    with pytest.raises(ChannelError):
        await here.dispatch.step()
    assert (await here.states(), here.sent) == (["queued"], ["один"])
    await here.channel.settle(unsent)
    await here.dispatch.step()
    await here.channel.accept()
    await here.dispatch.step()
    assert (await here.states(), here.sent) == (["sent"], ["один", "один"])
