"""The contract between the loops and every channel.

A channel hands parts over once and reports; it never retries, never decides, never touches
the database. What it is told to do with news is injected (`Reports`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from sms_diary.encoding import Alphabet
from sms_diary.model import Failure, PartState, Scope
from sms_diary.values import value


@value
class Outgoing:
    """One part that was claimed and must leave now."""

    part_id: int
    number: str
    """E.164 with the plus sign."""
    text: str
    """The text of this part alone, already split by `encoding.split`."""
    alphabet: Alphabet
    expires: int
    """Epoch milliseconds by the diary's clock."""
    seconds_left: int
    """Seconds from now to `expires`, for the operator's validity period."""
    sender: str = ""
    """The school's own sender name; "" = the route's."""
    udh_ref: int = 0
    total: int = 1
    seq: int = 1
    doubted: bool = False
    """Whether an earlier attempt was in doubt and is repeated now: then «I have it already» is
    good news."""


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    FAILED = "failed"
    DOUBT = "doubt"
    """Written, and no answer seen: never sent again blindly."""
    UNSENT = "unsent"
    """Claimed, and surely not written: may be queued again."""


@value
class Result:
    """What became of one part that was handed over."""

    part_id: int
    outcome: Outcome
    provider_id: str = ""
    """The operator's id, verbatim."""
    failure: Failure | None = None
    scope: Scope = Scope.MESSAGE
    code: str = ""
    """The operator's own code, for people and for the admin."""
    delay: float = 0.0
    """Seconds to wait before the next try, where the operator says so."""
    more_ids: tuple[str, ...] = ()
    """Of a message that the operator has cut and calls by several ids: all but the first."""
    cost: Decimal | None = None
    """What it costs, in the account's currency, where the operator says so."""


@value
class ReceiptReport:
    """A delivery receipt as it came, with what could be read from it."""

    provider_id: str
    """Verbatim; hex or decimal is the reader's problem (`receipts.candidates`)."""
    state: PartState
    """delivered, undelivered, expired, rejected, unknown; `sent` for an intermediate notice."""
    number: str
    """The phone, E.164, "" when the receipt does not say."""
    error: str
    reported_at: int | None
    """By the operator's clock, epoch milliseconds, if it said so."""
    raw: bytes
    reference: int | None = None
    """Our own reference echoed, where the operator does so (SMPP 3.4 §5.3.2.17)."""
    part_id: int | None = None
    """Our own id of the part echoed whole, or the part that was asked for."""


@value
class Asked:
    """A part whose receipt is long in coming, to be asked for by the id it was given."""

    part_id: int
    provider_id: str
    """Verbatim; "" of a part in doubt, which can be asked for by our own id alone."""
    number: str
    """E.164 with the plus sign."""
    sender: str = ""
    """As in the submit: SMSCs look up by both (SMPP 3.4 §4.8.1)."""


@value
class Piece:
    """One of the pieces that a phone has cut a long SMS into."""

    octets: bytes
    """Its share of the text, not decoded: a character may be cut between two."""
    coding: int
    """Of the octets: an SMPP data_coding (SMPP 3.4 §5.2.19)."""
    way: str
    """How it was cut: two ways may use the same reference."""
    reference: int
    """The phone's own, the same in all pieces of one text, and soon used for another."""
    total: int
    """2 to 255."""
    seq: int
    """1 to `total`."""


@value
class InboundReport:
    """An SMS from a phone, or one piece of a long one; pieces are joined where they are kept."""

    number: str
    """E.164 as far as it can be told, else verbatim."""
    to: str
    text: str
    """"" of a piece."""
    raw: bytes
    piece: Piece | None = None
    id: str = ""
    """The operator's own, of an SMS that comes again for days: it is fetched from a list."""


def _always() -> bool:
    return True


@value
class Reports:
    """Where a channel brings its news; each returns when it is committed."""

    results: Callable[[str, Sequence[Result]], Awaitable[None]]
    receipts: Callable[[str, Sequence[ReceiptReport]], Awaitable[None]]
    inbound: Callable[[str, Sequence[InboundReport]], Awaitable[None]]
    room: Callable[[], None]
    """Called (no await) when `room()` may have grown: wakes the dispatch."""
    mine: Callable[[], bool] = _always
    """Whether the route is still this process's: what waits must not be written after that."""


@value
class Purse:
    """The money of an account that is paid in advance, in its own currency."""

    balance: Decimal | None = None
    """When it was last looked at."""
    low: str = ""
    """That there is soon no more, in Russian; "" while there is enough or nobody knows."""
    spent: Decimal = Decimal(0)
    """For messages since the start, as far as the provider says what they cost."""


class Channel(Protocol):
    """A way out. `name` is the route's name in the configuration."""

    name: str

    def room(self) -> int:
        """How many parts may be handed over now: what may leave within a second, and never
        more than the window less what is handed over and not yet reported *and committed*."""

    def ready(self) -> bool:
        """Whether it is connected and may send."""

    def has(self, part_id: int) -> bool:
        """Whether this part is handed over and its result not yet reported and committed."""

    async def start(self, reports: Reports) -> None:
        """Connect in the background and keep connected; returns at once."""

    async def send(self, batch: Sequence[Outgoing]) -> None:
        """Hand the parts over once; returns when the bytes are written. Results come later."""

    async def ask(self, parts: Sequence[Asked]) -> None:
        """Ask what became of parts, where the operator can be asked; answers come back through
        `Reports.receipts`, as if they were receipts. Never waits for an answer."""

    async def stop(self) -> None:
        """Stop taking parts, wait a bounded time for answers, close."""
