"""A way between two programs that can be cut and stopped: TCP passed on, octets untouched.

When it happens is decided elsewhere. What was read and not yet passed on is lost with a cut, as it
is on a real network.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random

_CHUNK = 4096


class Proxy:
    """Listens on a port of its own and passes on to `target`, which may change."""

    def __init__(self) -> None:
        self.target = 0
        """The port on this machine; new connections go there."""
        self.cuts = 0
        """Connections that were cut here."""
        self._server: asyncio.Server | None = None
        self._ways: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = {}
        self._open = asyncio.Event()
        self._open.set()

    async def start(self) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._abort(list(self._ways))
        await asyncio.gather(*self._ways, return_exceptions=True)

    def cut(self, chance: Random | None = None) -> None:
        """Cut all connections, or with `chance` one of them."""
        ways = list(self._ways)
        chosen = [chance.choice(ways)] if chance and ways else ways
        self.cuts += len(chosen)
        self._abort(chosen)

    async def freeze(self, seconds: float) -> None:
        """Pass nothing on for so long, then cut everything: a dead line, noticed or not."""
        self._open.clear()
        await asyncio.sleep(seconds)
        self.cut()
        self._open.set()

    def _abort(self, ways: list[asyncio.Task[None]]) -> None:
        for way in ways:
            for writer in self._ways.get(way, ()):
                writer.transport.abort()
            way.cancel()

    async def _serve(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        try:
            far, to_far = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            to_near.transport.abort()
            return
        way = asyncio.create_task(self._both(near, to_near, far, to_far))
        self._ways[way] = (to_near, to_far)
        with suppress(asyncio.CancelledError, OSError):
            await way
        self._abort([way])
        del self._ways[way]

    async def _both(
        self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter,
        far: asyncio.StreamReader, to_far: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        there = asyncio.create_task(self._pass(near, to_far))
        back = asyncio.create_task(self._pass(far, to_near))
        try:
            # Whoever ends first ends both: nobody in SMPP speaks on after the other has left.
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            await asyncio.gather(there, back, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while octets := await reader.read(_CHUNK):
            await self._open.wait()
            writer.write(octets)
            await writer.drain()
