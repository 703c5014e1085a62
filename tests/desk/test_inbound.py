"""SMS from parents at the desk: read, answered by a person, and feigned while a school is tried."""

from __future__ import annotations

import pytest

from sms_diary.model import SchoolMode
from sms_diary.store import schools
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import Running
from tests.journal_peer import eventually, text

BASE = "/desk/school-5/"
QUESTION = "А когда собрание?"


async def state(desk: Running, inbound_id: int) -> str:
    [found] = await seeding.column(
        desk.door.database, "select state from inbound where id = :id", id=inbound_id
    )
    return str(found)


async def asked(desk: Running, words: str = QUESTION) -> int:
    """An SMS of the first parent that the loop has obeyed."""
    inbound_id = await families.came(desk, desk.door.subscribed[0].number, words)

    async def obeyed() -> bool:
        return await state(desk, inbound_id) != "new"

    desk.door.service.wakes.inbound.set()
    await eventually(obeyed)
    return inbound_id


async def test_an_sms_is_shown_as_it_was_understood_and_answered(desk: Running) -> None:
    observer = await desk.as_(Role.OBSERVER)
    assert "Родители ещё ничего не писали" in text(await observer.get(BASE + "inbound"))
    await asked(desk, "неделя")
    page = text(await observer.get(BASE + "inbound"))
    assert "неделя" in page
    assert ">НЕДЕЛЯ<" in page
    assert "Оценки: раз в неделю" in page
    assert "+7900***0000" in page
    assert "+79000000000" not in page


async def test_what_is_no_word_waits_for_a_person_who_marks_it(desk: Running) -> None:
    inbound_id = await asked(desk)
    operator = await desk.as_(Role.OPERATOR)
    waiting = text(await operator.get(BASE + "inbound?state=waiting"))
    assert QUESTION in waiting
    assert "ждёт человека" in waiting
    card = BASE + f"inbound/{inbound_id}"
    assert "+7 900 000-00-00" not in text(await operator.get(card))
    assert "+7 900 000-00-00" in text(await operator.post(card, do="number"))
    assert await state(desk, inbound_id) == "waiting", "showing a number answers nobody"
    answer = await operator.post(card, do="done")
    assert answer.status == 303
    assert QUESTION not in text(await operator.get(BASE + "inbound?state=waiting"))
    assert "Анна Петровна" in text(await operator.get(card))
    assert (await operator.post(card, do="done")).status == 409, "it was answered"
    log = await seeding.column(
        desk.door.database, "select action || ' ' || kind as said from desk_audit order by id"
    )
    assert [said for said in log if str(said).endswith("inbound") and said != "saw inbound"] == [
        "saw-number inbound", "decided inbound",
    ]  # fmt: skip


async def test_another_schools_sms_is_not_there(desk: Running) -> None:
    inbound_id = await asked(desk)
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    path = f"/desk/school-7/inbound/{inbound_id}"
    assert (await admin.get(path)).status == 404
    assert (await admin.post(path, do="done")).status == 404
    assert QUESTION not in text(await admin.get("/desk/school-7/inbound"))
    assert await state(desk, inbound_id) == "waiting"


# ---------------------------------------------------------------- feigned


async def of_staff(desk: Running) -> str:
    """The number of the first parent, who is of the school's staff; the school is tried out."""
    one = desk.door.subscribed[0]
    async with desk.door.database.transaction() as q:
        await schools.set_mode(q, desk.school.id, SchoolMode.TEST)
        await schools.add_staff(q, desk.school.id, one.number_id)
    return one.number


async def test_a_feigned_sms_is_obeyed_like_any_other(desk: Running) -> None:
    staff = await of_staff(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "inbound/try", number=staff, text="СТОП")
    assert answer.status == 303

    async def stopped() -> bool:
        rows = await seeding.column(
            desk.door.database, "select state from number where id = :id",
            id=desk.door.subscribed[0].number_id,
        )  # fmt: skip
        return rows == ["stopped"]

    await eventually(stopped)
    assert ">СТОП<" in text(await operator.get(BASE + "inbound"))
    card = text(
        await operator.get(BASE + f"people/guardians/{desk.door.subscribed[0].guardian_id}")
    )
    assert "проверка" in card, "the ledger says that it was feigned"


@pytest.mark.parametrize("number", ["+7 900 000-00-01", "+7 900 000-99-99", "абв"])
async def test_no_sms_is_feigned_for_a_parent(desk: Running, number: str) -> None:
    await of_staff(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "inbound/try", number=number, text="СТОП")
    assert answer.status == 422
    assert "Проверять можно только номер сотрудника" in text(answer)
    assert await seeding.column(desk.door.database, "select id from inbound") == []


async def test_no_sms_is_feigned_in_a_school_that_works(desk: Running) -> None:
    staff = await of_staff(desk)
    async with desk.door.database.transaction() as q:
        await schools.set_mode(q, desk.school.id, SchoolMode.LIVE)
    operator = await desk.as_(Role.OPERATOR)
    assert "Школа работает с родителями" in text(await operator.get(BASE + "inbound/try"))
    answer = await operator.post(BASE + "inbound/try", number=staff, text="СТОП")
    assert answer.status == 409
    assert await seeding.column(desk.door.database, "select id from inbound") == []
