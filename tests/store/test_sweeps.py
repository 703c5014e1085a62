"""What time does to the outbox, and what the dead leave behind."""

from __future__ import annotations

import pytest

from sms_diary.clock import HOUR
from sms_diary.db import Database
from sms_diary.model import PartState
from sms_diary.store import leases, numbers, outbox, receipts, sweeps
from sms_diary.store.outbox import Settled
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import ROUTE, Subscribed, claim, column, line, queue

PARTS = "select state from part order by id"
MESSAGES = "select state from message order by id"
LINES = "select state || ' ' || reason as line from line order by id"


async def _sending(
    db: Database, tools: Tools, school: School, to: Subscribed, *, parts: int = 1,
    owner: str = "worker", expires: int = 10 * HOUR, now: int = 10,
) -> list[int]:  # fmt: skip
    async with db.transaction() as q:
        own = await line(q, tools, to, tools.ids.new())
        await queue(q, tools, to, school.id, "5", parts=parts, lines=(own,), expires=expires)
        return [part.part_id for part in await claim(q, tools, now=now, owner=owner)]


async def test_a_retry_is_queued_again_when_it_is_due(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    first, second = await _sending(db, tools, school, guardians[0], parts=2)
    async with db.transaction() as q:
        settled = [
            Settled(first, PartState.RETRY, due=50),
            Settled(second, PartState.RETRY, due=51),
        ]
        await outbox.settle(q, settled, owner="worker", now=20)
        assert await claim(q, tools, now=50) == []
        assert await sweeps.release_retries(q, now=49) == 0
        assert await sweeps.release_retries(q, now=50) == 1
        assert [part.part_id for part in await claim(q, tools, now=50)] == [first]


async def test_what_was_not_sent_in_time_is_closed_with_its_lines(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for n, expires in ((0, 100), (1, 101)):
            own = await line(q, tools, guardians[n], 1, expires=expires)
            await queue(q, tools, guardians[n], school.id, "5", lines=(own,), expires=expires)
        assert await sweeps.expire(q, now=100) == 1
    assert await column(db, PARTS) == ["expired", "queued"]
    assert await column(db, MESSAGES) == ["expired", "open"]
    assert await column(db, LINES) == ["expired expired", "taken "]


async def test_of_a_message_that_is_late_the_lines_that_have_time_are_planned_again(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        late = await line(q, tools, guardians[0], 1, expires=100)
        early = await line(q, tools, guardians[0], 2, expires=101)
        corrected = await line(q, tools, guardians[0], 3, expires=101)
        both = (late, early, corrected)
        await queue(q, tools, guardians[0], school.id, "5", lines=both, expires=100)
        await line(q, tools, guardians[0], 3, version=2, expires=101)
        await sweeps.expire(q, now=100)
    assert await column(db, PARTS) == ["expired"]
    assert await column(db, LINES) == ["expired expired", "planned ", "replaced ", "planned "]


async def test_what_a_consent_that_has_changed_allowed_is_not_planned_again(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        own = await line(q, tools, guardians[0], 1, expires=101)
        await queue(q, tools, guardians[0], school.id, "5", lines=(own,), expires=100)
        [part] = await claim(q, tools, now=10)
        await numbers.bump(q, [guardians[0].number_id])
        await outbox.settle(q, [Settled(part.part_id, PartState.QUEUED)], owner="worker", now=20)
        await sweeps.expire(q, now=100)
    assert await column(db, LINES) == ["expired expired"]


async def test_a_planned_line_that_is_too_late_expires(
    db: Database, tools: Tools, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await line(q, tools, guardians[0], 1, expires=100)
        await line(q, tools, guardians[0], 2, expires=101)
        await sweeps.expire(q, now=100)
    assert await column(db, LINES) == ["expired expired", "planned "]


async def test_a_text_of_which_a_part_came_too_late_was_not_told(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    first, second = await _sending(db, tools, school, guardians[0], parts=2, expires=100)
    async with db.transaction() as q:
        await outbox.settle(
            q, [Settled(first, PartState.SENT, provider_id="A1")], owner="worker", now=20
        )
        await outbox.settle(q, [Settled(second, PartState.RETRY, due=50)], owner="worker", now=20)
        await outbox.mark_told(q, [first])
        await q.run("update part set state = 'delivered' where id = :id", id=first)
        await sweeps.expire(q, now=100)
    assert await column(db, PARTS) == ["delivered", "expired"]
    assert await column(db, MESSAGES) == ["expired"]
    assert await column(db, LINES) == ["silent not-delivered"]


@pytest.mark.parametrize("state", [PartState.SENT, PartState.DOUBT])
async def test_without_a_receipt_for_three_days_a_part_is_unknown_and_its_line_ends(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], state: PartState
) -> None:
    [part] = await _sending(db, tools, school, guardians[0], now=10)
    name = "A1" if state is PartState.SENT else ""
    async with db.transaction() as q:
        await outbox.settle(q, [Settled(part, state, provider_id=name)], owner="worker", now=20)
        if state is PartState.SENT:
            await outbox.mark_told(q, [part])
        assert await sweeps.give_up_waiting(q, now=9 + 72 * HOUR) == 0
        assert await sweeps.give_up_waiting(q, now=10 + 72 * HOUR) == 1
    assert await column(db, PARTS) == ["unknown"]
    assert await column(db, MESSAGES) == ["unknown"]
    # It may have been read: what comes next says what it was before.
    assert await column(db, LINES) == ["told "]


async def test_who_takes_a_route_over_puts_what_was_on_its_way_there_in_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _sending(db, tools, school, guardians[0], owner="before", now=15)
    await _sending(db, tools, school, guardians[1], owner="myself, before I lost it")
    async with db.transaction() as q:
        await queue(q, tools, guardians[2], school.id, "ещё не взято")
        await queue(q, tools, guardians[3], school.id, "другим путём", route="other")
        await claim(q, tools, route="other")
        assert await sweeps.taken_over(q, ROUTE) == 2
        assert await sweeps.taken_over(q, ROUTE) == 0
    assert await column(db, PARTS) == ["doubt", "doubt", "queued", "sending"]
    assert await column(db, "select sent_at from part order by id limit 1") == [15]
    async with db.transaction() as q:
        assert [part.text for part in await claim(q, tools)] == ["ещё не взято"]


async def test_what_was_claimed_by_who_holds_the_route_no_more_is_put_in_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for n, (route, owner) in enumerate([
            ("held", "a"), ("late", "a"), ("gone", "a"), ("of another", "a"),
        ]):  # fmt: skip
            await queue(q, tools, guardians[n], school.id, "5", route=route)
            await claim(q, tools, route=route, owner=owner)
        await leases.take(q, "route:held", "a", 60_000)
        await leases.take(q, "route:late", "a", -1000)
        await leases.take(q, "route:of another", "b", 60_000)
        assert await sweeps.unheld(q) == 3
        assert await sweeps.unheld(q) == 0
    assert await column(db, PARTS) == ["sending", "doubt", "doubt", "doubt"]


async def test_what_is_recovered_can_still_be_resolved_and_given_up(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    [part] = await _sending(db, tools, school, guardians[0], now=10)
    async with db.transaction() as q:
        await sweeps.taken_over(q, ROUTE)
        # Who had it may live: its answer is as good as ever.
        await outbox.settle(
            q, [Settled(part, PartState.SENT, provider_id="A1")], owner="worker", now=20
        )
        await receipts.adopt(q, tools, ROUTE, [(part, "A1")], now=20)
    assert await column(db, PARTS) == ["sent"]
