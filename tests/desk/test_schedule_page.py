"""The schedule at the desk: rhythms, hours, days off, holidays, and what waits for them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.async_api import expect

from sms_diary.store import holidays, schools, settings
from sms_diary.store.desk.users import Role
from sms_diary.store.holidays import Holiday
from tests import seeding
from tests.desk.conftest import BY_HAND, Running, Scheme, accessible
from tests.desk.examples.schedule import BREAK, HOURS
from tests.desk.test_announcements import plain
from tests.journal_peer import eventually

PAGE = "/desk/school-5/schedule"
NASTY = "<script>alert(1)</script>"


async def row(desk: Running) -> dict[str, Any]:
    async with desk.door.database.reading() as q:
        return dict(await settings.read(q, desk.school.id))


async def test_hours_days_and_rhythms_are_changed_together(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    answer = await admin.post(PAGE, **(HOURS | {"marks": "week", "off_days": ["6", "7"]}))
    assert answer.status == 303
    now = await row(desk)
    assert (now["rhythms"], now["off_days"]) == ("marks=week", "67")
    assert (now["day_from"], now["day_to"]) == (480, 1260)
    assert (now["urgent_from"], now["urgent_to"], now["digest_at"]) == (390, 1320, 1080)
    async with desk.door.database.reading() as q:
        [school] = (await schools.by_ids(q, [desk.school.id])).values()
    assert school.rhythms == {
        "marks": "week", "absences": "now", "homework": "off", "timetable": "now",
        "announcements": "now",
    }  # fmt: skip
    assert "расписание рассылок" in plain(await admin.get("/desk/school-5/audit"))
    await admin.post(PAGE, **(HOURS | {"marks": "week", "off_days": ["6", "7"]}))
    assert "Всё уже так и записано" in plain(await admin.get(PAGE))
    assert "Время школы: Самара (МСК+1)" in plain(await admin.get(PAGE))
    seen = (await (await desk.as_(Role.OBSERVER)).get(PAGE)).body.decode()
    assert "<fieldset disabled>" in seen, "who may not save it is not let to type"
    assert "Сохранить расписание" not in seen


async def test_it_is_said_whether_sms_leave_just_now_and_until_when(desk: Running) -> None:
    """It is noon of a Tuesday."""
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    assert "SMS уходят в любое время." in plain(await admin.get(PAGE))
    async with desk.door.database.transaction() as q:
        far = Holiday(date(2026, 12, 30), date(2027, 1, 10), "")
        await holidays.put(q, desk.school.id, far, now=1)
    said = "тихо станет 30 декабря в 00:00"
    assert said in plain(await admin.get(PAGE)), "a midnight between two days with SMS is no end"
    for changed, said in (
        ({"day_from": 540, "day_to": 1260}, "Сейчас SMS уходят; тихо станет сегодня в 21:00."),
        ({"day_from": 840}, "обычные новости подождут, уйдут сегодня в 14:00."),
        ({"off_days": "2"}, "обычные новости подождут, уйдут завтра в 14:00."),
        ({"paused_at": 5}, "Рассылка школы приостановлена: сейчас не уходит ничего."),
    ):
        async with desk.door.database.transaction() as q:
            await settings.change(q, desk.school.id, changed, now=desk.clock.now())
        assert said in plain(await admin.get(PAGE))


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"day_from": "21:00", "day_to": "8:00"}, "Конец должен быть позже начала, иначе"),
        ({"urgent_from": "9:00", "urgent_to": "9:00"}, "Конец должен быть позже начала"),
        ({"digest_at": "18"}, "Нужно время вида 9:00"),
        ({"digest_at": "18:60"}, "Нужно время вида 9:00"),
        ({"day_to": "24:01"}, "Нужно время вида 9:00"),
        ({"off_days": list("1234567")}, "Оставьте хотя бы один день"),
        ({"marks": "hourly"}, "Выберите из предложенного"),
    ],
)
async def test_hours_that_cannot_be_are_said_beside_the_field(
    desk: Running, form: dict[str, Any], wrong: str
) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    before = await row(desk)
    answer = await admin.post(PAGE, **(HOURS | form))
    assert (answer.status, wrong in plain(answer)) == (422, True)
    assert await row(desk) == before


async def test_a_day_may_end_at_midnight(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    assert (await admin.post(PAGE, **(HOURS | {"day_to": "24:00"}))).status == 303
    assert b'value="24:00"' in (await admin.get(PAGE)).body


async def test_holidays_are_added_and_removed(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    assert "Каникул нет" in plain(await admin.get(PAGE))
    assert (await admin.post(f"{PAGE}/holidays", **BREAK)).status == 303
    assert "28 декабря – 10 января 2027 зимние" in plain(await admin.get(PAGE))
    await admin.post(f"{PAGE}/holidays", do="remove", first="2026-12-28")
    assert "Каникул нет" in plain(await admin.get(PAGE))


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"last": "2026-12-27"}, "Последний день раньше первого"),
        ({"first": "2027-01-10", "last": "2027-01-12"}, "пересекаются с другими каникулами"),
        ({"first": "скоро"}, "Нужна дата"),
        ({"name": "я" * 61}, "Не длиннее 60 знаков"),
    ],
)
async def test_holidays_that_cannot_be_are_refused(
    desk: Running, form: dict[str, Any], wrong: str
) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post(f"{PAGE}/holidays", **(BREAK | {"first": "2027-01-01"}))
    answer = await admin.post(f"{PAGE}/holidays", **(BREAK | form))
    assert (answer.status, wrong in plain(answer)) == (422, True)
    async with desk.door.database.reading() as q:
        assert len(await holidays.of_school(q, desk.school.id)) == 1


async def test_what_waits_is_shown_with_its_moment(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post(PAGE, **HOURS)
    acceptor = desk.door.service.acceptor
    await acceptor.accept_many([seeding.events(desk.school, "m1", seeding.mark("5"))])

    async def planned() -> bool:
        states = await seeding.column(desk.door.database, "select state from line")
        return states == ["planned"]

    await eventually(planned)
    said = plain(await admin.get(PAGE))
    assert "1 отметки для 1 родителя сегодня в 18:00" in said
    assert "Ближайшие сводки сегодня в 18:00 за день завтра в 18:00 за день" in said
    await admin.post(PAGE, **(HOURS | {"digest_at": "19:30"}))
    assert "1 отметки для 1 родителя сегодня в 19:30" in plain(await admin.get(PAGE))


async def test_a_hostile_name_of_holidays_is_only_a_name(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post(f"{PAGE}/holidays", **(BREAK | {"name": NASTY}))
    page = await admin.get(PAGE)
    assert NASTY.encode() not in page.body
    assert b"alert(1)" in page.body


@pytest.mark.browser
@BY_HAND
async def test_the_schedule_is_seen_and_changed_by_hand(
    walker: Running, width: int, scheme: Scheme, javascript: bool
) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(width, scheme, javascript=javascript, someone=admin) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(PAGE)
        for essential in ("Ждёт своего времени", "Ближайшие сводки", "О чём и как часто",
                          "Когда SMS можно приходить", "Каникулы и праздники", "Самара (МСК+1)",
                          "Дни без SMS"):  # fmt: skip
            await expect(page.locator("#content").get_by_text(essential).first).to_be_visible()
        if javascript:
            await accessible(page)
        await page.get_by_label("Отметки").select_option("раз в неделю")
        await page.get_by_label("Обычные: с").fill("25:00")
        await page.get_by_role("button", name="Сохранить расписание").click()
        await expect(page.get_by_role("alert")).to_contain_text("Нужно время вида 9:00")
        if javascript:
            await accessible(page)
        await page.get_by_label("Обычные: с").fill("9:00")
        await page.get_by_role("button", name="Сохранить расписание").click()
        await expect(page.get_by_text("Сохранено.")).to_be_visible()
        await page.get_by_label("Первый день").fill("2026-12-28")
        await page.get_by_label("Последний день").fill("2027-01-10")
        await page.get_by_role("button", name="Добавить каникулы").click()
        await expect(page.get_by_text("28 декабря – 10 января 2027")).to_be_visible()
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Убрать").click()
        await expect(page.get_by_text("Каникул нет")).to_be_visible()
