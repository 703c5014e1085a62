"""The composition root: from settings to a running service, started and stopped in order.

Everything is made here and handed to whoever needs it; no other module reads settings.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sms_diary.app.base import Base, opened
from sms_diary.app.parts import Parts, Role
from sms_diary.app.routes import AnyChannel
from sms_diary.clock import Clock
from sms_diary.config import Settings
from sms_diary.errors import ConfigError
from sms_diary.holding import only_server
from sms_diary.ingest.accept import Acceptor
from sms_diary.monitor import Monitor
from sms_diary.store import leases
from sms_diary.wake import Wakes

__all__ = ["ALL", "Base", "Role", "Service", "opened", "running"]

ALL = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, for those who hold it: the command line, the demo, tests."""

    base: Base
    clock: Clock
    wakes: Wakes
    acceptor: Acceptor
    monitor: Monitor
    channels: tuple[AnyChannel, ...]
    address: str


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock, roles: frozenset[Role] = ALL
) -> AsyncIterator[Service]:
    """Serve until the block ends. Then: the door closes, claiming stops, what is on its way is
    answered within bounds, routes say goodbye, leases are given back."""
    _check_roles(settings, roles)
    async with AsyncExitStack() as stack:
        stack.enter_context(only_server(settings.database))
        base = await stack.enter_async_context(opened(settings))
        parts = Parts(settings, base, clock, roles)
        await parts.begin(stack)
        acceptor = Acceptor(base.database, base.tools, clock, parts.wakes)
        monitor = Monitor(
            base.database, clock, parts.channels,
            held=lambda route: parts.holding.held(leases.of_route(route)),
            explain=parts.meanings.refusal, ambiguous=parts.receipts.ambiguous,
        )  # fmt: skip
        address = await parts.serve(stack, acceptor, monitor)
        yield Service(base, clock, parts.wakes, acceptor, monitor, parts.channels, address)


def _check_roles(settings: Settings, roles: frozenset[Role]) -> None:
    if roles != ALL and settings.database.startswith("sqlite:"):
        raise ConfigError(
            "Роли процессов (--role) бывают только с PostgreSQL: базу SQLite обслуживает один "
            "процесс. Уберите --role или впишите в database адрес PostgreSQL."
        )
