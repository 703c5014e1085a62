"""The SMSC itself: a server, its ledger, and who is told what.

What lives here: what happens to messages, joined from its parts. What does not: the protocol of a
connection (`session.py`), who may bind and submit (`accounts.py`, `admission.py`), receipts
(`receipts.py`) and their way (`deliveries.py`), what a phone shows (`phones.py`), web pages.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from sms_diary.simulator import feed, ids, rules, spec, wire
from sms_diary.simulator.accounts import Accounts
from sms_diary.simulator.admission import Admission, Refusal
from sms_diary.simulator.connection import CutOff
from sms_diary.simulator.deliveries import Deliveries, Delivery
from sms_diary.simulator.dice import dice
from sms_diary.simulator.inbound import Inbound
from sms_diary.simulator.ledger import ACCEPTED, DELIVERED, LedgerFile, Submitted
from sms_diary.simulator.letterbox import Letterbox
from sms_diary.simulator.options import Options
from sms_diary.simulator.phones import Phones
from sms_diary.simulator.receipts import ReceiptBook
from sms_diary.simulator.session import Session
from sms_diary.simulator.stats import Stats

_QUARTER = timedelta(minutes=15)


class Carrier(Protocol):
    """Another way than deliver_sm for what a client must hear."""

    def add(self, deliveries: Sequence[Delivery]) -> None: ...

    def __len__(self) -> int: ...


def _wall() -> int:
    return time.time_ns() // 1_000_000


class Smsc:
    """An SMSC for demo, trial and tests.

    `now` gives epoch milliseconds (the machine's clock by default), `zone` the time zone of
    receipts' dates and of the page (the machine's by default). `ledger_file` is appended to,
    a JSON line a part, before the client hears that the part was taken. `carrier` brings receipts
    and parents' SMS where the client does not bind for them.
    """

    def __init__(
        self,
        options: Options,
        *,
        ledger_file: Path | None = None,
        now: Callable[[], int] = _wall,
        zone: tzinfo | None = None,
        carrier: Carrier | None = None,
    ) -> None:
        self.options = options
        self.now = now
        self.zone: tzinfo = zone or datetime.now().astimezone().tzinfo or UTC
        self.stats = Stats()
        self.ledger: list[Submitted] = []
        self.phones = Phones()
        self.feed = feed.Feed()
        self.network = dice(options.seed, "network")
        self._fates = dice(options.seed, "outcomes")
        self._ledger_path = ledger_file
        self._file: LedgerFile | None = None
        self._server: asyncio.Server | None = None
        self._sessions: list[Session] = []
        self._empty = asyncio.Event()  # nobody is connected
        self._empty.set()
        self._batch: list[Submitted] = []
        self._blocks: dict[bytes, bytes] = {}
        self._numbers: dict[bytes, str] = {}  # by address block, once it was checked
        self._deliveries = Deliveries(options.redelivery_delay, lambda: self._sessions)
        self._carrier = carrier
        add = self._deliveries.add if carrier is None else carrier.add
        self._receipts = ReceiptBook(options, self.zone, self.stats, self.feed, now, add)
        self._letterbox = Letterbox(options, self.stats, self.feed, now, add)
        self._accounts = Accounts(options, time.monotonic())
        self._admission = Admission(options, self.stats, time.monotonic())
        self._first_id = time.time_ns() // 1000  # so that a restarted SMSC repeats no id
        self._submits = 0

    # -- life ----------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `port` 0 takes a free one. Raises OSError when the address is taken."""
        self._accounts = Accounts(self.options, time.monotonic())
        if self._ledger_path is not None:
            self._file = LedgerFile(self._ledger_path)
        loop = asyncio.get_running_loop()
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
        """How many deliver_sm wait for a client or a window; or what the carrier has still to
        bring."""
        return len(self._deliveries if self._carrier is None else self._carrier)

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
        self._receipts.cancel()
        self._deliveries.cancel()
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

    def admit(self, bind: wire.Bind) -> str:
        """Return the account that a bind belongs to; raises Refusal."""
        own = sum(
            session.account == bind.system_id and (session.sends or session.receives)
            for session in self._sessions
        )
        status = self._accounts.check(bind, own, time.monotonic())
        if status != spec.ESME_ROK:
            self.stats.binds_refused += 1
            raise Refusal(status)
        return bind.system_id

    def bound(self) -> None:
        """Deliver what was kept while nobody was bound."""
        self.stats.binds += 1
        self.feed.touch()
        self._deliveries.pump()

    def lost(self, session: Session, deliveries: Sequence[Delivery]) -> None:
        """Keep what was not acknowledged: it comes first on the next bind."""
        self._sessions.remove(session)
        if not self._sessions:
            self._empty.set()
        self.feed.touch()
        self._deliveries.back(deliveries)

    def unanswered(self, deliveries: Sequence[Delivery]) -> None:
        """Deliver again what had no answer in time."""
        self._deliveries.back(deliveries)

    def answered(self, delivery: Delivery, status: int) -> None:
        """Note an answer to a deliver_sm."""
        self._deliveries.answered(delivery, status)

    def take(self, pdu: wire.SubmitSm, account: str = "", owed: int = 0) -> bytes | None:
        """Put a part into the ledger and return its message id and a NUL, None for no answer.

        `owed`: how many submits of that session have no answer yet. Raises Refusal for an address
        that is none and as `Options` says, CutOff as `Options.cut_after` says.
        """
        options = self.options
        number = self._numbers.get(pdu.destination) or self._new_number(pdu.destination)
        self._submits += 1
        self._admission.check(number, owed, time.monotonic())
        message_id = self._first_id + self._submits
        outcome = DELIVERED
        if options.outcomes:
            outcome = rules.first(options.outcomes, number, self._fates) or DELIVERED
        entry = Submitted(len(self.ledger) + 1, message_id, self.now(), pdu, account, outcome)
        # Equal address blocks become one object: a bench leaves a million entries.
        entry.source = self._blocks.setdefault(pdu.source, pdu.source)
        entry.destination = self._blocks.setdefault(pdu.destination, pdu.destination)
        self.ledger.append(entry)
        self.phones.took(number, entry)
        self._batch.append(entry)
        if options.cut_after == self._submits:
            raise CutOff
        if self._admission.unanswered():
            return None
        return ids.write(message_id, options.response_ids).encode("ascii") + b"\0"

    def _new_number(self, destination: bytes) -> str:
        number = wire.address_text(destination).removeprefix("+")
        if not number.isdecimal():
            raise Refusal(spec.ESME_RINVDSTADR)
        self._numbers[destination] = number
        return number

    def query(self, pdu: wire.QuerySm, account: str) -> bytes:
        """Return what the ledger knows of a part, as query_sm_resp has it (§4.8.2).

        Raises Refusal when it is no part of that account and sender, and when queries are off.
        """
        self.stats.queries += 1
        entry = self._find(pdu.message_id)
        if not self.options.queries or entry is None or entry.account != account:
            raise Refusal(spec.ESME_RQUERYFAIL)
        if wire.address_text(pdu.source) != entry.sender:
            raise Refusal(spec.ESME_RINVSRCADR)
        given = ids.write(entry.message_id, self.options.response_ids).encode("ascii")
        if entry.state == ACCEPTED:
            return given + b"\0\0" + bytes((spec.MESSAGE_STATES["ENROUTE"], 0))
        date = _absolute_time(self.now(), self.zone).encode("ascii")
        return given + b"\0" + date + b"\0" + bytes((spec.MESSAGE_STATES[entry.outcome], 0))

    def _find(self, message_id: str) -> Submitted | None:
        number = ids.read(message_id, self.options.response_ids)
        if number is None:
            return None
        place = bisect_left(self.ledger, number, key=lambda entry: entry.message_id)
        entry = self.ledger[place] if place < len(self.ledger) else None
        return entry if entry is not None and entry.message_id == number else None

    def settle(self) -> None:
        """Write the ledger, set the clock for receipts, use what windows have room."""
        batch, self._batch = self._batch, []
        if batch:
            self.stats.submitted += len(batch)
            if self._file is not None:
                self._file.append(batch)
            self.feed.parts(feed.SUBMITTED, batch)
            self._receipts.take(batch)
        self._deliveries.pump()

    # -- from the phones -----------------------------------------------------------------------

    async def inbound(self, number: str, message: str, to: str) -> Inbound:
        """Send an SMS from a phone to `to`, a number or short code of the first account.

        It is kept until a receiver or transceiver acknowledges it. Raises ValueError for numbers
        that are none and for an empty or too long text.
        """
        inbound, parts = self._letterbox.letter(number, message, to)
        self.phones.sent(inbound)
        self._letterbox.post(inbound, parts)
        return inbound


def _absolute_time(at: int, zone: tzinfo) -> str:
    """Return `at` (epoch milliseconds) as YYMMDDhhmmsstnnp (§7.1.1)."""
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    quarters = (moment.utcoffset() or timedelta()) // _QUARTER
    tenth = moment.microsecond // 100_000
    return f"{moment:%y%m%d%H%M%S}{tenth}{abs(quarters):02d}{'+' if quarters >= 0 else '-'}"
