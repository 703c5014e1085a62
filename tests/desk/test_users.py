"""Users: invited by a link shown once, their role, their sessions, the door closed to them."""

from __future__ import annotations

import re

from sms_diary.store.desk import sessions, users
from sms_diary.store.desk.users import ROLE_RU, Role, UserState
from tests import seeding
from tests.desk.conftest import Running, Someone
from tests.journal_peer import Answer

PASSWORD = "четыре слова подряд тут"
LIST = "/desk/school-5/users"
LINK = re.compile(r"https?://[^<\s]+(/desk/-/link/[A-Za-z0-9_-]+)")


async def invited(admin: Someone, **form: object) -> Answer:
    return await admin.post(
        LIST, **{"login": "Petrova", "name": "Петрова", "role": "operator"} | form
    )


async def known(desk: Running, login: str) -> users.User:
    async with desk.door.database.reading() as q:
        found = await users.by_login(q, login)
    assert found is not None
    return found[0]


async def test_the_link_is_shown_once_and_lets_in_with_the_role(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    page = (await invited(admin)).body.decode()
    found = LINK.search(page)
    assert found is not None
    assert found[0].startswith(desk.address)
    assert LINK.search((await admin.get(LIST)).body.decode()) is None
    own = {"Origin": desk.address}
    entered = await desk.send("POST", found[1], headers=own, data={"password": PASSWORD})
    assert entered.status == 303
    made = await known(desk, "petrova")
    assert (made.role, made.has_password, made.school_id) == (Role.OPERATOR, True, desk.school.id)


async def test_what_cannot_be_is_said_beside_its_field(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await invited(admin)
    for form, said in (
        ({}, "Такой логин занят"),
        ({"login": "два слова"}, "Здесь есть недопустимые знаки"),
        ({"login": "other", "role": "district-admin"}, "Выберите из предложенного"),
        ({"login": "other", "role": "class-teacher"}, "Отметьте хотя бы один класс"),
        ({"login": "other", "role": "class-teacher", "classes": "17"}, "Отметьте хотя бы один"),
        ({"login": "other", "name": ""}, "Заполните это поле"),
    ):
        answer = await invited(admin, **form)
        assert (answer.status, said in answer.body.decode()) == (422, True), form
    assert (
        await seeding.column(desk.door.database, "select 1 from desk_user where login = 'other'")
        == []
    )


async def test_a_class_teacher_gets_the_classes_that_were_marked(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    [room] = await seeding.column(
        desk.door.database, "select id from class where school_id = :id", id=desk.school.id
    )
    await invited(admin, role="class-teacher", classes=str(room))
    made = await known(desk, "petrova")
    assert made.classes == {room}
    for path in (LIST, f"{LIST}/{made.id}"):
        assert re.search(
            r"(<br><span class=\"note\">|<dt>Классы</dt><dd>)5А<",
            (await admin.get(path)).body.decode(),
        )
    await admin.post(f"{LIST}/{made.id}", name="Петрова А.", role="observer", classes=str(room))
    changed = await known(desk, "petrova")
    assert (changed.name, changed.role, changed.classes) == (
        "Петрова А.", Role.OBSERVER, frozenset(),
    )  # fmt: skip


async def test_a_session_is_ended_and_a_closed_door_ends_all(desk: Running) -> None:
    admin, operator = await desk.as_(Role.SCHOOL_ADMIN), await desk.as_(Role.OPERATOR)
    card = f"{LIST}/{operator.user_id}"
    page = (await admin.get(card)).body.decode()
    assert "Firefox, Linux" in page
    [session] = re.findall(r'name="session" value="(\d+)"', page)
    await admin.post(f"{card}/end", session=session)
    assert (await operator.get("/desk/school-5/")).status == 303
    async with desk.door.database.transaction() as q:
        again = await sessions.begin(
            q, desk.door.service.base.tools, operator.user_id, agent="", now=desk.clock.now()
        )
    assert (await desk.send("GET", "/desk/school-5/", cookie=again)).status == 200
    await admin.post(f"{card}/door")
    assert (await desk.send("GET", "/desk/school-5/", cookie=again)).status == 303
    blocked = await admin.post(f"{card}/link")
    assert (blocked.status, "Сначала откройте его" in blocked.body.decode()) == (409, True)
    await admin.post(f"{card}/door")
    assert (await known(desk, "operator-school-5")).state is UserState.ACTIVE
    assert (await desk.send("GET", "/desk/school-5/", cookie=again)).status == 303, "ended for good"


async def test_ending_all_leaves_the_one_that_asks(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    async with desk.door.database.transaction() as q:
        other = await sessions.begin(
            q, desk.door.service.base.tools, admin.user_id, agent="", now=desk.clock.now()
        )
    await admin.post(f"{LIST}/{admin.user_id}/end", session="0")
    assert (await desk.send("GET", "/desk/school-5/", cookie=other)).status == 303
    assert (await admin.get(LIST)).status == 200


async def test_nobody_shuts_the_door_behind_themselves(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    own = f"{LIST}/{admin.user_id}"
    for path, form in ((f"{own}/door", {}), (own, {"name": "Я", "role": "observer"})):
        answer = await admin.post(path, **form)
        assert (answer.status, "ваш собственный вход" in answer.body.decode()) == (409, True)
    assert (await admin.post(own, name="Новое имя", role="school-admin")).status == 303


async def test_every_step_is_noted_and_nothing_of_the_link(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await invited(admin)
    made = await known(desk, "petrova")
    await admin.post(f"{LIST}/{made.id}/door")
    noted = await seeding.column(
        desk.door.database, "select action || ' ' || words as said from desk_audit order by id"
    )
    assert noted == [
        f"invited {ROLE_RU[Role.OPERATOR]}", "changed Вход закрыт, открытые сеансы завершены.",
    ]  # fmt: skip
    log = (await admin.get("/desk/school-5/audit")).body.decode()
    assert log.count(f'<a href="{LIST}/{made.id}">пользователь</a>') == 2


async def test_the_district_sees_its_own_people_and_no_school_s(desk: Running) -> None:
    district, school = await desk.as_(Role.DISTRICT_ADMIN), await desk.as_(Role.SCHOOL_ADMIN)
    page = (await district.get("/desk/-/district")).body.decode()
    assert "district-admin-school-5" in page
    assert "school-admin-school-5" not in page
    assert (await district.get(f"/desk/-/district/{school.user_id}")).status == 404
    assert (await district.get(f"{LIST}/{district.user_id}")).status == 404
