"""Каналы: lamps and figures of real routes, a pause that holds, a trial SMS that arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from sms_diary.clock import ManualClock
from sms_diary.simulator import Options
from sms_diary.simulator.rules import Rule
from sms_diary.simulator.smsc import Smsc
from sms_diary.store import numbers, schools
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.conftest import NOW
from tests.desk.conftest import BOTH, Running, Scheme, accessible
from tests.journal_peer import at_the_door, eventually, mark, route, settings

BASE = "/desk/school-5/channels"


@pytest_asyncio.fixture(loop_scope="session")
async def smsc() -> AsyncIterator[Smsc]:
    made = Smsc(Options(refuse=(Rule("RINVDSTADR", number=seeding.phone(0)[1:]),)))
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path: Path, smsc: Smsc) -> AsyncIterator[Running]:
    """The service with one route; the operator refuses the first parent's number."""
    clock = ManualClock(NOW)
    made = settings(tmp_path, routes=[route(smsc.port, rate=20)])
    async with at_the_door(made, clock=clock) as door:
        yield Running(door, clock)


@pytest_asyncio.fixture(loop_scope="session")
async def walker(desk: Running, browser: Browser) -> Running:
    desk.browser = browser
    return desk


async def _staff(desk: Running) -> int:
    """A number of the school's staff; its id."""
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        known = await numbers.ensure(q, tools, [seeding.phone(99)], now=1)
        await schools.add_staff(q, desk.school.id, known[seeding.phone(99)].id)
    return known[seeding.phone(99)].id


async def _refused(desk: Running) -> None:
    """A first SMS, which the operator has refused."""
    assert (await desk.door.journal.post(mark())).status == 202

    async def done() -> bool:
        return "rejected" in await seeding.column(desk.door.database, "select state from part")

    await eventually(done)


async def test_a_refusal_is_told_with_its_meaning_and_without_a_number(desk: Running) -> None:
    await _refused(desk)
    page = (await (await desk.as_(Role.OPERATOR)).get(BASE)).body.decode()
    for said in ("на связи", "1 из 1", "20 SMS в секунду", "SHKOLA", "ESME_RINVDSTADR", "номер"):
        assert said in page
    assert "90000000" not in page
    assert "Приостановить канал" not in page, "only the district may"
    assert "messages?step=waiting" in page
    sums = (await (await desk.as_(Role.RESOURCE_CENTRE)).get(BASE)).body.decode()
    assert "Ждут отправки" in sums
    assert "/messages" not in sums, "its links would be shut"


async def test_a_paused_route_holds_everything_until_it_is_resumed(
    desk: Running, smsc: Smsc
) -> None:
    await _refused(desk)
    district = await desk.as_(Role.DISTRICT_ADMIN)
    assert (await district.post(f"{BASE}/pause", route="main", pause="1")).status == 303
    page = (await district.get(BASE)).body.decode()
    assert "приостановлен" in page
    assert "Возобновить канал" in page
    staff = await _staff(desk)
    refused = await district.post(f"{BASE}/try", route="main", number=staff)
    assert (refused.status, "пробное SMS не уйдёт" in refused.body.decode()) == (409, True)
    taken = len(smsc.ledger)
    await desk.door.journal.post(mark(1))

    async def queued() -> bool:
        return "queued" in await seeding.column(desk.door.database, "select state from part")

    await eventually(queued)
    desk.door.service.wakes.dispatch.set()
    assert len(smsc.ledger) == taken
    assert (await district.post(f"{BASE}/pause", route="main", pause="0")).status == 303

    async def left() -> bool:
        return len(smsc.ledger) > taken

    await eventually(left)


async def test_a_trial_goes_to_staff_and_to_nobody_else(desk: Running, smsc: Smsc) -> None:
    await _refused(desk)
    operator = await desk.as_(Role.OPERATOR)
    staff = await _staff(desk)
    taken = len(smsc.ledger)
    for number in (desk.door.subscribed[0].number_id, 12345):
        assert (await operator.post(f"{BASE}/try", route="main", number=number)).status == 404
    assert (await operator.post(f"{BASE}/try", route="other", number=staff)).status == 409
    answer = await operator.post(f"{BASE}/try", route="main", number=staff)
    assert answer.headers["Location"].startswith("/desk/school-5/messages/")

    async def arrived() -> bool:
        states = await seeding.column(
            desk.door.database, "select state from message where ground = 'staff'"
        )
        return states == ["delivered"]

    await eventually(arrived)
    assert len(smsc.ledger) == taken + 1


@pytest.mark.browser
@BOTH
async def test_the_channels_can_be_seen_by_everybody(
    walker: Running, width: int, scheme: Scheme
) -> None:
    await _refused(walker)
    await _staff(walker)
    district = await walker.as_(Role.DISTRICT_ADMIN)
    async with walker.at(width, scheme, someone=district) as page:
        await page.goto(BASE)
        for text in ("Состояние с", "В пути к оператору", "Последняя отправка", "Пробное SMS",
                     "Отказы операторов", "Последние отправки", "в файле настроек"):  # fmt: skip
            await expect(page.locator("#content").get_by_text(text).first).to_be_visible()
        await accessible(page)
        page.once("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Приостановить канал").click()
        await expect(page.get_by_text("Канал приостановлен")).to_be_visible()
        await accessible(page)
