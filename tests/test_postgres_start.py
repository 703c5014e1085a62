"""A PostgreSQL that is only just starting is waited for; any other refusal is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from sms_diary.db.postgres import PostgresDatabase

_STARTING, _WRONG_PASSWORD = "57P03", "28P01"


@asynccontextmanager
async def _server(*answers: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Sends callers away with these SQLSTATEs, the last one to all who come later; its address,
    and what it has answered (PostgreSQL protocol 3.0, ErrorResponse)."""
    said: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4), "big")
        await reader.readexactly(size - 4)
        said.append(answers[min(len(said), len(answers) - 1)])
        fields = f"SFATAL\0C{said[-1]}\0Mno\0\0".encode()
        writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://school:x@127.0.0.1:{port}/diary?sslmode=disable", said


async def test_a_server_that_is_starting_is_waited_for() -> None:
    async with _server(_STARTING, _STARTING, _WRONG_PASSWORD) as (url, said):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await PostgresDatabase.open(url, recovers=30)
    assert said == [_STARTING, _STARTING, _WRONG_PASSWORD]


async def test_one_that_never_is_up_is_not_waited_for_without_end() -> None:
    begun = time.monotonic()
    async with _server(_STARTING) as (url, said):
        with pytest.raises(asyncpg.CannotConnectNowError):
            await PostgresDatabase.open(url, recovers=0.5)
    assert len(said) > 1
    assert time.monotonic() - begun < 10
