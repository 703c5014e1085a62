"""The SMSC itself: a server, its ledger, receipts after a delay, inbound SMS.

What lives here: what happens to messages. What does not: the protocol of a connection
(`session.py`), octets (`wire.py`), what a phone shows (`phones.py`), web pages (`page.py`).
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from sms_diary.simulator import feed, spec, text, wire
from sms_diary.simulator.ledger import DONE, LedgerFile, Submitted
from sms_diary.simulator.options import Options
from sms_diary.simulator.pacing import Bucket
from sms_diary.simulator.phones import Phones
from sms_diary.simulator.receipts import Delivery, Inbound, InboundPart, Receipt, ReceiptForm
from sms_diary.simulator.session import CutOff, Refusal, Session
from sms_diary.simulator.timers import DelayQueue

_LONGEST_NUMBER = 15  # digits, ITU-T E.164
_LONGEST_TEXT = 1000  # characters of a parent's SMS
_FOR_GOOD = (spec.ESME_RX_P_APPN, spec.ESME_RX_R_APPN)  # a deliver_sm not to be repeated


@dataclass
class Stats:
    """Counters since the start; parts, not messages."""

    submitted: int = 0
    throttled: int = 0
    receipts_sent: int = 0
    receipts_acked: int = 0
    receipts_refused: int = 0
    inbound: int = 0
    inbound_acked: int = 0
    binds: int = 0


def _wall() -> int:
    return time.time_ns() // 1_000_000


class Smsc:
    """An SMSC for demo, trial and tests.

    `now` gives epoch milliseconds (the machine's clock by default), `zone` the time zone of
    receipts' dates and of the page (the machine's by default). `ledger_file` is appended to,
    a JSON line a part, before the client hears that the part was taken.
    """

    def __init__(
        self,
        options: Options,
        *,
        ledger_file: Path | None = None,
        now: Callable[[], int] = _wall,
        zone: tzinfo | None = None,
    ) -> None:
        self.options = options
        self.now = now
        self.zone: tzinfo = zone or datetime.now().astimezone().tzinfo or UTC
        self.stats = Stats()
        self.ledger: list[Submitted] = []
        self.phones = Phones()
        self.feed = feed.Feed()
        self._ledger_path = ledger_file
        self._file: LedgerFile | None = None
        self._server: asyncio.Server | None = None
        self._sessions: list[Session] = []
        self._empty = asyncio.Event()  # nobody is connected
        self._empty.set()
        self._batch: list[Submitted] = []
        self._blocks: dict[bytes, bytes] = {}
        self._numbers: dict[bytes, str] = {}  # by address block, once it was checked
        self._waiting: deque[Delivery] = deque()
        self._due: DelayQueue[Submitted] | None = None
        self._again: DelayQueue[Delivery] = DelayQueue(options.redelivery_delay, self._deliver)
        self._form = ReceiptForm(options, self.zone)
        self._first_id = time.time_ns() // 1000  # so that a restarted SMSC repeats no id
        self._submits = 0
        self._reference = 0
        self._random = random.Random(1)  # noqa: S311 - shuffling, the same in every run
        self._bucket: Bucket | None = None

    # -- life ----------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `port` 0 takes a free one. Raises OSError when the address is taken."""
        loop = asyncio.get_running_loop()
        if self.options.receipt_delay is not None:
            self._due = DelayQueue(self.options.receipt_delay, self._finished)
        if self.options.max_parts_per_second is not None:
            self._bucket = Bucket(self.options.max_parts_per_second, loop.time())
        if self._ledger_path is not None:
            self._file = LedgerFile(self._ledger_path)
        self._server = await loop.create_server(lambda: Session(self), host, port)

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the SMSC is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def waiting(self) -> int:
        """How many deliver_sm wait for a client or a window."""
        return len(self._waiting)

    @property
    def sessions(self) -> int:
        """How many clients are bound."""
        return sum(session.sends or session.receives for session in self._sessions)

    async def stop(self) -> None:
        """Close all connections and the ledger's file; what was waiting is forgotten."""
        if self._server is not None:
            self._server.close()
            for session in list(self._sessions):
                session.close(abort=True)
            await self._empty.wait()
            await self._server.wait_closed()
            self._server = None
        if self._due is not None:
            self._due.cancel()
        self._again.cancel()
        if self._file is not None:
            self._file.close()
            self._file = None

    def listen(self) -> AbstractContextManager[asyncio.Queue[feed.Event]]:
        """Give a queue of what happens from now on, for as long as the block lasts."""
        return self.feed.listen()

    # -- from the sessions (session.Centre) ----------------------------------------------------

    def opened(self, session: Session) -> None:
        """Remember a connection."""
        self._sessions.append(session)
        self._empty.clear()

    def bound(self) -> None:
        """Deliver what was kept while nobody was bound."""
        self.stats.binds += 1
        self.feed.touch()
        self._pump()

    def lost(self, session: Session, unanswered: Sequence[Delivery]) -> None:
        """Keep what was not acknowledged: it comes first on the next bind."""
        self._sessions.remove(session)
        if not self._sessions:
            self._empty.set()
        self._waiting.extendleft(reversed(unanswered))
        self.feed.touch()
        self._pump()

    def take(self, pdu: wire.SubmitSm) -> int:
        """Put a part into the ledger and return its message id.

        Raises Refusal for an address that is none and when throttling, CutOff as
        `Options.cut_after` says.
        """
        options = self.options
        number = self._numbers.get(pdu.destination) or self._new_number(pdu.destination)
        self._submits += 1
        if self._throttles():
            self.stats.throttled += 1
            raise Refusal(spec.ESME_RTHROTTLED)
        message_id = self._first_id + self._submits
        entry = Submitted(len(self.ledger) + 1, message_id, self.now(), pdu)
        # Equal address blocks become one object: a bench leaves a million entries.
        entry.source = self._blocks.setdefault(pdu.source, pdu.source)
        entry.destination = self._blocks.setdefault(pdu.destination, pdu.destination)
        self.ledger.append(entry)
        self.phones.took(number, entry)
        self._batch.append(entry)
        if options.cut_after == self._submits:
            raise CutOff
        return message_id

    def _new_number(self, destination: bytes) -> str:
        number = wire.address_text(destination).removeprefix("+")
        if not number.isdecimal():
            raise Refusal(spec.ESME_RINVDSTADR)
        self._numbers[destination] = number
        return number

    def _throttles(self) -> bool:
        every = self.options.throttle_every
        if every and self._submits % every == 0:
            return True
        now = asyncio.get_running_loop().time
        return self._bucket is not None and not self._bucket.take(now())

    def answered(self, delivery: Delivery, status: int) -> None:
        """Note an acknowledgement; deliver again later what was refused for now (§4.6.2)."""
        if status == spec.ESME_ROK:
            delivery.acknowledged()
            self._acknowledged(delivery)
        elif status in _FOR_GOOD:
            self.stats.receipts_refused += isinstance(delivery, Receipt)
        else:
            self._again.put([delivery])

    def _acknowledged(self, delivery: Delivery) -> None:
        if isinstance(delivery, Receipt):
            self.stats.receipts_acked += 1
            self.feed.parts(feed.REPORTED, [delivery.entry])
        elif isinstance(delivery, InboundPart):
            self.stats.inbound_acked += 1
            if delivery.inbound.waiting == 0:
                self.feed.inbound(feed.STORED, delivery.inbound)

    def settle(self) -> None:
        """Write the ledger, set the clock for receipts, use what windows have room."""
        batch, self._batch = self._batch, []
        if batch:
            self.stats.submitted += len(batch)
            if self._file is not None:
                self._file.append(batch)
            self.feed.parts(feed.SUBMITTED, batch)
            if self.options.receipt_before_response and self._due is not None:
                self._finished(batch)
            elif self._due is not None:
                self._due.put(batch)
        self._pump()

    # -- to the sessions -----------------------------------------------------------------------

    def _finished(self, entries: list[Submitted]) -> None:
        """These parts have reached their final state: tell those who asked (§5.2.17)."""
        done = self.now()
        failed = self.options.receipt_state != "DELIVRD"
        receipts: list[Delivery] = []
        for entry in entries:
            entry.state = DONE
            if entry.registered == spec.REGISTERED_FINAL or (
                failed and entry.registered == spec.REGISTERED_FAILURE
            ):
                receipts.append(Receipt(entry, self._form, done))
        self.feed.parts(feed.DONE, entries)
        if self.options.double_receipts:
            receipts = [receipt for receipt in receipts for _ in range(2)]
        if self.options.shuffle_receipts:
            self._random.shuffle(receipts)
        self._deliver(receipts)

    def _deliver(self, deliveries: list[Delivery]) -> None:
        self._waiting.extend(deliveries)
        self._pump()

    def _pump(self) -> None:
        """Hand out what waits to bound receivers, each within its window, the roomiest first."""
        while self._waiting and self._sessions:
            session = max(self._sessions, key=lambda one: one.room)
            count = min(session.room, len(self._waiting))
            if count < 1:
                return
            batch = [self._waiting.popleft() for _ in range(count)]
            self.stats.receipts_sent += sum(isinstance(one, Receipt) for one in batch)
            session.deliver(batch)

    # -- from the phones -----------------------------------------------------------------------

    async def inbound(self, number: str, message: str, to: str) -> Inbound:
        """Send an SMS from a phone to `to`, a number or short code of the client.

        It is kept until a receiver or transceiver acknowledges it. Raises ValueError for numbers
        that are none and for an empty or too long text.
        """
        if not (_is_number(number) and _is_number(to)):
            raise ValueError("not a number")
        if not 0 < len(message) <= _LONGEST_TEXT:
            raise ValueError("the text is empty or too long")
        self._reference = (self._reference + 1) & 0xFF
        coding, bodies, header = text.write(message, self._reference)
        number = number.removeprefix("+")
        inbound = Inbound(number, message, to.removeprefix("+"), self.now(), len(bodies))
        self.phones.sent(inbound)
        self.stats.inbound += 1
        self.feed.inbound(feed.INBOUND, inbound)
        self._deliver([InboundPart(inbound, coding, body, header) for body in bodies])
        return inbound


def _is_number(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER
