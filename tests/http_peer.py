"""A provider over HTTP as a real server: it keeps a ledger of what it took, and can misbehave.

It shares no code with our client. What it speaks is `tests/providers/definitions/madeup.toml`.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from sms_diary.channels import spec
from sms_diary.channels.base import InboundReport, Outgoing, ReceiptReport, Reports, Result
from sms_diary.channels.http import HttpSettings
from sms_diary.encoding import choose

DEFINITIONS = Path(__file__).resolve().parent / "providers" / "definitions"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Provider:
    """Answers by `handlers` in turn, then as a good provider does."""

    address: str = ""
    seen: list[Seen] = field(default_factory=list)
    """Requests that bring messages."""
    asked: list[Seen] = field(default_factory=list)
    """All others."""
    faults: deque[Handler] = field(default_factory=deque)
    fault: Callable[[int], Handler | None] = lambda _turn: None
    """What to do with the request of this number, counted from 1."""
    taken: Counter[str] = field(default_factory=Counter)
    """How often each message of ours was taken: the ledger."""
    uids: dict[str, str] = field(default_factory=dict)
    turns: int = 0
    handler: Handler | None = None
    """Another provider altogether."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.handler is not None:
            return await self.handler(request)
        body = await request.read()
        sending = request.path == "/v1/batch"
        (self.seen if sending else self.asked).append(
            Seen(
                request.method, request.path, list(request.query.items()),
                dict(request.headers), body,
            )
        )  # fmt: skip
        if request.path == "/v1/status":
            return self.status(request)
        if request.path == "/v1/balance":
            return web.json_response({"money": "41.50"})
        self.turns += 1
        if self.faults:
            return await self.faults.popleft()(request)
        if (fault := self.fault(self.turns)) is not None:
            return await fault(request)
        return web.json_response(await self.take(request))

    async def take(self, request: web.Request) -> dict[str, Any]:
        """Take the messages and answer for each."""
        results = {}
        for one in json.loads(await request.read()):
            ref = one["ref"]
            if ref in self.uids:
                results[ref] = {"state": "refused", "why": "duplicate"}
                continue
            self.taken[ref] += 1
            self.uids[ref] = f"U{len(self.uids) + 1}"
            results[ref] = {"state": "queued", "uid": self.uids[ref]}
        return {"results": results}

    def status(self, request: web.Request) -> web.Response:
        found = [
            {"ref": ref, "uid": uid, "state": "delivered"}
            for ref, uid in self.uids.items()
            if ref in request.query.getall("ref", []) or uid in request.query.getall("uid", [])
        ]
        return web.json_response(found)

    # --- how it may misbehave

    def answer(self, status: int, body: str, **headers: str) -> Handler:
        async def handler(_request: web.Request) -> web.Response:
            return web.Response(status=status, text=body, headers=headers)

        return handler

    def after_taking(self, then: Handler) -> Handler:
        """It has the messages, and then something goes wrong."""

        async def handler(request: web.Request) -> web.StreamResponse:
            await self.take(request)
            return await then(request)

        return handler


async def cut(request: web.Request) -> web.StreamResponse:
    """The connection goes before a byte of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_in_body(request: web.Request) -> web.StreamResponse:
    """The head of a good answer, half of its body, and the connection goes."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"results": {')
    assert request.transport is not None
    request.transport.close()
    return response


async def drip(request: web.Request) -> web.StreamResponse:
    """An answer of which a little comes all the time."""
    response = web.StreamResponse()
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


async def hang(_request: web.Request) -> web.StreamResponse:
    """No answer for longer than anybody waits."""
    await asyncio.sleep(30)
    return web.Response()


@asynccontextmanager
async def serving(provider: Provider | None = None) -> AsyncIterator[Provider]:
    """A provider on a port of its own."""
    own = provider or Provider()
    server = web.Server(own.handle)  # type: ignore[arg-type]
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    own.address = f"http://{host}:{port}"
    try:
        yield own
    finally:
        await runner.cleanup()


@dataclass
class News:
    """Where a channel under test brings what it has."""

    results: dict[int, Result] = field(default_factory=dict)
    receipts: list[ReceiptReport] = field(default_factory=list)
    inbound: list[InboundReport] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def reports(self) -> Reports:
        return Reports(self._results, self._receipts, self._inbound, self.changed.set)

    async def _results(self, _route: str, results: Any) -> None:
        self.results.update((one.part_id, one) for one in results)
        self.changed.set()

    async def _receipts(self, _route: str, receipts: Any) -> None:
        self.receipts += receipts
        self.changed.set()

    async def _inbound(self, _route: str, inbound: Any) -> None:
        self.inbound += inbound
        self.changed.set()

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(40):
            while not ready():
                self.changed.clear()
                await self.changed.wait()


def settings(address: str, name: str = "madeup", **changes: Any) -> HttpSettings:
    """A route to a definition among the tests, its server at `address`."""
    found = spec.read(DEFINITIONS / f"{name}.toml").http
    assert found is not None
    secrets = {one: f"secret-{one}" for one in (*found.secrets, *found.optional_secrets)}
    values: dict[str, Any] = {
        "name": "main", "title": "Проба", "spec": found, "secrets": secrets, "source": "SHKOLA",
        "urls": (address,), "private": True, "concurrent": found.concurrent,
    }  # fmt: skip
    return HttpSettings(**values | changes)


def part(part_id: int, text: str = "Оценка 5", **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "number": f"+7900{part_id % 10_000_000:07}", "text": text, "alphabet": choose(text),
        "expires": 1_800_000_000_000, "seconds_left": 7200, "total": 1, "seq": 0,
    }  # fmt: skip
    return Outgoing(part_id=part_id, **values | changes)
