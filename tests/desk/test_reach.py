"""From the summary every page is near, no link is dead or shut, and each figure has its rows."""

from __future__ import annotations

import re

import pytest

from sms_diary.admin.screen import Screen
from sms_diary.admin.table import SCREENS
from sms_diary.model import SchoolMode
from sms_diary.store import schools
from sms_diary.store.desk import users
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import examples, markup
from tests.desk.conftest import Running, Someone

HOME = "/desk/school-5/"
EXAMPLES = examples.found()
FURTHER = re.compile(r".*/.*/|.*\{name\}")
"""Below a card, or a text by its name: a step further than the list that it stands in."""


async def filled(desk: Running) -> None:
    """An object for each card, so that the lists have a row that leads to it."""
    for path in sorted(EXAMPLES):
        await EXAMPLES[path].ids(desk)


async def links(someone: Someone, path: str) -> list[str]:
    answer = await someone.get(path)
    assert (path, answer.status) == (path, 200)
    if not answer.headers["Content-Type"].startswith("text/html"):
        return []
    return [one for one in markup.read(answer.body.decode(), path).links if _is_ours(one)]


def _is_ours(link: str) -> bool:
    return link.startswith("/desk/") and "/static/" not in link


def _matches(screen: Screen, link: str) -> bool:
    pattern = re.escape(screen.address.replace("{school}", "school-5"))
    pattern = re.sub(r"\\\{\w+\\\}", "[^/?]+", pattern)
    return re.fullmatch(pattern + r"(\?.*)?", link) is not None


@pytest.mark.parametrize("role", [Role.DISTRICT_ADMIN, Role.SCHOOL_ADMIN, Role.OBSERVER])
async def test_every_screen_is_two_clicks_from_the_summary_at_the_most(
    desk: Running, role: Role
) -> None:
    await filled(desk)
    async with desk.door.database.transaction() as q:
        await schools.set_mode(q, desk.school.id, SchoolMode.TEST)  # it has a page more
    someone = await desk.as_(role)
    first = dict.fromkeys(await links(someone, HOME))
    reached = set(first)
    for link in first:
        reached |= set(await links(someone, link))
    async with desk.door.database.reading() as q:
        user = await users.one(q, someone.user_id)
    assert user is not None
    wanted = [
        one for one in SCREENS
        if one.show and one.admits(user) and not FURTHER.match(one.path)
        and (one.of_school or user.school_id == 0)
    ]  # fmt: skip
    assert len(wanted) > 10
    far = [one.address for one in wanted if not any(_matches(one, link) for link in reached)]
    assert far == []


@pytest.mark.parametrize(
    "role", [Role.OBSERVER, Role.CLASS_TEACHER, Role.OPERATOR, Role.RESOURCE_CENTRE]
)
async def test_no_link_leads_where_its_reader_may_not_go(desk: Running, role: Role) -> None:
    await filled(desk)
    someone = await desk.as_(role)
    start = (await someone.get("/desk/")).headers["Location"]
    seen: set[str] = set()
    for _ in range(2):
        for link in {one for page in seen or {start} for one in await links(someone, page)} - seen:
            answer = await someone.get(link)
            assert (link, answer.status in (200, 303)) == (link, True), answer.status
            if answer.status == 200:
                seen.add(link)
    assert len(seen) > 3


async def test_each_figure_of_the_summary_leads_to_as_many_rows(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    tools, now = desk.door.service.base.tools, desk.clock.now()
    states = ("queued", "sent", "delivered", "delivered", "undelivered")
    async with desk.door.database.transaction() as q:
        for state in states:
            [message] = await seeding.queue(
                q, tools, desk.door.subscribed[0], desk.school.id, "5", now=now
            )
            if state == "queued":
                continue
            await q.run(
                """update part set state = :state, attempts = 1, sent_at = :now
                   where message_id = :id""",
                state=state, now=now, id=message,
            )  # fmt: skip
            if state != "sent":
                await q.run(
                    "update message set state = :state where id = :id", state=state, id=message
                )
    page = (await admin.get(HOME)).body.decode()
    found = re.findall(r'<a href="([^"]+)"><b data-live="([^"]+)">(\d+)</b> ([^<]+)</a>', page)
    figures = {name: int(count) for _, name, count, _ in found}
    assert figures == {
        f"{span}-{step}": count for span in ("today", "week")
        for step, count in (
            ("created", 5), ("handed", 4), ("accepted", 4), ("delivered", 2), ("failed", 1),
        )
    } | {"waiting": 1}  # fmt: skip
    for link, name, count, _ in found:
        rows = markup.read((await admin.get(link.replace("&amp;", "&"))).body.decode()).rows
        assert (name, rows - 1) == (name, int(count)), "one row is the heading"
    assert len(found) == page.count("<b data-live="), "every figure is a link"
