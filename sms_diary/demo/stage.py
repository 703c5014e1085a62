"""The demo's stage: simulator, phones' page and service on free ports, and the school of the story.

All of it is real and runs in this process; its data lie in one folder, which the caller removes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import aiohttp
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from sms_diary.app import Service, running
from sms_diary.clock import SECOND, ShiftedClock
from sms_diary.config import Route, Settings, Web
from sms_diary.demo.journal import Journal
from sms_diary.demo.quiet import until
from sms_diary.demo.week import ZONE
from sms_diary.model import SchoolMode
from sms_diary.simulator import Options, Smsc, serving_page
from sms_diary.store import schools, settings
from sms_diary.store.schools import School

SLUG = "school-5"
SETTLE = 2 * SECOND
"""How long a slip may be corrected; short, so that one who tries it by hand need not wait."""
_RECEIPT_DELAY = 0.1
_SHOWN = {"cap": 100, "phone": "8 (900) 000-10-00"}
"""What the pages show of such a school: a limit that could be set there, and a telephone."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story is played with."""

    service: Service
    smsc: Smsc
    clock: ShiftedClock
    school: School
    journal: Journal
    http: aiohttp.ClientSession
    phones: str
    token: str


class _OwnSettings(Settings):
    """Settings from our own arguments only: the demo must not send by the user's own routes."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_of(folder: Path, smsc: Smsc) -> Settings:
    """A service with its data in `folder` and the simulator for its operator."""
    operator = Route(
        name="operator",
        host="127.0.0.1",
        port=smsc.port,
        system_id=smsc.options.system_id,
        password=SecretStr(smsc.options.password),
        source="SCHOOL",
        price=Decimal("4.20"),
        reply_to=smsc.options.reply_to,
        receipt_zone=ZONE.key,
    )
    return _OwnSettings(
        database=f"sqlite:{folder / 'sms-diary.db'}",
        key_file=folder / "sms-diary.key",
        web=Web(port=0),
        routes=(operator,),
    )


@asynccontextmanager
async def stage(folder: Path, clock: ShiftedClock, port: int = 0) -> AsyncIterator[Stage]:
    """Start everything and stop it again; the phones' page on `port`, 0 takes a free one.

    Raises OSError when the port is taken.
    """
    smsc = Smsc(Options(receipt_delay=_RECEIPT_DELAY), now=clock.now, zone=ZONE)
    await smsc.start()
    try:
        async with (
            serving_page(smsc, port=port) as phones,
            running(settings_of(folder, smsc), clock) as service,
            aiohttp.ClientSession() as http,
        ):
            await _bound(service)
            school, secret, token = await open_school(
                service, clock, slug=SLUG, name="Школа № 5 (вымышленная)", short_name="Школа 5"
            )
            journal = Journal(http, service.address, SLUG, secret, token)
            yield Stage(service, smsc, clock, school, journal, http, phones, token)
    finally:
        await smsc.stop()


async def _bound(service: Service) -> None:
    """Return when the service is ready: its operator has let it in."""

    async def ready() -> bool:
        return (await service.monitor.ready())[0]

    await until(ready, lambda: "сервис не подключился к имитации оператора")


async def open_school(
    service: Service, clock: ShiftedClock, *, slug: str, name: str, short_name: str,
    live: bool = True,
) -> tuple[School, str, str]:  # fmt: skip
    """A school that tells at any hour; its webhook secret and token."""
    tools, now = service.base.tools, clock.now()
    async with service.base.database.transaction() as q:
        school = await schools.add(
            q, tools, slug=slug, name=name, short_name=short_name, zone=ZONE.key, settle=SETTLE,
            budget=2, now=now,
        )  # fmt: skip
        if live:
            await schools.set_mode(q, school.id, SchoolMode.LIVE)
        await settings.change(q, school.id, {**settings.ANY_HOUR, **_SHOWN}, now=now)
        secret, token = await schools.add_credentials(q, tools, school.id, now=now)
        found = await schools.by_slug(q, slug)
    assert found is not None
    return found, secret, token
