"""What every screen may rely on, tried with screens that are made for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
import pytest
from pydantic import Field

from sms_diary.admin.forms import Form, filled
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Screen, Visit, found
from sms_diary.admin.serving import Serving
from sms_diary.api import server
from sms_diary.store.desk.users import Role
from sms_diary.web.security import Gate
from tests import seeding
from tests.desk.conftest import Running, Someone
from tests.journal_peer import Answer as Got


class Named(Form):
    name: Annotated[str, Field(min_length=1, max_length=5)]
    cap: Annotated[int, Field(ge=1, le=9)] = 1
    days: tuple[int, ...] = ()


async def rename(visit: Visit) -> Answer:
    """Writes before it looks whether it may: an answer of errors must undo that."""
    await visit.q.run("update school set name = 'новое' where id = :id", id=visit.school.id)
    visit.note("changed", "school", visit.school.id)
    form = visit.form(Named)
    if form.read is None:
        return Page(
            "failed.html", {"title": "!", "said": str(dict(form.errors)), "back": ""}, status=422
        )
    if form.read.name == "занят":
        raise Refused("Имя занято, выберите другое.")
    if form.read.name == "сбой":
        raise RuntimeError("secret +79000001001")
    return Redirect("", "Сохранено.")


async def upload(visit: Visit) -> Answer:
    async with visit.desk.database.transaction() as q:
        [file] = visit.posted.files["file"]
        await q.run("update school set name = :name", name=f"{file.name}: {file.size}")
    return Redirect("done")


async def look(visit: Visit) -> Page:
    found(visit.id if visit.id < 10 else None)
    return Page("failed.html", {"title": "Карточка", "said": str(visit.classes), "back": ""})


SCREENS = (
    Screen(path="rename", title="x", right=Right.SEE, act_right=Right.SETTINGS, act=rename),
    Screen(path="upload", title="x", right=Right.IMPORT, act=upload, own_transactions=True,
           upload=1000),
    Screen(path="pupils/{id}", title="x", right=Right.SEE, show=look, persons=True, by_class=True),
)  # fmt: skip


class Alone:
    """These screens at an address of their own, visited by somebody."""

    def __init__(self, desk: Running, address: str) -> None:
        self.desk = desk
        self.address = address

    async def send(
        self, method: str, path: str, someone: Someone, data: object = None, **more: str
    ) -> Got:
        headers = {"Origin": self.address, "Cookie": f"desk={someone.secret}"} | more
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(
                method, f"{self.address}/desk/school-5/{path}", headers=headers, data=data,
                allow_redirects=False,
            ) as answer,
        ):  # fmt: skip
            return Got(answer.status, answer.headers, await answer.read())

    async def column(self, sql: str) -> Sequence[object]:
        return await seeding.column(self.desk.door.database, sql)


@asynccontextmanager
async def alone(desk: Running) -> AsyncIterator[Alone]:
    routes = Serving(desk.works_with, Gate("", "desk"), SCREENS).routes()
    runner, address = await server.start(
        server.application(middlewares=[], routes=routes), "127.0.0.1", 0
    )
    try:
        yield Alone(desk, address)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("", 422, "Заполните это поле"),
        ("слишком длинное", 422, "Не длиннее 5 знаков"),
        ("занят", 409, "Имя занято, выберите другое."),
        ("сбой", 503, "ничего не изменилось"),
    ],
)
async def test_what_did_not_go_well_leaves_nothing_behind(
    desk: Running, name: str, status: int, said: str
) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    async with alone(desk) as at:
        answer = await at.send("POST", "rename", admin, {"name": name})
        page = answer.body.decode()
        assert (answer.status, said in page) == (status, True)
        assert "+7900" not in page
        assert "новое" not in await at.column("select name from school")
        assert await at.column("select action from desk_audit") == []


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("/desk/school-5/rename?page=2", "/desk/school-5/rename"),
        ("", "/desk/"),
        ("/elsewhere", "/desk/"),
        ("//desk.example.org/desk/", "/desk/"),
        ('/desk/"><script>', "/desk/&#34;&gt;&lt;script&gt;"),
    ],
)
async def test_a_refusal_leads_back_to_the_form_and_never_out_of_the_desk(
    desk: Running, came_from: str, back: str
) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    async with alone(desk) as at:
        referer = f"{at.address}{came_from}" if came_from else ""
        answer = await at.send("POST", "rename", admin, {"name": "занят"}, Referer=referer)
        assert f'<a class="button" href="{back}">' in answer.body.decode()


async def test_what_went_well_is_kept_with_its_note(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    async with alone(desk) as at:
        answer = await at.send("POST", "rename", admin, {"name": " имя "})
        assert (answer.status, answer.headers["Location"]) == (303, "/desk/school-5/")
        assert "новое" in await at.column("select name from school")
        assert await at.column("select action from desk_audit") == ["changed"]
        assert "Сохранено." in await at.column("select said from desk_session")


async def test_seeing_is_another_right_than_doing(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    async with alone(desk) as at:
        assert (await at.send("POST", "rename", operator, {"name": "имя"})).status == 403


async def test_a_file_is_taken_within_bounds(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    async with alone(desk) as at:
        for size, status in ((1000, 303), (1001, 400)):
            form = aiohttp.FormData(quote_fields=False)  # as browsers do
            form.add_field("file", b"x" * size, filename="<b>5А</b>.xlsx")
            assert (await at.send("POST", "upload", admin, form)).status == status
        assert set(await at.column("select name from school")) == {"<b>5А</b>.xlsx: 1000"}


async def test_who_looks_at_a_person_is_noted_and_who_finds_none_is_not(desk: Running) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)
    classes = await seeding.column(
        desk.door.database, "select id from class where school_id = :id", id=desk.school.id
    )
    async with alone(desk) as at:
        for unknown in ("77", "9" * 19):
            assert (await at.send("GET", f"pupils/{unknown}", teacher)).status == 404
        assert await at.column("select action from desk_audit") == []
        answer = await at.send("GET", "pupils/7", teacher)
        assert str(frozenset(classes)) in answer.body.decode()
        assert await at.column("select object_id from desk_audit where action = 'saw'") == [7]


def test_each_error_of_a_form_stands_beside_its_field() -> None:
    given = {"name": ["Анна"], "cap": ["12"], "days": ["1", "x"], "strange": ["1"]}
    form = filled(Named, given)
    assert form.read is None
    assert form.errors == {"cap": "Не больше 9", "days": "Нужно целое число"}
    assert form.typed == {"name": "Анна", "cap": "12", "days": ["1", "x"]}
    assert form.but(name="Занято").errors["name"] == "Занято"
    whole = filled(Named, given | {"cap": ["1", "3"], "days": ["1", "2"]}).read
    assert whole == Named(name="Анна", cap=3, days=(1, 2))
