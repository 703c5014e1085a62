"""The rows of requests: whom a number has to answer, what holds lines, what lets them go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sms_diary.clock import ManualClock
from sms_diary.db import Database, Queries
from sms_diary.fanout import Fanout
from sms_diary.ingest.accept import Acceptor
from sms_diary.model import ConsentState, Ground
from sms_diary.store import claiming, opt_in, request_queue, requests, sweeps, welcome
from sms_diary.store.request_queue import Sent
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.conftest import NOW
from tests.seeding import (
    FAR,
    Subscribed,
    act,
    classes,
    column,
    events,
    line,
    live_school,
    mark,
    phone,
    pupils,
    queue,
    set_consent,
    subscribe,
    waits_or_ends,
)

LINES = "select state || ' ' || reason as line from line order by id"
STATES = "select state from request order by id"


@pytest.fixture
async def strangers(db: Database, tools: Tools, school: School) -> list[Subscribed]:
    """Three guardians of three pupils, of whom nothing is known."""
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        found = await pupils(q, tools, school, class_id, 3)
        pairs = [(pupil_id, phone(n)) for n, pupil_id in enumerate(found)]
        return await subscribe(q, tools, school, pairs, state=None, welcomed=False)


async def _asked(db: Database, tools: Tools, school: School, one: Subscribed) -> int:
    """A question that is open."""
    async with db.transaction() as q:
        ids = [one.subscription_id]
        paper = act(one.number)
        request = await opt_in.ask(q, tools, school.id, one.guardian_id, ids, paper, now=10)
        assert request is not None
        [message] = await queue(q, tools, one, school.id, "?", ground=Ground.REQUEST)
        await request_queue.sent(q, [Sent(request, message, "1234", 1000, False)], now=10)
    return request


async def test_a_number_without_an_open_question_has_none(
    db: Database, tools: Tools, school: School, strangers: list[Subscribed]
) -> None:
    first, second, _ = strangers
    request = await _asked(db, tools, school, first)
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [second], ConsentState.ACTIVE)
        found = await requests.open_of_number(q, first.number_id)
        assert found is not None
        assert (found.id, found.school_id, found.reception) == (request, school.id, "1234")
        assert await requests.open_of_number(q, second.number_id) is None
        await requests.answered(q, request, now=20)
        assert await requests.open_of_number(q, first.number_id) is None


async def test_one_number_never_has_two_open_questions(
    db: Database, tools: Tools, school: School, strangers: list[Subscribed]
) -> None:
    request = await _asked(db, tools, school, strangers[0])
    async with db.transaction() as q:
        other = await live_school(q, tools, "other")
        [class_id] = await classes(q, tools, other, "5А")
        [pupil_id] = await pupils(q, tools, other, class_id, 1)
        pairs = [(pupil_id, strangers[0].number)]
        [there] = await subscribe(q, tools, other, pairs, state=None, welcomed=False)
        second = await opt_in.ask(
            q, tools, other.id, there.guardian_id, [there.subscription_id], act(there.number),
            now=10,
        )  # fmt: skip
        assert await request_queue.due(q, now=20, limit=10) == []
        await requests.answered(q, request, now=20)
        assert [one.id for one in await request_queue.due(q, now=20, limit=10)] == [second]


async def test_to_drop_a_number_drops_all_that_waits_for_it_and_nothing_else(
    db: Database, tools: Tools, school: School, strangers: list[Subscribed]
) -> None:
    for one in strangers[:2]:
        await _asked(db, tools, school, one)
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [strangers[0]], ConsentState.ACTIVE)
        await requests.drop_of_number(q, strangers[0].number_id, now=20)
    assert await column(db, STATES) == ["dropped", "open", "dropped"]
    assert await column(db, "select state from message order by id") == ["withdrawn", "open"]


async def test_only_a_delivered_welcome_lets_the_lines_go(
    db: Database, tools: Tools, school: School, strangers: list[Subscribed]
) -> None:
    first, second, _ = strangers
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [first, second], ConsentState.ACTIVE)
        for entry_id, one in enumerate((first, second), 1):
            await line(q, tools, one, entry_id)
        await q.run("update line set state = 'held', reason = 'welcome'")
        due = {one.guardian_id: one for one in await request_queue.due(q, now=20, limit=10)}
        found = [due[first.guardian_id], due[second.guardian_id]]
        [a] = await queue(q, tools, first, school.id, "!", ground=Ground.REQUEST)
        [b] = await queue(q, tools, second, school.id, "!", ground=Ground.REQUEST)
        pairs = zip(found, (a, b), strict=True)
        await request_queue.sent(q, [Sent(r.id, m, "", FAR, False) for r, m in pairs], now=20)
        await welcome.ended(q, [(a, "delivered"), (b, "undelivered"), (77, "delivered")], now=30)
    assert await column(db, LINES) == ["planned ", "held welcome"]
    assert sorted(await column(db, STATES)) == ["answered", "waiting"]
    welcomed = "select id from guardian where welcomed_at = 30"
    assert await column(db, welcomed) == [first.guardian_id]
    assert await column(db, "select due from request where state = 'waiting'") == [
        30 + welcome.AGAIN_AFTER
    ]


async def test_held_lines_stand_on_the_newest_paper(
    db: Database, tools: Tools, school: School, strangers: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, strangers[:1], ConsentState.ACTIVE)
        await line(q, tools, strangers[0], 1)
        await q.run("update line set state = 'held', reason = 'welcome'")
        [renewed] = await set_consent(q, tools, school.id, strangers[:1], ConsentState.ACTIVE)
    assert await column(db, "select ledger_id from line") == [renewed]


async def test_what_is_held_for_too_long_expires(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await line(q, tools, guardians[0], 1, expires=100)
        await line(q, tools, guardians[1], 2, expires=101)
        await q.run("update line set state = 'held', reason = 'welcome'")
        assert await sweeps.expire_held(q, now=100) == 1
    assert await column(db, LINES) == ["expired expired", "held welcome"]


async def test_a_guardian_who_is_welcomed_while_a_mark_is_planned_is_told_of_it(
    db: Database, tools: Tools, clock: ManualClock, school: School, strangers: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, strangers[:1], ConsentState.ACTIVE)
    fanout = _Between(db, tools, clock, Wakes())
    fanout.welcomed = strangers[0].guardian_id
    await Acceptor(db, tools, clock, Wakes()).accept_many([events(school, "r1", mark("5"))])
    while await fanout.step():
        pass
    assert await column(db, LINES) == ["planned "]


class _Between(Fanout):
    """Somebody is welcomed after the plan was read and before it is written."""

    welcomed = 0

    async def _write(self, planned: Any, q: Queries) -> None:
        await welcome.release(q, [self.welcomed], now=NOW)
        await super()._write(planned, q)


@pytest.mark.parametrize("first", ["welcome", "fanout"])
async def test_a_welcome_and_a_held_line_never_miss_one_another(
    db: Database, tools: Tools, school: School, strangers: list[Subscribed], first: str
) -> None:
    """Two transactions at once: whichever comes first, the line is not held for ever."""
    guardian = strangers[0].guardian_id
    began, go = asyncio.Event(), asyncio.Event()

    async def welcoming() -> None:
        async with db.transaction() as q:
            await welcome.release(q, [guardian], now=NOW)
            began.set()
            await go.wait() if first == "welcome" else None

    async def planning() -> None:
        async with db.transaction() as q:
            welcomed = await welcome.since(q, [guardian])
            began.set()
            await go.wait() if first == "fanout" else None
            await line(q, tools, strangers[0], 1)
            if not welcomed:
                await q.run("update line set state = 'held', reason = 'welcome'")

    one, other = (welcoming, planning) if first == "welcome" else (planning, welcoming)
    leading = asyncio.create_task(one())
    await began.wait()
    following = asyncio.create_task(other())
    if db.engine == "postgresql":
        await waits_or_ends(db, following)
    go.set()
    await asyncio.gather(leading, following)
    assert await column(db, LINES) == ["planned "]


async def test_a_queued_request_is_claimed_only_while_it_is_open(
    db: Database, tools: Tools, school: School, strangers: list[Subscribed]
) -> None:
    request = await _asked(db, tools, school, strangers[0])
    async with db.transaction() as q:
        await q.run("update request set state = 'late' where id = :id", id=request)
        assert await claiming.claim(q, route="main", owner="w", limit=9, now=20) == []
        await q.run("update request set state = 'open' where id = :id", id=request)
        assert len(await claiming.claim(q, route="main", owner="w", limit=9, now=20)) == 1
