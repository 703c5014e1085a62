"""Answers of the desk: errors as calm pages, nothing echoed, files kept for ever, live figures."""

from __future__ import annotations

import asyncio
import io
import json

import aiohttp
import pytest

from sms_diary.admin import downloads, layout
from sms_diary.admin.live import Live
from sms_diary.admin.roles import RIGHTS, Right
from sms_diary.admin.screen import Screen
from sms_diary.api import server
from sms_diary.store.desk.users import Role, User, UserState
from sms_diary.web.security import Gate
from tests import seeding
from tests.desk.conftest import Running, Someone

EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/desk/school-5/nothing-here", 404),
        ("GET", "/desk/no-such-school/", 404),
        ("GET", "/desk/-/nothing", 404),
        ("GET", "/desk/-/static/0123456789abcdef/desk.css", 404),
        ("GET", "/desk/-/link/aaaaaaaaaaaaaaaaaaaaaaaaaaaa", 404),
        ("PUT", "/desk/school-5/audit", 405),
        ("POST", "/desk/school-5/audit", 405),
        ("DELETE", "/desk/school-5/anything", 404),
        ("GET", f"/desk/school-5/{EVIL}", 404),
    ],
)
async def test_an_error_is_a_calm_page_without_the_request(
    desk: Running, method: str, path: str, status: int
) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    answer = await desk.send(method, path, cookie=admin.secret)
    page = answer.body.decode()
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>" in page
    assert "На главную" in page
    assert "nothing-here" not in page
    assert "<script>" not in page
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_front_door_leads_to_the_desk_and_the_api_stays_as_it_was(desk: Running) -> None:
    for path in ("/", "/desk"):
        answer = await desk.send("GET", path)
        assert (answer.status, answer.headers["Location"]) == (303, "/desk/")
    unknown = await desk.send("GET", "/v1/nothing")
    assert (unknown.status, unknown.headers["Content-Type"]) == (
        404, "application/problem+json; charset=utf-8",
    )  # fmt: skip


async def test_a_form_that_cannot_be_read_is_refused_calmly(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    own = {"Origin": desk.address}
    for kind, body in (
        ("application/x-www-form-urlencoded", b"pause=%ff"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("multipart/form-data", b"pause=1"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"pause=1"),
        ("application/x-www-form-urlencoded", b"pause=" + b"1" * 2_000_000),
    ):
        answer = await desk.send(
            "POST", "/desk/school-5/pause", cookie=admin.secret,
            headers=own | {"Content-Type": kind}, data=io.BytesIO(body),
        )  # fmt: skip
        assert (kind, answer.status in (400, 422)) == (kind, True), answer.status


async def test_a_name_with_a_script_in_it_is_shown_as_a_name(desk: Running) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    async with desk.door.database.transaction() as q:
        await q.run("update desk_user set name = :name", name=EVIL)
        await q.run("update school set name = :name", name=f'"{EVIL}')
    for path in ("/desk/school-5/", "/desk/-/schools", "/desk/school-5/audit"):
        page = (await admin.get(path)).body.decode()
        assert EVIL not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_files_are_kept_for_ever_under_the_digest_of_their_content(desk: Running) -> None:
    page = (await desk.send("GET", "/desk/-/login")).body.decode()
    for asset in layout.ASSETS.values():
        answer = await desk.send("GET", asset.address)
        assert (answer.status, answer.body) == (200, asset.body)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset.address in page


def test_no_page_has_a_script_or_a_style_of_its_own() -> None:
    for template in layout.templates():
        source = template.read_text(encoding="utf-8")
        for word in ("style=", "<style", "onclick", "onchange", "onsubmit", "|safe", "http://"):
            assert word not in source, f"{template.name}: {word}"
        assert source.count("<script") == source.count("<script src=")


# ---------------------------------------------------------------- the stop-cock


async def test_the_stop_cock_stops_and_starts_and_is_noted(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    path = "/desk/school-5/pause"
    answer = await operator.post(path, pause="1")
    assert (answer.status, answer.headers["Location"]) == (303, "/desk/school-5/")
    page = (await operator.get("/desk/school-5/")).body.decode()
    assert "Рассылка приостановлена.</p>" in page, "said once"
    page = (await operator.get("/desk/school-5/")).body.decode()
    assert "Рассылка приостановлена.</p>" not in page
    assert "Родителям ничего не уходит" in page, "the band stays"
    assert await seeding.column(desk.door.database, "select 1 from school where paused_at > 0")
    assert (await operator.post(path, pause="1")).status == 303, "twice is once"
    await operator.post(path, pause="0")
    noted = "select action from desk_audit order by id"
    assert await seeding.column(desk.door.database, noted) == ["paused", "resumed"]
    assert not await seeding.column(desk.door.database, "select 1 from school where paused_at > 0")


async def test_what_a_form_says_wrong_changes_nothing(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    assert (await operator.post("/desk/school-5/pause", pause="perhaps")).status == 422
    assert await seeding.column(desk.door.database, "select action from desk_audit") == []


# ---------------------------------------------------------------- the audit log


async def test_the_log_is_shown_and_taking_it_away_is_noted(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post("/desk/school-5/pause", pause="1")
    answer = await admin.get("/desk/school-5/audit?file=csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert "рассылка приостановлена" in answer.body.decode()
    page = (await admin.get("/desk/school-5/audit?action=exported&user=x&before=y")).body.decode()
    assert "журнал-действий-school-5.csv" in page
    assert '<td data-label="Действие">рассылка' not in page


async def test_an_entry_leads_to_what_it_is_about(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    one = desk.door.subscribed[0]
    base = "/desk/school-5/"
    cards = [f"people/guardians/{one.guardian_id}", f"people/pupils/{one.pupil_id}"]
    for path in (f"{cards[0]}/rights", *cards):
        assert (await admin.get(base + path)).status == 200
    await admin.post(base + "schedule/holidays", first="2026-12-30", last="2027-01-10", name="x")
    page = (await admin.get(base + "audit")).body.decode()
    for path in (*cards, "settings"):
        assert f'href="{base}{path}">' in page.partition('id="content"')[2]
        assert (await admin.get(base + path)).status == 200


async def test_the_log_of_a_day_is_asked_for(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post("/desk/school-5/pause", pause="1")
    log = "/desk/school-5/audit"
    today = "since=2026-11-24&until=2026-11-24"
    assert "рассылка приостановлена</td>" in (await admin.get(f"{log}?{today}")).body.decode()
    for other in ("since=2026-11-25", "until=2026-11-23"):
        page = (await admin.get(f"{log}?{other}")).body.decode()
        assert "Таких записей нет" in page
        assert other.partition("=")[2] in page, "what was asked for stands in the form"
    file = await admin.get(f"{log}?file=csv&{today}")
    assert "рассылка приостановлена" in file.body.decode()


def test_no_cell_of_a_file_is_a_formula() -> None:
    rows = [["Кто"], ["=1+1"], ["@SUM(A1)"], ["+7 900 000-10-01"]]
    plain = downloads.csv("x", rows).body.decode()
    assert "'=1+1" in plain
    assert "'@SUM" in plain
    assert "\n+7 900 000-10-01" in plain


# ---------------------------------------------------------------- live figures


async def test_the_summary_is_told_live_until_the_session_ends(desk: Running) -> None:
    live = Live(desk.works_with, Gate("", "desk"), every=0.01, most=1)
    runner, address = await server.start(
        server.application(middlewares=[], routes=live.routes()), "127.0.0.1", 0
    )
    observer = await desk.as_(Role.OBSERVER)
    try:
        async with aiohttp.ClientSession() as http:
            cookie = {"Cookie": f"desk={observer.secret}"}
            async with http.get(f"{address}/desk/school-5/live", headers=cookie) as answer:
                assert answer.headers["Content-Type"].startswith("text/event-stream")
                first = await _figures(answer)
                assert (first["waiting"], first["today-created"]) == ("0", "0")
                async with http.get(f"{address}/desk/school-5/live", headers=cookie) as second:
                    assert second.status == 503, "so many and no more"
                await _queue_one(desk)
                while (await _figures(answer))["waiting"] != "1":
                    pass
                await _sign_out(desk, observer)
                async with asyncio.timeout(5):
                    await answer.read()
    finally:
        live.stop()
        await runner.cleanup()


async def test_live_figures_are_for_whoever_may_see_them(desk: Running) -> None:
    teacher, observer = await desk.as_(Role.CLASS_TEACHER), await desk.as_(Role.OBSERVER)
    assert (await desk.send("GET", "/desk/school-5/live")).status == 403
    assert (await teacher.get("/desk/school-5/live")).status == 403
    assert (await observer.get("/desk/school-7/live")).status == 403


async def _figures(answer: aiohttp.ClientResponse) -> dict[str, str]:
    async with asyncio.timeout(5):
        async for line in answer.content:
            if line.startswith(b"data: "):
                said: dict[str, str] = json.loads(line[6:])
                return said
    raise AssertionError("the stream ended")


async def _queue_one(desk: Running) -> None:
    async with desk.door.database.transaction() as q:
        await seeding.queue(
            q, desk.door.service.base.tools, desk.door.subscribed[0], desk.school.id, "5",
            now=desk.clock.now(),
        )  # fmt: skip


async def _sign_out(desk: Running, someone: Someone) -> None:
    await someone.post("/desk/-/logout")


# ---------------------------------------------------------------- rights


def test_only_the_resource_centre_sees_sums_alone() -> None:
    assert RIGHTS[Role.RESOURCE_CENTRE] == {Right.AGGREGATES}
    assert Right.SEE in RIGHTS[Role.OBSERVER]
    assert RIGHTS[Role.DISTRICT_ADMIN] == set(Right)
    assert not RIGHTS[Role.CLASS_TEACHER] - {Right.SEE, Right.SLIPS}


def test_a_screen_with_persons_is_not_for_those_who_see_sums() -> None:
    with pytest.raises(ValueError, match="persons"):
        Screen(path="x", title="x", right=Right.AGGREGATES, persons=True)


def test_a_class_teacher_comes_only_where_classes_are_told_apart() -> None:
    teacher = User(
        1, 5, "t", "t", Role.CLASS_TEACHER, frozenset({7}), UserState.ACTIVE, True, 1, None
    )
    one, all_of_them = (
        Screen(path="x", title="x", right=Right.SEE, by_class=by_class)
        for by_class in (True, False)
    )
    assert one.admits(teacher)
    assert not all_of_them.admits(teacher)
