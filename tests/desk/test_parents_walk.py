"""A parent walks through the page in a real browser, without JavaScript: phone and computer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from sms_diary.clock import HOUR
from sms_diary.reports import paper
from sms_diary.store.parent import slips
from sms_diary.web import passwords
from tests import seeding
from tests.desk.conftest import NARROW, WIDE, Scheme, accessible
from tests.desk.parents import MUM, NEW, Home, missed, told

pytestmark = pytest.mark.browser
PRINTED = "4821-7730-1946"


async def code_on_the_phone(page: Page, home: Home, number: str, *, after: int = 0) -> str:
    """The code as it is read off the simulator's page of phones."""
    await home.code(number, before=after)
    phones = await page.context.new_page()
    await phones.goto(f"{home.phones.rstrip('/')}/?q={number.lstrip('+')}")
    shown = await phones.locator("body").inner_text()
    await phones.close()
    code = home.codes(number)[-1]
    assert code in shown
    return code


async def enter(page: Page, home: Home, number: str = MUM) -> None:
    before = len(home.codes(number))
    await page.goto("/my")
    await page.get_by_label("Номер телефона").fill(number.replace("+7", "8 "))
    await page.get_by_role("button", name="Получить код").click()
    code = await code_on_the_phone(page, home, number, after=before)
    await page.get_by_label("Код из SMS").fill(code)
    await page.get_by_role("button", name="Войти").click()
    await expect(page.get_by_role("heading", name="Дневник", exact=True)).to_be_visible()


async def to(page: Page, name: str) -> None:
    await page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


async def test_a_code_a_rhythm_a_number_and_a_stop(home: Home, browser: Browser) -> None:
    home.desk.browser = browser
    await told(home)
    async with home.desk.at(NARROW, javascript=False) as page:
        await enter(page, home)
        await expect(page.get_by_text("Контрольная работа")).to_be_visible()
        await to(page, "Темы")
        await page.locator(f"#marks-{home.darya.subscription_id}").select_option("week")
        await page.get_by_role("button", name="Сохранить").click()
        await expect(page.get_by_role("status")).to_have_text("Сохранено.")
        await to(page, "Номер")
        await page.get_by_label("Новый номер").fill(NEW)
        await page.get_by_role("button", name="Получить код").click()
        await page.get_by_label("Код из SMS").fill(await code_on_the_phone(page, home, NEW))
        await page.get_by_role("button", name="Сменить номер и получать SMS").click()
        await expect(page.get_by_role("status")).to_contain_text("Номер сменён")
        await to(page, "Согласия")
        await page.get_by_role("button", name="Отключить все SMS").click()
        await expect(page.get_by_role("status")).to_contain_text("больше не пишем")
        await page.get_by_role("button", name="Выйти").click()
        await expect(page.get_by_role("heading", name="Вы вышли")).to_be_visible()
        await page.go_back()
        await expect(page.get_by_text("Дарья Б.")).to_have_count(0)
    rhythms = await seeding.column(home.desk.door.database, "select rhythm from rhythm")
    assert rhythms == ["week"]
    states = await seeding.column(home.desk.door.database, "select state from consent")
    assert states == ["stopped", "stopped"]


async def test_the_paper_way_in_by_keyboard_alone(
    home: Home, browser: Browser, tmp_path: Path
) -> None:
    home.desk.browser = browser
    tools, school = home.desk.door.service.base.tools, home.desk.school
    kept = await passwords.hashed(PRINTED)
    async with home.desk.door.database.transaction() as q:
        holder = slips.Holder(home.darya.pupil_id, "Белкина Дарья", home.darya.guardian_id, "")
        login = await slips.make(
            q, tools, school.id, holder, kept, by="x", now=home.desk.clock.now()
        )
    printed = tmp_path / "slips.html"
    printed.write_text(
        paper.slips(school.name, "5А", home.address + "/my", [paper.Slip(holder, login, PRINTED)]),
        encoding="utf-8",
    )
    async with home.desk.at(WIDE, javascript=False) as page:
        await page.goto(printed.as_uri())
        await expect(page.get_by_text(login)).to_be_visible()
        await expect(page.get_by_text(PRINTED)).to_be_visible()
        await page.goto("/my/paper")
        for typed in (login, PRINTED):
            while not await page.evaluate("document.activeElement.matches('input')") or (
                await page.evaluate("document.activeElement.value")
            ):
                await page.keyboard.press("Tab")
            await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Придумайте пароль")).to_be_visible()
        await page.get_by_label("Новый пароль").press_sequentially("кот сидит на окне")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Дарья Б.")).to_be_visible()
        await expect(page.get_by_text("Егор Б.")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "light"), (WIDE, "dark")])
async def test_every_page_is_accessible(
    home: Home, browser: Browser, width: int, scheme: Scheme
) -> None:
    home.desk.browser = browser
    await told(home)
    await missed(home)
    async with home.desk.at(width, scheme) as page:
        for path in ("/my", "/my/paper", "/my/code", "/my/bye", "/my/nothing"):
            await page.goto(path)
            await accessible(page)
        home.desk.clock.advance(HOUR)
        await enter(page, home)
        for path in ("/my", "/my/messages", "/my/sms", "/my/consents", "/my/number"):
            await page.goto(path)
            for closed in await page.locator("summary").all():
                await closed.click()
            await accessible(page)
