"""The parts of a running service and how they hang together, by the roles of its process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any

from aiohttp import web

from sms_diary import failover, journals, unanswered
from sms_diary.admin.pages import Pages
from sms_diary.admin.routes import Routes
from sms_diary.admin.screen import Desk
from sms_diary.api import server, table
from sms_diary.api.auth import Callers
from sms_diary.api.body import Bodies
from sms_diary.api.callbacks import CallbackDoor
from sms_diary.api.events import EventsDoor
from sms_diary.api.health import Health
from sms_diary.api.noting import Noting
from sms_diary.api.operation import Context
from sms_diary.api.problem import answering
from sms_diary.app.base import Base
from sms_diary.app.meanings import Meanings
from sms_diary.app.routes import AnyChannel, OwnRoute, of_settings, prices, ways
from sms_diary.app.upkeep import BUDGET_POLL, SELDOM, TALLY_POLL, Upkeep
from sms_diary.channels.base import Reports, Result
from sms_diary.channels.http import HttpChannel
from sms_diary.clock import SECOND, Clock
from sms_diary.codes import Codes
from sms_diary.collector import Collector
from sms_diary.compose import Compose
from sms_diary.config import Settings
from sms_diary.db import is_outage
from sms_diary.dispatch import Dispatch, Settle
from sms_diary.failover import Failover
from sms_diary.fanout import Fanout
from sms_diary.holding import Holding
from sms_diary.inbound import InboundLoop
from sms_diary.ingest import watch
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.watch import Watch
from sms_diary.journals import JOURNALS, Journals
from sms_diary.loops import POLL
from sms_diary.monitor import Monitor
from sms_diary.parent.pages import Pages as ParentPages
from sms_diary.parent.visit import Site
from sms_diary.receipts import SWEEP, Receipts
from sms_diary.render import Renderer
from sms_diary.requests import REQUESTS, Requests
from sms_diary.resources import templates_dir
from sms_diary.sending import Loop, Sending, looping
from sms_diary.store import leases, sweeps
from sms_diary.troubles import Limits, Troubles
from sms_diary.unanswered import Unanswered
from sms_diary.wake import Wake, Wakes

Results = Callable[[str, Sequence[Result]], Awaitable[None]]


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
        self._routes = of_settings(settings)
        self.meanings = Meanings(self._routes)
        tools = replace(base.tools, of_phone=self.meanings.phone)
        self._base = base = replace(base, tools=tools)
        self._clock = clock
        self._roles = roles
        self.wakes = Wakes()
        self._ways = ways(self._routes)
        sends = self._routes if Role.SEND in roles else []
        self._sends = [(route, route.open(clock)) for route in sends]
        self.channels = tuple(channel for _, channel in self._sends)
        self._alone = base.database.engine == "sqlite"
        self.receipts = Receipts(base.database, base.tools, clock, self.wakes, alone=self._alone)
        numbers = settings.numbers
        limits = Limits(numbers.failing_days, numbers.failing_messages, numbers.undelivered_days)
        self._troubles = Troubles(base.database, clock, limits)
        self._renderer = Renderer.from_folder(settings.templates or templates_dir())
        self._inbound = InboundLoop(
            base.database, base.tools, clock, self.wakes, self._renderer, self._ways
        )
        self.holding = Holding(
            base.database, base.tools, base.holder,
            seconds=settings.lease_seconds, alone=self._alone,
        )  # fmt: skip

    async def begin(self, stack: AsyncExitStack) -> None:
        """Start what runs in the background: the heartbeat first, so that it ends last."""
        if self._alone:
            # Whoever served this file before is dead: `only_server` holds its lock.
            async with self._base.database.transaction() as q:
                await leases.inherit(q, self._base.holder)
                await sweeps.unheld(q)
        _in_background(stack, self.holding.beat())
        upkeep = Upkeep(self._base.database, self._base.tools, self._clock, self.wakes)
        steps: list[Loop] = [
            ("sweep", self._one_of_all(self.receipts.sweep), self.wakes.receipts, POLL),
            ("heads", self._one_of_all(upkeep.publish_heads), Wake(), SELDOM),
            ("troubles", self._one_of_all(self._troubles.step), Wake(), SELDOM),
            ("retention", self._one_of_all(upkeep.destroy_old), Wake(), SELDOM),
            ("tally", self._one_of_all(upkeep.count), Wake(), TALLY_POLL),
            ("budgets", self._one_of_all(upkeep.go_on), Wake(), BUDGET_POLL),
        ]
        if Role.FANOUT in self._roles:
            steps += self._fanout(self._renderer)
        if Role.WEB in self._roles and self._settings.watch:
            steps.append(self._watch())
        if Role.WEB in self._roles:
            codes = Codes(
                self._base.database, self._base.tools, self._clock, self.wakes, self._renderer,
                self._ways,
            )  # fmt: skip
            steps.append(("codes", codes.step, self.wakes.codes, POLL))
        if Role.SEND in self._roles:
            steps.append(("inbound", self._inbound.step, self.wakes.inbound, POLL))
        await stack.enter_async_context(looping(steps))
        await self._send(stack)

    def _watch(self) -> Loop:
        """The folders of nightly exports; on a machine that has them, whichever has the lease."""
        database, tools = self._base.database, self._base.tools
        acceptor = Acceptor(database, tools, self._clock, self.wakes)
        importer = Importer(database, tools, self._clock, acceptor)
        step = Watch(database, importer, self._settings.watch).step
        return ("watch", self._one_of_all(step, "watch"), Wake(), watch.POLL)

    def _one_of_all(
        self, step: Callable[[], Awaitable[bool]], lease: str = SWEEP
    ) -> Callable[[], Awaitable[bool]]:
        """The step, in whichever process of those that run it has the lease."""

        async def of_the_holder() -> bool:
            return await self.holding.hold(lease) and await step()

        return of_the_holder

    def _fanout(self, renderer: Renderer) -> list[Loop]:
        database, tools = self._base.database, self._base.tools
        fanout = Fanout(database, tools, self._clock, self.wakes)
        compose = Compose(database, tools, self._clock, self.wakes, renderer, self._ways)
        asking = Requests(database, tools, self._clock, self.wakes, renderer, self._ways)
        requests = self._one_of_all(asking.step, REQUESTS)
        watching = Journals(database, tools, self._clock, self.wakes, renderer, self._ways)
        return [
            ("fanout", fanout.step, self.wakes.fanout, POLL),
            ("compose", compose.step, self.wakes.compose, POLL),
            ("requests", requests, self.wakes.requests, POLL),
            ("journals", self._one_of_all(watching.step, JOURNALS), Wake(), journals.POLL),
        ]

    async def _send(self, stack: AsyncExitStack) -> None:
        """Take the routes that are free; queue up for the others."""
        settle = Settle(
            self._base.database, self._base.tools, self._clock, self.wakes, owner=self._base.holder
        )
        sendings = [self._sending(route, channel, settle) for route, channel in self._sends]
        for sending in sendings:
            # Once before the door opens, so that readiness knows whose they are.
            await sending.take()
        _in_background(stack, *(sending.run() for sending in sendings))

    def _sending(self, route: OwnRoute, channel: AnyChannel, settle: Settle) -> Sending:
        steps = self._steps_of(route, channel)
        results: Results = settle
        if self._ways.leads_on(route.name):
            own = Failover(
                self._base.database, self._clock, self.wakes, channel, self._ways,
                after=int(route.out_after * SECOND),
            )  # fmt: skip
            steps.append(("failover", own.step, Wake(), failover.POLL))
            results = own.hearing(settle)
        reports = Reports(
            results=results,
            receipts=self.receipts.store,
            inbound=self._inbound.store,
            room=self.wakes.dispatch.set,
            mine=partial(self.holding.held, leases.of_route(channel.name)),
        )
        return Sending(self.holding, channel, reports, steps)

    def _steps_of(self, route: OwnRoute, channel: AnyChannel) -> list[Loop]:
        database, tools = self._base.database, self._base.tools
        dispatch = Dispatch(
            database, tools, self._clock, channel,
            owner=self._base.holder, way=self._ways.of(route.name),
        )  # fmt: skip
        silent = Unanswered(
            database, tools, self._clock, self.wakes, channel,
            query_after=int(route.query_after * SECOND), at_a_time=route.at_a_time,
            looks_up=route.looks_up,
            reachable=channel.running if isinstance(channel, HttpChannel) else None,
        )  # fmt: skip
        return [
            ("dispatch", dispatch.step, self.wakes.dispatch, POLL),
            ("unanswered", silent.step, Wake(), unanswered.POLL),
        ]

    async def serve(self, stack: AsyncExitStack, acceptor: Acceptor, monitor: Monitor) -> str:
        """Open the door; its address. Without the web role it shows health alone."""
        routes = Health(monitor).routes()
        pages = None
        if Role.WEB in self._roles:
            routes_ = Routes(
                [route.configured for route in self._routes], self.channels,
                lambda route: self.holding.held(leases.of_route(route)),
            )  # fmt: skip
            _in_background(stack, routes_.watching(self._clock))
            pages = self._pages(acceptor, monitor, routes_)
            routes += [*self._web(acceptor), *self._parents().routes(), *pages.routes()]
        app = server.application(middlewares=[answering(monitor.answered)], routes=routes)
        web_settings = self._settings.web
        runner, address = await server.start(app, web_settings.host, web_settings.port)
        stack.push_async_callback(runner.cleanup)
        if pages is not None:
            stack.push_async_callback(pages.stop)
        return address

    def _pages(self, acceptor: Acceptor, monitor: Monitor, routes: Routes) -> Pages:
        return Pages(
            Desk(
                self._base.database, self._base.tools, self._clock, self.wakes,
                self.meanings.refusal, self.meanings.receipt, monitor, acceptor, self._renderer,
                self._settings.public_url,
                self._ways, {route.name: route.source for route in self._settings.routes},
                prices=prices(self._routes), routes=routes,
            )
        )  # fmt: skip

    def _parents(self) -> ParentPages:
        return ParentPages(
            Site(
                self._base.database, self._base.tools, self._clock, self.wakes, self._renderer,
                self._ways, self._settings.public_url, self._settings.web.proxies,
            )
        )  # fmt: skip

    def _web(self, acceptor: Acceptor) -> list[web.RouteDef]:
        database, tools = self._base.database, self._base.tools
        callers = Callers(database, tools)
        collector: Collector[Request, Accepted] = Collector(
            acceptor.accept_many,
            most=2000,
            size=lambda request: len(request.drafts) or 1,
            hopeless=is_outage,
        )
        context = Context(
            callers, database, tools, self._clock, self.wakes, self.meanings.refusal,
            self.meanings.receipt, Bodies(), self._renderer,
        )  # fmt: skip
        noting = Noting(database, tools, self._clock)
        door = EventsDoor(callers, acceptor, collector, database, context.bodies, noting)
        pushed = {route.name: route.http for route in self._routes if route.http is not None}
        return [
            *CallbackDoor(pushed, self.receipts.store, self._inbound.store).routes(),
            *table.routes(context, door, acceptor),
        ]


def _in_background(stack: AsyncExitStack, *works: Coroutine[Any, Any, None]) -> None:
    """Run them until the stack ends; then all are told at once, and waited for together."""
    tasks = [asyncio.create_task(work) for work in works]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)
