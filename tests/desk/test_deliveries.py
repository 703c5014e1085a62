"""Запрос журнала: what it brought, without persons; and what can be taken now is, once."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from sms_diary.admin.screens.deliveries import masked
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk.conftest import BOTH, Running, Scheme, accessible
from tests.journal_peer import mark, text

BASE = "/desk/school-5/keys"
LENIENT = {"prefer": "handling=lenient"}
AGAIN = "Повторить разбор</button>"
EVIL = "<script>alert(1)</script>"


async def sent(desk: Running, *events: dict[str, Any]) -> str:
    """The card of a request that has just been taken."""
    answer = await desk.door.journal.post(list(events), headers=LENIENT)
    assert answer.status == 202
    [newest] = await seeding.column(
        desk.door.database, "select max(id) as id from delivery where source = 'webhook'"
    )
    return f"{BASE}/deliveries/{newest}"


def undated(pupil: int, value: str) -> dict[str, Any]:
    """A mark of which the journal does not say when it was set."""
    return {name: said for name, said in mark(pupil, value).items() if name != "at"}


async def joins(desk: Running, external: str) -> int:
    """A pupil whom the journal knows by this id is written into a class."""
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, desk.door.service.base.tools, desk.school, "5А")
        return await seeding.pupil(
            q, desk.door.service.base.tools, desk.school, class_id, "Гусев Лев", external
        )


async def marks(desk: Running, pupil_id: int) -> list[Any]:
    return await seeding.column(
        desk.door.database, "select value from entry where who = :who order by id", who=pupil_id
    )


async def test_a_request_is_told_event_by_event_and_shows_nobody(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    named = mark(pupil=0, comment="пересдать в среду") | {
        "pupil": {"class": "5А", "name": "Дроздова Ева"}
    }
    card = await sent(desk, mark(), named, {"kind": "mark.set", "name": EVIL})
    assert card in (await admin.get(BASE)).body.decode(), "the list leads there"
    answer = await admin.get(card)
    page = text(answer)
    for said in ("записано в дневник", "отложено до решения человека", "отклонено", "5А"):
        assert said in page
    for hidden in ("Дроздова", "пересдать", "p0", "script>alert"):
        assert hidden not in page
    assert AGAIN not in page, "nothing has changed since"
    assert (await admin.post(card, do="again")).status == 409


async def test_what_waited_for_a_pupil_is_taken_once_the_pupil_is_known(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    card = await sent(desk, mark(0, "3"), mark(98, "4"), mark(99, "5"))
    pupil_id = await joins(desk, "p99")
    assert AGAIN in text(await admin.get(card))
    assert await marks(desk, pupil_id) == [], "to look changes nothing"
    answer = await admin.post(card, do="again")
    assert answer.status == 303
    assert await marks(desk, pupil_id) == ["5"]
    page = text(await admin.get(card))
    assert "на вопрос ответили" in page
    assert AGAIN not in page
    assert (await admin.post(card, do="again")).status == 409, "once"
    assert await marks(desk, pupil_id) == ["5"]
    asked = await seeding.column(
        desk.door.database, "select state || ' ' || pos as said from quarantine order by pos"
    )
    assert asked == ["open 1", "resolved 2"], "the other waits as before, and is asked once"
    late = await joins(desk, "p98")
    assert (await admin.post(card, do="again")).status == 303
    assert await marks(desk, late) == ["4"]


async def test_what_was_taken_then_stays_as_it_has_become(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    card = await sent(desk, undated(0, "2"), mark(99, "5"))
    desk.clock.advance(60_000)
    await desk.door.journal.post([undated(0, "4")])
    await joins(desk, "p99")
    assert (await admin.post(card, do="again")).status == 303
    assert await marks(desk, desk.door.subscribed[0].pupil_id) == ["4"]


async def test_it_is_told_as_of_the_time_at_which_it_came(desk: Running) -> None:
    """What was said of the same lesson since is newer."""
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    card = await sent(desk, undated(99, "2"))
    pupil_id = await joins(desk, "p99")
    desk.clock.advance(60_000)
    assert (await desk.door.journal.post([undated(99, "4")])).status == 202
    assert "старее того" in text(await admin.get(card))
    assert (await admin.post(card, do="again")).status == 303, "the question is settled"
    assert await marks(desk, pupil_id) == ["4"]


async def test_another_schools_request_is_not_there(desk: Running) -> None:
    card = (await sent(desk, mark(99))).replace("school-5", "school-7")
    district = await desk.as_(Role.DISTRICT_ADMIN)
    assert (await district.get(card)).status == 404
    assert (await district.post(card, do="again")).status == 404


def test_a_body_is_shown_without_persons_and_texts_however_deep() -> None:
    said = masked(
        b'{"kind": "mark.set", "pupil": {"name": "\xd0\x95\xd0\xb2\xd0\xb0", "class": "5A"},'
        b' "mark": "5", "x": [[[[[[[[[["kind"]]]]]]]]]], "comment": null, "lesson": 3}'
    )
    assert '"class": "5A"' in said
    assert '"name": "•••"' in said
    assert '"mark": "5"' in said
    assert '"lesson": 3' in said
    assert "Ева" not in said


@pytest.mark.browser
@BOTH
async def test_a_request_is_taken_anew_by_hand(walker: Running, width: int, scheme: Scheme) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    card = await sent(walker, mark(), mark(99))
    await joins(walker, "p99")
    async with walker.at(width, scheme, someone=admin) as page:
        await page.goto(card)
        for said in ("Теперь можно принять", "События", "Тело запроса"):
            await expect(page.locator("#content").get_by_text(said).first).to_be_visible()
        await page.get_by_text("Показать", exact=True).click()
        await expect(page.locator("pre")).to_contain_text("mark.set")
        await accessible(page)
        await page.get_by_role("button", name="Повторить разбор").click()
        await expect(page.get_by_text("Разобрано заново: 1 событие принято.")).to_be_visible()
        await accessible(page)
