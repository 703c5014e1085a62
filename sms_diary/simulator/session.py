"""One client's connection: framing, bind states, answers, and deliver_sm within a window.

What lives here: the protocol of SMPP 3.4 §2.2–2.4 seen from the SMSC. What does not: what is done
with a message (`smsc.py`) and octets (`wire.py`).
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from sms_diary.simulator import spec, wire
from sms_diary.simulator.options import Options
from sms_diary.simulator.receipts import Delivery
from sms_diary.simulator.timers import DelayQueue

_SYSTEM_ID = b"SIMULATOR\0"
_BINDS = {  # command id: may send, may receive (§2.2)
    spec.BIND_TRANSMITTER: (True, False),
    spec.BIND_RECEIVER: (False, True),
    spec.BIND_TRANSCEIVER: (True, True),
}


class Refusal(Exception):
    """The SMSC does not take a submit_sm; `status` is the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"command_status 0x{status:08x}")
        self.status = status


class CutOff(Exception):
    """The connection is to be cut now, without an answer."""


class Centre(Protocol):
    """What a session needs of the SMSC behind it."""

    options: Options

    def take(self, pdu: wire.SubmitSm) -> int:
        """Take a part and return its message id; raises Refusal or CutOff."""

    def opened(self, session: "Session") -> None:
        """A connection was made."""

    def bound(self) -> None:
        """A session's bind was accepted."""

    def answered(self, delivery: Delivery, status: int) -> None:
        """A deliver_sm was answered."""

    def settle(self) -> None:
        """Everything that had arrived is handled: write the ledger, then use freed windows."""

    def lost(self, session: "Session", unanswered: Sequence[Delivery]) -> None:
        """The session is over; these deliver_sm had no answer."""


class Session(asyncio.Protocol):
    """An asyncio protocol a connection. Answers leave in one write per read."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._out: list[bytes] = []
        self._sequence = 0
        self._unanswered: dict[int, Delivery] = {}
        self._late: DelayQueue[bytes] | None = None
        self._asked = False  # an enquire_link of ours is open
        self._full = False  # the peer does not read
        self._timer: asyncio.TimerHandle | None = None
        self.sends = False
        self.receives = False

    # -- the connection ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio sets TCP_NODELAY itself)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._centre.options.response_delay:
            self._late = DelayQueue(self._centre.options.response_delay, self._write)
        self._arm_enquiry()
        self._centre.opened(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Give back what the client has not acknowledged."""
        self._transport = None
        self.sends = self.receives = False
        if self._late is not None:
            self._late.cancel()
        if self._timer is not None:
            self._timer.cancel()
        unanswered = list(self._unanswered.values())
        self._unanswered.clear()
        self._centre.lost(self, unanswered)

    def pause_writing(self) -> None:
        """Read no more from a peer that does not read: memory must not grow."""
        self._full = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        if self._transport is not None:
            self._transport.resume_reading()
            self._centre.settle()

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
        if self._rest:
            data = self._rest + data
        at, size = 0, len(data)
        cut = False
        while size - at >= wire.LENGTH_OCTETS and not cut and not self._over:
            length = wire.length_of(data, at)
            if not spec.HEADER_LENGTH <= length <= spec.LONGEST_PDU:
                self._answer(spec.GENERIC_NACK, spec.ESME_RINVCMDLEN, 0)  # §4.3.1
                self._rest = b""
                self._finish(close=True)
                return
            if size - at < length:
                break
            try:
                self._handle(data, at)
            except CutOff:
                cut = True
            at += length
        self._rest = data[at:]
        self._finish(cut=cut)

    def _finish(self, *, close: bool = False, cut: bool = False) -> None:
        self._centre.settle()  # before the answers: the ledger is never behind what was told
        out, self._out = self._out, []
        self._write(out)
        if close or cut:
            self.close(abort=cut)

    def _handle(self, data: bytes, at: int) -> None:
        length, command, status, sequence = wire.header_of(data, at)
        start, end = at + spec.HEADER_LENGTH, at + length
        if command == spec.SUBMIT_SM:
            self._submit(sequence, data, start, end)
        elif command == spec.DELIVER_SM_RESP:
            delivery = self._unanswered.pop(sequence, None)
            if delivery is not None:
                self._centre.answered(delivery, status)
        elif command in _BINDS:
            self._bind(command, sequence, data, start, end)
        else:
            self._handle_link(command, sequence)

    def _handle_link(self, command: int, sequence: int) -> None:
        if command == spec.ENQUIRE_LINK:
            self._answer(spec.ENQUIRE_LINK_RESP, spec.ESME_ROK, sequence)
        elif command == spec.UNBIND:
            self._unbind(sequence)
        elif command == spec.ENQUIRE_LINK_RESP:
            self._asked = False
        elif command not in (spec.GENERIC_NACK, spec.UNBIND_RESP):
            self._answer(spec.GENERIC_NACK, spec.ESME_RINVCMDID, sequence)  # §4.3.1

    def _answer(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self._out.append(wire.build(command, status, sequence, body))

    def _write(self, pdus: list[bytes]) -> None:
        if pdus and self._transport is not None:
            self._transport.write(pdus[0] if len(pdus) == 1 else b"".join(pdus))

    # -- what a client asks --------------------------------------------------------------------

    def _bind(self, command: int, sequence: int, data: bytes, start: int, end: int) -> None:
        answer = command | spec.RESPONSE
        if self.sends or self.receives:
            self._answer(answer, spec.ESME_RALYBND, sequence)
            return
        status = self._credentials(data, start, end)
        if status != spec.ESME_ROK:
            self._answer(answer, status, sequence)
            self._write(self._out)
            self._out = []
            self.close()
            return
        version = wire.tlv(spec.TAG_SC_INTERFACE_VERSION, bytes((spec.INTERFACE_VERSION,)))
        self._answer(answer, spec.ESME_ROK, sequence, _SYSTEM_ID + version)
        # The bind's answer goes first: nothing may be delivered before it.
        self._write(self._out)
        self._out = []
        self.sends, self.receives = _BINDS[command]
        self._centre.bound()

    def _credentials(self, data: bytes, start: int, end: int) -> int:
        options = self._centre.options
        try:
            bind = wire.parse_bind(data, start, end)
        except wire.WireError as error:
            return error.status
        if bind.system_id != options.system_id:
            return spec.ESME_RINVSYSID
        return spec.ESME_ROK if bind.password == options.password else spec.ESME_RINVPASWD

    def _submit(self, sequence: int, data: bytes, start: int, end: int) -> None:
        try:
            if not self.sends:
                raise Refusal(spec.ESME_RINVBNDSTS)
            number = self._centre.take(wire.parse_submit_sm(data, start, end))
        except (Refusal, wire.WireError) as error:
            # §4.4.2: no body when the status is not 0
            answer = wire.build(spec.SUBMIT_SM_RESP, error.status, sequence)
        else:
            answer = wire.build(spec.SUBMIT_SM_RESP, 0, sequence, b"%d\0" % number)
        if self._late is None:
            self._out.append(answer)
        else:
            self._late.put([answer])

    def _unbind(self, sequence: int) -> None:
        self.sends = self.receives = False
        self._answer(spec.UNBIND_RESP, spec.ESME_ROK, sequence)
        self._write(self._out)
        self._out = []
        self.close()

    # -- what the SMSC asks --------------------------------------------------------------------

    @property
    def room(self) -> int:
        """How many deliver_sm may be sent now."""
        if not self.receives or self._full or self._over:
            return 0
        return self._centre.options.deliver_window - len(self._unanswered)

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Send deliver_sm in one write; no more than `room`."""
        out = []
        for delivery in deliveries:
            sequence = self._next()
            self._unanswered[sequence] = delivery
            out.append(delivery.pdu(sequence))
        self._write(out)

    def _next(self) -> int:
        self._sequence = self._sequence % spec.LAST_SEQUENCE + 1
        return self._sequence

    def _arm_enquiry(self) -> None:
        every = self._centre.options.enquire_every
        if every is not None:
            self._timer = asyncio.get_running_loop().call_later(every, self._enquire)

    def _enquire(self) -> None:
        """Ask a bound client whether it is alive; close what never bound or never answered."""
        if self._asked or not (self.sends or self.receives):
            self.close(abort=True)
            return
        self._asked = True
        self._write([wire.build(spec.ENQUIRE_LINK, spec.ESME_ROK, self._next())])
        self._arm_enquiry()
