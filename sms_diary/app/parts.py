"""The parts of a running service and how they hang together, by the roles of its process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from enum import StrEnum
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from sms_diary import unanswered
from sms_diary.api import server
from sms_diary.api.auth import Callers
from sms_diary.api.doubt import DoubtEndpoint
from sms_diary.api.events import EventsDoor
from sms_diary.api.health import Health
from sms_diary.api.messages import AdminEndpoint
from sms_diary.api.problem import answering
from sms_diary.app.base import Base
from sms_diary.carrying import Ways
from sms_diary.channels.base import Reports
from sms_diary.channels.smpp import SmppChannel, SmppSettings, content, profile, results
from sms_diary.clock import DAY, SECOND, Clock
from sms_diary.collector import Collector
from sms_diary.compose import Compose
from sms_diary.config import Settings, provider_folders, route_values
from sms_diary.db import is_outage
from sms_diary.dispatch import Dispatch, Settle
from sms_diary.fanout import Fanout
from sms_diary.holding import Holding
from sms_diary.inbound import InboundLoop
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.loops import POLL
from sms_diary.monitor import Monitor
from sms_diary.receipts import SWEEP, Receipts
from sms_diary.render import Renderer
from sms_diary.reports import heads
from sms_diary.resources import templates_dir
from sms_diary.sending import Loop, Sending, looping
from sms_diary.store import leases, sweeps
from sms_diary.unanswered import Unanswered
from sms_diary.wake import Wake, Wakes

log = structlog.get_logger(__name__)
_HEADS_POLL = 600.0
"""Seconds between looks whether the heads are to be published; they are once a day."""
NO_ROUTE = "main"
"""Where messages wait while no route is configured."""


class Role(StrEnum):
    """What a process does. Any number of processes share one PostgreSQL."""

    WEB = "web"
    """The door, the admin endpoint, the pages."""
    FANOUT = "fanout"
    """From entries to lines, from lines to messages."""
    SEND = "send"
    """Routes, receipts, SMS from phones."""


class Parts:
    """The parts of one service while they are put together, in this order."""

    def __init__(
        self, settings: Settings, base: Base, clock: Clock, roles: frozenset[Role]
    ) -> None:
        self._settings = settings
        self._base = base
        self._clock = clock
        self._roles = roles
        self.wakes = Wakes()
        folders = provider_folders(settings)
        self._routes = [
            profile.load(route_values(route), folders).settings for route in settings.routes
        ]
        self._ways = Ways(
            self._routes[0].name if self._routes else NO_ROUTE,
            {route.name: content.carrying(route) for route in self._routes},
        )
        sends = self._routes if Role.SEND in roles else []
        for route in sends:
            route.tls_context()  # what is wrong with it is said at the start
        self._sends = [(route, SmppChannel(route)) for route in sends]
        self.channels = tuple(channel for _, channel in self._sends)
        self._alone = base.database.engine == "sqlite"
        self._published_at = 0
        self.receipts = Receipts(base.database, base.tools, clock, self.wakes, alone=self._alone)
        self.holding = Holding(
            base.database, base.tools, base.holder,
            seconds=settings.lease_seconds, alone=self._alone,
        )  # fmt: skip

    def explain(self, route: str, code: str) -> str:
        """What an operator's code means, in Russian; "" when nobody knows."""
        vendor = {one.name: one.vendor_codes for one in self._routes}
        return results.reason(code, vendor.get(route, {}))

    async def begin(self, stack: AsyncExitStack) -> None:
        """Start what runs in the background: the heartbeat first, so that it ends last."""
        if self._alone:
            # Whoever served this file before is dead: `only_server` holds its lock.
            async with self._base.database.transaction() as q:
                await leases.inherit(q, self._base.holder)
                await sweeps.unheld(q)
        _in_background(stack, self.holding.beat())
        renderer = Renderer.from_folder(self._settings.templates or templates_dir())
        inbound = InboundLoop(
            self._base.database, self._base.tools, self._clock, self.wakes, renderer, self._ways
        )
        steps: list[Loop] = [
            ("sweep", self._one_of_all(self.receipts.sweep), self.wakes.receipts, POLL),
            ("heads", self._one_of_all(self._publish_heads), Wake(), _HEADS_POLL),
        ]
        if Role.FANOUT in self._roles:
            steps += self._fanout(renderer)
        if Role.SEND in self._roles:
            steps.append(("inbound", inbound.step, self.wakes.inbound, POLL))
        await stack.enter_async_context(looping(steps))
        await self._send(stack, inbound)

    async def _publish_heads(self) -> bool:
        """Once a day the ends of the consent ledger's chains go into the log, out of our reach."""
        now = self._clock.now()
        if now - self._published_at >= DAY:
            self._published_at = now
            for fields in await self._base.database.read(partial(heads.published, now=now)):
                log.info("consent ledger head", **fields)
        return False

    def _one_of_all(self, step: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
        """The step, in whichever process of any role has the lease of the sweep."""

        async def of_the_holder() -> bool:
            return await self.holding.hold(SWEEP) and await step()

        return of_the_holder

    def _fanout(self, renderer: Renderer) -> list[Loop]:
        database, tools = self._base.database, self._base.tools
        fanout = Fanout(database, tools, self._clock, self.wakes)
        compose = Compose(database, tools, self._clock, self.wakes, renderer, self._ways)
        return [
            ("fanout", fanout.step, self.wakes.fanout, POLL),
            ("compose", compose.step, self.wakes.compose, POLL),
        ]

    async def _send(self, stack: AsyncExitStack, inbound: InboundLoop) -> None:
        """Take the routes that are free; queue up for the others."""
        settle = Settle(self._base.database, self._clock, self.wakes, owner=self._base.holder)
        sendings = [
            Sending(
                self.holding,
                channel,
                Reports(
                    results=settle,
                    receipts=self.receipts.store,
                    inbound=inbound.store,
                    room=self.wakes.dispatch.set,
                    mine=partial(self.holding.held, leases.of_route(channel.name)),
                ),
                self._steps_of(route, channel),
            )
            for route, channel in self._sends
        ]
        for sending in sendings:
            # Once before the door opens, so that readiness knows whose they are.
            await sending.take()
        _in_background(stack, *(sending.run() for sending in sendings))

    def _steps_of(self, route: SmppSettings, channel: SmppChannel) -> list[Loop]:
        database, tools = self._base.database, self._base.tools
        dispatch = Dispatch(
            database, tools, self._clock, channel,
            owner=self._base.holder, way=self._ways.of(route.name),
        )  # fmt: skip
        silent = Unanswered(
            database, tools, self._clock, self.wakes, channel,
            query_after=int(route.query_after * SECOND),
        )  # fmt: skip
        return [
            ("dispatch", dispatch.step, self.wakes.dispatch, POLL),
            ("unanswered", silent.step, Wake(), unanswered.POLL),
        ]

    async def serve(self, stack: AsyncExitStack, acceptor: Acceptor, monitor: Monitor) -> str:
        """Open the door; its address. Without the web role it shows health alone."""
        routes = Health(monitor).routes()
        if Role.WEB in self._roles:
            routes += self._web(acceptor)
        app = server.application(middlewares=[answering(monitor.answered)], routes=routes)
        web_settings = self._settings.web
        runner, address = await server.start(app, web_settings.host, web_settings.port)
        stack.push_async_callback(runner.cleanup)
        return address

    def _web(self, acceptor: Acceptor) -> list[web.RouteDef]:
        database, tools = self._base.database, self._base.tools
        callers = Callers(database, tools)
        collector: Collector[Request, Accepted] = Collector(
            acceptor.accept_many,
            most=2000,
            size=lambda request: len(request.drafts) or 1,
            hopeless=is_outage,
        )
        admin = AdminEndpoint(
            callers, database, tools, self._clock, self.wakes, explain=self.explain
        )
        return [
            *EventsDoor(callers, acceptor, collector, database).routes(),
            *admin.routes(),
            *DoubtEndpoint(callers, database, tools, self._clock, self.wakes).routes(),
        ]


def _in_background(stack: AsyncExitStack, *works: Coroutine[Any, Any, None]) -> None:
    """Run them until the stack ends; then all are told at once, and waited for together."""
    tasks = [asyncio.create_task(work) for work in works]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)
