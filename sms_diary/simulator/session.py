"""One client's session: bind states, answers, and deliver_sm within a window.

What lives here: the protocol of SMPP 3.4 §2.2–2.4 seen from the SMSC. What does not: what is done
with a message (`smsc.py`), the stream and what disturbs it (`connection.py`, `hazards.py`).
"""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Protocol

from sms_diary.simulator import spec, wire
from sms_diary.simulator.admission import Refusal
from sms_diary.simulator.connection import Connection
from sms_diary.simulator.deliveries import Delivery
from sms_diary.simulator.hazards import Hazards
from sms_diary.simulator.options import Options
from sms_diary.simulator.stats import Stats
from sms_diary.simulator.timers import DelayQueue

_SYSTEM_ID = b"SIMULATOR\0"
_BINDS = {  # command id: may send, may receive (§2.2)
    spec.BIND_TRANSMITTER: (True, False),
    spec.BIND_RECEIVER: (False, True),
    spec.BIND_TRANSCEIVER: (True, True),
}


class Centre(Protocol):
    """What a session needs of the SMSC behind it."""

    options: Options
    stats: Stats
    network: Random

    def admit(self, bind: wire.Bind) -> str:
        """Return the account that a bind belongs to; raises Refusal."""

    def take(self, pdu: wire.SubmitSm, account: str, owed: int) -> bytes | None:
        """Take a part and return its message id, None for no answer; raises Refusal or CutOff."""

    def query(self, pdu: wire.QuerySm, account: str) -> bytes:
        """Return the body of the answer to a query_sm; raises Refusal."""

    def opened(self, session: "Session") -> None:
        """A connection was made."""

    def bound(self) -> None:
        """A session's bind was accepted."""

    def answered(self, delivery: Delivery, status: int) -> None:
        """A deliver_sm was answered."""

    def settle(self) -> None:
        """Everything that had arrived is handled: write the ledger, then use freed windows."""

    def unanswered(self, deliveries: Sequence[Delivery]) -> None:
        """These deliver_sm had no answer in time."""

    def lost(self, session: "Session", deliveries: Sequence[Delivery]) -> None:
        """The session is over; these deliver_sm had no answer."""


class Session(Connection):
    """A connection that has bound, or is about to."""

    def __init__(self, centre: Centre) -> None:
        options = centre.options
        hazards = None
        if Hazards.threaten(options):
            hazards = Hazards(options, centre.network, centre.stats)
        super().__init__(hazards, options.read_rate)
        self._centre = centre
        self._options = options
        self._sequence = 0
        self._owed = 0  # submits that have no answer yet
        self._unanswered: dict[int, Delivery] = {}
        self._late: DelayQueue[bytes] | None = None
        if options.response_delay or options.responses_shuffled:
            self._late = DelayQueue(options.response_delay, self._respond)
        self._overdue: DelayQueue[int] | None = None
        if options.deliver_timeout is not None:
            self._overdue = DelayQueue(options.deliver_timeout, self._give_up)
        self._asked = False  # an enquire_link of ours is open
        self._leaving = False  # an unbind of ours is open
        self._timer: asyncio.TimerHandle | None = None
        self.account = ""
        self.sends = False
        self.receives = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to watch the client."""
        super().connection_made(transport)
        self._arm_enquiry()
        self._centre.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what the client has not acknowledged."""
        super().connection_lost(exc)
        self.sends = self.receives = False
        for queue in (self._late, self._overdue):
            if queue is not None:
                queue.cancel()
        if self._timer is not None:
            self._timer.cancel()
        unanswered = list(self._unanswered.values())
        self._unanswered.clear()
        self._centre.lost(self, unanswered)

    def _settle(self) -> None:
        self._centre.settle()  # before the answers: the ledger is never behind what was told

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
        elif command == spec.QUERY_SM:
            self._query(sequence, data, start, end)
        else:
            self._handle_link(command, sequence)

    def _handle_link(self, command: int, sequence: int) -> None:
        if command == spec.ENQUIRE_LINK:
            if "enquire" not in self._options.mute:
                self._answer(spec.ENQUIRE_LINK_RESP, spec.ESME_ROK, sequence)
        elif command == spec.UNBIND:
            self._unbind(sequence)
        elif command == spec.ENQUIRE_LINK_RESP:
            self._asked = False
        elif command == spec.UNBIND_RESP:
            if self._leaving:
                self._flush()
                self.close()
        elif command != spec.GENERIC_NACK:
            self._answer(spec.GENERIC_NACK, spec.ESME_RINVCMDID, sequence)  # §4.3.1

    # -- what a client asks --------------------------------------------------------------------

    def _bind(self, command: int, sequence: int, data: bytes, start: int, end: int) -> None:
        answer = command | spec.RESPONSE
        if self.sends or self.receives:
            self._answer(answer, spec.ESME_RALYBND, sequence)
            return
        if "bind" in self._options.mute:
            return
        try:
            account = self._centre.admit(wire.parse_bind(data, start, end))
        except (Refusal, wire.WireError) as error:
            self._answer(answer, error.status, sequence)
            self._flush()
            self.close()
            return
        version = wire.tlv(spec.TAG_SC_INTERFACE_VERSION, bytes((spec.INTERFACE_VERSION,)))
        self._answer(answer, spec.ESME_ROK, sequence, _SYSTEM_ID + version)
        # The bind's answer goes first: nothing may be delivered before it.
        self._flush()
        self.account = account
        self.sends, self.receives = _BINDS[command]
        self._centre.bound()

    def _submit(self, sequence: int, data: bytes, start: int, end: int) -> None:
        try:
            if not self.sends:
                raise Refusal(spec.ESME_RINVBNDSTS)
            pdu = wire.parse_submit_sm(data, start, end)
            number = self._centre.take(pdu, self.account, self._owed)
        except (Refusal, wire.WireError) as error:
            # §4.4.2: no body when the status is not 0
            answer = wire.build(spec.SUBMIT_SM_RESP, error.status, sequence)
        else:
            if number is None:
                self._owed += 1
                return
            answer = wire.build(spec.SUBMIT_SM_RESP, 0, sequence, number)
        if self._late is None:
            self._out.append(answer)
        else:
            self._owed += 1
            self._late.put([answer])

    def _respond(self, answers: list[bytes]) -> None:
        """Send responses that were to wait."""
        self._owed -= len(answers)
        if self._options.responses_shuffled:
            self._centre.network.shuffle(answers)
        self._write(answers)

    def _query(self, sequence: int, data: bytes, start: int, end: int) -> None:
        if "query" in self._options.mute:
            return
        try:
            if not self.sends:
                raise Refusal(spec.ESME_RINVBNDSTS)
            body = self._centre.query(wire.parse_query_sm(data, start, end), self.account)
        except (Refusal, wire.WireError) as error:
            self._answer(spec.QUERY_SM_RESP, error.status, sequence)
        else:
            self._answer(spec.QUERY_SM_RESP, spec.ESME_ROK, sequence, body)

    def _unbind(self, sequence: int) -> None:
        if "unbind" in self._options.mute:
            return
        self.sends = self.receives = False
        self._answer(spec.UNBIND_RESP, spec.ESME_ROK, sequence)
        self._flush()
        self.close()

    # -- what the SMSC asks --------------------------------------------------------------------

    @property
    def room(self) -> int:
        """How many deliver_sm may be sent now."""
        if not self.receives or self._full or self._leaving or self._over:
            return 0
        return self._options.deliver_window - len(self._unanswered)

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Send deliver_sm in one write; no more than `room`."""
        out, sequences = [], []
        for delivery in deliveries:
            sequence = self._next()
            sequences.append(sequence)
            self._unanswered[sequence] = delivery
            out.append(delivery.pdu(sequence))
        if self._overdue is not None:
            self._overdue.put(sequences)
        self._write(out)

    def _give_up(self, sequences: list[int]) -> None:
        """Wait no longer for these answers: one that comes after all means nothing."""
        gone = [self._unanswered.pop(one) for one in sequences if one in self._unanswered]
        if gone:
            self._centre.unanswered(gone)

    def _leave(self) -> None:
        """Ask the client to let go; until it does, it is served (§2.2.4)."""
        if (self.sends or self.receives) and not self._leaving:
            self._leaving = True
            self._centre.stats.unbinds += 1
            self._out.append(wire.build(spec.UNBIND, spec.ESME_ROK, self._next()))

    def _next(self) -> int:
        self._sequence = self._sequence % spec.LAST_SEQUENCE + 1
        return self._sequence

    def _arm_enquiry(self) -> None:
        every = self._options.enquire_every
        if every is not None:
            self._timer = asyncio.get_running_loop().call_later(every, self._enquire)

    def _enquire(self) -> None:
        """Ask a bound client whether it is alive; close what never bound or never answered."""
        if self._hazards is not None and self._hazards.silent:
            return
        if self._asked or not (self.sends or self.receives):
            self.close(abort=True)
            return
        self._asked = True
        self._write([wire.build(spec.ENQUIRE_LINK, spec.ESME_ROK, self._next())])
        self._arm_enquiry()
