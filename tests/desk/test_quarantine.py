"""Карантин: a question with its candidates, one answer for all of it, remembered."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import intake
from tests.desk.conftest import BOTH, Running, Scheme, accessible
from tests.journal_peer import mark

BASE = "/desk/school-5/quarantine"


async def _namesakes(desk: Running) -> tuple[int, int]:
    """A mark of «Белова Анна», of whom there are two; the question, and who is meant."""
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, desk.school, "5А")
        await seeding.pupil(q, tools, desk.school, class_id, "Белова Анна Игоревна")
        meant = await seeding.pupil(q, tools, desk.school, class_id, "Белова Анна Олеговна")
    return await intake.question(desk, "Белова Анна"), meant


async def test_one_answer_writes_all_that_waits_and_is_not_asked_for_again(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    question, meant = await _namesakes(desk)
    await intake.question(desk, "Белова Анна")
    page = (await operator.get(BASE)).body.decode()
    assert "Ждёт: 2\N{NO-BREAK SPACE}записи" in page
    assert "Белова Анна Игоревна" in page
    assert "Белова Анна Олеговна" in page
    assert "Журнал прислал: отметка «5», 24.11.2026" in page
    answer = await operator.post(f"{BASE}/{question}", do="answer", choice=meant)
    assert (answer.status, answer.headers["Location"]) == (303, BASE)
    page = (await operator.get(BASE)).body.decode()
    assert "Ответ запомнен" in page
    assert "Вопросов нет" in page
    who = mark(value="4", lesson=5) | {"pupil": {"class": "5А", "name": "Белова Анна"}}
    assert (await desk.door.journal.post(who)).json["created"] == 1
    async with desk.door.database.reading() as q:
        rows = await q.all("select who from entry")
    assert {row["who"] for row in rows} == {meant}


async def test_who_is_unknown_is_found_by_class(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    question = await intake.question(desk)
    async with desk.door.database.reading() as q:
        [class_] = await q.all("select id from class where school_id = :id", id=desk.school.id)
        pupils = await q.all("select id from pupil where school_id = :id", id=desk.school.id)
    page = (await operator.get(f"{BASE}/{question}?class={class_['id']}")).body.decode()
    assert "Белкина Дарья 0" in page
    answer = await operator.post(f"{BASE}/{question}", do="answer", choice=pupils[0]["id"])
    assert answer.status == 303
    assert (await operator.get(f"{BASE}/{question}")).status == 404


async def test_a_foreign_pupil_is_no_answer_and_no_answer_is_an_error(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    question = await intake.question(desk)
    answer = await operator.post(f"{BASE}/{question}", do="answer", choice=12345)
    assert answer.status == 409
    assert "sms-diary" not in answer.body.decode()
    answer = await operator.post(f"{BASE}/{question}", do="answer")
    assert (answer.status, "Выберите один из вариантов" in answer.body.decode()) == (422, True)


async def test_a_dropped_question_is_gone_and_nothing_is_written(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    question = await intake.question(desk)
    assert (await operator.post(f"{BASE}/{question}", do="drop")).status == 303
    assert "Вопросов нет" in (await operator.get(BASE)).body.decode()
    assert (await operator.post(f"{BASE}/{question}", do="drop")).status == 404


async def test_a_question_without_its_file_can_still_be_seen(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    question, _ = await _namesakes(desk)
    async with desk.door.database.transaction() as q:
        await q.run("update delivery set body = null")
    for path in (BASE, f"{BASE}/{question}"):
        answer = await operator.get(path)
        assert answer.status == 200
        assert "Белова Анна Олеговна" in answer.body.decode()


async def test_a_name_is_never_a_script(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    evil = "Злой <script>alert(1)</script>"
    question = await intake.question(desk, evil)
    for path in (BASE, f"{BASE}/{question}"):
        page = (await operator.get(path)).body.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


async def test_many_questions_come_page_by_page_and_by_reason(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    for at in range(22):
        await intake.question(desk, f"Некто Номер{at}")
    first = (await operator.get(f"{BASE}?reason=unknown-pupil")).body.decode()
    assert first.count("Некто Номер") == 20
    follow = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = (await operator.get(follow)).body.decode()
    assert second.count("Некто Номер") == 2
    assert 'rel="next"' not in second


@pytest.mark.browser
@BOTH
async def test_the_questions_can_be_answered_by_everybody(
    walker: Running, width: int, scheme: Scheme
) -> None:
    await _namesakes(walker)
    operator = await walker.as_(Role.OPERATOR)
    async with walker.at(width, scheme, someone=operator) as page:
        await page.goto(BASE)
        await expect(page.get_by_role("heading", name="Кто из учеников")).to_be_visible()
        await expect(page.get_by_role("link", name="кто из учеников")).to_be_visible()
        await expect(page.get_by_role("button", name="Никто из них")).to_be_visible()
        await accessible(page)
        await page.get_by_role("link", name="Выбрать другого").click()
        await expect(page.get_by_label("Искать в классе")).to_be_visible()
        await accessible(page)
        await page.get_by_label("Белова Анна Олеговна").check()
        await page.get_by_role("button", name="Ответить и запомнить").click()
        await expect(page.get_by_text("Ответ запомнен")).to_be_visible()
