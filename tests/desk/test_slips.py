"""Slips for parents at the desk: who prints which, that a password is shown once, what ends one."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from sms_diary.store.desk.users import Role
from sms_diary.store.parent import slips
from sms_diary.web import passwords
from tests import seeding
from tests.desk import families
from tests.desk.conftest import BOTH, Running, Scheme, Someone, accessible
from tests.journal_peer import text

PATH = "/desk/school-5/slips"
_SLIP = re.compile(r"<dt>Логин</dt><dd>(.+?)</dd><dt>Пароль</dt><dd>(.+?)</dd>")


async def own(desk: Running) -> int:
    """The class 5А, with the families that the door has; the first guardian's name is evil."""
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "5А")
        await q.run(
            "update guardian set full_name = :name where id = :id",
            name=families.SCRIPT, id=desk.door.subscribed[0].guardian_id,
        )  # fmt: skip
    return class_id


async def printed(someone: Someone, class_id: int, **form: object) -> list[tuple[str, str]]:
    """(login, password) of every slip on the page that a printing answers with."""
    answer = await someone.post(PATH, **{"class": str(class_id), **form})
    assert answer.status == 200, text(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert families.SCRIPT not in answer.body.decode()
    return _SLIP.findall(text(answer))


async def fits(desk: Running, login: str, password: str) -> bool:
    async with desk.door.database.reading() as q:
        known = await slips.by_login(q, login)
    return known is not None and await passwords.fits(password, known[1])


async def test_a_class_teacher_prints_the_own_class_and_a_password_is_shown_once(
    desk: Running,
) -> None:
    class_id, teacher = await own(desk), await desk.as_(Role.CLASS_TEACHER)  # of 5А
    other = (await families.made(desk, "6А")).class_id
    page = text(await teacher.get(PATH))
    assert "Листки для 5А" in page
    assert "не печатали" in page
    assert "6А" not in page
    made = await printed(teacher, class_id)
    assert len(made) == len(set(made)) == page.count("не печатали")
    assert await fits(desk, *made[0])
    page = text(await teacher.get(PATH))
    assert made[0][0] in page
    assert "ждёт первого входа" in page
    assert families.SCRIPT in page, "as a name"
    assert families.SCRIPT not in (await teacher.get(PATH)).body.decode()
    assert not any(password in page for _, password in made)
    for refused in (await teacher.get(f"{PATH}?class={other}"),
                    await teacher.post(PATH, **{"class": str(other)})):  # fmt: skip
        assert refused.status == 404
    log = await seeding.column(
        desk.door.database,
        "select action || ' ' || kind || ' ' || words as said from desk_audit order by id",
    )
    assert log == [f"printed slip листков: {len(made)}"]


async def test_one_slip_is_printed_anew_and_one_is_closed(desk: Running) -> None:
    class_id, operator = await own(desk), await desk.as_(Role.OPERATOR)
    one = desk.door.subscribed[0]
    whom = {"one": f"{one.pupil_id}-{one.guardian_id}"}
    [first] = await printed(operator, class_id, **whom)
    async with desk.door.database.transaction() as q:
        known = await slips.by_login(q, first[0])
        assert known is not None
        assert await slips.set_password(q, known[0].id, "$own", now=2)
    assert "в ходу, пароль свой" in text(await operator.get(f"{PATH}?class={class_id}"))
    assert first[0] not in dict(await printed(operator, class_id)), "who came in is left alone"
    [second] = await printed(operator, class_id, **whom)
    assert not await fits(desk, *first), "the earlier one is closed"
    async with desk.door.database.reading() as q:
        kept = await slips.by_login(q, second[0])
    assert kept is not None
    form = {"class": str(class_id), "revoke": str(kept[0].id)}
    assert (await operator.post(PATH, **form)).status == 303
    page = text(await operator.get(f"{PATH}?class={class_id}"))
    assert "Вход по этому листку закрыт." in page
    assert "Закрытые листки: 2" in page
    assert not await fits(desk, *second)
    assert (await operator.post(PATH, **form)).status == 404, "it is closed already"
    assert (await operator.post(PATH, **{"class": str(class_id), "one": "1-1"})).status == 404


@pytest.mark.browser
@BOTH
async def test_the_slips_are_on_the_page_that_prints_them(
    walker: Running, width: int, scheme: Scheme
) -> None:
    await own(walker)
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(width, scheme, someone=admin) as page:
        await page.goto(PATH)
        await accessible(page)
        await page.get_by_role("button", name="Напечатать листки класса").click()
        await expect(page.get_by_text("Пароли больше нигде не записаны")).to_be_visible()
        await expect(page.get_by_text(f"{walker.address}/my").first).to_be_visible()
        await expect(page.get_by_text("смените его при первом входе").first).to_be_visible()
        await accessible(page)
        assert page.url.endswith("/slips"), "nothing of it is in the address"
        await page.emulate_media(media="print")
        assert await page.locator(".slip").first.is_visible()
        assert not await page.locator(".skip-print").first.is_visible()
