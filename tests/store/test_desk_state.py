"""How the service stands, by school and as a whole: both engines."""

from __future__ import annotations

from sms_diary.db import Database
from sms_diary.db.schema import VERSION
from sms_diary.model import ConsentState
from sms_diary.store import leases, schools
from sms_diary.store.desk import consents, state
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.seeding import Subscribed


async def test_the_service_says_its_schema_and_its_size(db: Database) -> None:
    async with db.reading() as q:
        assert await state.schema(q) == str(VERSION)
        assert await state.size(q) > 100_000


async def test_a_lease_is_shown_with_the_time_it_has_left(db: Database) -> None:
    async with db.transaction() as q:
        await leases.take(q, "route:main", "me", 30_000)
    async with db.reading() as q:
        [own] = [one for one in await state.held(q) if one.name == "route:main"]
    assert own.holder == "me"
    assert 0 < own.left <= 30_000


async def test_the_oldest_of_what_waits_is_known_by_its_time(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        assert await state.oldest(q) == state.Oldest(None, None, None, None)
        for number, to in enumerate(guardians[:3]):
            await seeding.queue(q, tools, to, school.id, "5", now=10 + number)
        await q.run(
            "update part set state = 'sent' where id = (select min(id) from part)"
        )  # fmt: skip
        for entry_id in (7, 8):
            await seeding.entry(q, school, entry_id)
            await q.run(
                "update entry set fan = :fan, arrived_at = :at where id = :id",
                id=entry_id, at=100 + entry_id, fan=entry_id,
            )  # fmt: skip
        await q.run(
            "update number set failing_since = 30 + id % 2 where id in (:one, :two)",
            one=guardians[0].number_id, two=guardians[1].number_id,
        )  # fmt: skip
        found = await state.oldest(q)
    assert (found.to_fan, found.queued, found.requests) == (107, 11, None)
    assert found.failing in (30, 31)


async def test_a_school_shows_what_waits_and_what_is_in_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        assert await state.by_school(q) == {}
        for number, to in enumerate(guardians[:3]):
            await seeding.queue(q, tools, to, school.id, "5", parts=2, now=10 + number)
        await q.run("update part set state = 'doubt' where id = (select max(id) from part)")
    async with db.reading() as q:
        found = await state.by_school(q)
    assert found == {school.id: state.District(school.id, 5, 1, 0, 10)}


async def test_whom_news_reach_are_guardians_with_a_consent_in_force(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        await seeding.set_consent(q, tools, school.id, guardians[:2], ConsentState.STOPPED)
        assert await consents.reached(q, school.id) == len(guardians) - 2
        assert await consents.reached(q, school.id + 1) == 0


async def test_a_number_leaves_the_staff_of_its_own_school_alone(
    db: Database, school: School, guardians: list[Subscribed]
) -> None:
    number_id = guardians[0].number_id
    async with db.transaction() as q:
        await schools.add_staff(q, school.id, number_id)
        assert not await schools.remove_staff(q, school.id + 1, number_id)
        assert await schools.remove_staff(q, school.id, number_id)
        assert not await schools.remove_staff(q, school.id, number_id)
        assert await schools.staff(q, [school.id]) == set()
