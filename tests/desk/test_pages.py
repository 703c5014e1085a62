"""The frame of every page in a real browser: wide and narrow, light and dark, by keyboard, and
without JavaScript."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from sms_diary.store.desk import sessions, users
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk.conftest import BOTH, NARROW, WIDE, Running, Scheme, accessible

pytestmark = pytest.mark.browser
PASSWORD = "четыре слова подряд тут"


PAGES = {
    "/desk/school-5/": ["Требует внимания", "создано", "доставлено", "Очередь"],
    "/desk/school-5/audit": ["Журнал действий", "Скачать CSV", "Записей нет"],
    "/desk/school-5/audit?since=2026-11-24": ["С какого дня", "Таких записей нет"],
    "/desk/school-5/pause": ["Приостановить рассылку школы?", "Оставить как есть"],
    "/desk/-/schools": ["Школа «school-5»", "рабочий"],
    "/desk/school-5/users": ["Пригласить", "Администратор школы", "Видит всё в школе"],
    "/desk/school-5/settings": [
        "Рабочий режим",
        "Часовой пояс",
        "Храним тексты, дней",
        "Цена",
        "Отправитель SMS",
    ],
    "/desk/school-5/settings/mode": ["Вернуть проверочный режим?", "Оставить как есть"],
    "/desk/school-5/help": [
        "Что делать, если…",
        "Прочитал ли его человек",
        "Карантин",
        "Что с согласием",
        "Роли",
        "Клавиатура",
    ],
    "/desk/-/district": ["Пригласить", "Ресурсный центр"],
    "/desk/-/state": [
        "Служба работает",
        "Очереди",
        "Версия",
        "Файл для поддержки",
        "/metrics",
        "Последняя копия базы",
        "sms-diary backup make",
    ],
    "/desk/-/nothing": ["Такой страницы нет", "На главную"],
}
"""The pages of the frame, and what must be seen on each."""


@BOTH
async def test_a_page_can_be_used_by_everybody(walker: Running, width: int, scheme: Scheme) -> None:
    admin = await walker.as_(Role.DISTRICT_ADMIN)
    async with walker.at(width, scheme, someone=admin) as page:
        for path, essential in PAGES.items():
            await page.goto(path)
            for text in essential:
                await expect(page.locator("#content").get_by_text(text).first).to_be_visible()
            await accessible(page)


@pytest.mark.parametrize(("width", "javascript"), [(NARROW, True), (WIDE, False)])
async def test_the_first_admin_comes_in_by_a_link(
    walker: Running, width: int, javascript: bool
) -> None:
    tools, now = walker.door.service.base.tools, walker.clock.now()
    async with walker.door.database.transaction() as q:
        user_id = await users.add(
            q, tools, school_id=0, login="admin", name="Анна", role=Role.DISTRICT_ADMIN, now=now
        )
        assert user_id is not None
        secret = await sessions.invite(q, tools, user_id, now=now)
    async with walker.at(width, javascript=javascript) as page:
        await page.goto(f"/desk/-/link/{secret}")
        await page.get_by_label("Новый пароль").fill("короткий")
        await page.get_by_role("button", name="Сохранить и войти").click()
        await expect(page.get_by_text("Нужно от 10 до 200 знаков")).to_be_visible()
        if javascript:
            await accessible(page)
        await page.get_by_label("Новый пароль").fill(PASSWORD)
        await page.get_by_role("button", name="Сохранить и войти").click()
        await page.get_by_role("link", name="Школа «school-5»").click()
        await expect(page.get_by_role("heading", name="Сводка")).to_be_visible()
        await page.get_by_text("Анна").click()
        await page.get_by_role("button", name="Выйти").click()
        await _sign_in(page)
        await expect(page.get_by_role("heading", name="Школы")).to_be_visible()


async def _sign_in(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Вход")).to_be_visible()
    await page.get_by_label("Логин").fill("admin")
    await page.get_by_label("Пароль", exact=True).fill("не тот пароль")
    await page.get_by_role("button", name="Войти").click()
    await expect(page.get_by_role("alert")).to_contain_text("Логин или пароль не подошли")
    await page.get_by_label("Пароль", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()


@pytest.mark.parametrize(("width", "javascript"), [(NARROW, True), (NARROW, False)])
async def test_the_rows_behind_a_menu_and_the_stop_cock_are_reached(
    walker: Running, width: int, javascript: bool
) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(width, javascript=javascript, someone=admin) as page:
        await page.goto("/desk/school-5/")
        if javascript:
            await page.get_by_text("Меню").click()
        else:  # it cannot be folded, so it stands below and the page comes first
            await expect(page.get_by_role("heading", name="Сводка")).to_be_in_viewport()
            await page.get_by_role("link", name="Разделы").click()
        await page.get_by_role("link", name="Журнал действий").click()
        await page.get_by_role("link", name="Приостановить рассылку").click()
        await page.get_by_role("button", name="Приостановить рассылку").click()
        await expect(page.get_by_text("Родителям ничего не уходит")).to_be_visible()
        await page.get_by_role("link", name="Возобновить").click()
        await page.get_by_role("button", name="Возобновить рассылку").click()
        await expect(page.get_by_text("Рассылка возобновлена.")).to_be_visible()
        await expect(page.get_by_text("Родителям ничего не уходит")).not_to_be_visible()


async def test_the_keyboard_alone_goes_past_the_menu_to_the_content(walker: Running) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(someone=admin) as page:
        await page.goto("/desk/school-5/audit")
        await page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="К содержанию")
        await expect(skip).to_be_focused()
        await expect(skip).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Скачать CSV")).to_be_focused()


async def test_a_filter_is_applied_as_it_is_chosen(walker: Running) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(someone=admin) as page:
        await page.goto("/desk/school-5/audit")
        await page.get_by_label("Действие").select_option("выгрузка")
        await page.wait_for_url("**action=exported**")
        await expect(page.get_by_label("Действие")).to_have_value("exported")


async def test_the_summary_moves_while_it_is_looked_at(walker: Running) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(someone=admin) as page:
        async with page.expect_response("**/live"):
            await page.goto("/desk/school-5/")
        await expect(page.locator('[data-live="waiting"]')).to_have_text("0")
        async with walker.door.database.transaction() as q:
            await seeding.queue(
                q, walker.door.service.base.tools, walker.door.subscribed[0], walker.school.id,
                "5", now=walker.clock.now(),
            )  # fmt: skip
        await expect(page.locator('[data-live="waiting"]')).to_have_text("1", timeout=15_000)
        await expect(page.locator('[data-live="today-created"]')).to_have_text("1")
