"""The desk as it is served, people of every role at it, and a real browser.

* `desk`     the running service with two schools, and a way to be signed in as any role
* `browser`  Chromium, one for all tests of a worker; `desk.at(…)` opens a page in it

All tests here share one event loop, since a browser cannot be moved from one to another.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from sms_diary.admin.screen import Desk
from sms_diary.carrying import Ways
from sms_diary.clock import ManualClock
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir
from sms_diary.store import schools
from sms_diary.store.desk import sessions, users
from sms_diary.store.desk.users import OF_DISTRICT, Role
from sms_diary.store.schools import School
from tests import seeding
from tests.conftest import NOW
from tests.desk.parents import Home, at_home
from tests.journal_peer import Answer, Door, at_the_door, settings

HERE = Path(__file__).parent
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, NARROW = 1280, 390
Scheme = Literal["light", "dark"]
BOTH = pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
"""On a computer by day and on a phone at night."""
BY_HAND = pytest.mark.parametrize(
    ("width", "scheme", "javascript"), [(WIDE, "light", True), (NARROW, "dark", False)]
)
"""The same, and on the phone without a script."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        test = getattr(item, "function", None)
        if HERE in item.path.parents and inspect.iscoroutinefunction(test):
            item.add_marker(one_loop, append=False)


@dataclass
class Someone:
    """Somebody who is signed in, as a browser without JavaScript."""

    desk: Running
    role: Role
    user_id: int
    secret: str

    async def get(self, path: str) -> Answer:
        return await self.desk.send("GET", path, cookie=self.secret)

    async def post(self, path: str, headers: Any = None, **form: Any) -> Answer:
        """A form from our own page; `headers` (str → str) None: with those of a browser."""
        if headers is None:
            headers = {"Origin": self.desk.address, "Sec-Fetch-Site": "same-origin"}
        return await self.desk.send("POST", path, cookie=self.secret, headers=headers, data=form)


@dataclass
class Running:
    """The service, and who comes to it."""

    door: Door
    clock: ManualClock
    browser: Browser | None = None
    _people: dict[tuple[Role, int], Someone] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.door.service.address

    @property
    def works_with(self) -> Desk:
        """What the screens work with, for a piece of the desk that is tried alone."""
        service = self.door.service
        return Desk(
            service.base.database, service.base.tools, self.clock, service.wakes, _nothing_known,
            _nothing_known, service.monitor, service.acceptor,
            Renderer.from_folder(templates_dir()), "", Ways("main", {}), {},
        )  # fmt: skip

    @property
    def school(self) -> School:
        return self.door.school

    async def as_(self, role: Role, school: School | None = None) -> Someone:
        """Somebody of this role (in the first school, unless another is named), signed in."""
        own = school or self.school
        school_id = 0 if role in OF_DISTRICT else own.id
        known = self._people.get((role, school_id))
        if known is not None:
            return known
        tools, now = self.door.service.base.tools, self.clock.now()
        async with self.door.database.transaction() as q:
            rows = await q.all("select id from class where school_id = :id", id=school_id)
            classes = [row["id"] for row in rows] if role is Role.CLASS_TEACHER else []
            user_id = await users.add(
                q, tools, school_id=school_id, login=f"{role}-{own.slug}", name="Анна Петровна",
                role=role, classes=classes, now=now,
            )  # fmt: skip
            assert user_id is not None
            secret = await sessions.begin(q, tools, user_id, agent="Firefox, Linux", now=now)
        made = Someone(self, role, user_id, secret)
        self._people[role, school_id] = made
        return made

    async def send(
        self, method: str, path: str, *, cookie: str = "", headers: Mapping[str, str] | None = None,
        data: Any = None,
    ) -> Answer:  # fmt: skip
        sent = dict(headers or {}) | ({"Cookie": f"desk={cookie}"} if cookie else {})
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as http,
            http.request(
                method, self.address + path, headers=sent, data=data, allow_redirects=False
            ) as response,
        ):
            return Answer(response.status, response.headers, await response.read())

    @asynccontextmanager
    async def at(
        self, width: int = WIDE, scheme: Scheme = "light", *, javascript: bool = True,
        someone: Someone | None = None,
    ) -> AsyncIterator[Page]:  # fmt: skip
        """A page of the browser, signed in as `someone`; the address of the desk is its base.

        An error of a script, or anything that the policy of the page refuses, fails the test.
        """
        assert self.browser is not None, "ask for the fixture `walker`"
        context = await self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale="ru-RU",
            java_script_enabled=javascript, base_url=self.address,
        )  # fmt: skip
        if someone is not None:
            await context.add_cookies(
                [{"name": "desk", "value": someone.secret, "url": self.address}]
            )
        page = await context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
        try:
            yield page
        finally:
            await _within(context.close())
        assert wrong == []


async def accessible(page: Page) -> None:
    """Axe finds nothing serious, and the page does not scroll sideways."""
    found = await Axe().run(page)
    grave = [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert grave == []
    sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(sideways), "it scrolls sideways"


def _nothing_known(_route: str, _code: str) -> str:
    return ""


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path: Path) -> AsyncIterator[Running]:
    """The service on SQLite at noon of a Tuesday; the clock moves by `desk.clock.advance` only."""
    clock = ManualClock(NOW)
    async with at_the_door(settings(tmp_path), clock=clock) as door:
        async with door.database.transaction() as q:
            [other] = [one for one in await schools.every(q) if one.id != door.school.id]
            await seeding.classes(q, door.service.base.tools, other, "7Б")
        yield Running(door, clock)


async def _within(closing: Awaitable[None]) -> None:
    """A browser that is gone never answers, and no time limit of a test ends its clearing up."""
    with suppress(TimeoutError, PlaywrightError):
        async with asyncio.timeout(10):
            await closing


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=_ARGUMENTS
        )
        yield opened
        await _within(opened.close())


@pytest_asyncio.fixture(loop_scope="session")
async def walker(desk: Running, browser: Browser) -> Running:
    """The service with a browser at hand: `async with walker.at(…) as page`."""
    desk.browser = browser
    return desk


@pytest_asyncio.fixture(loop_scope="session")
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """A family of two schools at the parent's page, at noon of a Tuesday that stands still."""
    async with at_home(tmp_path, ManualClock(NOW), Running) as made:
        yield made
