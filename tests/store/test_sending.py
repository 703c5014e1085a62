"""What the desk's screens of sending read and decide: announcements, what waits, what is held,
tests to the staff. On both engines."""

from __future__ import annotations

from typing import Any

import pytest

from sms_diary.carrying import USUAL, Carrying
from sms_diary.clock import ManualClock
from sms_diary.db import Database, Queries
from sms_diary.model import Ground, Topic
from sms_diary.store import announcements, held, schools, staff
from sms_diary.store.desk import announcements as shown
from sms_diary.store.desk import waiting
from sms_diary.store.desk.audit import LAST
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.seeding import Subscribed
from tests.test_pipeline import Diary, diary

__all__ = ["diary"]
DAY = "2026-11-24"
CLASS, FOREIGN = "5А", "9В"


@pytest.fixture
async def other(db: Database, tools: Tools) -> School:
    async with db.transaction() as q:
        return await seeding.live_school(q, tools, "school-7")


def notice(text: str, **more: object) -> dict[str, object]:
    return {"kind": "announcement.posted", "audience": {"school": True}, "text": text} | more


async def hold(q: Queries, topic: str) -> None:
    await q.run("update line set state = 'held', reason = 'flood' where topic = :t", t=topic)


# ---------------------------------------------------------------- announcements


async def test_announcements_are_read_with_their_progress_newest_first(
    diary: Diary, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    await diary.post(school, notice("Собрание"), notice("Сбор", audience={"classes": [CLASS]}))
    await diary.post(school, notice("Одному", audience={"pupils": [{"id": "p3"}]}, urgent=True))
    async with diary.db.reading() as q:
        found = await shown.page(q, tools, school.id, before=LAST, limit=2)
        [third] = await shown.page(q, tools, school.id, before=found[1].id, limit=2)
        assert await shown.page(q, tools, other.id, before=LAST, limit=2) == []
        assert await shown.one(q, tools, other.id, found[0].id) is None
        assert await shown.one(q, tools, school.id, found[0].id) == found[0]
    assert [one.text for one in (*found, third)] == ["Одному", "Сбор", "Собрание"]
    assert [(one.classes, one.pupils) for one in (*found, third)] == [
        ((), 1), ((CLASS,), 0), ((), 0),
    ]  # fmt: skip
    assert [dict(one.lines) for one in (*found, third)] == [
        {"taken": 1}, {"taken": 20}, {"taken": 20},
    ]  # fmt: skip
    assert (found[0].urgent, found[0].running, found[0].waiting) == (True, True, 1)


async def test_progress_follows_what_becomes_of_the_messages(
    diary: Diary, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await diary.post(school, notice("Собрание", audience={"pupils": [{"id": "p3"}]}))
    await diary.channel.accept()
    async with diary.db.reading() as q:
        [one] = await shown.page(q, tools, school.id, before=LAST, limit=2)
        assert (await shown.progress(q, one.id)).messages == {"open": 1}
    assert (dict(one.lines), one.running) == ({"told": 1}, False)
    async with diary.db.transaction() as q:
        await announcements.stop(q, school.id, one.id, now=diary.clock.now())
        stopped = await shown.one(q, tools, school.id, one.id)
    assert stopped is not None
    assert stopped.silence == "called-off"


async def test_chosen_pupils_are_of_the_school_and_in_a_class(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    ids = [one.pupil_id for one in guardians[:2]]
    async with db.reading() as q:
        found = await shown.pupils(q, school.id, ids, day=DAY)
        assert await shown.pupils(q, other.id, ids, day=DAY) == []
        assert await shown.pupils(q, school.id, ids, day="2020-01-01") == []
    assert [(one.name, one.class_name, one.external_id) for one in found] == [
        ("Белкина Дарья 0", CLASS, "p0"), ("Белкина Дарья 1", CLASS, "p1"),
    ]  # fmt: skip


# ---------------------------------------------------------------- what waits, what is held


async def test_what_waits_is_counted_topic_by_topic(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for entry_id, topic, due in ((1, "marks", 9), (2, "marks", 5), (3, "homework", 3)):
            await seeding.entry(q, school, entry_id)
            for one in guardians[: entry_id + 1]:
                await seeding.line(q, tools, one, entry_id, topic=topic, due=due)
        found = await waiting.planned(q, school.id)
        assert await waiting.planned(q, other.id) == []
    assert found == [
        waiting.Planned(Topic.HOMEWORK, 4, 4, 3, 3), waiting.Planned(Topic.MARKS, 5, 3, 5, 9),
    ]  # fmt: skip


async def test_what_is_held_is_piled_by_class_and_kind_and_decided_pile_by_pile(
    diary: Diary, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    absence = {"kind": "absence.set", "pupil": {"id": "p1"}, "date": DAY, "lesson": 1, "code": "Н"}
    homework = {"kind": "homework.set", "class": CLASS, "subject": "Алгебра",
                "date": "2026-11-25", "text": "№ 5"}  # fmt: skip
    async with diary.db.transaction() as q:
        await seeding.set_up(q, school, rhythms="marks=week absences=week homework=week")
    await diary.post(school, seeding.mark("5"), absence, homework)
    async with diary.db.transaction() as q:
        for topic in ("marks", "absences", "homework"):
            await hold(q, topic)
        piles = await held.piles(q, school.id, day=DAY)
        gone = await held.piles(q, school.id, day="2020-01-01")
        assert await held.piles(q, other.id, day=DAY) == []
        [class_id] = {one.class_id for one in piles}
        assert [(one.kind, one.class_name, one.lines, one.guardians) for one in piles] == [
            ("absence", CLASS, 1, 1), ("homework", CLASS, 20, 20), ("mark", CLASS, 1, 1),
        ]  # fmt: skip
        assert {(one.kind, one.class_name) for one in gone} == {
            ("absence", ""), ("homework", CLASS), ("mark", ""),
        }  # fmt: skip
        only = {("mark", class_id)}
        sample = await held.sample(q, school.id, only, day=DAY, most=5)
        assert (sample.lines, sample.guardians) == (1, 1)
        assert sample.rows[0][0]["pupil"] == "Белкина Дарья 0"
        now = diary.clock.now()
        assert await held.release(q, other.id, now=now, only=only, day=DAY) == 0
        assert await held.drop(q, school.id, only={("absence", class_id)}, day=DAY) == 1
        assert await held.release(q, school.id, now=now, only=only, day=DAY) == 1
        [left] = await held.piles(q, school.id, day=DAY)
        assert left.pile == ("homework", class_id)


async def test_those_who_wait_for_a_first_sms_are_counted(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        for entry_id in (1, 2):
            await seeding.entry(q, school, entry_id)
            await seeding.line(q, tools, guardians[0], entry_id)
        await q.run("update line set state = 'held', reason = 'welcome'")
        assert await held.welcomes(q, school.id) == (2, 1)
        assert await held.welcomes(q, other.id) == (0, 0)


# ---------------------------------------------------------------- tests to the staff


@pytest.mark.parametrize(
    ("way", "text", "seqs"),
    [
        (USUAL, "Проверка", [1]),
        (USUAL, "я" * 80, [1, 2]),
        (Carrying(whole=True), "я" * 80, [0]),
    ],
)
async def test_a_test_goes_to_the_staff_alone_without_any_consent(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed],
    clock: ManualClock, way: Carrying, text: str, seqs: list[int],
) -> None:  # fmt: skip
    member, stranger = guardians[0], guardians[1]
    how: dict[str, Any] = {"way": way, "route": seeding.ROUTE, "now": clock.now()}
    async with db.transaction() as q:
        await schools.add_staff(q, school.id, member.number_id)
        for school_id, number_id in ((school.id, stranger.number_id), (other.id, member.number_id)):
            assert not await staff.send(q, tools, school_id, number_id, text, **how)
        assert await staff.send(q, tools, school.id, member.number_id, text, **how)
        claimed = await seeding.claim(q, tools, now=clock.now())
        [row] = await q.all("select ground, guardian_id, ledger_id from message")
    assert (row["ground"], row["guardian_id"], row["ledger_id"]) == (Ground.STAFF, None, None)
    assert [one.seq for one in claimed] == seqs
    assert {one.number for one in claimed} == {member.number}
