"""Consents at the desk: the states of classes, asking, papers, the words, the chain."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sms_diary.admin.screens.consents.words import DOES_RU, MEANING_RU
from sms_diary.keywords import Meaning
from sms_diary.store import ledger, settings
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import Running
from tests.desk.families import NAMES, SCRIPT
from tests.journal_peer import eventually, text

BASE = "/desk/school-5/"
ASK: dict[str, Any] = {"class": "0", "source": "анкета класса", "by": "Петрова А. В."}


# ---------------------------------------------------------------- the states


async def test_each_figure_leads_to_the_subscriptions_behind_it(desk: Running) -> None:
    made = await families.made(desk, "6А")
    observer = await desk.as_(Role.OBSERVER)
    page = text(await observer.get(BASE + "consents"))
    links = re.findall(rf'href="({BASE}consents\?state=[a-z-]+&class={made.class_id})">1<', page)
    assert len(links) == 6, "each family of the class stands otherwise"
    shown = []
    for link in links:
        listed = text(await observer.get(link))
        own = [name for name, _, _ in NAMES if name in listed]
        assert len(own) == 1
        assert "+7900***02" in listed
        shown += own
    assert sorted(shown) == sorted(name for name, _, _ in NAMES)


async def test_the_list_of_a_state_goes_on_page_by_page(desk: Running) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        ids = [await seeding.pupil(q, tools, school, class_id, f"Ученик {n:02}") for n in range(55)]
        pairs = [(pupil_id, seeding.phone(500 + n)) for n, pupil_id in enumerate(ids)]
        await seeding.subscribe(q, tools, school, pairs)
    observer = await desk.as_(Role.OBSERVER)
    path, found = BASE + f"consents?state=active&class={class_id}", []
    while path:
        page = text(await observer.get(path))
        found += re.findall(r">(Ученик \d\d)<", page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = onward[1] if onward else ""
    assert sorted(found) == [f"Ученик {n:02}" for n in range(55)]


async def test_another_schools_class_is_not_there(desk: Running) -> None:
    [foreign] = await seeding.column(
        desk.door.database,
        "select id from class where school_id <> :id", id=desk.school.id,
    )  # fmt: skip
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    assert (await admin.get(BASE + f"consents?class={foreign}")).status == 404


# ---------------------------------------------------------------- asking


async def test_how_many_would_be_asked_is_said_and_nobody_is_asked(desk: Running) -> None:
    await families.made(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "consents/asking", do="count", **ASK)
    assert "Спросить 1\N{NO-BREAK SPACE}родителя" in text(answer)
    assert await seeding.column(desk.door.database, "select id from request") == []
    answer = await operator.post(BASE + "consents/asking", do="ask", **ASK | {"source": ""})
    assert answer.status == 422


async def test_asking_notes_the_paper_and_is_shown_until_it_is_answered(desk: Running) -> None:
    made = await families.made(desk)
    one = made.subscribed[2]
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "consents/asking", do="ask", **ASK)
    assert answer.status == 303
    page = text(await operator.get(BASE + "consents/asking"))
    assert "Спросим 1\N{NO-BREAK SPACE}родителя" in page
    assert "Гусев Тимофей Ильич" in page
    assert await seeding.column(
        desk.door.database, "select guardian_id from request where kind = 'question'"
    ) == [one.guardian_id]
    card = text(await operator.get(BASE + f"people/guardians/{one.guardian_id}"))
    assert "анкета класса" in card
    assert "спрошен" in card
    again = await operator.post(BASE + "consents/asking", do="ask", **ASK)
    assert "Спрашивать некого" in text(again)


async def test_nobody_is_asked_where_no_answer_can_come(desk: Running) -> None:
    await families.made(desk)
    async with desk.door.database.transaction() as q:
        await settings.change(q, desk.school.id, {"sender": "SHKOLA"}, now=1)
    operator = await desk.as_(Role.OPERATOR)
    assert "Спросить по SMS нельзя" in text(await operator.get(BASE + "consents/asking"))
    answer = await operator.post(BASE + "consents/asking", do="ask", **ASK)
    assert answer.status == 409
    assert await seeding.column(desk.door.database, "select id from request") == []


# ---------------------------------------------------------------- papers


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("memo", "памятка родителям"),
        ("sms", "Абрамов Лев Сергеевич"),
        ("pd", "Абрамов Лев Сергеевич"),
        ("register", "Абрамов Лев Сергеевич"),
    ],
)
async def test_a_paper_is_a_file_to_print(desk: Running, kind: str, said: str) -> None:
    made = await families.made(desk, "6А")
    operator = await desk.as_(Role.OPERATOR)
    form: dict[str, Any] = {"kind": kind, "class": str(made.class_id)}
    answer = await operator.post(BASE + "consents/papers", **form)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert said in text(answer)


async def test_numbers_stand_in_a_form_only_if_they_are_asked_for(desk: Running) -> None:
    made = await families.made(desk, "6А")
    operator = await desk.as_(Role.OPERATOR)
    form: dict[str, Any] = {"kind": "sms", "class": str(made.class_id)}
    for numbers, shown in (("", False), ("1", True)):
        form["numbers"] = numbers or "0"
        page = text(await operator.post(BASE + "consents/papers", **form))
        assert ("+7 900 000-02-00" in page) is shown


async def test_there_is_no_paper_for_nobody(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    forms: list[dict[str, Any]] = [
        {}, {"kind": "sms"}, {"kind": "sms", "class": "5"}, {"kind": "x", "class": "0"},
    ]  # fmt: skip
    for form in forms:
        assert (await operator.post(BASE + "consents/papers", **form)).status == 409


# ---------------------------------------------------------------- the words


@pytest.mark.parametrize(
    ("phrase", "word", "does"),
    [
        ("СТОП", "СТОП", "SMS остановятся сразу"),
        ("стоп оценки Дарья", "СТОП", "Остановятся только названные SMS"),
        ("да", "ДА", "Если школа спрашивала о согласии"),
        ("Здравствуйте, а когда собрание?", "не слово", "будет ждать человека"),
        ("новый номер 8 900 000 10 02", "НОВЫЙ НОМЕР", "+7900***1002"),
        (SCRIPT, "не слово", "будет ждать человека"),
    ],
)
async def test_a_phrase_is_understood_as_an_sms_would_be(
    desk: Running, phrase: str, word: str, does: str
) -> None:
    observer = await desk.as_(Role.OBSERVER)
    answer = await observer.post(BASE + "consents/words", phrase=phrase)
    assert re.search(rf"Понято как <[^>]+>{word}<", text(answer))
    assert does in text(answer)
    assert SCRIPT not in answer.body.decode()


async def test_what_was_said_of_late_is_counted_and_each_answer_stands_there(desk: Running) -> None:
    observer = await desk.as_(Role.OBSERVER)
    page = text(await observer.get(BASE + "consents/words"))
    assert "За это время никто не писал" in page
    to = desk.door.subscribed[0].number
    for phrase in ("оценки", "ОЦЕНКИ", "Когда собрание?"):
        await families.came(desk, to, phrase)
    desk.door.service.wakes.inbound.set()

    async def counted() -> bool:
        words = text(await observer.get(BASE + "consents/words"))
        return all(f"<dt>{word}</dt><dd>{n}</dd>" in words
                   for word, n in (("ОЦЕНКИ", 2), ("не слово", 1)))  # fmt: skip

    await eventually(counted)
    page = text(await observer.get(BASE + "consents/words"))
    assert f'href="{BASE}templates/stopped"' in page
    assert "SMS-дневник отключен. Включить снова: СТАРТ" in page
    assert re.search(r"1\sчасть</span><br><span class=\"note\">\d+ из 70<", page)


def test_every_meaning_can_be_said() -> None:
    assert set(MEANING_RU) == set(DOES_RU) == set(Meaning)


# ---------------------------------------------------------------- the chain


async def test_a_whole_chain_is_found_whole_and_a_broken_one_broken(desk: Running) -> None:
    made = await families.made(desk)
    operator = await desk.as_(Role.OPERATOR)
    page = text(await operator.get(BASE + "consents/checking"))
    found = re.search(r'<pre class="wrapped">(.+?)</pre>', page)
    assert found is not None, "the end to publish"
    published = found[1]
    answer = await operator.post(BASE + "consents/checking", published=published)
    assert "Журнал цел" in text(answer)
    assert "Сверено с опубликованными концами: 1" in text(answer)
    assert (await operator.post(BASE + "consents/checking", published="{}")).status == 422
    async with desk.door.database.transaction() as q:
        # As if somebody had rebuilt the end of the chain by hand.
        await q.run("drop trigger ledger_keeps_rows")
        await q.run("update ledger set actor = 'x' where id = :id", id=made.subscribed[0].ledger_id)
    answer = await operator.post(BASE + "consents/checking", published="")
    assert "Журнал нарушен: строка" in text(answer)


async def test_a_chain_that_was_cut_shows_against_its_published_end(desk: Running) -> None:
    await families.made(desk)
    operator = await desk.as_(Role.OPERATOR)
    page = text(await operator.get(BASE + "consents/checking"))
    published = re.findall(r'<pre class="wrapped">(.+?)</pre>', page)[0]
    longer = re.sub(r'"seq": (\d+)', lambda m: f'"seq": {int(m[1]) + 1}', published)
    answer = await operator.post(BASE + "consents/checking", published=longer)
    assert "хвост цепочки отрезан" in text(answer)


async def test_another_schools_end_is_not_published_here(desk: Running) -> None:
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        [other] = await q.all("select id from school where id <> :id", id=desk.school.id)
        await ledger.append(q, tools, other["id"], [seeding.act(seeding.phone(1))], now=1)
    operator = await desk.as_(Role.OPERATOR)
    page = text(await operator.get(BASE + "consents/checking"))
    assert "school-7" not in page
