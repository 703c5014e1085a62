"""A client of an SMSC for tests, in raw struct bytes: it shares nothing with the program.

It does only what it is told: nothing is answered, and nothing is bound, by itself. `smsc_with`
starts a simulated SMSC for it.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from sms_diary.simulator import Smsc
from sms_diary.simulator.reading import options_of

RESP = 0x80000000
NACK = 0x80000000
BIND_RX, BIND_TX, QUERY, SUBMIT, DELIVER, UNBIND, BIND_TRX, ENQUIRE = 1, 2, 3, 4, 5, 6, 9, 0x15
PHONE = b"79000001002"
NAME = b"School12"
PATIENCE = 5.0


class Got(NamedTuple):
    """A PDU as it came."""

    command: int
    status: int
    sequence: int
    body: bytes


class Delivered(NamedTuple):
    """A deliver_sm taken apart by the book (SMPP 3.4 §4.6.1)."""

    source: bytes
    destination: bytes
    esm_class: int
    coding: int
    message: bytes
    tlvs: dict[int, bytes]


def raw(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def submit_body(
    message: bytes = "Да".encode("utf-16-be"),
    *,
    number: bytes = PHONE,
    source: bytes = NAME,
    esm_class: int = 0,
    registered: int = 1,
    coding: int = 8,
    tlvs: bytes = b"",
) -> bytes:
    return b"".join((
        b"\0\5\0", source, b"\0\1\1", number, b"\0", bytes((esm_class, 0, 0)), b"\0\0",
        bytes((registered, 0, coding, 0, len(message))), message, tlvs,
    ))  # fmt: skip


def read_deliver(body: bytes) -> Delivered:
    _service, rest = body.split(b"\0", 1)
    source, rest = rest[2:].split(b"\0", 1)
    destination, rest = rest[2:].split(b"\0", 1)
    esm_class, rest = rest[0], rest[5:]
    coding, length = rest[2], rest[4]
    message, rest = rest[5 : 5 + length], rest[5 + length :]
    tlvs: dict[int, bytes] = {}
    while rest:
        tag, size = struct.unpack(">HH", rest[:4])
        tlvs[tag], rest = rest[4 : 4 + size], rest[4 + size :]
    return Delivered(source, destination, esm_class, coding, message, tlvs)


class Esme:
    """One connection to an SMSC."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.sequence = 0

    @classmethod
    async def connect(cls, smsc: Smsc) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", smsc.port))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.writer.transport.abort()

    def send(self, command: int, body: bytes = b"") -> int:
        """Send a request; its sequence number."""
        self.sequence += 1
        self.writer.write(raw(command, self.sequence, body))
        return self.sequence

    def answer(self, got: Got, status: int = 0) -> None:
        body = b"\0" if got.command == DELIVER else b""
        self.writer.write(raw(got.command | RESP, got.sequence, body, status))

    def submit(self, *, times: int = 1, **fields: Any) -> list[int]:
        """Send submit_sm in one write; their sequence numbers."""
        first = self.sequence + 1
        self.sequence += times
        numbers = list(range(first, self.sequence + 1))
        body = submit_body(**fields)
        self.writer.write(b"".join(raw(SUBMIT, number, body) for number in numbers))
        return numbers

    async def read(self) -> Got:
        """The next PDU; asyncio.IncompleteReadError or ConnectionError when there is none."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readexactly(16)
            length, command, status, sequence = struct.unpack(">IIII", head)
            return Got(command, status, sequence, await self.reader.readexactly(length - 16))

    async def read_of(self, command: int, count: int = 1) -> list[Got]:
        """The next so many PDUs of a kind; deliver_sm on the way are answered."""
        found: list[Got] = []
        while len(found) < count:
            got = await self.read()
            if got.command == DELIVER:
                self.answer(got)
            if got.command == command:
                found.append(got)
        return found

    async def receipts(self, count: int = 1) -> list[Delivered]:
        return [read_deliver(got.body) for got in await self.read_of(DELIVER, count)]

    async def until_closed(self) -> list[Got]:
        """All that still comes before the SMSC ends the connection."""
        found: list[Got] = []
        try:
            while True:
                found.append(await self.read())
        except (asyncio.IncompleteReadError, ConnectionError):
            return found

    async def bind(
        self, command: int = BIND_TRX, system_id: bytes = b"demo", password: bytes = b"demo"
    ) -> Got:
        self.send(command, system_id + b"\0" + password + b"\0\0\x34\0\0\0")
        [answer] = await self.read_of(command | RESP)
        return answer


async def bound(smsc: Smsc, command: int = BIND_TRX) -> Esme:
    one = await Esme.connect(smsc)
    assert (await one.bind(command)).status == 0
    return one


@asynccontextmanager
async def smsc_with(*, ledger_file: Path | None = None, **options: Any) -> AsyncIterator[Smsc]:
    """A started SMSC with these options, as they are written in a file."""
    smsc = Smsc(options_of(options), ledger_file=ledger_file)
    await smsc.start()
    try:
        yield smsc
    finally:
        await smsc.stop()


async def eventually(true: Any) -> None:
    """For what nothing announces: give the loop turns until it is true."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0)
