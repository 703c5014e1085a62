"""ОЦЕНКИ, РАСП, ПОМОЩЬ and all that is no word: who is answered, with what, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from sms_diary.clock import DAY, HOUR, MINUTE
from sms_diary.encoding import Alphabet, choose, segments
from sms_diary.model import ConsentState, SchoolMode
from sms_diary.store import schools
from sms_diary.store.schools import School
from tests.asking import RENDERER, Phones, phones
from tests.seeding import column, live_school, mark, phone, set_consent

__all__ = ["phones"]  # fixtures

MUM, STRANGER = phone(1), phone(2)
DARYA, LEV = "Белкина Дарья Игоревна", "Белкин Лев Игоревич"
NOBODY = RENDERER.say("unsubscribed")
POLITE = RENDERER.say("other", отвечать=True)
MARKS_OF_TODAY = "Дарья Б. 24.11 алгебра: 5"


def lesson(number: int, subject: str, start: str = "") -> dict[str, Any]:
    return {"lesson": number, "subject": subject} | ({"start": start} if start else {})


def timetable(day: str, *lessons: dict[str, Any], title: str = "5А") -> dict[str, Any]:
    return {"kind": "timetable.set", "class": title, "date": day, "lessons": list(lessons)}


# ---------------------------------------------------------------- marks


async def test_marks_are_those_of_the_last_seven_days_in_the_words_of_the_digest(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(
        school,
        mark("5", subject="Русский язык"), mark("4", subject="Математика"),
        mark("3", subject="История", date="2026-11-18"),
        mark("2", subject="Физика", date="2026-11-17"),
    )  # fmt: skip
    assert await phones.write(MUM, "оценки") == [
        "Дарья Б. 18.11 история: 3\nДарья Б. 24.11: русский язык 5; математика 4"
    ]


async def test_a_week_without_marks_is_said_so(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    assert await phones.write(MUM, "ОЦЕНКИ") == ["Дарья Б.: за неделю отметок нет"]


async def test_who_asks_for_marks_gets_no_absences(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    late = {"kind": "absence.set", "pupil": {"id": "p0"}, "date": "2026-11-24", "lesson": 1,
            "code": "ОП"}  # fmt: skip
    await phones.post(school, mark("5"), late)
    assert await phones.write(MUM, "ОЦЕНКИ") == [MARKS_OF_TODAY]


async def test_a_removed_mark_is_none_and_a_corrected_one_is_the_last(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("4"), mark("2", subject="Физика"))
    phones.clock.advance(MINUTE)
    removal = mark("", subject="Физика") | {"kind": "mark.removed"}
    del removal["mark"]
    await phones.post(school, mark("5"), removal)
    assert await phones.write(MUM, "ОЦЕНКИ") == [MARKS_OF_TODAY]


async def test_a_mark_is_not_told_before_a_slip_had_its_time_to_be_corrected(
    phones: Phones, school: School
) -> None:
    async with phones.db.transaction() as q:
        await schools.set_settle(q, school.id, HOUR)
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    assert await phones.write(MUM, "ОЦЕНКИ") == ["Дарья Б.: за неделю отметок нет"]
    phones.clock.advance(HOUR)
    assert await phones.write(MUM, "ОЦЕНКИ") == [MARKS_OF_TODAY]


async def test_what_the_sender_asked_not_to_tell_is_not_told(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5", silent=True))
    assert await phones.write(MUM, "ОЦЕНКИ") == ["Дарья Б.: за неделю отметок нет"]


async def test_one_child_is_asked_for_by_name_or_by_number(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(school, "p1", MUM, LEV)
    await phones.post(school, mark("5"), mark("4", pupil={"id": "p1"}))
    both = f"{MARKS_OF_TODAY}\nЛев Б. 24.11 алгебра: 4"
    assert await phones.write(MUM, "ОЦЕНКИ") == [both]
    assert await phones.write(MUM, "оценки Дарья") == [MARKS_OF_TODAY]
    assert await phones.write(MUM, "оценки 2") == ["Лев Б. 24.11 алгебра: 4"]


async def test_a_name_that_is_no_child_of_the_number_waits_for_a_person(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    assert await phones.write(MUM, "оценки Тимур") == [POLITE]
    assert await phones.write(MUM, "оценки Тимур") == []
    assert await column(phones.db, "select state from inbound") == ["waiting"] * 2


async def test_what_does_not_fit_is_left_out_from_the_oldest_on_and_that_is_said(
    phones: Phones, school: School
) -> None:
    subjects = ["Физика", "Химия", "История", "Биология", "География", "Литература", "Музыка"]
    days = [f"2026-11-{day}" for day in range(18, 25)]
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(school, "p1", MUM, LEV)
    await phones.post(school, *(
        mark("4", pupil={"id": child}, subject=subject, date=day)
        for child in ("p0", "p1") for subject in subjects for day in days
    ))  # fmt: skip
    [text] = await phones.write(MUM, "ОЦЕНКИ")
    *told, last = text.split("\n")
    assert segments(text) == school.budget
    assert last == "Не все. По имени: ОЦЕНКИ ИМЯ"
    assert "24.11" in text
    assert "18.11" not in text
    assert "18-" not in text
    assert all(line.startswith(("Дарья Б. ", "Лев Б. ")) for line in told)
    [text] = await phones.write(MUM, "ОЦЕНКИ ЛЕВ")
    assert text.split("\n")[-1] == "Это последние, не все"


async def test_an_answer_in_latin_stays_within_gsm7(phones: Phones, school: School) -> None:
    subscribed = await phones.child(school, "p0", MUM, DARYA)
    await phones.child(school, "p1", MUM, LEV)
    await phones.post(school, mark("5", subject="Русский язык"))
    async with phones.db.transaction() as q:
        await q.run("update guardian set latin = 1 where id = :id", id=subscribed.guardian_id)
    answers = [
        *await phones.write(MUM, "OCENKI"), *await phones.write(MUM, "RASP"),
        *await phones.write(MUM, "HELP"), *await phones.write(MUM, "Сколько стоит обед?"),
    ]  # fmt: skip
    assert answers[0] == "Darya B. 24.11 russky yazyk: 5\nLev B.: za nedelyu otmetok net"
    assert [choose(text) for text in answers] == [Alphabet.GSM7] * 4


# ---------------------------------------------------------------- timetable


async def test_the_timetable_is_that_of_the_next_school_day_with_its_changes(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(school, "p1", MUM, LEV)
    await phones.post(
        school,
        timetable("2026-11-24", lesson(1, "Физика")),
        timetable("2026-11-26", lesson(1, "Физика", "08:30"), lesson(2, "Химия")),
        timetable("2026-11-27", lesson(1, "Химия")),
        {"kind": "timetable.changed", "class": "5А", "date": "2026-11-26", "lesson": 2,
         "cancelled": True},
    )  # fmt: skip
    assert await phones.write(MUM, "расп") == [
        "5А чт 26.11: физика, химия. Начало 8:30\n5А чт 26.11: 2 ур. нет"
    ]


async def test_each_class_of_the_children_has_its_own_timetable(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA, "9В")
    await phones.child(school, "p1", MUM, LEV)
    await phones.post(
        school, timetable("2026-11-25", lesson(1, "Химия"), title="9В"),
        timetable("2026-11-25", lesson(1, "Музыка")),
    )  # fmt: skip
    assert await phones.write(MUM, "РАСП") == ["5А ср 25.11: музыка\n9В ср 25.11: химия"]
    assert await phones.write(MUM, "расп дарьи") == ["9В ср 25.11: химия"]


async def test_a_timetable_further_off_than_a_week_is_not_told(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, timetable("2026-12-02", lesson(1, "Химия")))
    assert await phones.write(MUM, "РАСП") == ["Дарья Б.: расписания на неделю пока нет"]
    phones.clock.advance(DAY)
    assert await phones.write(MUM, "РАСП") == ["5А ср 02.12: химия"]


# ---------------------------------------------------------------- who is answered


async def test_two_schools_answer_each_about_its_own_children_and_name_no_other(
    phones: Phones, school: School
) -> None:
    async with phones.db.transaction() as q:
        second = await live_school(q, phones.tools, "gymnasium")
        await q.run("update school set latin = 1, budget = 1 where id = :id", id=second.id)
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(second, "p0", MUM, LEV)
    await phones.post(school, mark("5"))
    await phones.post(second, mark("4"))
    assert await phones.write(MUM, "ОЦЕНКИ") == [
        MARKS_OF_TODAY, "Lev B. 24.11 algebra: 4",
    ]  # fmt: skip
    assert await column(phones.db, "select school_id from message order by id") == [
        school.id, second.id,
    ]  # fmt: skip
    [text] = await phones.write(MUM, "РАСП ЛЕВ")
    assert text == "Lev B.: raspisaniya na nedelyu poka net"


async def test_every_answer_about_a_child_names_the_consent_that_allows_it(
    phones: Phones, school: School
) -> None:
    subscribed = await phones.child(school, "p0", MUM, DARYA)
    await phones.write(MUM, "ОЦЕНКИ")
    assert await phones.one("select ledger_id from message") == subscribed.ledger_id


@pytest.mark.parametrize("state", [s for s in ConsentState if s is not ConsentState.ACTIVE])
async def test_without_an_active_consent_nothing_of_a_child_is_told(
    phones: Phones, school: School, state: ConsentState
) -> None:
    await phones.child(school, "p0", MUM, DARYA, state=state)
    await phones.post(school, mark("5"))
    assert await phones.write(MUM, "ОЦЕНКИ") == [NOBODY]
    assert await phones.write(MUM, "РАСП") == []


async def test_a_guardian_who_said_stop_and_asks_for_marks_gets_none(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    await phones.write(MUM, "СТОП")
    assert await phones.write(MUM, "ОЦЕНКИ") == [NOBODY]


async def test_a_topic_that_was_stopped_is_not_answered_and_the_others_are(
    phones: Phones, school: School
) -> None:
    subscribed = await phones.child(school, "p0", MUM, DARYA)
    async with phones.db.transaction() as q:
        await set_consent(
            q, phones.tools, school.id, [subscribed], ConsentState.STOPPED, topic="marks"
        )
    assert await phones.write(MUM, "РАСП") == ["Дарья Б.: расписания на неделю пока нет"]
    assert await phones.write(MUM, "ОЦЕНКИ") == []


async def test_an_answer_that_has_not_left_is_withdrawn_by_a_change_of_consent(
    phones: Phones, school: School
) -> None:
    subscribed = await phones.child(school, "p0", MUM, DARYA)
    await phones.write(MUM, "ОЦЕНКИ")
    await phones.write(MUM, "ПОМОЩЬ")
    async with phones.db.transaction() as q:
        await set_consent(
            q, phones.tools, school.id, [subscribed], ConsentState.STOPPED, topic="marks"
        )
    assert await column(
        phones.db, "select state from message where ground = 'reply' order by id"
    ) == ["withdrawn", "open"]  # fmt: skip


async def test_a_number_that_nobody_welcomed_yet_learns_nothing_of_a_child(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    async with phones.db.transaction() as q:
        await q.run("update guardian set welcomed_at = null")
    assert await phones.write(MUM, "ОЦЕНКИ") == [NOBODY]


async def test_known_and_unknown_numbers_read_the_same_and_once_a_day(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA, state=ConsentState.STOPPED)
    assert await phones.write(MUM, "оценки Дарья") == [NOBODY]
    assert await phones.write(STRANGER, "оценки Дарья") == [NOBODY]
    assert [await phones.write(STRANGER, word) for word in ("РАСП", "ЛАТ", "ДЕНЬ")] == [[], [], []]
    phones.clock.advance(DAY)
    assert await phones.write(STRANGER, "РАСП") == [NOBODY]


async def test_in_test_mode_only_staff_are_answered(phones: Phones, school: School) -> None:
    subscribed = await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    async with phones.db.transaction() as q:
        await schools.set_mode(q, school.id, SchoolMode.TEST)
    assert await phones.write(MUM, "ОЦЕНКИ") == [NOBODY]
    async with phones.db.transaction() as q:
        await schools.add_staff(q, school.id, subscribed.number_id)
    assert await phones.write(MUM, "ОЦЕНКИ") == [MARKS_OF_TODAY]


async def test_a_paused_school_tells_nothing(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    async with phones.db.transaction() as q:
        await q.run("update school set paused_at = 1")
    assert await phones.write(MUM, "ОЦЕНКИ") == [NOBODY]
