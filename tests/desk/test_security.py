"""The whole desk against whoever means ill: every screen of the table, and the way in.

Each screen's own tests have their own hostile texts; here all are asked at once, and whatever
comes into the table is asked too.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from sms_diary.admin import layout
from sms_diary.admin.table import SCREENS
from sms_diary.db.sqlite_queries import SqliteQueries
from sms_diary.store import schools
from sms_diary.store.desk import sessions, users
from sms_diary.store.desk.users import Role
from sms_diary.web.security import Gate
from tests import seeding
from tests.desk import examples, markup
from tests.desk.conftest import Running, Someone
from tests.journal_peer import Answer

EVIL = "<script>alert(1)</script>"
EXAMPLES = examples.found()
SHOWN = [one for one in SCREENS if one.show is not None]
COLUMNS = {
    "school": ("name", "short_name", "phone", "legal", "sender"),
    "class": ("name",),
    "pupil": ("full_name",),
    "guardian": ("full_name",),
    "subscription": ("relation",),
    "credential": ("name",),
    "desk_user": ("name",),
    "desk_session": ("agent",),
    "desk_audit": ("words",),
    "holiday": ("name",),
    "entry": ("subject", "work"),
    "template": ("made_by",),
    "import": ("by",),
    "part": ("code", "provider_id"),
}
"""Where somebody outside can have put a text that is kept in clear."""
PASSWORD = "четыре слова подряд тут"


async def addresses(desk: Running) -> dict[str, str]:
    """Every screen that can be looked at, with an object of its own where it needs one."""
    found = {}
    for screen in SHOWN:
        path = screen.address.replace("{school}", "school-5")
        made = EXAMPLES.get(screen.path, examples.Example())
        for name, said in (await made.ids(desk)).items():
            path = path.replace(f"{{{name}}}", said)
        found[screen.address] = path
    return found


def is_safe(answer: Answer, path: str) -> None:
    """The policy allows our own files only, and nothing in the page is in need of more."""
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for rule in ("default-src 'none'", "script-src 'self'", "base-uri 'none'",
                 "frame-ancestors 'none'", "form-action 'self'"):  # fmt: skip
        assert rule in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    if answer.headers["Content-Type"].startswith("text/html"):
        assert (path, markup.read(answer.body.decode()).inline) == (path, [])


async def test_every_page_says_its_policy_and_needs_nothing_inline(desk: Running) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    for path in (await addresses(desk)).values():
        answer = await admin.get(path)
        assert (path, answer.status) == (path, 200)
        is_safe(answer, path)
    for path in ("/desk/-/login", "/desk/-/link/" + "a" * 40, "/desk/nothing", "/desk/-/nothing"):
        is_safe(await desk.send("GET", path), path)


def test_no_template_has_a_script_a_style_or_an_unescaped_value() -> None:
    for template in layout.templates():
        source = template.read_text(encoding="utf-8")
        found = re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)|javascript:", source)
        assert (template.name, found) == (template.name, [])
        assert not re.search(r"\|\s*safe|autoescape\s+false|Markup", source), template.name


async def test_a_script_in_any_name_is_shown_as_a_name_on_every_screen(desk: Running) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    paths = await addresses(desk)
    async with desk.door.database.transaction() as q:
        for table, columns in COLUMNS.items():
            sets = ", ".join(f"{one} = :evil" for one in columns)
            await q.run(f'update "{table}" set {sets}', evil=EVIL)
    shown = 0
    for path in paths.values():
        answer = await admin.get(path)
        assert (path, answer.status) == (path, 200)
        if answer.headers["Content-Type"].startswith("text/html"):
            page = answer.body.decode()
            assert (path, EVIL in page) == (path, False)
            is_safe(answer, path)
            shown += "&lt;script&gt;" in page
    assert shown > len(paths) // 2, "the names have not reached the pages"


async def test_what_an_address_says_is_never_said_again_as_markup(desk: Running) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    for path in (await addresses(desk)).values():
        names = ("state", "class", "kind", "action", "word", "before", "file", "topic", "step")
        query = "&".join(f"{name}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E" for name in names)
        answer = await admin.get(f"{path}?{query}")
        assert (path, answer.status in (200, 404)) == (path, True), answer.status
        assert (path, EVIL.encode() in answer.body) == (path, False)


# ---------------------------------------------------------------- the way in


async def linked(desk: Running, login: str) -> str:
    tools, now = desk.door.service.base.tools, desk.clock.now()
    async with desk.door.database.transaction() as q:
        user_id = await users.add(
            q, tools, school_id=desk.school.id, login=login, name="Анна", role=Role.OPERATOR,
            now=now,
        )  # fmt: skip
        assert user_id is not None
        return "/desk/-/link/" + await sessions.invite(q, tools, user_id, now=now)


async def posted(desk: Running, path: str, cookie: str = "", **form: Any) -> Answer:
    own = {"Origin": desk.address, "Sec-Fetch-Site": "same-origin"}
    return await desk.send("POST", path, headers=own, data=form, cookie=cookie)


async def test_a_link_is_of_no_use_a_second_time_even_at_the_same_moment(desk: Running) -> None:
    link = await linked(desk, "twice")
    words = (PASSWORD, "совсем другой пароль")
    answers = await asyncio.gather(*(posted(desk, link, password=one) for one in words))
    assert sorted(one.status for one in answers) == [303, 404]
    [late] = [one for one in answers if one.status == 404]
    assert "Set-Cookie" not in late.headers
    for said, answer in zip(words, answers, strict=True):
        signed = await posted(desk, "/desk/-/login", login="twice", password=said, next="")
        assert signed.status == (303 if answer.status == 303 else 422)


async def test_a_planted_session_stays_nobody_s_after_the_victim_came_in(desk: Running) -> None:
    planted = sessions.made()
    answer = await posted(desk, await linked(desk, "victim"), planted, password=PASSWORD)
    assert planted not in answer.headers["Set-Cookie"]
    assert (await desk.send("GET", "/desk/school-5/", cookie=planted)).status == 303
    mine = await desk.as_(Role.OPERATOR)
    await posted(desk, await linked(desk, "second"), mine.secret, password=PASSWORD)
    assert (await mine.get("/desk/school-5/")).status == 303, "what the browser had has ended"


@pytest.mark.parametrize(
    "there",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/desk/..//evil.example"],
)
async def test_nobody_is_sent_to_another_site_after_the_login(desk: Running, there: str) -> None:
    await posted(desk, await linked(desk, "away"), password=PASSWORD)
    answer = await posted(desk, "/desk/-/login", login="away", password=PASSWORD, next=there)
    assert (answer.status, answer.headers["Location"]) == (303, "/desk/")


HERE, PUBLIC = "10.0.0.5:8080", "https://sms.example.ru"


@pytest.mark.parametrize(
    ("public", "site", "origin", "taken"),
    [
        # The address is not known: the host that the browser asked for is ours, with either scheme.
        ("", "same-origin", f"http://{HERE}", True),
        ("", None, f"http://{HERE}", True),
        ("", None, f"https://{HERE}", True),
        ("", "same-origin", None, True),
        ("", None, None, False),
        ("", None, "null", False),
        ("", "same-origin", "null", False),
        ("", "same-site", f"http://{HERE}", False),
        ("", "cross-site", f"http://{HERE}", False),
        ("", "none", f"http://{HERE}", False),
        ("", None, "http://10.0.0.5:8081", False),
        ("", None, "http://10.0.0.5", False),
        ("", None, f"ftp://{HERE}", False),
        ("", None, f"http://evil@{HERE}", False),
        ("", None, f"http://{HERE}/", False),
        ("", None, "http://10.0.0.5:port", False),
        # It is: nothing else is ours, whatever the browser asked for.
        (PUBLIC, "same-origin", PUBLIC, True),
        (PUBLIC, None, PUBLIC, True),
        (f"{PUBLIC}:443", None, PUBLIC, True),
        ("https://SMS.example.ru", None, PUBLIC, True),
        (PUBLIC, None, f"{PUBLIC}:443", True),
        (PUBLIC, "same-origin", None, True),
        (PUBLIC, None, None, False),
        (PUBLIC, None, "null", False),
        (PUBLIC, "cross-site", PUBLIC, False),
        (PUBLIC, "same-site", PUBLIC, False),
        (PUBLIC, None, "http://sms.example.ru", False),
        (PUBLIC, None, f"{PUBLIC}:8443", False),
        (PUBLIC, None, f"{PUBLIC}.evil.example", False),
        (PUBLIC, None, f"http://{HERE}", False),
    ],
)
def test_a_form_is_taken_from_our_own_address_only(
    public: str, site: str | None, origin: str | None, taken: bool
) -> None:
    said = {"Host": HERE, "Sec-Fetch-Site": site, "Origin": origin}
    headers = {name: value for name, value in said.items() if value is not None}
    assert _is_own(public, headers) is taken


@pytest.mark.parametrize(
    ("public", "page", "taken"),
    [("", f"http://{HERE}/desk/-/login", True), ("", "http://evil.example/desk", False),
     (PUBLIC, f"{PUBLIC}/my?x=1", True), (PUBLIC, f"http://{HERE}/my", False), (PUBLIC, "", False),
     (PUBLIC, "http://[", False)],
)  # fmt: skip
def test_an_old_browser_says_from_which_page_a_form_comes(
    public: str, page: str, taken: bool
) -> None:
    assert _is_own(public, {"Host": HERE, "Referer": page}) is taken


def _is_own(public: str, headers: dict[str, str]) -> bool:
    return Gate(public, "desk").own(make_mocked_request("POST", "/desk/-/login", headers))


async def test_another_host_in_the_request_is_not_put_into_a_link(desk: Running) -> None:
    """A link is made from the address that the browser's own form came from."""
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    headers = {"Host": "evil.example", "Origin": desk.address}
    answer = await admin.post(
        "/desk/school-5/users", headers, login="x", name="Икс", role="operator"
    )
    assert answer.status == 403


# ---------------------------------------------------------------- look-ups by number


@pytest.mark.parametrize(
    ("path", "field"), [("/desk/school-5/messages", "phone"), ("/desk/school-5/people", "sought")]
)
async def test_another_school_s_number_is_looked_up_as_nobody_s(
    desk: Running, monkeypatch: pytest.MonkeyPatch, path: str, field: str
) -> None:
    """The same statements and the same answer: neither words nor time tell them apart."""
    operator = await desk.as_(Role.OPERATOR)
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        [other] = await q.all("select id from school where slug = 'school-7'")
        there = (await schools.by_ids(q, [other["id"]]))[other["id"]]
        [room] = await seeding.classes(q, tools, there, "7Б")
        pupil_id = await seeding.pupil(q, tools, there, room, "Чужой Ученик")
        await seeding.subscribe(q, tools, there, [(pupil_id, seeding.phone(4444))])
    theirs = await asked(monkeypatch, operator, path, {field: seeding.phone(4444)})
    nobodys = await asked(monkeypatch, operator, path, {field: seeding.phone(5555)})
    assert theirs == nobodys
    assert theirs[1].count("number") > 0
    ours = await asked(monkeypatch, operator, path, {field: desk.door.subscribed[0].number})
    assert ours[0] == 303


async def asked(
    monkeypatch: pytest.MonkeyPatch, someone: Someone, path: str, form: dict[str, str]
) -> tuple[int, str, str]:
    """The answer's status, the statements behind it, and its page without what was typed."""
    statements: list[str] = []
    one, every = SqliteQueries.one, SqliteQueries.all

    async def noted_one(self: SqliteQueries, sql: str, **params: Any) -> Any:
        statements.append(sql)
        return await one(self, sql, **params)

    async def noted_all(self: SqliteQueries, sql: str, **params: Any) -> Any:
        statements.append(sql)
        return await every(self, sql, **params)

    with monkeypatch.context() as patch:
        patch.setattr(SqliteQueries, "one", noted_one)
        patch.setattr(SqliteQueries, "all", noted_all)
        answer = await someone.post(path, **form)
    mine = [sql for sql in statements if "n.idx" in sql or "number.idx" in sql or "guardian" in sql]
    page = answer.body.decode()
    for typed in form.values():
        page = page.replace(typed, "")
    return answer.status, "\n".join(mine), page
