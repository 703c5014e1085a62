"""The octets of one connection: PDUs cut out of the stream, whole batches written, hazards.

What lives here: asyncio's transport, framing (SMPP 3.4 §3.2), slow reading, a peer that does not
read. What does not: what a PDU means (`session.py`).
"""

import asyncio
from typing import cast

from sms_diary.simulator import spec, wire
from sms_diary.simulator.hazards import Fate, Hazards


class CutOff(Exception):
    """The connection is to be cut now, without an answer."""


class Connection(asyncio.Protocol):
    """Answers leave in one write per read. The methods that raise NotImplementedError are for
    whoever knows what PDUs mean.

    `read_rate` is in octets a second; `hazards` None: nothing bad ever happens.
    """

    def __init__(self, hazards: Hazards | None, read_rate: float | None) -> None:
        self._transport: asyncio.Transport | None = None
        self._hazards = hazards
        self._read_rate = read_rate
        self._rest = b""
        self._out: list[bytes] = []
        self._full = False  # the peer does not read
        self._pause: asyncio.TimerHandle | None = None  # until more is read

    def _handle(self, data: bytes, at: int) -> None:
        """Handle the whole PDU that begins at `at`; may raise CutOff."""
        raise NotImplementedError

    def _leave(self) -> None:
        """Ask the client to let go."""
        raise NotImplementedError

    def _settle(self) -> None:
        """Make good what answers will promise, before they leave."""
        raise NotImplementedError

    # -- life ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio sets TCP_NODELAY itself)."""
        # Not checked: uvloop's transports are no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        """End."""
        self._transport = None
        if self._pause is not None:
            self._pause.cancel()

    def close(self, *, abort: bool = False) -> None:
        """End the connection: after what is written, or (`abort`) at once."""
        if self._transport is not None:
            if abort:
                self._transport.abort()
            else:
                self._transport.close()

    @property
    def _over(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    # -- reading -------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Handle every whole PDU, then settle and answer."""
        if self._read_rate is not None:
            self._read_after(len(data) / self._read_rate)
        if self._rest:
            data = self._rest + data
        at, size = 0, len(data)
        while size - at >= wire.LENGTH_OCTETS and not self._over:
            length = wire.length_of(data, at)
            if not spec.HEADER_LENGTH <= length <= spec.LONGEST_PDU:
                self._answer(spec.GENERIC_NACK, spec.ESME_RINVCMDLEN, 0)  # §4.3.1
                self._rest = b""
                self._flush()
                self.close()
                return
            if size - at < length:
                break
            try:
                self._receive(data, at)
            except CutOff:
                self._flush()
                self.close(abort=True)
                return
            at += length
        self._rest = data[at:]
        self._flush()

    def _receive(self, data: bytes, at: int) -> None:
        """Handle a PDU, or let happen to it what happens on a bad network; raises CutOff."""
        if self._hazards is None:
            self._handle(data, at)
            return
        fate = self._hazards.incoming()
        if fate is Fate.CUT_BEFORE:
            raise CutOff
        if fate is not Fate.UNHEARD:
            self._handle(data, at)
        if fate is Fate.CUT_AFTER:
            self._settle()
            self._out.clear()
            raise CutOff
        if fate is Fate.THEN_UNBIND:
            self._leave()

    def _read_after(self, seconds: float) -> None:
        if self._transport is not None:
            self._transport.pause_reading()
            self._pause = asyncio.get_running_loop().call_later(seconds, self._pause_over)

    def _pause_over(self) -> None:
        self._pause = None
        self._read_on()

    def _read_on(self) -> None:
        if self._transport is not None and not self._full and self._pause is None:
            self._transport.resume_reading()

    # -- writing -------------------------------------------------------------------------------

    def _answer(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self._out.append(wire.build(command, status, sequence, body))

    def _flush(self) -> None:
        self._settle()
        out, self._out = self._out, []
        self._write(out)

    def _write(self, pdus: list[bytes]) -> None:
        if not pdus or self._transport is None or self._transport.is_closing():
            return
        cut = False
        if self._hazards is not None:
            pdus, cut = self._hazards.outgoing(pdus)
        if pdus:
            self._transport.write(pdus[0] if len(pdus) == 1 else b"".join(pdus))
        if cut:
            self.close(abort=True)

    def pause_writing(self) -> None:
        """Read no more from a peer that does not read: memory must not grow."""
        self._full = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        self._read_on()
        self._settle()
