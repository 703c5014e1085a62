"""The composition root: from settings to a running service, started and stopped in order.

Everything is made here and handed to whoever needs it; no other module reads settings.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from sms_diary import loops
from sms_diary.api import server
from sms_diary.api.auth import Callers
from sms_diary.api.events import EventsDoor
from sms_diary.api.health import Health
from sms_diary.api.messages import AdminEndpoint
from sms_diary.api.problem import answering
from sms_diary.carrying import Ways
from sms_diary.channels.base import Channel, Reports
from sms_diary.channels.smpp import SmppChannel, SmppSettings, content, profile, results
from sms_diary.clock import SECOND, Clock
from sms_diary.collector import Collector
from sms_diary.compose import Compose
from sms_diary.config import Settings, provider_folders, route_values
from sms_diary.db import Database, is_outage, open_database
from sms_diary.dispatch import Dispatch, Settle
from sms_diary.errors import DatabaseBusy
from sms_diary.fanout import Fanout
from sms_diary.ids import Ids
from sms_diary.inbound import InboundLoop
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.monitor import Monitor
from sms_diary.receipts import Receipts
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir
from sms_diary.store import keys, leases, sweeps
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

_HEARTBEAT = 6
"""A lease is prolonged this many times in its length."""
NO_ROUTE = "main"
"""Where messages wait while no route is configured."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Base:
    """An open database with its key: what every command starts from."""

    database: Database
    tools: Tools
    holder: str
    key_made: bool


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Base]:
    """Open database and key, take a node number; everything is given back at the end."""
    database, _ = await open_database(settings.database, wait=settings.database_wait)
    try:
        async with database.reading() as q:
            sealed = await keys.is_sealed(q)
        vault, made = keys.load(settings.key_file, may_make=not sealed)
        holder = uuid.uuid4().hex
        async with database.transaction() as q:
            await keys.check(q, vault)
            node = await leases.take_node(q, holder, _lease(settings))
        yield Base(database, Tools(Ids(node), vault), holder, made)
        await _give_back(database, holder)
    finally:
        await database.close()


async def _give_back(database: Database, holder: str) -> None:
    try:
        async with database.transaction() as q:
            await leases.release(q, holder)
    except Exception as error:  # they run out by themselves
        log.warning("leases are not released", error=type(error).__name__)


def _routes(settings: Settings) -> list[SmppSettings]:
    folders = provider_folders(settings)
    return [profile.load(route_values(route), folders).settings for route in settings.routes]


def _lease(settings: Settings) -> int:
    return int(settings.lease_seconds * SECOND)


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, for those who hold it: the command line, the demo, tests."""

    base: Base
    clock: Clock
    wakes: Wakes
    acceptor: Acceptor
    monitor: Monitor
    channels: tuple[Channel, ...]
    address: str


@asynccontextmanager
async def running(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """Serve until the block ends: door open last, closed first; channels drained in between."""
    async with AsyncExitStack() as stack:
        stack.enter_context(_only_server(settings.database))
        base = await stack.enter_async_context(opened(settings))
        wakes = Wakes()
        own = _routes(settings)
        channels = tuple(SmppChannel(one) for one in own)
        ways = Ways(
            own[0].name if own else NO_ROUTE, {one.name: content.carrying(one) for one in own}
        )
        alone = base.database.engine == "sqlite"
        if alone:
            # Whoever served this file before is dead: `_only_server` holds its lock.
            async with base.database.transaction() as q:
                await leases.inherit(q, base.holder)
                await sweeps.recover(q)
        await _keep_leases(stack, base, settings)
        acceptor = Acceptor(base.database, base.tools, clock, wakes)
        await _start_loops(stack, settings, base, clock, wakes, channels, ways)
        monitor = Monitor(base.database, clock, channels)
        collector: Collector[Request, Accepted] = Collector(
            acceptor.accept_many,
            most=2000,
            size=lambda request: len(request.drafts) or 1,
            hopeless=is_outage,
        )
        address = await _serve(
            stack, settings, _web(base, clock, wakes, acceptor, collector, monitor, own)
        )
        yield Service(base, clock, wakes, acceptor, monitor, channels, address)


def _web(
    base: Base, clock: Clock, wakes: Wakes, acceptor: Acceptor,
    collector: Collector[Request, Accepted], monitor: Monitor, own: Sequence[SmppSettings],
) -> web.Application:  # fmt: skip
    callers = Callers(base.database, base.tools)
    vendor = {one.name: one.vendor_codes for one in own}
    routes = [
        *EventsDoor(callers, acceptor, collector, base.database).routes(),
        *AdminEndpoint(
            callers,
            base.database,
            base.tools,
            clock,
            wakes,
            explain=lambda route, code: results.reason(code, vendor.get(route, {})),
        ).routes(),
        *Health(monitor).routes(),
    ]
    return server.application(middlewares=[answering(monitor.answered)], routes=routes)


async def _serve(stack: AsyncExitStack, settings: Settings, app: web.Application) -> str:
    runner, address = await server.start(app, settings.web.host, settings.web.port)
    stack.push_async_callback(runner.cleanup)
    return address


async def _start_loops(
    stack: AsyncExitStack, settings: Settings, base: Base, clock: Clock, wakes: Wakes,
    channels: tuple[Channel, ...], ways: Ways,
) -> None:  # fmt: skip
    database, tools = base.database, base.tools
    renderer = Renderer.from_folder(settings.templates or templates_dir())
    fanout = Fanout(database, tools, clock, wakes)
    compose = Compose(database, tools, clock, wakes, renderer, ways)
    receipts = Receipts(database, tools, clock, wakes, alone=database.engine == "sqlite")
    inbound = InboundLoop(database, tools, clock, wakes, renderer, ways)
    steps = [
        ("fanout", fanout.step, wakes.fanout),
        ("compose", compose.step, wakes.compose),
        ("receipts", receipts.sweep, wakes.receipts),
        ("inbound", inbound.step, wakes.inbound),
    ]
    reports = Reports(
        results=Settle(database, clock, wakes),
        receipts=receipts.store,
        inbound=inbound.store,
        room=wakes.dispatch.set,
    )
    for name, step, wake in steps:
        _in_background(stack, loops.run(name, step, wake))
    for channel in channels:
        # Stopped after its loop has ended: what is on its way is still settled.
        stack.push_async_callback(channel.stop)
        dispatch = Dispatch(
            database, tools, clock, channel, owner=base.holder, way=ways.of(channel.name)
        )
        _in_background(stack, _send(channel, dispatch, reports, base, settings, wakes))


async def _send(  # what one route needs
    channel: Channel, dispatch: Dispatch, reports: Reports, base: Base, settings: Settings,
    wakes: Wakes,
) -> None:  # fmt: skip
    """One route: wait until it is ours, connect, send. The door is open meanwhile."""
    await _hold_route(base, channel.name, settings)
    await channel.start(reports)
    await loops.run("dispatch", dispatch.step, wakes.dispatch)


def _in_background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


async def _keep_leases(stack: AsyncExitStack, base: Base, settings: Settings) -> None:
    """This process lives: its node, itself and its routes stay its own while it says so."""
    async with base.database.transaction() as q:
        await leases.take(q, f"process:{base.holder}", base.holder, _lease(settings))

    async def beat() -> None:
        while True:
            await asyncio.sleep(settings.lease_seconds / _HEARTBEAT)
            try:
                async with base.database.transaction() as q:
                    await leases.prolong(q, base.holder, _lease(settings))
            except Exception as error:  # the next beat may get through
                log.error("heartbeat failed", error=type(error).__name__)

    _in_background(stack, beat())


async def _hold_route(base: Base, name: str, settings: Settings) -> None:
    """Wait until the route is ours: two processes never hold one bind."""
    said = False
    while True:
        try:
            async with base.database.transaction() as q:
                if await leases.take(q, f"route:{name}", base.holder, _lease(settings)):
                    return
        except Exception as error:  # tried again in a moment
            log.error("route lease failed", route=name, error=type(error).__name__)
        if not said:
            log.info("route is held by another process, waiting", route=name)
            said = True
        await asyncio.sleep(min(1.0, settings.lease_seconds / _HEARTBEAT))


@contextmanager
def _only_server(url: str) -> Iterator[None]:
    """An SQLite file has one server; command-line writers may come and go."""
    if not url.startswith("sqlite:"):
        yield
        return
    path = Path(url.removeprefix("sqlite:").removeprefix("//")).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseBusy(
                f"Базу {path} уже обслуживает другой процесс «sms-diary serve». Остановите его "
                "или возьмите PostgreSQL: там процессов может быть несколько."
            ) from None
        yield
    finally:
        os.close(descriptor)
