"""A scripted SMSC for tests, in raw struct bytes: it shares nothing with `channels.pdu`.

And `News`, which keeps what a channel reports and can be slow or broken like a database.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

from sms_diary.channels.base import (
    InboundReport,
    Outcome,
    Outgoing,
    ReceiptReport,
    Reports,
    Result,
)
from sms_diary.channels.smpp import SmppChannel, SmppSettings
from sms_diary.encoding import Alphabet

BIND_RX, BIND_TX = 0x1, 0x2
QUERY, QUERY_RESP = 0x3, 0x80000003
SUBMIT, SUBMIT_RESP = 0x4, 0x80000004
DELIVER, DELIVER_RESP = 0x5, 0x80000005
UNBIND, UNBIND_RESP = 0x6, 0x80000006
BIND_TRX, BIND_TRX_RESP = 0x9, 0x80000009
ENQUIRE, ENQUIRE_RESP = 0x15, 0x80000015
NACK = 0x80000000
BINDS = (BIND_RX, BIND_TX, BIND_TRX)
PATIENCE = 10.0


class Got(NamedTuple):
    command: int
    status: int
    sequence: int
    body: bytes


def raw(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


class Submitted(NamedTuple):
    source: tuple[int, int, bytes]
    destination: tuple[int, int, bytes]
    esm_class: int
    validity: bytes
    registered: int
    coding: int
    message: bytes
    rest: bytes


def read_submit(body: bytes) -> Submitted:
    """submit_sm by the book, with plain cuts at NUL."""
    _service, rest = body.split(b"\0", 1)
    source_type, (source, rest) = rest[:2], rest[2:].split(b"\0", 1)
    dest_type, (destination, rest) = rest[:2], rest[2:].split(b"\0", 1)
    esm_class, rest = rest[0], rest[3:]
    _schedule, rest = rest.split(b"\0", 1)
    validity, rest = rest.split(b"\0", 1)
    registered, _replace, coding, _canned, length = rest[:5]
    return Submitted(
        (source_type[0], source_type[1], source),
        (dest_type[0], dest_type[1], destination),
        esm_class, validity, registered, coding, rest[5 : 5 + length], rest[5 + length :],
    )  # fmt: skip


def deliver_body(
    message: bytes,
    *,
    esm_class: int = 0,
    coding: int = 0,
    source: bytes = b"79000000001",
    to: bytes = b"1234",
    ton: int = 1,
    tlvs: bytes = b"",
) -> bytes:
    return b"".join((
        b"\0", bytes((ton, 1)), source, b"\0", b"\0\1", to, b"\0",
        bytes((esm_class, 0, 0)), b"\0\0", bytes((0, 0, coding, 0, len(message))),
        message, tlvs,
    ))  # fmt: skip


def receipt_body(provider_id: str, state: str = "DELIVRD") -> bytes:
    text = (
        f"id:{provider_id} sub:001 dlvrd:001 submit date:2611241005 "
        f"done date:2611241006 stat:{state} err:000 text:x"
    )
    return deliver_body(text.encode(), esm_class=4)


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


class Connection:
    def __init__(self, smsc: Smsc, writer: asyncio.StreamWriter) -> None:
        self.smsc = smsc
        self.writer = writer
        self.sequence = 1000
        self.kind = 0
        """The bind that came over it."""
        self.got: list[Got] = []

    def of(self, command: int) -> list[Got]:
        return [got for got in self.got if got.command == command]

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def deliver(self, *bodies: bytes) -> list[int]:
        """Send deliver_sm in one write; their sequence numbers."""
        first = self.sequence + 1
        self.sequence += len(bodies)
        numbers = list(range(first, self.sequence + 1))
        self.write(b"".join(raw(DELIVER, n, b) for n, b in zip(numbers, bodies, strict=True)))
        return numbers

    def cut(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Connection, Got], bytes | None]


class Smsc:
    """Binds, accepts and remembers; `script` changes the answer to a command, None = silence.

    `listen` is its address; with `tls` it speaks nothing else.
    """

    def __init__(
        self, *, listen: str = "127.0.0.1", tls: ssl.SSLContext | None = None, **scripts: Script
    ) -> None:
        self.scripts = scripts
        self.listen = listen
        self.tls = tls
        self.got: list[Got] = []
        self.connections: list[Connection] = []
        self.accepted = 0
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.listen, 0, ssl=self.tls)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self.connections:
            # Python before 3.11.4 cannot cut TLS that is closed already.
            if not connection.writer.transport.is_closing():
                connection.writer.transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    @property
    def last(self) -> Connection:
        return self.connections[-1]

    def bound_as(self, kind: int) -> list[Connection]:
        """Connections that bound in this way, in order; those that are gone too."""
        return [connection for connection in self.connections if connection.kind == kind]

    def of(self, command: int) -> list[Got]:
        return [got for got in self.got if got.command == command]

    async def seen(self, command: int, count: int = 1) -> list[Got]:
        """Wait for so many PDUs of a kind."""
        await self.until(lambda: len(self.of(command)) >= count)
        return self.of(command)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(true)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, writer)
        self.connections.append(connection)
        await self._tell()
        try:
            while True:
                length, command, status, sequence = struct.unpack(
                    ">IIII", await reader.readexactly(16)
                )
                got = Got(command, status, sequence, await reader.readexactly(length - 16))
                self.got.append(got)
                connection.got.append(got)
                if command in BINDS:
                    connection.kind = command
                answer = self._answer(connection, got)
                if answer:
                    writer.write(answer)
                await self._tell()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, connection: Connection, got: Got) -> bytes | None:
        names = {
            **dict.fromkeys(BINDS, "bind"),
            SUBMIT: "submit", QUERY: "query", ENQUIRE: "enquire", UNBIND: "unbind",
        }  # fmt: skip
        script = self.scripts.get(names.get(got.command, ""))
        if script is not None:
            return script(connection, got)
        if got.command in BINDS:
            return raw(got.command | NACK, got.sequence, b"smsc\0")
        if got.command == SUBMIT:
            self.accepted += 1
            return raw(SUBMIT_RESP, got.sequence, b"id%d\0" % self.accepted)
        if got.command in (ENQUIRE, UNBIND):
            return raw(got.command | NACK, got.sequence)
        return None


class News:
    """What a channel reported. `gate` closed: the database is slow; `broken`: it fails."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.receipts: list[ReceiptReport] = []
        self.inbound: list[InboundReport] = []
        self.calls: list[tuple[str, int]] = []
        self.rooms = 0
        self.broken = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Condition()

    @property
    def reports(self) -> Reports:
        return Reports(
            results=self._taker(self.results, "results"),
            receipts=self._taker(self.receipts, "receipts"),
            inbound=self._taker(self.inbound, "inbound"),
            room=self._room,
        )

    def _taker(self, kept: list[Any], what: str) -> Callable[[str, Sequence[Any]], Awaitable[None]]:
        async def take(name: str, items: Sequence[Any]) -> None:
            assert name == "test"
            await self.gate.wait()
            self.calls.append((what, len(items)))
            if self.broken:
                self.broken -= 1
                raise OSError("disk full")
            kept.extend(items)
            self._notify()

        return take

    def _room(self) -> None:
        self.rooms += 1
        self._notify()

    def _notify(self) -> None:
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def settled(self, count: int) -> None:
        """Wait for the results of so many parts."""
        await self.until(lambda: len(self.results) == count)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(true)


class HandClock:
    """Monotonic seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def eventually(true: Callable[[], bool]) -> None:
    """For what nothing announces: give the loop turns until it is true."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0)


def settings(port: int, **changes: Any) -> SmppSettings:
    """A route to a test peer whose timers do not matter unless a test shortens them."""
    values: dict[str, Any] = {
        "name": "test", "host": "127.0.0.1", "port": port, "system_id": "school",
        "password": "secret", "source": "SHKOLA", "backoff_first": 0.01, "backoff_max": 0.02,
        "stop_timeout": 1.0,
    }  # fmt: skip
    return SmppSettings(**{**values, **changes})


def part(part_id: int = 1, text: str = "Математика 5", **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "part_id": part_id, "number": "+79000000001", "text": text, "alphabet": Alphabet.UCS2,
        "expires": 0, "seconds_left": 3600,
    }  # fmt: skip
    return Outgoing(**{**values, **changes})


@asynccontextmanager
async def talking(
    smsc: Smsc, *, bound: bool = True, now: Callable[[], float] = time.monotonic, **changes: Any
) -> AsyncIterator[tuple[SmppChannel, News]]:
    """A started channel; its SMSC must be entered already."""
    channel = SmppChannel(settings(smsc.port, **changes), now=now)
    news = News()
    await channel.start(news.reports)
    try:
        if bound:
            await news.until(channel.ready)
        yield channel, news
    finally:
        news.gate.set()
        await channel.stop()


def outcomes(news: News) -> dict[int, Outcome]:
    """The last outcome of each part."""
    return {result.part_id: result.outcome for result in news.results}
