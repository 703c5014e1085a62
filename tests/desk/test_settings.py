"""Settings of a school: what a form changes, its mode behind a question, the staff's numbers."""

from __future__ import annotations

import re

import pytest

from sms_diary.clock import DAY, SECOND
from sms_diary.model import SchoolMode
from sms_diary.plan import Naming
from sms_diary.store import schools
from sms_diary.store.desk.users import Role
from sms_diary.store.schools import School
from tests import seeding
from tests.desk.conftest import Running
from tests.desk.examples.settings import SETTINGS

PAGE = "/desk/school-5/settings"


async def school_now(desk: Running) -> School:
    async with desk.door.database.reading() as q:
        found = await schools.by_slug(q, "school-5")
    assert found is not None
    return found


async def test_all_of_a_school_is_changed_by_its_form(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    form = SETTINGS | {"latin": "1", "scheme": "icao_doc_9303", "naming": "surname-name"}
    assert (await admin.post(PAGE, **form)).status == 303
    school = await school_now(desk)
    assert (school.name, school.short_name, school.zone.key) == (
        "Школа № 5",
        "Школа 5",
        "Asia/Omsk",
    )
    assert (school.latin, school.scheme, school.naming) == (True, "icao_doc_9303", Naming.BOTH)
    assert (school.settle, school.retention, school.cap) == (60 * SECOND, 30 * DAY, 4)
    assert (school.proof, school.budget, school.calendar.plain.zone.key) == (
        "sms+pd",
        3,
        "Asia/Omsk",
    )
    page = (await admin.get(PAGE)).body.decode()
    assert 'value="8 (900) 000-10-00"' in page
    [noted] = await seeding.column(desk.door.database, "select words from desk_audit")
    assert "часовой пояс" in noted
    assert "900" not in noted, "what it was set to is not for the log"


async def test_another_zone_plans_anew_what_waits(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post(PAGE, **SETTINGS)
    async with desk.door.database.transaction() as q:
        await seeding.queue(
            q, desk.door.service.base.tools, desk.door.subscribed[0], desk.school.id, "5",
            now=desk.clock.now(),
        )  # fmt: skip
    assert (await admin.post(PAGE, **SETTINGS)).status == 303, "nothing has changed"
    assert await seeding.column(desk.door.database, "select state from part") == ["queued"]
    await admin.post(PAGE, **SETTINGS | {"zone": "Asia/Irkutsk"})
    assert await seeding.column(desk.door.database, "select state from part") == ["withdrawn"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", " ", "Заполните это поле"),
        ("short_name", "очень длинное название школы", "Не длиннее 20 знаков"),
        ("zone", "Europe/Paris", "Выберите из предложенного"),
        ("cap", "0", "Не меньше 1"),
        ("retention", "сто", "Нужно целое число"),
        ("budget", "11", "Не больше 10"),
        ("proof", "none", "Выберите из предложенного"),
    ],
)
async def test_what_cannot_be_is_said_and_nothing_changes(
    desk: Running, field: str, typed: str, said: str
) -> None:
    admin, before = await desk.as_(Role.SCHOOL_ADMIN), await school_now(desk)
    answer = await admin.post(PAGE, **SETTINGS | {field: typed})
    assert (answer.status, said in answer.body.decode()) == (422, True)
    assert await school_now(desk) == before


async def test_the_mode_changes_after_a_question_that_says_whom_it_reaches(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    asked = await admin.post(f"{PAGE}/mode", mode="test")
    assert (asked.status, (await school_now(desk)).mode) == (422, SchoolMode.LIVE)
    await admin.post(f"{PAGE}/mode", mode="test", sure="1")
    assert (await school_now(desk)).mode is SchoolMode.TEST
    page = (await admin.get(f"{PAGE}/mode")).body.decode()
    count = len(desk.door.subscribed)
    assert f"<b>{count}\N{NO-BREAK SPACE}" in page
    await admin.post(f"{PAGE}/mode", mode="live", sure="1")
    assert (await school_now(desk)).mode is SchoolMode.LIVE
    noted = await seeding.column(desk.door.database, "select words from desk_audit order by id")
    assert noted == ["проверочный режим", "рабочий режим"]


async def test_a_colleague_s_number_is_kept_masked_and_goes_again(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    wrong = await admin.post(f"{PAGE}/staff", number="8 800 000")
    assert (wrong.status, "Нужен номер мобильного" in wrong.body.decode()) == (422, True)
    await admin.post(f"{PAGE}/staff", number="8 (900) 000-90-01")
    page = (await admin.get(PAGE)).body.decode()
    assert "+7900***9001" in page
    assert "+79000009001" not in page
    [number_id] = re.findall(r'name="number" value="(\d+)"', page)
    other = await desk.as_(Role.DISTRICT_ADMIN)
    gone = await other.post("/desk/school-7/settings/staff/remove", number=number_id)
    assert gone.status == 409, "it is not of that school's staff"
    assert (await admin.post(f"{PAGE}/staff/remove", number=number_id)).status == 303
    assert "+7900***9001" not in (await admin.get(PAGE)).body.decode()


async def test_who_may_not_change_it_sees_no_form(desk: Running) -> None:
    observer = await desk.as_(Role.OBSERVER)
    page = (await observer.get(PAGE)).body.decode()
    assert "Настройки меняет администратор школы" in page
    assert "<button>Сохранить" not in page
    assert "Самара (МСК+1)" in page
