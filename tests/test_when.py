"""When things are told by the whole service: hours, brakes, caps, changed settings, corrections.

The decisions have tests of their own (`test_rhythm`, `test_brakes`); here they are carried out by
the stages over the tables, on either engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sms_diary.carrying import USUAL, Ways
from sms_diary.clock import DAY, HOUR, MINUTE, SECOND, ManualClock, local, millis
from sms_diary.compose import Compose
from sms_diary.db import Database
from sms_diary.model import URGENT, ConsentState, Topic
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import announcements, held, holidays, rhythms, templates, welcome
from sms_diary.store.holidays import Holiday
from sms_diary.store.rhythms import Wish
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.seeding import (
    ROUTE,
    Subscribed,
    classes,
    column,
    mark,
    phone,
    pupil,
    set_consent,
    set_up,
    subscribe,
)
from tests.test_pipeline import MUM, RENDERER, Diary, _also

SAMARA = ZoneInfo("Europe/Samara")
FRIDAY = "2026-11-27"
BY_DAY: dict[str, Any] = {"day_from": 480, "day_to": 1260, "urgent_from": 390, "urgent_to": 1320}


@pytest.fixture
async def diary(db: Database, tools: Tools, clock: ManualClock) -> AsyncIterator[Diary]:
    made = Diary(db, tools, clock)
    await made.start()
    yield made
    await made.channel.stop()


@pytest.fixture
async def mum(db: Database, tools: Tools, school: School) -> Subscribed:
    """The mother of p0 in 5А, who has agreed; p1 is in the same class, p2 in 9В."""
    async with db.transaction() as q:
        first, second = await classes(q, tools, school, "5А", "9В")
        daughter = await pupil(q, tools, school, first, "Белкина Дарья Игоревна", "p0")
        await pupil(q, tools, school, first, "Белкин Егор Игоревич", "p1")
        await pupil(q, tools, school, second, "Белкин Олег Игоревич", "p2")
        [subscribed] = await subscribe(q, tools, school, [(daughter, MUM)])
    return subscribed


def moment(wall: str, zone: ZoneInfo = SAMARA) -> int:
    return millis(datetime.fromisoformat(wall).replace(tzinfo=zone))


async def at(diary: Diary, wall: str, zone: ZoneInfo = SAMARA) -> None:
    """Let time go by until then, and do what it brings."""
    await diary.wait(moment(wall, zone) - diary.clock.now())


async def arranged(diary: Diary, school: School, **values: Any) -> None:
    async with diary.db.transaction() as q:
        await set_up(q, school, **{**BY_DAY, **values})


def on(day: str, value: str = "5", **more: Any) -> dict[str, Any]:
    return mark(value, date=day, **more)


def announcement(text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "announcement.posted", "audience": {"school": True}, "text": text} | more


# ---------------------------------------------------------------- brakes


async def test_a_quarter_of_history_into_an_empty_school_tells_nobody(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school, told_from="")
    day = date(2026, 9, 1)
    while day < date(2026, 11, 24):
        said = [on(day.isoformat(), subject=subject) for subject in ("Алгебра", "Физика")]
        await diary.post(school, *said)
        day += timedelta(days=1)
    term = {"kind": "term_mark.set", "pupil": {"id": "p0"}, "subject": "Алгебра", "mark": "5"}
    await diary.post(school, {**term, "term": "1 четверть", "at": "2026-10-24T12:00:00"})
    for _ in range(10):
        await diary.wait(DAY)
    assert diary.channel.sent == []
    assert set(await diary.lines()) == {"silent first-import"}
    await diary.post(school, on(local(diary.clock.now(), SAMARA).date().isoformat()))
    assert len(diary.channel.sent) == 1


async def test_old_marks_are_not_told_but_a_correction_of_a_told_one_is(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, on("2026-11-18"), on("2026-11-16", subject="Физика"))
    await diary.channel.accept()
    assert await diary.lines() == ["told", "silent old"]
    await diary.wait(3 * DAY)
    await diary.post(school, on("2026-11-18", "4"), on("2026-11-16", "4", subject="Физика"))
    assert await diary.lines() == ["told", "silent old", "taken", "silent old"]
    assert diary.channel.texts()[-1].endswith("4 (было 5)")


async def test_what_was_before_the_consent_is_not_told(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    async with diary.db.transaction() as q:
        for state in (ConsentState.STOPPED, ConsentState.ACTIVE):
            await set_consent(q, diary.tools, school.id, [mum], state, now=diary.clock.now())
    await diary.post(school, on("2026-11-23"), on("2026-11-24", subject="Физика"))
    assert sorted(await diary.lines()) == ["silent before-consent", "taken"]


async def test_a_flood_waits_until_a_person_says_what_to_do(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    async with diary.db.transaction() as q:
        await q.insert("told_day", "school_id, day, lines",
                       [(school.id, f"2026-11-{n}", 2) for n in (18, 19, 20)])  # fmt: skip
    said = [on("2026-11-24", subject=f"Предмет {n}") for n in range(25)]
    await diary.post(school, *said[:10])
    await diary.post(school, *said[10:])
    assert (await diary.lines()).count("held flood") == 5
    await diary.post(school, announcement("Собрание в 18:00"))
    assert (await diary.lines())[-1] == "taken", "what a person writes to all is no flood"
    async with diary.db.transaction() as q:
        [group] = await held.groups(q, school.id)
        assert (group.kind, group.lines, group.guardians) == ("mark", 5, 1)
        assert await held.release(q, school.id, now=diary.clock.now()) == 5
        assert await held.groups(q, school.id) == []
    await diary.run()
    assert set(await diary.lines()) == {"taken"}


async def test_a_flood_that_is_dropped_has_its_reason_and_one_not_welcomed_still_waits(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    async with diary.db.transaction() as q:
        await q.insert("told_day", "school_id, day, lines",
                       [(school.id, f"2026-11-{n}", 0) for n in (18, 19, 20)])  # fmt: skip
    await diary.post(school, *[on("2026-11-24", subject=f"Предмет {n}") for n in range(22)])
    async with diary.db.transaction() as q:
        await q.run("update guardian set welcomed_at = null")
        await q.run("update line set lane = lane")
        assert await held.release(q, school.id, now=diary.clock.now()) == 2
    assert (await diary.lines()).count("held welcome") == 2
    async with diary.db.transaction() as q:
        await welcome.release(q, [mum.guardian_id], now=diary.clock.now())
    await diary.run()
    await diary.post(school, *[on("2026-11-24", subject=f"Ещё {n}") for n in range(3)])
    async with diary.db.transaction() as q:
        assert await held.drop(q, school.id) == 3
    assert (await diary.lines())[-3:] == ["silent not-released"] * 3


async def test_not_more_than_the_cap_goes_to_one_number_a_day_and_the_rest_next_morning(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school, cap=2)
    for n in range(4):
        await diary.post(school, on("2026-11-24", subject=f"Предмет {n}"))
    await diary.post(school, announcement("Мороз, занятий нет", urgent=True))
    await diary.channel.accept()
    assert len(diary.channel.sent) == 3, "what is urgent is not counted"
    await at(diary, "2026-11-25T07:59")
    assert len(diary.channel.sent) == 3
    await at(diary, "2026-11-25T08:00")
    assert len(diary.channel.sent) == 4
    assert "предмет 2" in diary.channel.texts()[-1]
    assert "предмет 3" in diary.channel.texts()[-1]


async def test_the_same_text_goes_to_one_number_after_the_gap_of_the_route(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school)
    ways = Ways(ROUTE, {ROUTE: replace(USUAL, gap=MINUTE)})
    diary.compose = Compose(diary.db, diary.tools, diary.clock, Wakes(), RENDERER, ways)
    await diary.post(school, announcement("Собрание", ref="a"))
    await diary.channel.accept()
    await diary.post(school, announcement("Собрание", ref="b", date="2026-11-24"))
    assert len(diary.channel.sent) == 1
    await diary.wait(MINUTE - 1)
    assert len(diary.channel.sent) == 1
    await diary.wait(1)
    assert len(set(diary.channel.texts())) == 1
    assert len(diary.channel.sent) == 2


# ---------------------------------------------------------------- hours


@pytest.mark.parametrize(
    ("zone", "comes", "told"),
    [
        ("Europe/Samara", "2026-11-24T22:00", "2026-11-25T08:00"),
        ("Europe/Kaliningrad", "2026-11-24T22:00", "2026-11-25T08:00"),
        ("Europe/Samara", "2026-12-31T21:00", "2027-01-01T08:00"),
        ("America/New_York", "2027-03-13T21:30", "2027-03-14T08:00"),
        ("America/New_York", "2026-10-31T21:30", "2026-11-01T08:00"),
    ],
)
async def test_what_comes_at_night_is_told_in_the_morning_by_the_schools_own_clock(
    db: Database, tools: Tools, school: School, mum: Subscribed, zone: str, comes: str, told: str
) -> None:
    there = ZoneInfo(zone)
    diary = Diary(db, tools, ManualClock(moment(comes, there)))
    await diary.start()
    await arranged(diary, school)
    async with db.transaction() as q:
        await q.run("update school set zone = :zone", zone=zone)
    await diary.post(school, on(comes[:10]))
    await diary.wait(moment(told, there) - diary.clock.now() - SECOND)
    assert diary.channel.sent == []
    await diary.wait(SECOND)
    assert len(diary.channel.sent) == 1


async def test_a_digest_inside_the_quiet_hours_goes_when_they_end(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school, rhythms="", digest_at=22 * 60)
    await diary.post(school, on("2026-11-24"))
    await at(diary, "2026-11-25T07:59")
    assert diary.channel.sent == []
    await at(diary, "2026-11-25T08:00")
    assert len(diary.channel.sent) == 1


async def test_what_is_queued_when_the_hours_end_is_told_in_the_morning(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock, window=1)
    await diary.start()
    await arranged(diary, school)
    await _also(diary, school, "p1", phone(2))
    await at(diary, "2026-11-24T20:59")
    await diary.post(school, on("2026-11-24"), on("2026-11-24", pupil={"id": "p1"}))
    assert await diary.parts() == ["sending", "queued"]
    diary.clock.advance(MINUTE)
    await diary.channel.accept()
    assert not await diary.dispatch.step(), "the claim itself refuses, whoever sweeps"
    await diary.wait(0)
    assert await diary.parts() == ["sent", "withdrawn"]
    await at(diary, "2026-11-25T08:00")
    assert len(diary.channel.sent) == 2


async def test_the_rest_of_a_long_text_waits_for_the_morning(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock, window=1)
    await diary.start()
    await arranged(diary, school)
    await at(diary, "2026-11-24T20:59")
    await diary.post(school, announcement("Сбор у главного входа, " * 5))
    assert await diary.parts() == ["sending", "queued"]
    diary.clock.advance(MINUTE)
    await diary.channel.accept()
    await diary.wait(HOUR)
    assert await diary.parts() == ["sent", "retry"]
    await at(diary, "2026-11-25T08:00")
    assert await diary.parts() == ["sent", "sending"]


@pytest.mark.parametrize("agreed", [True, False])
async def test_what_is_urgent_goes_early_only_to_who_agreed_to_that(
    diary: Diary, school: School, mum: Subscribed, *, agreed: bool
) -> None:
    await arranged(diary, school)
    if agreed:
        async with diary.db.transaction() as q:
            await set_consent(q, diary.tools, school.id, [mum], ConsentState.ACTIVE, topic=URGENT)
    await at(diary, "2026-11-25T06:45")
    await diary.post(school, announcement("Мороз, занятий нет", urgent=True))
    assert len(diary.channel.sent) == int(agreed)
    await at(diary, "2026-11-25T08:00")
    assert len(diary.channel.sent) == 1


async def test_a_line_released_by_night_is_told_in_the_morning(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school)
    async with diary.db.transaction() as q:
        await q.run("update guardian set welcomed_at = null")
    await diary.post(school, on("2026-11-24"))
    await at(diary, "2026-11-24T22:00")
    async with diary.db.transaction() as q:
        await welcome.release(q, [mum.guardian_id], now=diary.clock.now())
    await diary.run()
    assert diary.channel.sent == []
    await at(diary, "2026-11-25T08:00")
    assert len(diary.channel.sent) == 1


# ---------------------------------------------------------------- wishes and settings


async def test_settings_of_a_term_changed_on_friday_work_on_friday(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school, rhythms="marks=week", digest_day=6, digest_at=20 * 60)
    await diary.post(school, on("2026-11-24"))
    await at(diary, f"{FRIDAY}T12:00")
    assert diary.channel.sent == []
    await arranged(diary, school, digest_day=5, digest_at=15 * 60)
    await at(diary, f"{FRIDAY}T14:59")
    assert diary.channel.sent == []
    await at(diary, f"{FRIDAY}T15:00")
    assert len(diary.channel.sent) == 1


async def test_holidays_that_are_put_in_hold_what_waits(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school, rhythms="marks=day", digest_at=18 * 60)
    await diary.post(school, on("2026-11-24"))
    async with diary.db.transaction() as q:
        days = Holiday(date(2026, 11, 24), date(2026, 11, 26), "карантин")
        await holidays.put(q, school.id, days, now=diary.clock.now())
    await at(diary, "2026-11-27T17:59")
    assert diary.channel.sent == []
    await at(diary, "2026-11-27T18:00")
    assert len(diary.channel.sent) == 1


async def test_new_hours_hold_what_is_queued_already(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock, window=1)
    await diary.start()
    await _also(diary, school, "p1", phone(2))
    await diary.post(school, on("2026-11-24"), on("2026-11-24", pupil={"id": "p1"}))
    await arranged(diary, school, day_from=13 * 60)
    await diary.channel.accept()
    await diary.run()
    assert await diary.parts() == ["sent", "withdrawn"]
    await at(diary, "2026-11-24T13:00")
    assert len(diary.channel.sent) == 2


@pytest.mark.parametrize(
    ("wish", "told"),
    [(Rhythm.NOW, "2026-11-24T12:00"), (Rhythm.DAY, "2026-11-24T18:00"),
     (Rhythm.WEEK, "2026-11-27T18:00"), (Rhythm.OFF, "")],
)  # fmt: skip
async def test_a_parents_wish_holds_for_what_waits(
    diary: Diary, school: School, mum: Subscribed, wish: Rhythm, told: str
) -> None:
    await arranged(diary, school, rhythms="marks=day", digest_at=19 * 60)
    await diary.post(school, on("2026-11-24"))
    async with diary.db.transaction() as q:
        await set_up(q, school, digest_at=18 * 60)
        own = Wish(mum.subscription_id, school.id, Topic.MARKS, wish)
        await rhythms.choose(q, [own], now=diary.clock.now())
    await diary.run()
    if not told:
        assert await diary.lines() == ["silent not-wanted"]
        return
    assert await column(diary.db, "select due from line") == [moment(told)]


async def test_homework_is_told_as_soon_as_for_any_child_in_the_class(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school, rhythms="homework=off")
    also = await _also(diary, school, "p1", MUM)
    homework = {"kind": "homework.set", "class": "5А", "subject": "Физика", "date": "2026-11-26"}
    await diary.post(school, {**homework, "text": "№ 5"})
    assert await diary.lines() == ["silent not-wanted"]
    async with diary.db.transaction() as q:
        own = Wish(also.subscription_id, school.id, Topic.HOMEWORK, Rhythm.NOW)
        await rhythms.choose(q, [own], now=diary.clock.now())
    await diary.post(school, {**homework, "text": "№ 6"})
    assert (await diary.lines())[-1] == "taken"


async def test_a_whole_timetable_tells_nobody_and_says_why(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    lesson = {"lesson": 1, "subject": "Физика"}
    await diary.post(school, {"kind": "timetable.set", "class": "5А", "date": "2026-11-26",
                              "lessons": [lesson]})  # fmt: skip
    assert await diary.lines() == []
    assert await column(diary.db, "select silence from entry") == ["not-wanted"]


# ---------------------------------------------------------------- corrections


@pytest.mark.parametrize("seconds", [-1, 1])
async def test_a_correction_a_second_before_due_replaces_and_a_second_after_says_what_was(
    diary: Diary, school: School, mum: Subscribed, seconds: int
) -> None:
    await arranged(diary, school, settle=5 * MINUTE)
    await diary.post(school, on("2026-11-24"))
    await diary.wait(5 * MINUTE + seconds * SECOND)
    await diary.channel.accept()
    await diary.post(school, on("2026-11-24", "4"))
    await diary.wait(5 * MINUTE)
    texts = diary.channel.texts()
    if seconds < 0:
        assert len(texts) == 1
        assert "было" not in texts[0]
    else:
        assert len(texts) == 2
        assert texts[1].endswith("4 (было 5)")


async def test_a_correction_overtakes_what_is_queued_and_not_what_is_on_its_way(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock, window=1)
    await diary.start()
    await _also(diary, school, "p1", phone(2))
    await diary.post(school, on("2026-11-24"), on("2026-11-24", pupil={"id": "p1"}))
    assert await diary.parts() == ["sending", "queued"]
    await diary.post(school, on("2026-11-24", "4"), on("2026-11-24", "4", pupil={"id": "p1"}))
    assert await diary.parts() == ["sending", "withdrawn", "queued"]
    for _ in range(3):
        await diary.channel.accept()
        await diary.run()
    first, second, third = diary.channel.texts()
    assert first.endswith("5")
    assert second.endswith("4"), "nobody had told them anything else"
    assert third.endswith("4 (было 5)")


# ---------------------------------------------------------------- announcements and templates


async def test_an_announcement_is_stopped_while_it_runs(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock, window=1)
    await diary.start()
    await _also(diary, school, "p1", phone(2))
    await diary.post(school, announcement("Сбор макулатуры"))
    async with db.transaction() as q:
        [one] = await announcements.running(q, tools, school.id)
        assert (one.text, one.states) == ("Сбор макулатуры", {"taken": 2})
        assert await announcements.stop(q, school.id + 1, one.id, now=clock.now()) is None
        assert await announcements.stop(q, school.id, one.id, now=clock.now()) == 1
    await diary.channel.accept()
    await diary.run()
    assert sorted(await diary.lines()) == ["silent called-off", "told"]
    assert len(diary.channel.sent) == 1


async def test_an_announcement_waits_for_its_time(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await arranged(diary, school)
    await diary.post(school, announcement("Сбор завтра", not_before="2026-11-25T10:00:00"))
    await at(diary, "2026-11-25T09:59")
    assert diary.channel.sent == []
    await at(diary, "2026-11-25T10:00")
    assert len(diary.channel.sent) == 1


async def test_an_estimate_counts_guardians_once_and_says_who_is_left_out(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await _also(diary, school, "p1", MUM)
    await _also(diary, school, "p2", phone(3))
    await _also(diary, school, "p2", phone(4), ConsentState.STOPPED)
    async with diary.db.transaction() as q:
        [first] = await column(diary.db, "select id from class where name = '5А'")
        whole = await announcements.reach(q, school, None, day="2026-11-24")
        assert (whole.told, whole.duplicates, whole.silent) == (2, 1, {"stopped": 1})
        one = await announcements.reach(q, school, [first], day="2026-11-24")
        assert (one.told, one.duplicates, one.silent) == (1, 1, {})
    await diary.post(school, announcement("Сбор"))
    assert Counter(await diary.lines()) == {"taken": 2, "silent stopped": 1}


async def test_a_schools_own_text_holds_at_once_and_goes_back(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock, window=1)
    await diary.start()
    await _also(diary, school, "p1", phone(2))
    await diary.post(school, announcement("Сбор"))
    async with db.transaction() as q:
        own = "Внимание! {{ текст }}\n"
        assert await templates.save(q, school.id, "announcement", own, by="Завуч", now=1) == 1
    for _ in range(2):
        await diary.run()
        await diary.channel.accept()
    assert [text.startswith("Внимание!") for text in diary.channel.texts()] == [False, True]
    async with db.transaction() as q:
        assert await templates.save(q, school.id, "announcement", "", by="Завуч", now=2) == 2
        assert await templates.own(q, [school.id]) == {}
        kept = await templates.history(q, school.id, "announcement")
    assert [(one.version, one.made_by) for one in kept] == [(2, "Завуч"), (1, "Завуч")]
