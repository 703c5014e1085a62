"""Pupils and parents at the desk: listed, sought, exported; who sees whom."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from sms_diary.store import numbers, people, roll
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import Running
from tests.desk.families import NAMES, SCRIPT
from tests.desk.reading import BASE, at, noted, text
from tests.journal_peer import OTHER

# ---------------------------------------------------------------- the list


async def test_the_list_shows_families_with_masked_numbers(desk: Running) -> None:
    await families.made(desk)
    observer = await desk.as_(Role.OBSERVER)
    page = text(await observer.get(BASE + "people"))
    for pupil, guardian, _ in NAMES:
        assert pupil in page
        assert guardian in page
    assert "+7900***0200" in page
    assert "+79000000200" not in page
    for said in ("активна", "спрошен", "не спрошен", "отказ", "остановлена", "чужой номер"):
        assert said in page
    assert "Скачать" not in page, "an observer takes nothing away"


async def test_pages_follow_each_other_and_none_names_a_person_in_its_address(
    desk: Running,
) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        for n in range(60):
            await seeding.pupil(q, tools, school, class_id, f"Ученик {n:02}")
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    path, found = BASE + f"people?class={class_id}", []
    while path:
        page = text(await admin.get(path))
        found += re.findall(r">(Ученик \d\d)<", page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
        assert not re.search("[а-яА-Я%]", path)
    assert found == [f"Ученик {n:02}" for n in range(60)]


@pytest.mark.parametrize("sought", ["гусев", "ГУСЕВ Тим", "Гусев Тимофей Ильич", "гусева марина"])
async def test_a_pupil_is_found_by_the_beginning_of_a_name(desk: Running, sought: str) -> None:
    await families.made(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "people", sought=sought)
    assert answer.status == 200
    assert "Гусев Тимофей Ильич" in text(answer)
    assert "Абрамов" not in text(answer)


async def test_what_was_sought_goes_on_to_its_next_page(desk: Running) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        ids = [await seeding.pupil(q, tools, school, class_id, f"Ученик {n:02}") for n in range(55)]
    operator = await desk.as_(Role.OPERATOR)
    first = text(await operator.post(BASE + "people", sought="ученик"))
    assert f'name="after" value="{ids[49]}"' in first
    second = text(await operator.post(BASE + "people", sought="ученик", after=ids[49]))
    assert re.findall(r">(Ученик \d\d)<", second) == [f"Ученик {n}" for n in range(50, 55)]


async def test_a_parent_is_found_by_the_whole_number_only(desk: Running) -> None:
    made = await families.made(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "people", sought="8 (900) 000-02-00")
    assert at(answer) == f"people/guardians/{made.subscribed[0].guardian_id}"
    for sought, said in (
        ("+7 900 000-09-99", "Родителя с таким номером в школе нет"),
        ("900 000-02", "Это не похоже на номер мобильного"),
        ("", "Заполните это поле"),
    ):
        answer = await operator.post(BASE + "people", sought=sought)
        assert answer.status == 422
        assert said in text(answer)


async def test_another_schools_parent_is_sought_in_vain(desk: Running) -> None:
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        other = await q.one("select id from school where slug = :slug", slug=OTHER)
        assert other is not None
        known = await numbers.ensure(q, tools, [seeding.phone(900)], now=1)
        number_id = known[seeding.phone(900)].id
        await people.ensure_guardians(q, tools, other["id"], [(number_id, "Чужая")], now=1)
        view = await roll.of_number(q, tools, other["id"], seeding.phone(900))
        assert view is not None
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "people", sought="+7 900 000-09-00")
    assert "Родителя с таким номером в школе нет" in text(answer)
    assert (await operator.get(BASE + f"people/guardians/{view.id}")).status == 404


async def test_a_class_teacher_sees_the_own_class_only(desk: Running) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)  # of 5А alone, as it is now
    made = await families.made(desk, "6А")
    mine, foreign = desk.door.subscribed[0], made.subscribed[0]
    listed = text(await teacher.get(BASE + "people"))
    assert "Белкина Дарья 0" in listed
    assert "Абрамов" not in listed
    assert (await teacher.get(BASE + f"people?class={made.class_id}")).status == 404
    assert "Никого не нашли" in text(await teacher.post(BASE + "people", sought="Абрамов"))
    assert "Никого не нашли" in text(await teacher.post(BASE + "people", sought="Гусева М"))
    for path in (f"people/pupils/{foreign.pupil_id}", f"people/guardians/{foreign.guardian_id}"):
        assert (await teacher.get(BASE + path)).status == 404
    answer = await teacher.post(BASE + "people", sought=foreign.number)
    assert "Родителя с таким номером в школе нет" in text(answer)
    card = await teacher.get(BASE + f"people/guardians/{mine.guardian_id}")
    assert card.status == 200
    assert "Последние SMS" not in text(card), "they may tell of a child in another class"


async def test_a_class_teacher_sees_of_a_family_the_own_pupil_only(desk: Running) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)
    tools, school, mine = desk.door.service.base.tools, desk.school, desk.door.subscribed[0]
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        brother = await seeding.pupil(q, tools, school, class_id, "Белкин Егор")
        await seeding.subscribe(q, tools, school, [(brother, mine.number)])
    path = BASE + f"people/guardians/{mine.guardian_id}"
    assert "Белкин Егор" not in text(await teacher.get(path))
    operator = await desk.as_(Role.OPERATOR)
    assert "Белкин Егор" in text(await operator.get(path))


async def test_the_list_goes_into_a_file_in_which_nothing_is_a_formula(desk: Running) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        pupil_id = await seeding.pupil(q, tools, school, class_id, '=HYPERLINK("http://evil")')
        await families.named(q, desk, seeding.phone(800), "+cmd|' /C calc'!A0")
        await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(800))])
    operator = await desk.as_(Role.OPERATOR)
    csv = text(await operator.get(BASE + f"people?class={class_id}&file=csv"))
    assert "'=HYPERLINK" in csv
    assert "'+cmd" in csv
    assert "+79000000800" not in csv
    answer = await operator.get(BASE + f"people?class={class_id}&file=xlsx")
    assert "ученики-school-5.xlsx" in unquote(answer.headers["Content-Disposition"])
    sheet = load_workbook(io.BytesIO(answer.body)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert await noted(desk) == ["exported people ученики-school-5.xlsx"]


async def test_hostile_names_are_only_text(desk: Running) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        pupil_id = await seeding.pupil(q, tools, school, class_id, f"Я {SCRIPT}")
        await families.named(q, desk, seeding.phone(801), f"Мама {SCRIPT}")
        [one] = await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(801))])
        await seeding.queue(q, tools, one, school.id, SCRIPT, now=desk.clock.now())
        await q.run("update subscription set relation = :said", said=SCRIPT)
    await families.came(desk, one.number, SCRIPT)
    operator = await desk.as_(Role.OPERATOR)
    card = f"people/guardians/{one.guardian_id}"
    for path in (
        "people", card, f"people/pupils/{pupil_id}", f"people/pupils/{pupil_id}/forget",
        f"{card}/subscriptions/{one.subscription_id}", f"{card}/number", f"{card}/rights",
        f"{card}/forget", "consents?state=active", "inbound",
    ):  # fmt: skip
        page = text(await operator.get(BASE + path))
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page, path
    page = text(await operator.post(BASE + "people", sought=SCRIPT))
    assert SCRIPT not in page
