"""What papers are filled in with: pupils and guardians of one class of one school."""

from __future__ import annotations

import pytest

from sms_diary.db import Database
from sms_diary.ingest.matching import name_key
from sms_diary.model import NumberState
from sms_diary.store import paper, people
from sms_diary.store.paper import Hours, PaperGuardian
from sms_diary.store.people import NewPupil
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import SINCE, classes, live_school, phone, pupil, subscribe

DAY = "2026-11-28"


async def places(
    db: Database, tools: Tools, school: School, class_id: int, day: str = DAY
) -> list[tuple[int, str]]:
    async with db.reading() as q:
        found = await paper.pupils(q, tools, school.id, class_id, day, with_numbers=False)
    return [(one.place, one.name) for one in found]


async def test_the_class_is_listed_by_name_and_counted_as_it_came(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        for name in ("Уткин Егор", "Белкина Дарья", "Ёжикова Анна", "Жуков Лев"):
            await pupil(q, tools, school, class_id, name)
    assert await places(db, tools, school, class_id) == [
        (2, "Белкина Дарья"), (3, "Ёжикова Анна"), (4, "Жуков Лев"), (1, "Уткин Егор"),
    ]  # fmt: skip


async def test_nobody_gets_another_number_when_pupils_come_leave_or_are_erased(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        [other, class_id] = await classes(q, tools, school, "5Б", "5А")
        mover = await pupil(q, tools, school, other, "Абрамов Пётр")
        gone = await pupil(q, tools, school, class_id, "Белкина Дарья")
        erased = await pupil(q, tools, school, class_id, "Волков Илья")
        await pupil(q, tools, school, class_id, "Уткин Егор")
    before = await places(db, tools, school, class_id)
    assert before == [(1, "Белкина Дарья"), (2, "Волков Илья"), (3, "Уткин Егор")]
    async with db.transaction() as q:
        await q.run("update membership set to_day = '2026-10-31' where pupil_id = :id", id=gone)
        await q.run("update pupil set full_name = null, name_key = null where id = :id", id=erased)
        await q.insert(
            "membership", "pupil_id, class_id, school_id, from_day, to_day",
            [(mover, class_id, school.id, "2026-11-02", None)],
        )  # fmt: skip
        new = NewPupil("Бобров Яков", name_key("Бобров Яков"), "", class_id)
        await people.add_pupils(q, tools, school.id, [new], from_day="2026-11-10", now=1)
    assert await places(db, tools, school, class_id) == [
        (4, "Абрамов Пётр"), (5, "Бобров Яков"), (3, "Уткин Егор"),
    ]  # fmt: skip
    async with db.transaction() as q:
        await q.insert(
            "membership", "pupil_id, class_id, school_id, from_day, to_day",
            [(gone, class_id, school.id, "2026-11-20", None)],
        )  # fmt: skip
    assert (1, "Белкина Дарья") in await places(db, tools, school, class_id)


async def test_a_pupil_is_in_the_class_from_the_first_to_the_last_day(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        one = await pupil(q, tools, school, class_id, "Уткин Егор")
        await q.run("update membership set to_day = :day where pupil_id = :id", id=one, day=DAY)
    days = ("2026-08-31", SINCE, DAY, "2026-11-29")
    found = [bool(await places(db, tools, school, class_id, day)) for day in days]
    assert found == [False, True, True, False]


async def test_every_guardian_is_named_in_the_order_they_were_made_known(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        child = await pupil(q, tools, school, class_id, "Белкина Дарья")
        await pupil(q, tools, school, class_id, "Уткин Егор")
        [first] = await subscribe(q, tools, school, [(child, phone(1))], state=None)
        await subscribe(q, tools, school, [(child, phone(2))], state=None)
        await q.run(
            "update guardian set full_name = 'Белкина Ольга' where id = :id", id=first.guardian_id
        )
    async with db.reading() as q:
        asked = await paper.pupils(q, tools, school.id, class_id, DAY, with_numbers=True)
        plain = await paper.pupils(q, tools, school.id, class_id, DAY, with_numbers=False)
    assert [one.guardians for one in asked] == [
        (PaperGuardian(1, "Белкина Ольга", "мама", phone(1)),
         PaperGuardian(2, "", "мама", phone(2))),
        (),
    ]  # fmt: skip
    assert {guardian.number for one in plain for guardian in one.guardians} == {""}


@pytest.mark.parametrize("state", NumberState)
async def test_a_number_that_may_be_a_strangers_is_not_shown_to_the_family(
    db: Database, tools: Tools, school: School, state: NumberState
) -> None:
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        child = await pupil(q, tools, school, class_id, "Белкина Дарья")
        [one] = await subscribe(q, tools, school, [(child, phone(1))])
        await q.run("update number set state = :state where id = :id", state=state,
                    id=one.number_id)  # fmt: skip
    async with db.reading() as q:
        [found] = await paper.pupils(q, tools, school.id, class_id, DAY, with_numbers=True)
    hidden = state in {NumberState.WRONG, NumberState.SUSPENDED}
    assert [one.number for one in found.guardians] == ["" if hidden else phone(1)]


async def test_another_schools_class_is_empty_and_its_guardians_stay_its_own(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        other = await live_school(q, tools, "school-6")
        [mine] = await classes(q, tools, school, "5А")
        [theirs] = await classes(q, tools, other, "5А")
        daughter = await pupil(q, tools, school, mine, "Белкина Дарья")
        son = await pupil(q, tools, other, theirs, "Белкин Макар")
        await subscribe(q, tools, school, [(daughter, phone(1))])
        await subscribe(q, tools, other, [(son, phone(1)), (son, phone(2))])
    assert await places(db, tools, school, theirs) == []
    async with db.reading() as q:
        [found] = await paper.pupils(q, tools, school.id, mine, DAY, with_numbers=True)
    assert [one.number for one in found.guardians] == [phone(1)]


async def test_the_hours_are_those_of_the_school(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        assert await paper.hours(q, school.id) == Hours(1080, 0, 1440, 0, ())
        await q.run(
            """update school set digest_at = 1020, day_from = 540, day_to = 1200,
                                 urgent_from = 420, off_days = '6,7' where id = :id""",
            id=school.id,
        )
        assert await paper.hours(q, school.id) == Hours(1020, 540, 1200, 420, (6, 7))
        await q.run("update school set off_days = '' where id = :id", id=school.id)
        assert (await paper.hours(q, school.id)).off_days == ()
