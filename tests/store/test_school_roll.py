"""What the admin endpoint asks of the store, on both engines: one school's rows, and no other's."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from sms_diary.channels.base import InboundReport
from sms_diary.clock import DAY
from sms_diary.db import Database, Queries
from sms_diary.ingest import roster
from sms_diary.ingest.roster import Line, Parent
from sms_diary.model import ConsentState
from sms_diary.store import (
    by_school,
    consents,
    history,
    idempotency,
    inbound,
    mailbox,
    people,
    roll,
    rosters,
    settings,
    subscriptions,
    tokens,
)
from sms_diary.store.by_school import Paper
from sms_diary.store.schools import School
from sms_diary.store.subscriptions import Wanted
from sms_diary.store.tokens import Right
from sms_diary.store.tools import Tools
from tests import seeding
from tests.conftest import NOW
from tests.seeding import Subscribed

DAY_OF = "2026-11-24"
PAPER = Paper("Заявление", "SMS-1", "Петрова А. В.", "2026-12-20")


@pytest.fixture
async def other(db: Database, tools: Tools) -> School:
    async with db.transaction() as q:
        return await seeding.live_school(q, tools, "school-7")


async def _class_id(q: Queries, school: School) -> int:
    [own] = await people.classes(q, school.id, seeding.YEAR)
    return own.id


async def test_pages_of_pupils_and_guardians_are_a_schools_own(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    async with db.reading() as q:
        own = await _class_id(q, school)
        for class_id in (None, own):
            for of, expected in ((school, 20), (other, 0)):
                pupils = await roll.pupils(
                    q, of.id, day=DAY_OF, class_id=class_id, after=0, limit=100
                )
                people_ = await roll.guardians(
                    q, tools, of.id, day=DAY_OF, class_id=class_id, after=0, limit=100
                )
                assert (len(pupils), len(people_)) == (expected, expected)
            ids = sorted(one.guardian_id for one in guardians)
            rest = await roll.guardians(
                q, tools, school.id, day=DAY_OF, class_id=class_id, after=ids[10], limit=4
            )
            assert [one.id for one in rest] == ids[11:15]
        first = guardians[0]
        assert await roll.pupil(q, other.id, first.pupil_id, day=DAY_OF) is None
        assert await roll.guardian(q, tools, other.id, first.guardian_id) is None
        assert await roll.of_number(q, tools, other.id, first.number) is None
        assert await subscriptions.one(q, tools, other.id, first.subscription_id) is None
        found = await roll.of_number(q, tools, school.id, first.number)
        assert found is not None
        assert (found.id, found.number) == (first.guardian_id, "+7900***0000")


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(state=ConsentState.ACTIVE),
        Wanted(state=ConsentState.STOPPED, topic="marks"),
        Wanted(class_id=1),
        Wanted(class_id=1, state=ConsentState.ACTIVE),
        Wanted(guardian_id=1),
        Wanted(pupil_id=1, state=ConsentState.UNKNOWN),
    ],
)
async def test_a_page_of_subscriptions_goes_by_indexes_alone(
    db: Database, school: School, wanted: Wanted
) -> None:
    if db.engine != "sqlite":
        return  # PostgreSQL chooses by its statistics; the long test of a region measures
    sql, more = (
        subscriptions._few(wanted, DAY_OF) if wanted.few else subscriptions._standing(wanted)
    )
    async with db.reading() as q:
        plan = await q.all(
            f"explain query plan {sql}", school_id=school.id, after=0, limit=50, **more
        )
    steps = [row["detail"] for row in plan]
    # What is found first is few, and sorted as a whole; two pages of one topic are put together.
    allowed = {"SCAN few", "SCAN of_class", "SCAN own", "SCAN of_all", "SCAN either"}
    if wanted.few or wanted.topic != "*":
        allowed.add("USE TEMP B-TREE FOR ORDER BY")
    for step in steps:
        if step.startswith("SCAN") or "TEMP B-TREE" in step:
            assert step in allowed, steps


async def test_what_is_changed_in_another_schools_name_changes_nothing(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    own = guardians[0]
    async with db.transaction() as q:
        await roll.change_pupil(q, other.id, own.pupil_id, {"full_name": "Чужой"})
        await roll.change_guardian(q, other.id, own.guardian_id, {"full_name": "Чужая"})
        await subscriptions.change(
            q, other.id, own.subscription_id, relation="чужая", rhythm={"marks": ""}, now=1
        )
        await rosters.adopt(q, other.id, [(own.pupil_id, "x")])
        pupil = await roll.pupil(q, school.id, own.pupil_id, day=DAY_OF, lock=True)
        guardian = await roll.guardian(q, tools, school.id, own.guardian_id, lock=True)
        seen = await subscriptions.locked(q, tools, school.id, own.subscription_id)
        assert pupil is not None
        assert guardian is not None
        assert seen is not None
        assert (pupil.full_name, pupil.external_id, pupil.rev) == ("Белкина Дарья 0", "p0", 0)
        assert (guardian.full_name, guardian.rev) == ("", 0)
        assert (seen.view.relation, seen.view.rev) == ("мама", 0)


async def test_a_pupil_is_in_one_class_at_a_time(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        [second] = await seeding.classes(q, tools, school, "5Б")
        await roll.move(q, school.id, guardians[0].pupil_id, second, date(2026, 11, 24))
        for day, name in (("2026-11-23", "5А"), ("2026-11-24", "5Б")):
            pupil = await roll.pupil(q, school.id, guardians[0].pupil_id, day=day)
            assert pupil is not None
            assert pupil.class_name == name


async def test_settings_are_read_and_changed_and_nothing_else_is(
    db: Database, school: School, other: School
) -> None:
    async with db.transaction() as q:
        before = await settings.read(q, school.id, lock=True)
        await settings.change(q, school.id, {"cap": 3, "off_days": "67"}, now=NOW)
        assert (await settings.read(q, school.id))["cap"] == 3 != before["cap"]
        assert (await settings.read(q, other.id))["cap"] == before["cap"]
        with pytest.raises(KeyError):
            await settings.change(q, school.id, {"slug": "x"}, now=NOW)
        every = await settings.page(q, only=0, after="", limit=10)
        one = await settings.page(q, only=other.id, after="", limit=10)
        assert [row["slug"] for row in every] == ["school-5", "school-7"]
        assert [row["slug"] for row in one] == ["school-7"]


async def test_a_stop_by_the_school_gives_way_to_a_later_paper_and_both_are_history(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    own = guardians[0].subscription_id
    async with db.transaction() as q:
        found = await subscriptions.locked(q, tools, school.id, own)
        assert found is not None
        for moved in (1, 0):
            assert moved == await by_school.stop(
                q, tools, school.id, found, [], {"by": "Завуч"}, actor="token", now=NOW
            )
        early = Paper(PAPER.source, PAPER.form, PAPER.by, "2026-11-24")
        for paper, why in ((early, True), (PAPER, False)):
            said = await by_school.start(
                q, tools, school.id, found, [], paper,
                zone=school.zone, actor="token", now=NOW + 30 * DAY,
            )  # fmt: skip
            assert bool(said) == why
        states = await consents.states(q, [own])
        assert states == {(own, "*"): ConsentState.ACTIVE}
        rows = await history.of_subscription(q, tools, school.id, found)
        assert [row.link.action for row in rows] == ["revoked", "given"]
        assert rows[1].evidence()["date"] == "2026-12-20"


async def test_an_sms_is_seen_by_the_schools_of_its_number_and_seen_to_once(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    reports = [InboundReport(one.number, "2000", "Кто это?", raw=b"1") for one in guardians]
    async with db.transaction() as q:
        await inbound.store(q, tools, "main", reports, now=1)
        await q.run("update inbound set state = 'waiting'")
        page = await mailbox.page(q, tools, school.id, state="waiting", before=2**63 - 1, limit=15)
        assert (len(page.inbound), page.inbound[0].text) == (15, "Кто это?")
        assert page.next is not None
        rest = await mailbox.page(q, tools, school.id, state="", before=page.next, limit=15)
        assert (len(rest.inbound), rest.next) == (5, None)
        one = page.inbound[0]
        assert await mailbox.one(q, tools, other.id, one.id) is None
        assert await mailbox.handle(q, one.id, by="Завуч", now=NOW)
        assert not await mailbox.handle(q, one.id, by="Другая", now=NOW)
        seen = await mailbox.one(q, tools, school.id, one.id)
        assert seen is not None
        assert (seen.state, seen.handled_by, seen.handled_at) == ("done", "Завуч", NOW)


async def test_a_roster_goes_in_by_batches_and_comes_out_by_pages(
    db: Database, tools: Tools, school: School
) -> None:
    lines = [
        Line(n, "00", "7Б", f"Лисицын Пётр Ильич{'абвгд'[n]}", f"x{n}", "2014-01-02",
             (Parent(seeding.phone(n), "Лисицына Анна", "мама", PAPER if n % 2 else None),))
        for n in range(5)
    ]  # fmt: skip
    for outcome in ("added", "known"):
        async with db.transaction() as q:
            done = await roster.enrol(q, tools, school, lines, actor="token", now=NOW)
        assert {one.outcome for one in done} == {outcome}
    async with db.reading() as q:
        first = await rosters.page(q, tools, school.id, day=DAY_OF, after=0, limit=3)
        second = await rosters.page(
            q, tools, school.id, day=DAY_OF, after=first[-1].pupil.id, limit=3
        )
    found = [*first, *second]
    assert [one.pupil.external_id for one in found] == [f"x{n}" for n in range(5)]
    assert [one.guardians[0].number for one in found] == [seeding.phone(n) for n in range(5)]
    assert [one.guardians[0].state for one in found] == [
        "active" if n % 2 else "unknown" for n in range(5)
    ]


async def test_two_requests_under_one_key_do_the_work_once(db: Database, tools: Tools) -> None:
    done = 0

    async def request() -> object:
        nonlocal done
        async with db.transaction() as q:
            begun = await idempotency.begin(q, tools, 1, "k", b"same", now=NOW)
            if isinstance(begun, int):
                done += 1
                await asyncio.sleep(0)
                await idempotency.finish(q, tools, begun, 201, b"answer")
            return begun

    answers = await asyncio.gather(*(request() for _ in range(6)))
    assert done == 1
    replayed = [one for one in answers if not isinstance(one, int)]
    assert replayed == [idempotency.Before(True, 201, b"answer")] * 5


async def test_a_token_without_words_may_everything_and_one_that_is_revoked_nothing(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        await tokens.add(q, tools, school.id, "sd_old", name="", now=1)
        new = await tokens.add(
            q, tools, school.id, "sd_new", name="x", rights=[Right.SEND, Right.READ], now=2
        )
        old = await tokens.find(q, "sd_old")
        few = await tokens.find(q, "sd_new")
        assert old is not None
        assert few is not None
        assert old.rights == frozenset(Right)
        assert few.rights == {Right.READ, Right.SEND}
        assert [one.name for one in await tokens.live(q, school.id)] == ["", "x"]
        assert await tokens.revoke(q, new, now=3)
        assert not await tokens.revoke(q, new, now=3)
        assert await tokens.find(q, "sd_new") is None
