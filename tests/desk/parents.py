"""A family at the parent page: the service, an imitated operator, and the page of its phones."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from sms_diary.clock import ManualClock
from sms_diary.simulator import Options, Smsc, serving_page
from sms_diary.store.schools import School
from tests import seeding
from tests.journal_peer import SAMARA, Answer, Door, at_the_door, eventually, route, settings
from tests.seeding import Subscribed

if TYPE_CHECKING:
    from tests.desk.conftest import Running

MUM, NEW, NOBODY = seeding.phone(0), seeding.phone(70), seeding.phone(99)
DARYA, EGOR = "Белкина Дарья Игоревна", "Белкин Егор Игоревич"
_COOKIE = re.compile(r'(my(?:-code)?)="?([A-Za-z0-9_-]*)"?;')


@dataclass
class Home:
    """The service, its phones' page, and the family: two children in two schools of one number."""

    desk: Running
    smsc: Smsc
    phones: str
    """The address of the simulator's page."""
    other: School
    darya: Subscribed
    egor: Subscribed

    @property
    def address(self) -> str:
        return self.desk.address

    def codes(self, number: str) -> list[str]:
        """The codes that have come to a phone, in order."""
        phone = self.smsc.phones.latest(number.lstrip("+"))
        texts = [bubble.text for one in phone for bubble in one.bubbles()]
        return [code for text in texts for code in re.findall(r"входа (\d{6})", text)]

    async def code(self, number: str, *, before: int = 0) -> str:
        """The next code to come to a phone, after so many."""

        async def came() -> bool:
            return len(self.codes(number)) > before

        await eventually(came)
        return self.codes(number)[-1]


@dataclass
class Visitor:
    """A browser without JavaScript, with its cookies."""

    home: Home
    cookies: dict[str, str] = field(default_factory=dict)
    forwarded: str = ""

    async def get(self, path: str) -> Answer:
        return await self._send("GET", path, {}, None)

    async def post(
        self, path: str, headers: Mapping[str, str] | None = None, **form: Any
    ) -> Answer:
        own = {"Origin": self.home.address, "Sec-Fetch-Site": "same-origin"}
        return await self._send("POST", path, own if headers is None else headers, form)

    async def enter(self, number: str = MUM) -> Answer:
        """Come in with a code."""
        before = len(self.home.codes(number))
        await self.post("/my/ask", number=number)
        return await self.post("/my/code", code=await self.home.code(number, before=before))

    async def page(self, path: str) -> str:
        answer = await self.get(path)
        assert answer.status == 200, answer.headers
        return answer.body.decode()

    async def reads(self, path: str, words: str) -> str:
        """The page, once these words have come to stand there."""

        async def came() -> bool:
            return words in await self.page(path)

        await eventually(came)
        return await self.page(path)

    async def _send(self, method: str, path: str, headers: Mapping[str, str], data: Any) -> Answer:
        sent = dict(headers)
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={held}" for name, held in self.cookies.items())
        if self.forwarded:
            sent["X-Forwarded-For"] = self.forwarded
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(
                method, self.home.address + path, headers=sent, data=data, allow_redirects=False
            ) as response,
        ):
            for said in response.headers.getall("Set-Cookie", []):
                if found := _COOKIE.match(said):
                    self.cookies[found[1]] = found[2]
            for name in [name for name, held in self.cookies.items() if not held]:
                del self.cookies[name]
            return Answer(response.status, response.headers, await response.read())


@asynccontextmanager
async def at_home(
    folder: Path, clock: ManualClock, desk: Callable[[Door, ManualClock], Running]
) -> AsyncIterator[Home]:
    """Everything, at noon of a Tuesday that stands still."""
    smsc = Smsc(Options(receipt_delay=0.0), now=clock.now, zone=SAMARA)
    await smsc.start()
    try:
        async with (
            serving_page(smsc, port=0) as phones,
            at_the_door(settings(folder, routes=[route(smsc.port)]), pupils=1, clock=clock) as door,
        ):
            tools = door.service.base.tools
            async with door.database.transaction() as q:
                [darya] = door.subscribed
                await q.run("update pupil set full_name = :name", name=DARYA)
                await q.run("update school set phone = '8 (846) 000-10-00' where slug = 'school-5'")
                other = await seeding.live_school(q, tools, "school-9")
                [class_id] = await seeding.classes(q, tools, other, "9В")
                pupil_id = await seeding.pupil(q, tools, other, class_id, EGOR, "p0")
                [egor] = await seeding.subscribe(q, tools, other, [(pupil_id, MUM)])
            yield Home(desk(door, clock), smsc, phones, other, darya, egor)
    finally:
        await smsc.stop()


async def told(home: Home) -> None:
    """The first school's journal has a mark and two days of lessons, and the marks were told."""
    lessons = [
        {"lesson": 1, "subject": "Русский язык", "start": "08:30"},
        {"lesson": 2, "subject": "Математика", "start": "09:20"},
        {"lesson": 3, "subject": "Изобразительное искусство", "start": "10:15"},
    ]
    at = "2026-11-24T11:30:00+04:00"
    journal = home.desk.door.journal
    answer = await journal.post([
        {"kind": "mark.set", "at": at, "pupil": {"id": "p0"}, "subject": "Математика",
         "date": "2026-11-24", "lesson": 2, "mark": "5", "work": "Контрольная работа"},
        {"kind": "mark.set", "at": at, "pupil": {"id": "p0"}, "subject": "Русский язык",
         "date": "2026-11-23", "lesson": 1, "mark": "4"},
        {"kind": "timetable.set", "at": at, "class": "5А", "date": "2026-11-25",
         "lessons": lessons},
        {"kind": "timetable.changed", "at": at, "class": "5А", "date": "2026-11-25", "lesson": 2,
         "subject": "Биология", "instead_of": "Математика"},
    ])  # fmt: skip
    assert answer.status == 202, answer.body


async def missed(home: Home) -> None:
    """Darya was late, ill and excused within the week, and one absence was a slip."""
    day = "2026-11-24"
    said: list[dict[str, Any]] = [
        {"lesson": 1, "code": "ОП"},
        {"lesson": 3, "subject": "История", "code": "Н"},
        {"lesson": 4, "subject": "Физкультура", "code": "ОСВ"},
        {"lesson": 5, "subject": "География", "code": "Н"},
        {"lesson": 5, "subject": "География", "code": ""},
        {"date": "2026-11-23", "code": "Б", "comment": "ОРВИ, справка"},
        {"date": "2026-11-17", "subject": "Химия", "code": "Н"},
    ]
    answer = await home.desk.door.journal.post([
        {"kind": "absence.set", "at": f"{day}T11:3{n}:00+04:00", "pupil": {"id": "p0"},
         "date": day, **one}
        for n, one in enumerate(said)
    ])  # fmt: skip
    assert answer.status == 202, answer.body
