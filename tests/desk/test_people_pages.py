"""The pages about people in a real browser: what must be seen, wide and narrow, and by everybody.

One walk with a script and one without: a consent on paper, a phrase that is tried, a parent who is
forgotten.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import BOTH, NARROW, WIDE, Running, Scheme, accessible
from tests.journal_peer import eventually

pytestmark = pytest.mark.browser
BASE = "/desk/school-5/"


async def told(walker: Running) -> tuple[families.Made, int]:
    """Families, one of them with a dead number, and an SMS that waits for a person; its id."""
    made = await families.made(walker)
    one = made.subscribed[0]
    async with walker.door.database.transaction() as q:
        tools = walker.door.service.base.tools
        # Of today: an old text is destroyed as soon as the service looks for such.
        await seeding.queue(
            q, tools, one, walker.school.id, "Лев А.: алгебра 5", now=walker.clock.now()
        )
    await families.suspended(walker, made.subscribed[2])
    inbound_id = await families.came(walker, one.number, "А когда собрание?")

    async def obeyed() -> bool:
        rows = await seeding.column(walker.door.database, "select state from inbound")
        return rows == ["waiting"]

    walker.door.service.wakes.inbound.set()
    await eventually(obeyed)
    return made, inbound_id


def pages(made: families.Made, inbound_id: int) -> dict[str, list[str]]:
    """Each page, and what must be seen on it."""
    one, dead = made.subscribed[0], made.subscribed[2]
    card = f"people/guardians/{one.guardian_id}"
    return {
        "people": ["Абрамов Лев Сергеевич", "активна", "Скачать Excel", "+7900***0200"],
        f"people/pupils/{one.pupil_id}": ["Родители", "Абрамова Елена Игоревна", "Забыть ученика"],
        f"people/pupils/{one.pupil_id}/forget": ["На каком основании", "Показать, что исчезнет"],
        card: ["Сменить номер", "Показать целиком", "Дети и подписки", "Как менялось согласие",
               "Как обычно в школе", "SMS приходят", "Последние SMS", "Лев А.: алгебра 5",
               "Какими буквами писать"],
        f"{card}/subscriptions/{one.subscription_id}": [
            "Когда что сообщать", "Остановить SMS", "Записать ещё одно согласие на бумаге"],
        f"{card}/number": ["Новый номер", "Что произойдёт", "Согласие на новый номер не переходит"],
        f"{card}/rights": ["Скачать для печати", "Забыть человека"],
        f"{card}/forget": ["На каком основании"],
        "people/acts": ["Ничего ещё не уничтожали"],
        "consents": ["Вся школа", "не спрошен", "По классам", "заблокирован оператором"],
        "consents?state=refused": ["Дроздова Ева Максимовна"],
        "consents/asking": ["Где родители оставили номер", "Ждём ответа"],
        "consents/papers": ["Что печатать", "Скачать"],
        "consents/words": ["Проверить фразу", "СТОП ОЦЕНКИ", "Что писали родители", "не слово",
                           "Что отвечает служба", "сколько каждый занимает"],
        "consents/checking": ["Проверить журнал", "Конец журнала"],
        "inbound": ["А когда собрание?", "ждёт человека", "Ответ"],
        f"inbound/{inbound_id}": ["Отметить: ответили", "Ответ службы"],
        "inbound/try": ["Школа работает с родителями"],
        "problems": ["Гусев Тимофей Ильич", "не доходит, не пишем", "Что делать",
                     "Скачать XLSX", "Отказались сами:"],
        "problems?kind=opted-out": ["Дроздова Ева Максимовна", "остановил SMS"],
        f"problems/{dead.guardian_id}/lift": ["Отметить: SMS снова доходят"],
    }  # fmt: skip


@BOTH
async def test_a_page_can_be_used_by_everybody(walker: Running, width: int, scheme: Scheme) -> None:
    made, inbound_id = await told(walker)
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(width, scheme, someone=admin) as page:
        for path, essential in pages(made, inbound_id).items():
            await page.goto(BASE + path)
            for text in essential:
                await expect(page.locator("#content").get_by_text(text).first).to_be_visible()
            await accessible(page)


@pytest.mark.parametrize(("width", "javascript"), [(WIDE, True), (NARROW, False)])
async def test_a_consent_is_written_down_and_a_parent_is_forgotten(
    walker: Running, width: int, javascript: bool
) -> None:
    await families.made(walker)
    operator = await walker.as_(Role.OPERATOR)
    async with walker.at(width, javascript=javascript, someone=operator) as page:
        await page.goto(BASE + "people")
        await page.get_by_label("Фамилия ученика").fill("гусев")
        await page.get_by_role("button", name="Найти").click()
        await page.get_by_role("link", name="Гусева Марина Андреевна").click()
        await _write_down(page)
        await page.get_by_role("link", name="Выписать всё").click()
        await page.get_by_role("link", name="Посмотреть, что исчезнет").click()
        await page.get_by_role("button", name="Показать, что исчезнет").click()
        await expect(page.get_by_text("имя родителя, связь с ребёнком")).to_be_visible()
        await page.get_by_label("Чтобы подтвердить").fill("УНИЧТОЖИТЬ")
        await page.get_by_role("button", name="Уничтожить данные").click()
        await expect(page.get_by_role("heading", name="Акт об уничтожении")).to_be_visible()
        async with page.expect_download() as started:
            await page.get_by_role("link", name="Скачать акт для печати").click()
        assert (await started.value).suggested_filename.startswith("акт-")


async def _write_down(page: Page) -> None:
    """On a guardian's card: the consent on a paper, and back."""
    await page.get_by_role("link", name="Изменить").click()
    await page.get_by_label("Номер бланка").fill("SMS-5А-2026-003")
    await page.get_by_role("button", name="Записать согласие").click()
    await expect(page.get_by_text("Согласие записано.")).to_be_visible()
    await expect(page.get_by_text("согласие дано")).to_be_visible()
    await page.get_by_text("Чем подтверждается").first.click()
    await expect(page.get_by_text("SMS-5А-2026-003")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_phrase_is_tried(walker: Running, javascript: bool) -> None:
    observer = await walker.as_(Role.OBSERVER)
    async with walker.at(someone=observer, javascript=javascript) as page:
        await page.goto(BASE + "consents/words")
        await page.get_by_label("Что написал родитель").fill("ctоп")
        if not javascript:
            await page.get_by_role("button", name="Проверить").click()
        await expect(page.get_by_text("SMS остановятся сразу, во всех школах")).to_be_visible()
