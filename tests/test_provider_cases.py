"""Every HTTP provider's file against its cases: `tests/providers/NAME.toml`, data as the file is.

A case says what must be asked of the provider, what it answers, and what must come of it. Nothing
here knows any provider.
"""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from aiohttp import web

from sms_diary.channels import spec
from sms_diary.channels.base import Asked, Outcome, Result
from sms_diary.channels.http import HttpChannel, HttpSettings, callbacks
from sms_diary.channels.http.callbacks import Pushed
from sms_diary.channels.http.client import Answer
from sms_diary.channels.http.results import Reader
from sms_diary.channels.spec.http import Http
from sms_diary.channels.spec.meanings import of_phone
from sms_diary.clock import ManualClock
from sms_diary.model import PartState
from sms_diary.resources import providers_dir
from tests.http_peer import DEFINITIONS, News, part

CASES = Path(__file__).resolve().parent / "providers"
NOW = 1_795_856_400_000  # 2026-11-28 12:00 in Moscow
TOKEN = "t" * 16
FOLDERS = (providers_dir(), DEFINITIONS)
FILES = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in CASES.glob("*.toml")}
HTTP = [name for name in spec.names(FOLDERS) if spec.load(name, FOLDERS).http is not None]


def cases(section: str) -> list[Any]:
    """Every case of this section, in every file."""
    return [
        pytest.param(name, case, id=f"{name}-{case.get('name', place)}")
        for name, file in sorted(FILES.items())
        for place, case in enumerate(file.get(section, []))
    ]


def rows(section: str) -> list[Any]:
    """Every row of the tables `[[codes]]`, `[states]` and `[phones]`."""
    found = []
    for name, file in sorted(FILES.items()):
        tables = file.get(section, [])
        for table in tables if isinstance(tables, list) else [{"table": tables}]:
            found += [
                pytest.param(name, table, code, said, id=f"{name}-{code}")
                for code, said in table["table"].items()
            ]
    return found


@cache
def over_http(name: str) -> Http:
    """What a provider's file says."""
    http = spec.load(name, FOLDERS).http
    assert http is not None
    return http


def settings(name: str, address: str = "https://example.invalid", **changes: Any) -> HttpSettings:
    http = over_http(name)
    secrets = {one: f"secret-{one}" for one in (*http.secrets, *http.optional_secrets)}
    values: dict[str, Any] = {
        "name": "main", "title": name, "spec": http, "secrets": secrets, "source": "SHKOLA",
        "urls": (address,), "private": True, "public_url": "https://d.example.ru", "token": TOKEN,
    }  # fmt: skip
    return HttpSettings(**values | changes)


@dataclass
class Canned:
    """A server with one answer."""

    reply: dict[str, Any]
    address: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        self.seen.append(_seen(request, body))
        return web.Response(
            status=self.reply.get("status", 200), text=self.reply.get("body", ""),
            headers=self.reply.get("headers"),
        )  # fmt: skip


def _seen(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {
        "method": request.method, "path": request.path, "query": dict(request.query),
        "headers": dict(request.headers),
    }  # fmt: skip
    if request.content_type == "application/json":
        found["json"] = json.loads(body)
    elif body:
        charset = request.charset or "utf-8"
        found["form"] = dict(parse_qsl(body.decode(), keep_blank_values=True, encoding=charset))
    return found


@asynccontextmanager
async def answering(reply: dict[str, Any]) -> AsyncIterator[Canned]:
    canned = Canned(reply)
    runner = web.ServerRunner(web.Server(canned.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    canned.address = "http://{}:{}".format(*runner.addresses[0][:2])
    try:
        yield canned
    finally:
        await runner.cleanup()


def check_request(seen: dict[str, Any], wanted: dict[str, Any]) -> None:
    """All that is said of the request; headers may be more, the rest may not."""
    for name, said in wanted.get("headers", {}).items():
        assert seen["headers"].get(name) == said
    assert seen["method"] == wanted.get("method", "POST")
    assert seen["path"] == wanted["path"]
    assert seen["query"] == wanted.get("query", {})
    assert seen.get("form", {}) == wanted.get("form", {})
    assert seen.get("json") == (json.loads(wanted["json"]) if "json" in wanted else None)


def told(result: Result) -> dict[str, Any]:
    """A result without what is usual."""
    found: dict[str, Any] = {"outcome": str(result.outcome)}
    if result.provider_id:
        found["id"] = result.provider_id
    if result.more_ids:
        found["more"] = list(result.more_ids)
    if result.cost is not None:
        found["cost"] = str(result.cost)
    if result.outcome is Outcome.FAILED:
        found |= {"failure": str(result.failure), "scope": str(result.scope), "code": result.code}
        if result.delay:
            found["delay"] = result.delay
    return found


def quiet(name: str, address: str, *, queues: bool = False) -> HttpSettings:
    """A route that asks for nothing of itself, but for `queues`."""
    own = settings(name, address)
    if not queues:
        own = own.without_queues()
    return replace(own, spec=own.spec.model_copy(update={"balance": None}))


# --- the runner


def test_every_http_provider_has_its_cases() -> None:
    assert set(FILES) == set(HTTP)
    for name in HTTP:
        assert FILES[name].get("send"), name


@pytest.mark.parametrize(("name", "case"), cases("send"))
async def test_a_message_becomes_the_request_and_the_reply_its_outcome(
    name: str, case: dict[str, Any]
) -> None:
    parts = [part(one.pop("id"), **one) for one in map(dict, case["parts"])]
    async with answering(case.get("reply", {})) as canned:
        channel, news = HttpChannel(quiet(name, canned.address), ManualClock(NOW)), News()
        await channel.start(news.reports())
        await channel.send(parts)
        await news.until(lambda: len(news.results) == len(parts))
        await channel.stop()
    if "request" in case:
        check_request(canned.seen[0], case["request"])
    assert [told(news.results[one.part_id]) for one in parts] == case["results"]


@pytest.mark.parametrize(("name", "table", "code", "said"), rows("codes"))
def test_every_code_has_its_meaning(
    name: str, table: dict[str, Any], code: str, said: dict[str, Any]
) -> None:
    body = table.get("body", "@").replace("@", code)
    status = int(code) if table.get("code_is_status") else table.get("status", 200)
    message = part(1, number="+79000000001", doubted=table.get("doubted", False))
    [result] = Reader(settings(name)).results(
        [message], Answer(status, body.encode(), retry_after=table.get("retry_after", 0.0)), now=NOW
    )
    found = told(result)
    found.pop("code", None)
    expected = {"outcome": "failed", "scope": "message"} if "failure" in said else {}
    assert found == expected | said


@pytest.mark.parametrize(("name", "table", "code", "said"), rows("states"))
def test_every_state_has_its_meaning(
    name: str, table: dict[str, Any], code: str, said: str
) -> None:
    state = settings(name).spec.states.meaning(code)
    expected = PartState.SENT if said == "accepted" else PartState(said)
    assert state is expected


@pytest.mark.parametrize(("name", "case"), cases("push"))
def test_a_push_becomes_receipts_and_sms_or_is_refused(name: str, case: dict[str, Any]) -> None:
    body, kind = b"", ""
    if "form" in case:
        body, kind = urlencode(case["form"]).encode(), "application/x-www-form-urlencoded"
    elif "json" in case:
        body, kind = case["json"].encode(), "application/json"
    pushed = Pushed(
        case.get("door", "receipts"), case.get("method", "POST"),
        case.get("raw_query", urlencode(case.get("query", {}))),
        kind, {key.lower(): one for key, one in case.get("headers", {}).items()}, body,
    )  # fmt: skip
    secrets = settings(name).secrets | case.get("secrets", {})
    verdict = callbacks.read(settings(name, secrets=secrets), pushed)
    assert verdict is not None
    assert (verdict.reply.status, verdict.reply.body) == (
        case.get("status", 200), case.get("answer", ""),
    )  # fmt: skip
    receipts = [
        {
            "id": one.provider_id, "state": str(one.state), "number": one.number,
            "error": one.error, "part": one.part_id or 0, "at": one.reported_at or 0,
        }
        for one in verdict.receipts
    ]  # fmt: skip
    blank = {"id": "", "number": "", "error": "", "part": 0, "at": 0}
    assert receipts == [blank | one for one in case.get("receipts", [])]
    inbound = [{"number": one.number, "to": one.to, "text": one.text} for one in verdict.inbound]
    assert inbound == case.get("inbound", [])


@pytest.mark.parametrize(("name", "case"), cases("poll"))
async def test_the_provider_is_asked_and_its_answer_becomes_receipts(
    name: str, case: dict[str, Any]
) -> None:
    asked = [Asked(one["part"], one.get("id", ""), one["number"]) for one in case["asked"]]
    async with answering(case["reply"]) as canned:
        channel, news = HttpChannel(quiet(name, canned.address)), News()
        await channel.start(news.reports())
        await channel.ask(asked)
        if case["receipts"]:
            await news.until(lambda: bool(news.receipts))
        else:
            await answered(canned)
        await channel.stop()
    check_request(canned.seen[0], case["request"])
    found = [
        {"part": one.part_id, "id": one.provider_id, "state": str(one.state), "error": one.error}
        for one in news.receipts
    ]
    assert found == [{"error": ""} | one for one in case["receipts"]]


async def answered(canned: Canned) -> None:
    async with asyncio.timeout(5):
        while not canned.seen:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("name", "case"), cases("queue"))
async def test_what_a_queue_gives_is_kept_read_or_not(name: str, case: dict[str, Any]) -> None:
    receipts, inbound = case.get("receipts", []), case.get("inbound", [])
    meant = "receipts" if receipts else "inbound"
    async with answering(case["reply"]) as canned:
        own = quiet(name, canned.address, queues=True)
        channel, news = HttpChannel(only(own, meant), ManualClock(NOW)), News()
        await channel.start(news.reports())
        await news.until(lambda: len(news.receipts) + len(news.inbound) > 0)
        await channel.stop()
    [seen] = canned.seen
    check_request(seen, case["request"])
    found = [
        {"id": one.provider_id, "state": str(one.state), "error": one.error}
        for one in news.receipts
    ]
    assert found == [{"error": ""} | one for one in receipts]
    came = [{"number": one.number, "text": one.text, "id": one.id} for one in news.inbound]
    assert came == [{"id": ""} | one for one in inbound]


def only(own: HttpSettings, meant: str) -> HttpSettings:
    """Without the queue that is not meant."""
    left = "inbound" if meant == "receipts" else "receipts"
    section = getattr(own.spec, left).model_copy(update={"queue": None})
    return replace(own, spec=own.spec.model_copy(update={left: section}))


@pytest.mark.parametrize(("name", "table", "code", "said"), rows("phones"))
def test_a_code_of_a_receipt_says_this_of_the_phone(
    name: str, table: dict[str, Any], code: str, said: str
) -> None:
    known = of_phone(settings(name).spec.receipts.codes, code)
    assert known is not None
    assert str(known.failure or "") == said


@pytest.mark.parametrize(("name", "case"), cases("balance"))
async def test_the_balance_is_read(name: str, case: dict[str, Any]) -> None:
    async with answering(case["reply"]) as canned:
        channel, news = HttpChannel(settings(name, canned.address)), News()
        await channel.start(news.reports())
        async with asyncio.timeout(5):
            while channel.purse.balance is None:
                await asyncio.sleep(0.01)
        await channel.stop()
    [seen] = [one for one in canned.seen if one["path"] == case["request"]["path"]]
    check_request(seen, case["request"])
    assert str(channel.purse.balance) == case["amount"]
