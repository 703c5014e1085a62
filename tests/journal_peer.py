"""A school's journal at the door of a running service: signs with the reference client, asks.

`at_the_door` starts the real service on a free port; what is sent goes over HTTP. Not a test.
"""

from __future__ import annotations

import asyncio
import html
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
from standardwebhooks import Webhook

from sms_diary.app import Service, running
from sms_diary.clock import Clock, ShiftedClock, local, millis
from sms_diary.config import Settings
from sms_diary.db import Database
from sms_diary.store import schools
from sms_diary.store.schools import School
from tests import seeding
from tests.conftest import lay_down

PATIENCE = 20.0
SAMARA = ZoneInfo("Europe/Samara")
CLOCK = ShiftedClock(millis(datetime(2026, 11, 24, 12, 0, tzinfo=SAMARA)))
"""The school day that is told of, whatever day it is; it goes on as fast as any other."""
SLUG, OTHER = "school-5", "school-7"
# What no request may change by being refused; leases are the service's own heartbeat, and that
# something was refused is noted.
_OWN = {"lease", "sqlite_sequence", "swept", "destruction", "door_note"}


def mark(pupil: int = 0, value: str = "5", **more: Any) -> dict[str, Any]:
    """A mark of one of the seeded pupils."""
    at = local(CLOCK.now(), SAMARA).isoformat(timespec="seconds")
    return {
        "kind": "mark.set", "at": at, "pupil": {"id": f"p{pupil}"}, "subject": "Математика",
        "date": "2026-11-24", "lesson": 3, "mark": value, **more,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def text(answer: Answer) -> str:
    """A page as a browser reads it, with its tags."""
    return html.unescape(answer.body.decode())


class Journal:
    """One school's webhook client."""

    def __init__(self, http: aiohttp.ClientSession, address: str, slug: str, secret: str,
                 token: str) -> None:  # fmt: skip
        self.http = http
        self.address = address
        self.slug = slug
        self.secret = secret
        self.token = token
        self._count = 0

    @property
    def events(self) -> str:
        return f"/v1/schools/{self.slug}/events"

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def new_id(self) -> str:
        self._count += 1
        return f"msg_{self.slug}_{self._count}"

    def signed(
        self, body: bytes, message_id: str, *, secret: str = "", shift: float = 0
    ) -> dict[str, str]:
        """The headers of the reference client; `shift`: seconds its clock is ahead."""
        stamp = datetime.fromtimestamp(int(time.time() + shift), UTC)
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(
                message_id, stamp, body.decode()
            ),
        }

    async def post(
        self, events: Any, *, message_id: str = "", secret: str = "", query: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Sign and post events; bytes go as they are."""
        body = events if isinstance(events, bytes) else encoded(events)
        made = self.signed(body, message_id or self.new_id(), secret=secret)
        return await self.send("POST", self.events + query, body, made | (headers or {}))

    async def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """A request as it is given; nothing is signed and no header is added but aiohttp's own."""
        if isinstance(body, bytes):
            body = io.BytesIO(body)  # aiohttp warns of large bytes
        async with self.http.request(
            method, self.address + path, data=body, headers=headers, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, *, token: str = "") -> Answer:
        headers = {"authorization": f"Bearer {token or self.token}"}
        return await self.send("GET", path, headers=headers)

    async def raw(self, data: bytes) -> bytes:
        """Bytes to the port, and all that comes back until the server closes."""
        where = urlsplit(self.address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            writer.write(data)
            await writer.drain()
            async with asyncio.timeout(PATIENCE):
                return await reader.read()
        finally:
            writer.close()


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Door:
    """The running service with two schools; `journal` is the first one's."""

    service: Service
    journal: Journal
    other: Journal
    school: School
    subscribed: list[seeding.Subscribed]

    @property
    def database(self) -> Database:
        return self.service.base.database

    async def kept(self) -> dict[str, int]:
        """How many rows each table has."""
        return await rows_of(self.database)


async def rows_of(database: Database) -> dict[str, int]:
    async with database.reading() as q:
        tables = [
            row["name"]
            for row in await q.all("select name from sqlite_master where type = 'table'")
            if row["name"] not in _OWN
        ]
        return {name: (await q.all(f"select count(*) as n from {name}"))[0]["n"] for name in tables}


def settings(folder: Path, *, routes: Sequence[Any] = (), **changes: Any) -> Settings:
    """A service on a free port with all its files in `folder`."""
    values: dict[str, Any] = {
        "database": f"sqlite:{folder / 'diary.db'}", "key_file": folder / "diary.key",
        "web": {"port": 0}, "routes": routes,
    }  # fmt: skip
    return Settings(**values | changes)


def route(port: int, **changes: Any) -> dict[str, Any]:
    """A route to a simulated SMSC."""
    return {
        "name": "main", "host": "127.0.0.1", "port": port, "system_id": "demo",
        "password": "demo", "source": "SHKOLA", **changes,
    }  # fmt: skip


@asynccontextmanager
async def at_the_door(
    made: Settings, *, pupils: int = 3, clock: Clock | None = None
) -> AsyncIterator[Door]:
    """Start the service; two live schools, the first with pupils p0, p1 … and a parent each."""
    await asyncio.to_thread(lay_down, made.database)
    async with running(made, clock or CLOCK) as service, aiohttp.ClientSession() as http:
        tools = service.base.tools
        async with service.base.database.transaction() as q:
            school = await seeding.live_school(q, tools, SLUG)
            second = await seeding.live_school(q, tools, OTHER)
            journals = [
                Journal(http, service.address, one.slug,
                        *await schools.add_credentials(q, tools, one.id, now=1))
                for one in (school, second)
            ]  # fmt: skip
            [class_id] = await seeding.classes(q, tools, school, "5А")
            ids = await seeding.pupils(q, tools, school, class_id, pupils)
            pairs = [(pupil_id, seeding.phone(n)) for n, pupil_id in enumerate(ids)]
            subscribed = await seeding.subscribe(q, tools, school, pairs)
        yield Door(service, journals[0], journals[1], school, subscribed)


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    """For what nobody announces to an outsider: ask again until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0.02)
