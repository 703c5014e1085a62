"""Вебхуки и ключи: a secret is seen once, two live at once, a revoked one opens nothing."""

from __future__ import annotations

import html
import json
import re

import pytest
from playwright.async_api import expect

from sms_diary.api.auth import REMEMBERED
from sms_diary.store import schools
from sms_diary.store.desk.users import Role
from sms_diary.store.tokens import Right
from tests.desk.conftest import BOTH, Running, Scheme, accessible
from tests.journal_peer import eventually, mark

BASE = "/desk/school-5/keys"
SECRET = re.compile(r"whsec_[\w+/=]{20,}|sd_[\w-]{20,}")


async def test_a_new_secret_is_shown_once_and_lives_beside_the_old_one(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    made = await admin.post(BASE, kind="webhook", name="АСУ РСО")
    [secret] = set(SECRET.findall(made.body.decode()))
    page = (await admin.get(BASE)).body.decode()
    assert SECRET.findall(page) == []
    assert "АСУ РСО" in page
    journal = desk.door.journal

    async def both_open() -> bool:
        # The door remembers keys for a moment.
        answers = [await journal.post(mark(), secret=one) for one in (secret, "")]
        return {answer.status for answer in answers} == {202}

    assert 0 < REMEMBERED < 5
    await eventually(both_open)
    async with desk.door.database.reading() as q:
        rows = await q.all("select id from credential where name = '' and school_id = :id"
                           " and kind = 'webhook'", id=desk.school.id)  # fmt: skip
    revoked = await admin.post(f"{BASE}/{rows[0]['id']}/revoke")
    assert revoked.status == 303

    async def only_the_new() -> bool:
        return (await journal.post(mark())).status == 401

    await eventually(only_the_new)
    assert (await journal.post(mark(), secret=secret)).status == 202
    assert "Подпись не подходит" in (await admin.get(BASE)).body.decode()


async def test_each_key_says_when_it_last_brought_events(desk: Running) -> None:
    """So that an old one is revoked when the journal has gone over to the new."""
    admin, journal = await desk.as_(Role.SCHOOL_ADMIN), desk.door.journal
    made = await admin.post(BASE, kind="webhook", name="Новый")
    [secret] = set(SECRET.findall(made.body.decode()))
    await admin.post(BASE, kind="token", name="Отчёт", rights=Right.READ.value)

    async def brought() -> list[str]:
        page = html.unescape((await admin.get(BASE)).body.decode())
        return re.findall(r'data-label="События">(?:<time[^>]*>)?([^<]+)<', page)

    assert await brought() == ["ещё нет", "ещё нет", "ещё нет", "—"]
    assert (await journal.post(mark(), query="?dry_run=1")).status == 200
    assert (await journal.post(mark(value="11"))).status == 422
    assert await brought() == ["ещё нет", "ещё нет", "ещё нет", "—"], "nothing was taken"
    assert (await journal.post(mark())).status == 202
    assert await brought() == ["сегодня в 12:00", "ещё нет", "ещё нет", "—"]

    async def new_one_opens() -> bool:
        return (await journal.post(mark(1), secret=secret)).status == 202

    await eventually(new_one_opens)
    headers = {"authorization": f"Bearer {journal.token}", "content-type": "application/json"}
    answer = await journal.send("POST", journal.events, json.dumps(mark(2)).encode(), headers)
    assert answer.status == 202
    assert await brought() == ["сегодня в 12:00", "сегодня в 12:00", "сегодня в 12:00", "—"]


async def test_a_token_does_what_was_ticked(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    none = await admin.post(BASE, kind="token", name="Отчёт")
    assert (none.status, "Отметьте, что по этому токену" in none.body.decode()) == (422, True)
    made = await admin.post(BASE, kind="token", name="Отчёт", rights=Right.READ.value)
    [token] = set(SECRET.findall(made.body.decode()))
    journal = desk.door.journal
    assert (await journal.get("/v1/messages", token=token)).status == 200
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    assert (await journal.send("POST", journal.events, b"[]", headers)).status == 403
    assert "нет права" in (await admin.get(BASE)).body.decode()


async def test_keys_have_an_end(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        for at in range(9):
            await schools.add_webhook_secret(
                q, tools, desk.school.id, schools.made_secret(), name=f"{at}", now=1
            )
    answer = await admin.post(BASE, kind="webhook", name="лишний")
    assert (answer.status, "сначала отзовите" in answer.body.decode()) == (422, True)


async def test_what_the_door_refused_is_told_without_anything_of_the_request(
    desk: Running,
) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    journal = desk.door.journal
    evil = "<script>x</script>"
    assert (await journal.post(mark(), message_id=evil)).status == 202

    async def noted() -> bool:
        # Notes are written seldom; what came meanwhile goes with the next.
        await journal.post(mark(value=evil))
        await journal.post(mark(), message_id=evil.replace("x", "y"), secret="whsec_QUJDREVG")
        page = (await admin.get(BASE)).body.decode()
        return all(said in page for said in ("принят", "не по схеме", "не впущен"))

    await eventually(noted)
    page = (await admin.get(BASE)).body.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page, "the id of a request that was taken"
    assert "&lt;script&gt;y" not in page, "nothing of one that was not"
    other = await desk.as_(Role.DISTRICT_ADMIN)
    assert "не впущен" not in (await other.get("/desk/school-7/keys")).body.decode()


async def test_a_request_that_came_twice_is_called_a_repeat(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    event = mark()
    for _ in range(2):
        assert (await desk.door.journal.post(event, message_id="msg_1")).status == 202
    assert "повтор" in (await admin.get(BASE)).body.decode()


@pytest.mark.browser
@BOTH
async def test_the_keys_can_be_used_by_everybody(
    walker: Running, width: int, scheme: Scheme
) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    await walker.door.journal.post(mark())
    async with walker.at(width, scheme, someone=admin) as page:
        await page.goto(BASE)
        for text in ("Секреты вебхука", "Токены", "Последние запросы", "записано: 1"):
            await expect(page.locator("#content").get_by_text(text).first).to_be_visible()
        await page.get_by_text("Пример для командной строки").click()
        await expect(page.get_by_text("openssl dgst")).to_be_visible()
        await accessible(page)
        await page.get_by_label("Название").fill("Журнал")
        await page.get_by_role("button", name="Выдать").click()
        await expect(page.get_by_text("скопируйте сейчас")).to_be_visible()
        await accessible(page)
        await page.get_by_role("link", name="Записал, убрать с экрана").click()
        await expect(page.get_by_text("скопируйте сейчас")).to_have_count(0)
