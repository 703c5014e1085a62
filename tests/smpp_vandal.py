"""An SMSC that sends rubbish: random and mutated PDUs, and what ends a connection.

In raw struct bytes, and hoarding nothing, so that the memory of a client can be watched.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.smpp_peer import (
    BIND_TRX,
    BIND_TRX_RESP,
    DELIVER,
    ENQUIRE,
    ENQUIRE_RESP,
    NACK,
    PATIENCE,
    QUERY_RESP,
    SUBMIT,
    SUBMIT_RESP,
    UNBIND,
    UNBIND_RESP,
    deliver_body,
    raw,
    receipt_body,
    tlv,
)

DATA, DATA_RESP, ALERT, OUTBIND = 0x103, 0x80000103, 0x102, 0xB
COMMANDS = [
    *[DELIVER] * 20, *[SUBMIT_RESP] * 5, QUERY_RESP, NACK, ENQUIRE, ENQUIRE_RESP, BIND_TRX,
    BIND_TRX_RESP, 0x80000001, 0x80000002, DATA, DATA_RESP, ALERT, OUTBIND, SUBMIT, 0x3, 0x7, 0x8,
    0x21, 0x111, 0xDEAD, 0x8000DEAD, 0, 0xFFFFFFFF,
]  # fmt: skip
ENDS = (UNBIND, UNBIND_RESP)
"""Commands that end the connection in good order."""
SEEDS = [
    receipt_body("7f3a"),
    deliver_body(b"", esm_class=4, tlvs=tlv(0x1E, b"77\0") + tlv(0x427, b"\2")),
    deliver_body(b"hi", tlvs=tlv(0x424, b"x") + tlv(0x1401, b"y")),
    deliver_body("Стоп".encode("utf-16-be"), coding=8),
    deliver_body(b"\5\0\3\1\2\1hello", esm_class=0x40),
    deliver_body(b"\6\x08\4\1\2\3\2hello", esm_class=0x40),
    deliver_body(b"piece", tlvs=tlv(0x20C, b"\0\1") + tlv(0x20E, b"\3") + tlv(0x20F, b"\1")),
    deliver_body(b"", tlvs=tlv(0x424, bytes(3000))),
    b"id1\0", b"7f3a\x00261124100500000+\0\2\0", b"smsc\0" + tlv(0x210, b"\x34"), b"",
]  # fmt: skip
STATUSES = [0, 0, 0, 1, 3, 8, 0x0B, 0x14, 0x45, 0x58, 0x64, 0x400, 0xFFFFFFFF]


def rubbish(dice: random.Random) -> bytes:
    """One PDU whose command_length is true, and nothing else need be."""
    command, sequence = dice.choice(COMMANDS), dice.randrange(400)
    status = dice.choice(STATUSES)
    how = dice.random()
    if how < 0.25:
        return raw(command, sequence, dice.randbytes(dice.randrange(120)), status)
    if how < 0.3:
        command = dice.getrandbits(32)
        command = 0xDEAD if command in ENDS else command
    body = bytearray(dice.choice(SEEDS))
    if how > 0.6 and body:
        for _ in range(dice.randrange(1, 4)):
            body[dice.randrange(len(body))] = dice.choice(
                (0, 1, 4, 0x7F, 0xFF, dice.randrange(256))
            )
        if dice.random() < 0.4:
            del body[dice.randrange(len(body)) :]
        if dice.random() < 0.2:
            body += dice.randbytes(dice.randrange(12))
    return raw(command, sequence, bytes(body), status)


def ending(dice: random.Random) -> bytes:
    """What a connection does not outlive."""
    kind = dice.randrange(5)
    if kind == 0:
        return raw(dice.choice(ENDS), dice.randrange(400))
    if kind == 1:
        length = dice.choice((0, 1, 15, 65_537, 0x7FFFFFFF, 0xFFFFFFFF))
        return struct.pack(">IIII", length, DELIVER, 0, 7) + dice.randbytes(40)
    if kind == 2:
        return b"\xff" * 16 + dice.randbytes(200)
    if kind == 3:  # it swallows what follows, and what follows that is no header
        return struct.pack(">IIII", dice.randrange(100, 3000), DELIVER, 0, 7) + b"\xff" * 3100
    return raw(DELIVER, 9, deliver_body(b"cut"))[: dice.randrange(1, 40)]  # and then goodbye


class Line(asyncio.Protocol):
    """One client; its octets are cut into PDUs, answered where it matters, and forgotten."""

    def __init__(self, vandal: Vandal) -> None:
        self._vandal = vandal
        self._rest = b""
        self.bound = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._vandal.line = self

    def connection_lost(self, exc: Exception | None) -> None:
        self.bound, self.lost = False, True
        self._vandal.changed()

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while len(self._rest) >= 16:
            length, command, status, sequence = struct.unpack_from(">IIII", self._rest)
            if len(self._rest) < length:
                break
            self._rest = self._rest[length:]
            self._take(command, status, sequence)

    def _take(self, command: int, status: int, sequence: int) -> None:
        self._vandal.got += 1
        if command == BIND_TRX:
            self.bound = True
            self._vandal.binds += 1
            self.transport.write(raw(BIND_TRX_RESP, sequence, b"smsc\0"))
        elif command == SUBMIT:
            self._vandal.submits += 1
            if self._vandal.honest or self._vandal.submits % 2:
                self.transport.write(raw(SUBMIT_RESP, sequence, self._vandal.word + b"\0"))
        elif command == ENQUIRE:
            self.transport.write(raw(ENQUIRE_RESP, sequence))
        elif command == ENQUIRE_RESP:
            self._vandal.heard = sequence
        self._vandal.changed()


class Vandal:
    """The server. `word` is the id it gives when it answers a part, which it does to every other
    one; when it is `honest`, to all."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.word = b"x"
        self.honest = False
        self.got = self.binds = self.submits = 0
        self.heard = 0
        """The sequence number of the enquiry that was answered last."""
        self._enquiries = 1 << 20
        self._waiter: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Line(self), "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.close()
        if self.line is not None:
            self.line.transport.abort()
        await self._server.wait_closed()

    def changed(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until it is true; looked at whenever something came."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter

    async def bound(self) -> Line:
        """The line of a client that is bound."""
        await self.until(lambda: self.line is not None and self.line.bound)
        assert self.line is not None
        return self.line

    async def burst(self, line: Line, pdus: list[bytes]) -> None:
        """Send PDUs and wait until all of them were taken: an enquiry behind them is answered."""
        self._enquiries += 1
        number = self._enquiries
        line.transport.write(b"".join(pdus) + raw(ENQUIRE, number))
        await self.until(lambda: self.heard == number or line.lost)

    async def end(self, line: Line, octets: bytes) -> None:
        """Send what ends a connection, and say goodbye if the client does not."""
        line.transport.write(octets)
        line.transport.write_eof()
        await self.until(lambda: line.lost)
