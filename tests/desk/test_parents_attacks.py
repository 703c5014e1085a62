"""The parent's page over HTTP against whoever means ill, or comes after a parent has gone."""

from __future__ import annotations

import html

import pytest

from sms_diary.admin import layout as desk
from sms_diary.clock import MINUTE
from sms_diary.parent import layout
from sms_diary.parent.serving import came_from
from sms_diary.store.parent import slips
from sms_diary.web import passwords
from tests.desk.parents import MUM, Home, Visitor, told

EVIL = "<script>alert(1)</script>"
PRINTED, OWN = "4821-7730-1946", "кот сидит на окне"
PAGES = ("/my", "/my/messages", "/my/sms", "/my/consents", "/my/number")


async def slip(home: Home) -> str:
    """A fresh slip of the first school's family; its login."""
    tools, now = home.desk.door.service.base.tools, home.desk.clock.now()
    kept = await passwords.hashed(PRINTED)
    async with home.desk.door.database.transaction() as q:
        holder = slips.Holder(home.darya.pupil_id, "Дарья", home.darya.guardian_id, "")
        return await slips.make(q, tools, home.desk.school.id, holder, kept, by="x", now=now)


async def test_who_has_read_the_printed_password_is_out_when_the_family_has_its_own(
    home: Home,
) -> None:
    login = await slip(home)
    thief, mum = Visitor(home), Visitor(home)
    assert (await thief.post("/my/paper", login=login, password=PRINTED)).status == 303
    typed = PRINTED.replace("-", " ")
    assert (await mum.post("/my/paper", login=login, password=typed)).status == 303, "no dashes"
    assert (await thief.get("/my")).headers["Location"] == "/my/password"
    await mum.post("/my/password", password=OWN)
    assert "Дарья Б." in await mum.page("/my")
    assert "Дарья Б." not in await thief.page("/my")
    assert (await thief.post("/my/password", password="пять слов подряд тут")).status == 303
    assert (await Visitor(home).post("/my/paper", login=login, password=OWN)).status == 303


async def test_nobody_is_let_in_under_a_cookie_that_was_there_before(home: Home) -> None:
    mum = Visitor(home, cookies={"my": "planted"})
    await mum.enter()
    assert mum.cookies["my"] != "planted"
    assert "Дарья Б." in await mum.page("/my")
    assert "Дарья Б." not in await Visitor(home, cookies={"my": "planted"}).page("/my")


async def test_who_was_in_is_told_once_why_the_page_has_closed(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    home.desk.clock.advance(15 * MINUTE)
    assert (await mum.post("/my/sms")).headers["Location"] == "/my"
    assert "долго ничего не нажимать" in await mum.page("/my")
    assert mum.cookies == {}
    assert "долго ничего не нажимать" not in await mum.page("/my")


async def test_who_has_asked_too_often_finds_the_way_back_to_the_code_that_came(
    home: Home,
) -> None:
    way = 'href="/my/code"'
    mum = Visitor(home)
    asked = [await mum.post("/my/ask", number=MUM) for _ in range(4)]
    assert way in asked[-1].body.decode()
    other = await Visitor(home).post("/my/ask", number=MUM)
    assert (other.status, way in other.body.decode()) == (429, False)


async def test_a_browser_too_old_to_say_its_origin_says_its_page(home: Home) -> None:
    mum = Visitor(home)
    own = {"Referer": f"{home.address}/my"}
    assert (await mum.post("/my/ask", headers=own, number=MUM)).status == 303
    for page in (f"https://evil.example/{home.address}/my", f"{home.address}.evil.example/", "x"):
        answer = await mum.post("/my/ask", headers={"Referer": page}, number=MUM)
        assert (page, answer.status) == (page, 403)
    cross = own | {"Sec-Fetch-Site": "cross-site"}
    assert (await mum.post("/my/ask", headers=cross, number=MUM)).status == 403


async def test_no_answer_leads_to_another_site(home: Home) -> None:
    mum = Visitor(home)
    for path in ("/my/messages?next=//evil.example", "/my/code", "/my/password"):
        location = (await mum.get(path)).headers["Location"]
        assert (path, location) == (path, "/my")
    for path in ("//evil.example/my", "/my//evil.example", "/my/%0d%0aSet-Cookie:my=x"):
        answer = await mum.get(path)
        assert (path, answer.status, "Location" in answer.headers) == (path, 404, False)


async def test_a_script_in_a_name_or_a_message_is_shown_as_text(home: Home) -> None:
    database = home.desk.door.database
    await told(home)
    mum = Visitor(home)
    await mum.enter()
    await mum.reads("/my/messages", "мат 5")
    async with database.transaction() as q:
        vault = home.desk.door.service.base.tools.vault
        for row in await q.all("select id from message where ground = 'consent'"):
            sealed = vault.seal(EVIL, "message.text", row["id"])
            await q.run("update message set text = :text where id = :id", text=sealed, id=row["id"])
        for table, column in (
            ("school", "name"), ("school", "short_name"), ("school", "phone"),
            ("pupil", "full_name"), ("entry", "subject"), ("entry", "work"),
        ):  # fmt: skip
            await q.run(f"update {table} set {column} = :evil", evil=EVIL)
    shown = 0
    for path in PAGES:
        page = await mum.page(path)
        assert (path, EVIL in page, "script>" in html.unescape(page)) == (path, False, True)
        shown += page.count("&lt;script&gt;")
    assert shown > 10


def test_colours_are_there_for_browsers_of_old_computers() -> None:
    for assets in (layout.ASSETS, desk.ASSETS):
        for name in [name for name in assets if name.endswith(".css")]:
            assert b"light-dark(" not in assets[name].body, name


@pytest.mark.parametrize(
    ("remote", "said", "place"),
    [
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["10.0.0.1, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["10.0.0.1", "203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["10.0.0.1, 203.0.113.9, 127.0.0.2"], "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("127.0.0.1", ["x" * 100], "x" * 64),
    ],
)
def test_limits_count_by_what_our_own_proxy_has_seen_and_ipv6_by_its_network(
    remote: str, said: list[str], place: str
) -> None:
    assert came_from(remote, said, ("127.0.0.1", "127.0.0.2")) == place
