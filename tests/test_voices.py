"""A school's own texts, names and letters, wherever something is told, asked or answered."""

from __future__ import annotations

import pytest

from sms_diary.clock import DAY
from sms_diary.db import Database
from sms_diary.encoding import Scheme
from sms_diary.plan import Naming
from sms_diary.render.kinds import KINDS
from sms_diary.store import settings, templates
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.voices import Voice
from tests.asking import Phones, phones
from tests.seeding import Subscribed, live_school, mark, phone
from tests.test_pipeline import RENDERER, Diary, diary
from tests.test_requests import House, house, mum

__all__ = ["diary", "house", "mum", "phones"]
MUM, DAD = phone(1), phone(2)
DARYA, LEV = "Белкина Дарья Игоревна", "Белкин Лев Игоревич"


@pytest.fixture
async def other_school(db: Database, tools: Tools) -> School:
    async with db.transaction() as q:
        return await live_school(q, tools, "gymnasium")


async def own(db: Database, school: School, **texts: str) -> None:
    async with db.transaction() as q:
        for name, source in texts.items():
            await templates.save(q, school.id, name, source, by="test", now=1)


async def set_(db: Database, school: School, **values: object) -> None:
    async with db.transaction() as q:
        await settings.change(q, school.id, values, now=1)


@pytest.mark.parametrize(
    ("template", "source", "word", "said"),
    [
        ("stopped", "Выключили. {{ старт }} - снова", "СТОП", "Выключили. СТАРТ - снова"),
        ("started", "Здравствуйте! {{ имя }}", "СТАРТ", "Здравствуйте! Дарья Б."),
        ("stopped_some", "Больше не пишем: {{ темы }}", "СТОП ОЦЕНКИ", "Больше не пишем: оценки"),
        ("help", "Звоните {{ телефон }}", "ПОМОЩЬ", "Звоните 000-10-00"),
        ("other", "Передали завучу", "Когда собрание?", "Передали завучу"),
        ("no_marks", "{{ имена }}: пусто", "ОЦЕНКИ", "Дарья Б.: пусто"),
        ("no_timetable", "{{ имена }}: не готово", "РАСП", "Дарья Б.: не готово"),
        ("alphabet", "Хорошо", "РУС", "Хорошо"),
        ("rhythm", "{{ темы }} теперь {{ когда }}", "НЕДЕЛЯ", "Оценки теперь раз в неделю"),
    ],
)
async def test_an_answer_is_in_the_school_s_own_words(
    phones: Phones, school: School, template: str, source: str, word: str, said: str
) -> None:
    await set_(phones.db, school, phone="000-10-00")
    await own(phones.db, school, **{template: source})
    await phones.child(school, "p0", MUM, DARYA)
    assert await phones.write(MUM, word) == [said]


async def test_marks_that_are_asked_for_are_in_the_school_s_own_words_too(
    phones: Phones, school: School
) -> None:
    await own(phones.db, school, mark="{{ предмет }} - {{ отметка }} ({{ имя }})",
              subjects="алгебра | алг-ра | алг-ра | алг-ра")  # fmt: skip
    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    assert await phones.write(MUM, "ОЦЕНКИ") == ["алгебра - 5 (Дарья Б.)"]


async def test_what_several_schools_are_behind_is_in_nobody_s_own_words(
    phones: Phones, school: School, other_school: School
) -> None:
    await own(phones.db, school, help="Своя помощь", stopped_children="{{ имя }} Своё")
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(other_school, "p0", MUM, LEV)
    [help_] = await phones.write(MUM, "ПОМОЩЬ")
    assert help_.startswith("Команды: СТОП")
    [stopped] = await phones.write(MUM, "СТОП")
    assert stopped.startswith("SMS-дневник отключен: Дарья Б., Лев Б.")


@pytest.mark.parametrize(
    ("naming", "name"),
    [
        (Naming.INITIAL, "Дарья Б."), (Naming.NAME, "Дарья"),
        (Naming.SURNAME, "Белкина Д."), (Naming.BOTH, "Белкина Дарья"),
    ],
)  # fmt: skip
async def test_pupils_are_called_as_their_school_calls_them(
    diary: Diary, phones: Phones, school: School, naming: Naming, name: str
) -> None:
    await set_(diary.db, school, naming=str(naming))
    await phones.child(school, "p0", MUM, DARYA)
    await diary.post(school, mark("5"))
    assert diary.channel.texts() == [f"{name} 24.11 алгебра: 5"]
    assert await phones.write(MUM, "РАСП") == [f"{name}: расписания на неделю пока нет"]
    assert await phones.write(MUM, "СТАРТ") == [
        f"SMS-дневник включен: {name.rstrip('.')}. Отключить: СТОП. Помощь: ПОМОЩЬ"
    ]


async def test_texts_are_transliterated_as_the_school_chose(
    diary: Diary, phones: Phones, school: School
) -> None:
    await set_(diary.db, school, latin=1, scheme=str(Scheme.ICAO_DOC_9303))
    await phones.child(school, "p0", MUM, "Цой Юлия Олеговна")
    await diary.post(school, mark("5", subject="Химия"))
    assert diary.channel.texts() == ["Iuliia Ts. 24.11 khimiia: 5"]
    assert await phones.write(MUM, "ОЦЕНКИ") == ["Iuliia Ts. 24.11 khimiia: 5"]
    assert await phones.write(MUM, "СТОП") == ["SMS-dnevnik otkliuchen. Vkliuchit snova: START"]


async def test_questions_and_the_welcome_are_in_the_school_s_own_words(
    house: House, school: School, mum: Subscribed
) -> None:
    await own(house.db, school, request="{{ школа }} спрашивает. ДА или НЕТ?",
              request_reminder="{{ школа }} ждёт. ДА или НЕТ?")  # fmt: skip
    await house.ask(school, mum)
    await house.deliver()
    await house.wait(2 * DAY)
    assert house.channel.texts() == [
        "Школа 5 спрашивает. ДА или НЕТ?", "Школа 5 ждёт. ДА или НЕТ?",
    ]  # fmt: skip


async def test_the_welcome_is_in_the_school_s_own_words(
    house: House, school: School, mum: Subscribed
) -> None:
    await own(house.db, school, welcome="{{ школа }} приветствует Вас")
    await house.agree(school, mum)
    assert house.channel.texts() == ["Школа 5 приветствует Вас"]


async def test_what_waits_is_written_anew_when_the_school_calls_its_pupils_otherwise(
    diary: Diary, phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await diary.acceptor.accept_many([])
    await phones.post(school, mark("5"))
    await diary.plan()
    await set_(diary.db, school, naming="name", latin=1)
    await diary.run()
    assert diary.channel.texts() == ["Darya 24.11 algebra: 5"]


async def test_a_text_that_is_refused_by_now_holds_nobody_up(
    diary: Diary, phones: Phones, school: School
) -> None:
    await own(diary.db, school, mark="{{ имя }} {{ нет_такого }}")
    await phones.child(school, "p0", MUM, DARYA)
    await diary.post(school, mark("5"))
    assert diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]


@pytest.mark.parametrize("template", sorted(KINDS))
def test_a_voice_says_every_text(template: str) -> None:
    said = Voice(RENDERER).say(template, latin=True)
    assert said.isascii() or "§" in said


# ---------------------------------------------------------------- whom an announcement is for


def announcement(**audience: object) -> dict[str, object]:
    return {"kind": "announcement.posted", "audience": audience, "text": "Сбор в 9:00"}


async def test_a_parallel_is_all_classes_of_its_number(
    diary: Diary, phones: Phones, tools: Tools, school: School
) -> None:
    for number, title in enumerate(["5А", "5Б", "15А", "9В", "1-5"], start=1):
        await phones.child(school, f"p{number}", phone(number), DARYA, title)
    await diary.post(school, announcement(parallels=[5, 9]))
    assert sorted(part.number for part in diary.channel.sent) == [phone(1), phone(2), phone(4)]


async def test_a_parallel_that_the_school_has_not_waits_for_a_person(
    diary: Diary, phones: Phones, school: School
) -> None:
    await phones.child(school, "p1", MUM, DARYA)
    await diary.post(school, announcement(parallels=[5, 11]))
    assert diary.channel.texts() == []
    async with diary.db.reading() as q:
        held = await q.one("select reason, detail from quarantine")
    assert held is not None
    assert dict(held) == {"reason": "unknown-class", "detail": "в школе нет классов с этим номером"}


@pytest.mark.parametrize(
    ("audience", "to"),
    [
        ({"school": True}, "Школа 5: "), ({"parallels": [5]}, "5А: "),
        ({"classes": ["5А"]}, "5А: "),
        ({"classes": ["5А", "9В"]}, "Школа 5: "), ({"pupils": [{"id": "p1"}]}, "Дарья Б.: "),
        ({"pupils": [{"id": "p1"}, {"id": "p2"}]}, "Школа 5: "),
    ],
)  # fmt: skip
async def test_an_announcement_says_whom_it_is_for(
    diary: Diary, phones: Phones, school: School, audience: dict[str, object], to: str
) -> None:
    await phones.child(school, "p1", MUM, DARYA)
    await phones.child(school, "p2", DAD, LEV, "9В")
    await diary.post(school, announcement(**audience))
    assert set(diary.channel.texts()) == {f"{to}Сбор в 9:00"}
