"""A school's budget of the month: what is beyond it waits, what is urgent does not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sms_diary.clock import DAY, MINUTE, ManualClock
from sms_diary.db import Database
from sms_diary.store import budget, settings
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import classes, column, mark, phone, pupils, set_up, subscribe
from tests.test_pipeline import Diary

HELD = "select id from line where state = 'held' and reason = 'budget'"


@pytest.fixture
async def diary(db: Database, tools: Tools, clock: ManualClock) -> AsyncIterator[Diary]:
    made = Diary(db, tools, clock)
    await made.start()
    yield made
    await made.channel.stop()


async def families(diary: Diary, school: School, count: int) -> int:
    """So many pupils of 5А, each with a parent; the class's id."""
    async with diary.db.transaction() as q:
        [class_id] = await classes(q, diary.tools, school, "5А")
        found = await pupils(q, diary.tools, school, class_id, count)
        pairs = [(one, phone(n)) for n, one in enumerate(found)]
        await subscribe(q, diary.tools, school, pairs)
    return class_id


async def allow(diary: Diary, school: School, sms: int) -> None:
    async with diary.db.transaction() as q:
        await set_up(q, school, budget_month=sms)


async def go_on(diary: Diary) -> int:
    """What the loop does, and what follows."""
    async with diary.db.transaction() as q:
        gone = await budget.go_on(q, now=diary.clock.now())
    await diary.run()
    return gone


def marks(count: int) -> list[dict[str, object]]:
    return [mark(pupil={"id": f"p{n}"}) for n in range(count)]


async def test_what_is_beyond_the_budget_waits_and_says_why(diary: Diary, school: School) -> None:
    await families(diary, school, 5)
    await allow(diary, school, 3)
    await diary.post(school, *marks(5))
    assert len(diary.channel.sent) == 3
    assert len(await column(diary.db, HELD)) == 2
    async with diary.db.reading() as q:
        assert await budget.held(q, school.id) == 2
        assert await budget.held(q, school.id + 1) == 0
    assert await go_on(diary) == 0
    assert len(diary.channel.sent) == 3


async def test_a_bigger_budget_lets_go_on_as_much_as_it_has_room_for(
    diary: Diary, school: School
) -> None:
    await families(diary, school, 6)
    await allow(diary, school, 2)
    await diary.post(school, *marks(6))
    await allow(diary, school, 4)
    assert await go_on(diary) == 2
    assert len(diary.channel.sent) == 4
    await allow(diary, school, 0)
    assert await go_on(diary) == 2
    assert len(diary.channel.sent) == 6


async def test_a_new_month_has_a_budget_of_its_own(diary: Diary, school: School) -> None:
    await families(diary, school, 2)
    await allow(diary, school, 1)
    diary.clock.advance(5 * DAY)
    await diary.post(school, *[one | {"date": "2026-11-29"} for one in marks(2)])
    assert len(diary.channel.sent) == 1
    diary.clock.advance(2 * DAY)
    assert await go_on(diary) == 1
    assert len(diary.channel.sent) == 2


async def test_what_is_urgent_goes_beyond_the_budget_and_counts(
    diary: Diary, school: School
) -> None:
    await families(diary, school, 2)
    await allow(diary, school, 1)
    said = {"kind": "announcement.posted", "audience": {"school": True}, "urgent": True,
            "text": "Завтра карантин"}  # fmt: skip
    await diary.post(school, said)
    assert len(diary.channel.sent) == 2
    await diary.post(school, *marks(2))
    assert len(diary.channel.sent) == 2
    async with diary.db.reading() as q:
        row = await settings.read(q, school.id)
        month = await budget.month(q, school, now=diary.clock.now())
    assert (row["budget_month"], month.spent) == (1, 2)


async def test_what_never_left_is_given_back(diary: Diary, school: School) -> None:
    await families(diary, school, 2)
    await allow(diary, school, 1)
    await diary.post(school, mark(pupil={"id": "p0"}))
    async with diary.db.transaction() as q:
        await q.run("update message set state = 'withdrawn'")
        await q.run("update part set state = 'withdrawn', attempts = 0, sent_at = null")
    diary.clock.advance(MINUTE)
    await diary.post(school, mark(pupil={"id": "p1"}))
    assert len(diary.channel.sent) == 2


async def test_a_message_knows_its_topic_and_its_class(diary: Diary, school: School) -> None:
    class_id = await families(diary, school, 1)
    await diary.post(school, mark())
    absence = {"kind": "absence.set", "pupil": {"id": "p0"}, "date": "2026-11-24", "code": "Н"}
    await diary.post(school, mark(subject="Физика"), absence)
    async with diary.db.reading() as q:
        rows = await q.all("select topic, class_id, segments from message order by id")
    assert [(row["topic"], row["class_id"], row["segments"]) for row in rows] == [
        ("marks", class_id, 1), ("several", class_id, rows[1]["segments"]),
    ]  # fmt: skip
