"""The whole walk of a first day, in a real browser, on the stage of the demo: the service, the
simulated operator and the phones' page, as `scripts/demo` starts them; with JavaScript and without.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from sms_diary.clock import ShiftedClock
from sms_diary.demo.district import invited
from sms_diary.demo.stage import Stage, stage
from sms_diary.demo.week import MON, Week
from sms_diary.resources import demo_dir
from tests.desk.conftest import WIDE

pytestmark = pytest.mark.browser
PASSWORD = "четыре слова подряд тут"
LIST = demo_dir() / "spisok_7B.csv"
TEXT = "Собрание 7Б в четверг в 18:00, каб. 24"
PARENT = "79000007001"
SLOW = 20_000
"""Milliseconds in which an SMS comes on a busy machine."""


@pytest_asyncio.fixture(loop_scope="session")
async def on_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A live school without pupils, on a Monday morning."""
    async with stage(tmp_path, ShiftedClock(Week.around(None).at(MON, "10:00"))) as found:
        yield found


@asynccontextmanager
async def opened(
    browser: Browser, on_stage: Stage, *, javascript: bool
) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(
        viewport={"width": WIDE, "height": 900}, locale="ru-RU", java_script_enabled=javascript,
        base_url=on_stage.service.address,
    )  # fmt: skip
    context.set_default_timeout(SLOW)
    try:
        yield context
    finally:
        await context.close()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_the_first_day_of_a_school(
    browser: Browser, on_stage: Stage, javascript: bool
) -> None:
    async with opened(browser, on_stage, javascript=javascript) as context:
        page = await context.new_page()
        await _comes_in(page, await invited(on_stage.service, on_stage.clock))
        await _imports_the_class_list(page)
        await _looks_at_a_template(page, javascript=javascript)
        await _posts_an_announcement(page)
        phones = await context.new_page()
        await _sees_it_on_the_phone(phones, on_stage)
        await _sees_it_delivered(page)
        await _answers_stop(phones, on_stage)
        await _sees_who_stopped(page)


async def _comes_in(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_label("Новый пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Сохранить и войти").click()
    # With one school its summary comes first.
    await expect(page.get_by_role("heading", name="Сводка")).to_be_visible()


async def _imports_the_class_list(page: Page) -> None:
    await _menu(page, "Импорт")
    await page.get_by_label("Файлы школы").set_input_files(LIST)
    await page.get_by_role("button", name="Проверить файлы").click()
    await page.get_by_label("Документ").fill("форма SMS-1 от 01.09.2026, папка 7Б")
    await page.get_by_label("Кто собрал согласия").fill("Петрова А. В.")
    await page.get_by_role("button", name="Дальше: проверка").click()
    await page.get_by_role("button", name=re.compile("Применить")).click()
    await expect(page.get_by_role("heading", name="Итог")).to_be_visible()
    await _menu(page, "Ученики и родители")
    await expect(page.get_by_text("Абрамова").first).to_be_visible()


async def _looks_at_a_template(page: Page, *, javascript: bool) -> None:
    await _menu(page, "Шаблоны SMS")
    await page.locator("main a[href$='/templates/mark']").first.click()
    await expect(page.locator("#preview")).to_contain_text("SMS")
    if javascript:
        field = page.get_by_label("Текст", exact=True)
        await field.fill(await field.input_value() + " проба")
        await expect(page.locator("#preview")).to_contain_text("проба")


async def _posts_an_announcement(page: Page) -> None:
    await _menu(page, "Объявления")
    await page.locator("main a[href$='/announcements/new']").first.click()
    await page.get_by_label("Текст", exact=True).fill(TEXT)
    await page.get_by_role("button", name="Дальше: проверить").click()
    hint = await page.get_by_text("Введите число, чтобы подтвердить").inner_text()
    await page.get_by_label("Сколько родителей его получит?").fill(hint.rpartition(" ")[2])
    await page.get_by_role("button", name="Отправить объявление").click()
    await expect(page.get_by_text(TEXT).first).to_be_visible()


async def _sees_it_on_the_phone(phones: Page, on_stage: Stage) -> None:
    await _until_seen(phones, f"{on_stage.phones}?q={PARENT}", TEXT)
    await expect(phones.get_by_text("доставлено").last).to_be_visible()


async def _sees_it_delivered(page: Page) -> None:
    await _until_seen(page, "/desk/school-5/messages?state=delivered", TEXT[:20])


async def _answers_stop(phones: Page, on_stage: Stage) -> None:
    await phones.goto(f"{on_stage.phones}?q={PARENT}")
    await phones.get_by_role("textbox", name=re.compile("Ответ с телефона")).fill("СТОП")
    await phones.get_by_role("button", name="Отправить", exact=True).click()
    await _until_seen(phones, f"{on_stage.phones}?q={PARENT}", "SMS-дневник отключен")


async def _sees_who_stopped(page: Page) -> None:
    await _until_seen(page, "/desk/school-5/inbound", "СТОП")
    await _menu(page, "Ученики и родители")
    await page.get_by_role("link", name=re.compile("Абрамова Елена")).first.click()
    await expect(page.get_by_text("Родитель отключил SMS словом СТОП").first).to_be_visible()


async def _menu(page: Page, title: str) -> None:
    await page.get_by_role("navigation", name="Разделы").get_by_role("link", name=title).click()


async def _until_seen(page: Page, address: str, text: str) -> None:
    """Come again until it is there, as somebody without JavaScript does."""

    async def look() -> bool:
        await page.goto(address)
        return await page.get_by_text(text).count() > 0

    for _ in range(100):
        if await look():
            return
        await page.wait_for_load_state("networkidle")
    raise AssertionError(f"{text!r} does not come")
