"""The server under the routes: slow senders, too many at once, requests that are never finished."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from sms_diary.api import server
from sms_diary.api.body import Bodies
from sms_diary.api.problem import answering, json_response
from sms_diary.errors import ConfigError

PATIENCE = 10.0
_HEAD = (
    b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
)


@asynccontextmanager
async def serving(bodies: Bodies, *, idle: float = 30.0) -> AsyncIterator[tuple[str, int]]:
    """The product's own server around one handler that reads a body."""

    async def take(http: web.Request) -> web.Response:
        return json_response({"bytes": len(await bodies.json(http))})

    async def broken(_http: web.Request) -> web.Response:
        raise ValueError("+79000000001 Белкина")

    app = server.application(
        middlewares=[answering(lambda _path, _status: None)],
        routes=[web.post("/in", take), web.get("/broken", broken)],
    )
    runner, _ = await server.start(app, "127.0.0.1", 0, idle=idle, linger=0.1)
    try:
        host, port = runner.addresses[0][:2]
        yield host, port
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connected(
    where: tuple[str, int],
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*where)
    try:
        async with asyncio.timeout(PATIENCE):
            yield reader, writer
    finally:
        writer.close()


async def test_a_body_that_stops_coming_is_given_up() -> None:
    async with serving(Bodies(seconds=0.1)) as where, connected(where) as (reader, writer):
        writer.write(_HEAD + b"[")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in head


async def test_a_body_that_breaks_off_disturbs_nobody() -> None:
    bodies = Bodies(most=1)
    async with serving(bodies) as where:
        async with connected(where) as (_, writer):
            writer.write(_HEAD + b"[")
            await writer.drain()
        async with connected(where) as (reader, writer):
            # The one place may be taken until the server has seen the other one go.
            status = body = b""
            while b" 200 " not in status:
                writer.write(_HEAD + b"[" + b" " * 18 + b"]")
                status = await reader.readuntil(b"\r\n\r\n")
                length = int(status.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
            assert body == b'{"bytes": 20}'


async def test_more_bodies_at_once_than_memory_allows_are_asked_to_come_again() -> None:
    async with serving(Bodies(most=2)) as where, connected(where) as (reader, writer):
        async with connected(where) as (one, first), connected(where) as (two, second):
            slow = [(one, first), (two, second)]
            for _, each in slow:
                each.write(_HEAD + b"[")
            status = b""
            while b" 503 " not in status:  # until both have their place
                writer.write(_HEAD + b"[" + b" " * 18 + b"]")
                status = await reader.readuntil(b"\r\n\r\n")
                length = int(status.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
            assert b"Retry-After: 2" in status
            for answer, each in slow:
                each.write(b" " * 18 + b"]")
                assert (await answer.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(_HEAD + b"[" + b" " * 18 + b"]")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("begin", [b"", b"POST /in HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_request_whose_head_does_not_end_is_cut_off(begin: bytes) -> None:
    async with serving(Bodies(), idle=0.3) as where, connected(where) as (reader, writer):
        writer.write(begin)

        async def trickle() -> None:
            while begin:
                writer.write(b"x")
                await asyncio.sleep(0.02)  # the pace of the one who attacks

        task = asyncio.create_task(trickle())
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass  # closed all the same
        finally:
            task.cancel()


async def test_what_nobody_foresaw_is_a_503_that_says_nothing_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(Bodies()) as where, connected(where) as (reader, writer):
        writer.write(b"GET /broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = (await reader.read()).decode()
    assert answer.startswith("HTTP/1.1 503 ")
    assert "Белкина" not in answer
    assert "79000000001" not in answer + caplog.text
    assert "ValueError" not in answer


async def test_a_port_that_is_taken_is_said_in_russian() -> None:
    async with serving(Bodies()) as (host, port):
        app = server.application(middlewares=[], routes=[])
        said = rf"Порт {port} на {host} уже занят: смените web\.port"
        with pytest.raises(ConfigError, match=said):
            await server.start(app, host, port)


async def test_an_address_that_is_not_ours_is_said_in_russian() -> None:
    app = server.application(middlewares=[], routes=[])
    with pytest.raises(ConfigError, match=r"проверьте web\.host"):
        await server.start(app, "192.0.2.1", 0)
