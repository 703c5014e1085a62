"""Problem numbers at the desk: by class, with what to do, and a number that lives again."""

from __future__ import annotations

import re
from typing import Any

from sms_diary.model import ConsentState
from sms_diary.store import numbers
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import Running
from tests.journal_peer import text

BASE = "/desk/school-5/"
PROOF: dict[str, Any] = {"source": "звонок матери", "by": "Петрова А. В.", "date": "2026-11-24"}


async def state(desk: Running, number_id: int) -> str:
    [found] = await seeding.column(
        desk.door.database, "select state from number where id = :id", id=number_id
    )
    return str(found)


async def test_who_is_not_reached_stands_in_the_class_with_what_to_do(desk: Running) -> None:
    observer = await desk.as_(Role.OBSERVER)
    assert "SMS доходят до всех" in text(await observer.get(BASE + "problems"))
    made = await families.made(desk, "6А")
    await families.suspended(desk, made.subscribed[0])
    page = text(await observer.get(BASE + "problems"))
    assert "Абрамов Лев Сергеевич" in page
    assert "не доходит, не пишем" in page
    assert "Спросите у родителя, его ли это номер" in page
    assert "+7900***0200" in page
    assert "/lift" not in page, "an observer changes nothing"
    assert "Таких номеров нет" in text(await observer.get(BASE + "problems?kind=wrong-number"))
    assert "Абрамов" in text(await observer.get(BASE + "problems?class=6А&kind=suspended"))


async def test_a_class_teacher_sees_the_own_class(desk: Running) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)  # of 5А
    made = await families.made(desk, "6А")
    await families.suspended(desk, made.subscribed[0])
    await families.suspended(desk, desk.door.subscribed[0])
    page = text(await teacher.get(BASE + "problems"))
    assert "Белкина Дарья 0" in page
    assert "Абрамов" not in page
    assert "6А" not in page


async def test_who_wants_no_sms_stands_apart(desk: Running) -> None:
    observer, teacher = await desk.as_(Role.OBSERVER), await desk.as_(Role.CLASS_TEACHER)
    await families.made(desk, "6А")
    page = text(await observer.get(BASE + "problems"))
    assert "SMS доходят до всех" in page
    assert re.search(r"problems\?kind=opted-out\">Отказались сами: 2\sродителя<", page)
    page = text(await observer.get(BASE + "problems?kind=opted-out"))
    for said in ("Дроздова Ева Максимовна", "отказался от SMS", "Журавлёва Ольга", "остановил SMS"):
        assert said in page
    for other in ("Абрамов", "Гусев", "Зайцев", "+79000000203", "problems/export"):
        assert other not in page
    assert "Таких номеров нет" in text(
        await observer.get(BASE + "problems?kind=opted-out&class=5А")
    )
    assert "Дроздова" not in text(await teacher.get(BASE + "problems?kind=opted-out")), "of 5А"
    district = await desk.as_(Role.DISTRICT_ADMIN)
    assert "Дроздова" not in text(await district.get("/desk/school-7/problems?kind=opted-out"))


async def test_the_list_is_taken_as_a_file_without_formulas_and_noted(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    made = await families.made(desk, "6А")
    await families.suspended(desk, made.subscribed[0])
    await families.suspended(desk, desk.door.subscribed[0])
    async with desk.door.database.transaction() as q:
        await q.run(
            "update guardian set full_name = '=1+1' where id = :id",
            id=made.subscribed[0].guardian_id,
        )
    page = text(await operator.get(BASE + "problems?class=6А"))
    links = re.findall(r'href="(/desk/school-5/problems/export[^"]+)"', page)
    assert len(links) == 2
    for link in links:
        assert (await operator.get(link)).status == 200
    said = text(await operator.get(next(one for one in links if "csv" in one)))
    assert "'=1+1" in said
    assert "Абрамов Лев Сергеевич" in said
    assert "Белкина" not in said, "of another class"
    assert "+7900***0200" in said
    assert "+79000000200" not in said
    assert "Спросите у родителя" in said
    out = text(await operator.get(BASE + "problems/export?kind=opted-out&file=csv"))
    assert "Дроздова Ева Максимовна" in out
    log = await seeding.column(
        desk.door.database, "select action || ' ' || kind as said from desk_audit"
    )
    assert log.count("exported problems") == 4


async def test_a_suspended_number_is_written_to_again_and_who_said_so_is_kept(
    desk: Running,
) -> None:
    one = desk.door.subscribed[0]
    await families.suspended(desk, one)
    operator = await desk.as_(Role.OPERATOR)
    path = BASE + f"problems/{one.guardian_id}/lift"
    assert "номер его, телефон включён" in text(await operator.get(path))
    assert (await operator.post(path, **PROOF | {"date": "2026-11-25"})).status == 422
    assert (await operator.post(path, **PROOF | {"source": ""})).status == 422
    assert await state(desk, one.number_id) == "suspended"
    answer = await operator.post(path, **PROOF)
    assert answer.status == 303
    assert await state(desk, one.number_id) == "open"
    log = await seeding.column(
        desk.door.database,
        """select action || ' ' || kind || ' ' || object_id || ' ' || words as said
           from desk_audit where action = 'decided'""",
    )
    assert log == [f"decided guardian {one.guardian_id} номер снова доступен"]
    assert (await operator.post(path, **PROOF)).status == 409, "nothing is left to lift"


async def test_a_lifted_refusal_at_the_operator_needs_a_new_consent(desk: Running) -> None:
    one = desk.door.subscribed[0]
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        await numbers.block(q, one.number_id, now=desk.clock.now())
        await seeding.set_consent(q, tools, desk.school.id, [one], ConsentState.BLOCKED)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + f"problems/{one.guardian_id}/lift", **PROOF)
    assert answer.status == 303
    page = text(await operator.get(BASE + "problems"))
    assert "Прежнее согласие кончилось вместе с ним" in page
    card = text(await operator.get(BASE + f"people/guardians/{one.guardian_id}"))
    assert "отказ от рассылок у оператора снят" in card
    assert "звонок матери" in card


async def test_a_number_that_is_well_has_nothing_to_lift(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    path = BASE + f"problems/{desk.door.subscribed[0].guardian_id}/lift"
    assert (await operator.get(path)).status == 404
