"""The providers' door over real HTTP: stored before answered, forged ones change nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from sms_diary.api import server
from sms_diary.api.callbacks import CallbackDoor
from sms_diary.api.problem import answering
from sms_diary.channels.base import InboundReport, ReceiptReport
from sms_diary.channels.http import HttpSettings
from tests.http_peer import settings

TOKEN = "0123456789abcdef"


@dataclass
class Store:
    """What is committed; `away` while the database is gone."""

    receipts: list[ReceiptReport] = field(default_factory=list)
    inbound: list[InboundReport] = field(default_factory=list)
    away: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def take_receipts(self, route: str, reports: Sequence[ReceiptReport]) -> None:
        assert route == "main"
        await self.gate.wait()
        if self.away:
            raise ConnectionError("gone")
        self.receipts += reports

    async def take_inbound(self, route: str, reports: Sequence[InboundReport]) -> None:
        assert route == "main"
        self.inbound += reports


@dataclass
class Door:
    address: str
    store: Store
    door: CallbackDoor
    session: aiohttp.ClientSession
    counted: list[tuple[str, int]]

    async def push(
        self, body: bytes, *, token: str = TOKEN, route: str = "main", door: str = "receipts",
        sign: bool = True, method: str = "POST", headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:  # fmt: skip
        own = {"Content-Type": "application/json", **(headers or {})}
        if sign:
            made = hmac.new(b"secret-sign", body, hashlib.sha256).hexdigest()
            own["X-Sign"] = f"sha256={made}"
        url = f"{self.address}/callbacks/{route}/{token}/{door}"
        async with self.session.request(
            method, url, data=io.BytesIO(body), headers=own
        ) as response:
            return response.status, await response.text()


@asynccontextmanager
async def opened(own: HttpSettings) -> AsyncIterator[Door]:
    store, counted = Store(), list[tuple[str, int]]()
    door = CallbackDoor({"main": own}, store.take_receipts, store.take_inbound)
    middleware = answering(lambda path, status: counted.append((path, status)))
    app = server.application(middlewares=[middleware], routes=door.routes())
    runner, address = await server.start(app, "127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        yield Door(address, store, door, session, counted)
    await runner.cleanup()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(settings("http://x", token=TOKEN, public_url="https://d")) as found:
        yield found


def receipt(**changes: Any) -> bytes:
    return json.dumps([{"uid": "U1", "ref": "7", "state": "delivered", **changes}]).encode()


async def test_a_receipt_is_stored_and_gets_the_answer_that_the_provider_wants(door: Door) -> None:
    assert await door.push(receipt()) == (200, "OK")
    [report] = door.store.receipts
    assert (report.provider_id, report.part_id, str(report.state)) == ("U1", 7, "delivered")
    assert json.loads(report.raw)["uid"] == "U1"


async def test_nothing_is_answered_before_it_is_stored(door: Door) -> None:
    door.store.gate.clear()
    push = asyncio.create_task(door.push(receipt()))
    done, _ = await asyncio.wait([push], timeout=0.2)
    assert not done
    door.store.gate.set()
    assert await push == (200, "OK")


async def test_what_cannot_be_stored_is_to_be_brought_again(door: Door) -> None:
    door.store.away = True
    status, text = await door.push(receipt())
    assert status == 503
    assert "OK" not in text
    door.store.away = False
    assert await door.push(receipt()) == (200, "OK")


@pytest.mark.parametrize("forged", ["no signature", "another body", "another key"])
async def test_a_forged_receipt_changes_nothing_and_gets_the_refusal_of_the_file(
    door: Door, forged: str
) -> None:
    headers = {}
    if forged == "another body":
        made = hmac.new(b"secret-sign", receipt(), hashlib.sha256).hexdigest()
        headers = {"X-Sign": f"sha256={made}"}
    if forged == "another key":
        made = hmac.new(b"guess", receipt(state="lost"), hashlib.sha256).hexdigest()
        headers = {"X-Sign": f"sha256={made}"}
    answer = await door.push(receipt(state="lost"), sign=False, headers=headers)
    assert answer == (401, "NO")
    assert door.store.receipts == []
    assert door.door.refused["main"] == 1


@pytest.mark.parametrize(
    ("token", "route"), [("wrong", "main"), (TOKEN[:-1], "main"), (TOKEN, "other"), ("-", "main")]
)
async def test_whoever_has_not_the_token_learns_nothing(door: Door, token: str, route: str) -> None:
    status, text = await door.push(receipt(), token=token, route=route)
    assert status == 404
    assert json.loads(text)["type"] == "/problems/http-404"
    assert door.store.receipts == []


async def test_a_route_without_a_token_takes_nothing_at_all() -> None:
    async with opened(settings("http://x", token="")) as door:
        status, _ = await door.push(receipt(), token="-")
        assert status == 404


async def test_repeated_and_unknown_ones_get_the_good_answer(door: Door) -> None:
    for body in (receipt(), receipt(), receipt(uid="nobody", ref="")):
        assert await door.push(body) == (200, "OK")
    assert len(door.store.receipts) == 3


async def test_a_door_that_the_provider_does_not_use_is_closed(door: Door) -> None:
    assert (await door.push(receipt(), door="inbound"))[0] == 404
    assert (await door.push(b"", method="GET"))[0] == 405


async def test_a_body_beyond_bounds_or_compressed_is_refused(door: Door) -> None:
    assert (await door.push(b"[" + b" " * 1_100_000 + b"]"))[0] == 413
    assert (await door.push(receipt(), headers={"Content-Encoding": "gzip"}))[0] == 415
    assert (await door.push(b"[" * 100_000))[0] == 400
    assert door.store.receipts == []


async def test_metrics_count_by_the_declared_address_and_never_by_the_token(door: Door) -> None:
    await door.push(receipt())
    assert door.counted == [("/callbacks/{route}/{token}/{door}", 200)]
