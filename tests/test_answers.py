"""How often a number is answered, and how answers leave: no two robots talk for ever."""

from __future__ import annotations

import asyncio

import pytest

from sms_diary.carrying import Carrying
from sms_diary.clock import DAY, MINUTE, ManualClock
from sms_diary.db import Database
from sms_diary.encoding import segments
from sms_diary.inbound.asking import HELPS_A_DAY, QUESTIONS_A_DAY
from sms_diary.inbound.desk import ANSWERS_A_DAY
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.asking import RENDERER, Phones, phones
from tests.seeding import column, live_school, mark, phone

__all__ = ["phones"]  # fixtures

MUM, STRANGER = phone(1), phone(2)
DARYA, LEV = "Белкина Дарья Игоревна", "Белкин Лев Игоревич"
POLITE = RENDERER.say("other", отвечать=True)
ENOUGH = RENDERER.say("enough", раз=QUESTIONS_A_DAY)
MARKS_OF_TODAY = "Дарья Б. 24.11 алгебра: 5"


# ---------------------------------------------------------------- how often


async def test_the_sixth_question_of_a_day_gets_one_sentence_and_the_seventh_silence(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    for _ in range(QUESTIONS_A_DAY):
        assert await phones.write(MUM, "ОЦЕНКИ") == [MARKS_OF_TODAY]
        phones.clock.advance(MINUTE)
    assert await phones.write(MUM, "РАСП") == [ENOUGH]
    assert await phones.write(MUM, "ОЦЕНКИ") == []
    phones.clock.advance(DAY)
    assert await phones.write(MUM, "ОЦЕНКИ") == ["Дарья Б. 24.11 алгебра: 5"]


async def test_two_workers_do_not_answer_one_number_past_the_limit(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    await phones.hear(MUM, *["ОЦЕНКИ"] * (QUESTIONS_A_DAY + 1))
    for _ in range(QUESTIONS_A_DAY - 1):
        await phones.loop.step()
    # Both connections are there before it counts.
    await asyncio.gather(*(column(phones.db, "select 1 as one") for _ in range(4)))
    await asyncio.gather(phones.loop.step(), phones.loop.step())
    assert sorted(await phones.answers()) == sorted([MARKS_OF_TODAY] * QUESTIONS_A_DAY + [ENOUGH])


async def test_help_names_the_words_and_the_school_of_the_children_three_times_a_day(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    async with phones.db.transaction() as q:
        await q.run("update school set phone = '000-10-00'")
    text = "Команды: СТОП, СТАРТ, ОЦЕНКИ, РАСП. Школа 5, т.000-10-00"
    answers = [await phones.write(MUM, "?") for _ in range(HELPS_A_DAY + 1)]
    assert answers == [[text]] * HELPS_A_DAY + [[]]


async def test_help_names_no_school_to_a_stranger_nor_where_there_are_two(
    phones: Phones, school: School
) -> None:
    async with phones.db.transaction() as q:
        second = await live_school(q, phones.tools, "gymnasium")
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(second, "p0", MUM, LEV)
    text = "Команды: СТОП, СТАРТ, ОЦЕНКИ, РАСП. Вопросы - в школу"
    assert await phones.write(MUM, "ПОМОЩЬ") == [text]
    assert await phones.write(STRANGER, "ПОМОЩЬ") == [text]


async def test_a_letter_waits_for_a_person_and_is_answered_once_a_day(phones: Phones) -> None:
    assert await phones.write(STRANGER, "Подскажите, когда собрание?") == [POLITE]
    assert await phones.write(STRANGER, "А во сколько?") == []
    phones.clock.advance(DAY)
    assert await phones.write(STRANGER, "Спасибо, а где оно будет?") == [POLITE]
    assert await column(phones.db, "select state from inbound") == ["waiting"] * 3


@pytest.mark.parametrize(
    "text",
    [
        "Автоответ: я на совещании, отвечу позже",
        "Абонент временно недоступен",
        "Это автоматическое сообщение",
        "I'm out of office till Monday",
        "Я за рулём. Перезвоню",
    ],
)
async def test_what_a_machine_wrote_is_kept_and_not_answered(phones: Phones, text: str) -> None:
    assert await phones.write(STRANGER, text) == []
    assert await phones.one("select state from inbound") == "waiting"


@pytest.mark.parametrize("first", ["ПОМОЩЬ", "ОЦЕНКИ", "СТОП", "Ваше сообщение принято", "ЛАТ"])
async def test_two_robots_that_write_to_each_other_end_within_the_cap(
    phones: Phones, school: School, first: str
) -> None:
    """The other robot sends back whatever it gets, and its own word when it gets nothing."""
    await phones.child(school, "p0", MUM, DARYA)
    text, sent = first, 0
    for _ in range(3 * ANSWERS_A_DAY):
        answers = await phones.write(MUM, text)
        sent += len(answers)
        text = answers[-1] if answers else first
        phones.clock.advance(MINUTE)
    assert 0 < sent <= ANSWERS_A_DAY
    assert await phones.write(MUM, first) == []


async def test_the_cap_of_a_day_holds_for_all_words_and_not_for_the_first_stop(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    words = ["ЛАТ", "РУС"] * ANSWERS_A_DAY
    answers = [text for word in words for text in await phones.write(MUM, word)]
    assert len(answers) == ANSWERS_A_DAY
    assert await phones.write(MUM, "ПОМОЩЬ") == []
    assert await phones.write(MUM, "СТОП")


# ---------------------------------------------------------------- how it leaves


async def test_long_answers_have_references_of_their_own(phones: Phones, school: School) -> None:
    async with phones.db.transaction() as q:
        second = await live_school(q, phones.tools, "gymnasium")
    for where in (school, second):
        await phones.child(where, "p0", MUM, DARYA)
        await phones.post(where, *(
            mark("4", subject=subject, date=f"2026-11-{day}")
            for subject in ("Физика", "Химия", "История") for day in range(18, 25)
        ))  # fmt: skip
    await phones.write(MUM, "ОЦЕНКИ")
    await phones.write(MUM, "ПОМОЩЬ")
    parts = "select udh_ref from part order by message_id, seq"
    assert await column(phones.db, parts) == [1, 1, 2, 2, 0]


async def test_an_answer_leaves_within_ten_minutes_or_not_at_all(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.write(MUM, "ОЦЕНКИ")
    async with phones.db.reading() as q:
        [part] = await q.all("select ground, lane, expires from part")
    assert (part["ground"], part["lane"]) == ("reply", 0)
    assert part["expires"] == phones.clock.now() + 10 * MINUTE


async def test_where_nobody_can_answer_no_text_names_a_word_to_send(
    db: Database, tools: Tools, clock: ManualClock, school: School
) -> None:
    phones = Phones(db, tools, clock, Carrying(reply_to=""))
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(school, "p1", MUM, LEV)
    await phones.post(school, *(
        mark("4", pupil={"id": child}, subject=subject, date=f"2026-11-{day}")
        for child in ("p0", "p1") for subject in ("Физика", "Химия", "История", "Труд")
        for day in range(18, 25)
    ))  # fmt: skip
    words = ["ОЦЕНКИ", "РАСП", "ПОМОЩЬ", "Когда собрание?", "ЛАТ", "РУС", "НЕДЕЛЯ"]
    answers = [text for word in words for text in await phones.write(MUM, word)]
    assert len(answers) == len(words)
    orders = ("СТОП", "СТАРТ", "ОЦЕНКИ", "РАСП", "ПОМОЩЬ", "ЛАТ", "РУС", "СРАЗУ", "ДЕНЬ", "НЕДЕЛЯ")
    assert [text for text in answers if any(word in text for word in orders)] == []


@pytest.mark.parametrize("answerable", [True, False])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("unsubscribed", {}),
        ("enough", {"раз": QUESTIONS_A_DAY}),
        ("other", {}),
        ("help", {"школа": "", "телефон": ""}),
        ("help", {"школа": "Школа Пример", "телефон": "000-10-00"}),
        ("alphabet", {"латиница": False}),
        ("rhythm", {"темы": "Оценки", "имена": "Дарья Б.", "когда": "раз в неделю"}),
    ],
)
def test_an_answer_that_tells_of_no_mark_is_one_segment(
    name: str, values: dict[str, object], answerable: bool
) -> None:
    assert segments(RENDERER.say(name, отвечать=answerable, **values)) == 1
