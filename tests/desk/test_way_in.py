"""The way in: password, one-time link, session, throttle; and what each of them refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import web

from sms_diary.admin.security import local_path
from sms_diary.clock import MINUTE
from sms_diary.store.desk import sessions, users
from sms_diary.store.desk.users import Role
from sms_diary.web.security import Gate
from tests.desk.conftest import Running
from tests.journal_peer import Answer

PASSWORD = "четыре слова подряд тут"
COOKIE = re.compile(r"desk=([A-Za-z0-9_-]+);")


async def linked(desk: Running, login: str = "zavuch", role: Role = Role.SCHOOL_ADMIN) -> str:
    """The path of a one-time link of a new user of the first school."""
    tools, now = desk.door.service.base.tools, desk.clock.now()
    async with desk.door.database.transaction() as q:
        user_id = await users.add(
            q, tools, school_id=desk.school.id, login=login, name="Анна", role=role, now=now
        )
        assert user_id is not None
        return "/desk/-/link/" + await sessions.invite(q, tools, user_id, now=now)


async def posted(desk: Running, path: str, cookie: str = "", **form: Any) -> Answer:
    own = {"Origin": desk.address, "Sec-Fetch-Site": "same-origin"}
    return await desk.send("POST", path, headers=own, data=form, cookie=cookie)


async def signed_in(desk: Running, **form: Any) -> Answer:
    return await posted(desk, "/desk/-/login", **{"login": "zavuch", "password": PASSWORD} | form)


def cookie(answer: Answer) -> str:
    found = COOKIE.search(answer.headers["Set-Cookie"])
    assert found is not None
    return found.group(1)


async def test_a_link_sets_the_password_once_and_lets_in(desk: Running) -> None:
    link = await linked(desk)
    assert (await desk.send("GET", link)).status == 200
    assert (await desk.send("GET", link)).status == 200, "looking uses nothing up"
    short = await posted(desk, link, password="короткий")
    assert (short.status, "от 10 до 200" in short.body.decode()) == (422, True)
    assert "короткий" not in short.body.decode()
    answer = await posted(desk, link, password=PASSWORD)
    assert (answer.status, answer.headers["Location"]) == (303, "/desk/")
    home = await desk.send("GET", "/desk/", cookie=cookie(answer))
    assert home.headers["Location"] == "/desk/school-5/"
    for replayed in (await desk.send("GET", link), await posted(desk, link, password=PASSWORD)):
        assert replayed.status == 404
        assert "уже использована" in replayed.body.decode()


async def test_the_cookie_is_for_us_alone(desk: Running) -> None:
    answer = await posted(desk, await linked(desk), password=PASSWORD)
    said = answer.headers["Set-Cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert "Path=/" in said
    assert "Domain" not in said


async def test_login_gives_a_new_session_whatever_cookie_came(desk: Running) -> None:
    first = cookie(await posted(desk, await linked(desk), password=PASSWORD))
    second = cookie(await signed_in(desk, cookie=first))
    assert second != first
    assert (await desk.send("GET", "/desk/school-5/", cookie=first)).status == 303, "it ended"
    assert (await desk.send("GET", "/desk/school-5/", cookie=second)).status == 200
    planted = await signed_in(desk, cookie="planted-by-somebody")
    assert cookie(planted) != "planted-by-somebody"
    assert (await desk.send("GET", "/desk/school-5/", cookie="planted-by-somebody")).status == 303


async def test_who_signs_out_is_out(desk: Running) -> None:
    own = cookie(await posted(desk, await linked(desk), password=PASSWORD))
    answer = await posted(desk, "/desk/-/logout", cookie=own)
    assert 'desk=""' in answer.headers["Set-Cookie"]
    assert (await desk.send("GET", "/desk/school-5/", cookie=own)).status == 303


async def test_a_wrong_password_and_an_unknown_login_are_answered_alike(desk: Running) -> None:
    await posted(desk, await linked(desk), password=PASSWORD)
    await linked(desk, "unset")
    answers = [
        await signed_in(desk, password="не тот пароль"),
        await signed_in(desk, login="nobody"),
        await signed_in(desk, login="unset", password=""),
    ]
    pages = {re.sub(r'name="login" value="\w+"', "", one.body.decode()) for one in answers}
    assert [one.status for one in answers] == [422] * 3
    assert len(pages) == 1
    assert "Логин или пароль не подошли" in pages.pop()


async def test_guessing_is_stopped_even_for_the_right_password(desk: Running) -> None:
    await posted(desk, await linked(desk), password=PASSWORD)
    for _ in range(5):
        assert (await signed_in(desk, password="не тот пароль")).status == 422
        desk.clock.advance(MINUTE)
    shut = await signed_in(desk)
    assert (shut.status, "откроется снова через 10\xa0минут." in shut.body.decode()) == (429, True)
    desk.clock.advance(10 * MINUTE)
    assert (await signed_in(desk)).status == 303


async def test_before_the_door_shuts_it_is_said_that_it_will(desk: Running) -> None:
    await posted(desk, await linked(desk), password=PASSWORD)
    for login in ("zavuch", "nobody"):
        pages = [(await signed_in(desk, login=login, password="x")).body.decode() for _ in range(5)]
        said = [re.findall(r"Осталось попыток: \d|Вход закрыт на 15 минут", page) for page in pages]
        assert said == [
            [], [], ["Осталось попыток: 2"], ["Осталось попыток: 1"], ["Вход закрыт на 15 минут"],
        ]  # fmt: skip


async def test_a_blocked_user_does_not_come_in(desk: Running) -> None:
    own = cookie(await posted(desk, await linked(desk), password=PASSWORD))
    async with desk.door.database.transaction() as q:
        known = await users.by_login(q, "zavuch")
        assert known is not None
        await users.set_state(q, desk.school.id, known[0].id, users.UserState.BLOCKED)
    assert (await desk.send("GET", "/desk/school-5/", cookie=own)).status == 303
    assert (await signed_in(desk)).status == 422


async def test_an_idle_session_leads_to_the_door_and_back(desk: Running) -> None:
    own = cookie(await posted(desk, await linked(desk), password=PASSWORD))
    desk.clock.advance(31 * MINUTE)
    answer = await desk.send("GET", "/desk/school-5/audit?action=saw", cookie=own)
    door = answer.headers["Location"]
    assert door == "/desk/-/login?next=/desk/school-5/audit%3Faction%3Dsaw"
    page = await desk.send("GET", door)
    assert 'value="/desk/school-5/audit?action=saw"' in page.body.decode()
    back = await signed_in(desk, next="/desk/school-5/audit?action=saw")
    assert back.headers["Location"] == "/desk/school-5/audit?action=saw"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "//evil.example/desk/", "/\\evil.example", "\\/evil.example/desk/",
        "/desk/\\evil", "javascript:alert(1)", "/desk//../evil", "/v1/schools", "", "/desk/\n/x",
        "/desk/-/logout", "http:/desk/x", "/desk/../x", "desk/x",
    ],
)  # fmt: skip
async def test_no_address_leads_out_of_the_desk(address: str) -> None:
    assert local_path(address) == "/desk/"


@pytest.mark.parametrize("address", ["/desk/school-5/", "/desk/school-5/messages?state=sent&a=1"])
async def test_an_address_of_the_desk_is_kept(address: str) -> None:
    assert local_path(address) == address


@pytest.mark.parametrize("path", ["/desk/-/login", "/desk/-/logout", "/desk/-/link/{}"])
async def test_no_other_site_signs_anybody_in_or_out(desk: Running, path: str) -> None:
    own = cookie(await posted(desk, await linked(desk, "first"), password=PASSWORD))
    link = (await linked(desk)).rpartition("/")[2]
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": desk.address, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        answer = await desk.send(
            "POST", path.format(link), headers=headers, cookie=own,
            data={"login": "first", "password": PASSWORD},
        )  # fmt: skip
        assert (answer.status, "Set-Cookie" in answer.headers) == (403, False)
    assert (await desk.send("GET", "/desk/school-5/", cookie=own)).status == 200


async def test_behind_https_the_cookie_belongs_to_this_host_alone() -> None:
    response = web.Response()
    Gate("https://sms.example.ru", "desk").let_in(response, "secret")
    said = response.cookies["__Host-desk"]
    assert (said["secure"], said["path"], said["domain"]) == (True, "/", "")
