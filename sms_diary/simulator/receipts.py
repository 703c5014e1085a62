"""From a part that was taken to what the client hears of it.

What lives here: when a part reaches its final state, and which receipts then go out: none, two,
late, shuffled, before the response, for strangers. What does not: their octets (`dialect.py`) and
their way (`deliveries.py`).
"""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import tzinfo

from sms_diary.simulator import feed, spec, wire
from sms_diary.simulator.deliveries import Delivery
from sms_diary.simulator.dialect import ReceiptForm
from sms_diary.simulator.dice import dice
from sms_diary.simulator.ledger import DELIVERED, DONE, REPORTED, Submitted
from sms_diary.simulator.options import Options
from sms_diary.simulator.stats import Stats
from sms_diary.simulator.timers import DelayQueue

_NOBODY = wire.address_block("79009999999", 1, 1)
_LONG_AGO = 10**14  # microseconds: ids of three years before


class Receipt:
    """A receipt for one part."""

    __slots__ = ("_book", "_done", "_intermediate", "entry")

    def __init__(
        self, entry: Submitted, book: "ReceiptBook", done: int, intermediate: bool = False
    ) -> None:
        self.entry = entry
        self._book = book
        self._done = done
        self._intermediate = intermediate

    @property
    def account(self) -> str:
        """Whose part it was."""
        return self.entry.account

    @property
    def is_intermediate(self) -> bool:
        """Whether it tells of a state that is not the end."""
        return self._intermediate

    def pdu(self, sequence: int) -> bytes:
        """Return the octets."""
        return self._book.form.build(
            self.entry, self._done, sequence, intermediate=self._intermediate
        )

    def sent(self) -> None:
        """Count it."""
        self._book.stats.receipts_sent += 1

    def acknowledged(self) -> None:
        """The client knows the final state."""
        self._book.stats.receipts_acked += 1
        if not self._intermediate:
            self.entry.state = REPORTED
            self._book.feed.parts(feed.REPORTED, [self.entry])

    def refused(self) -> None:
        """Count it."""
        self._book.stats.receipts_refused += 1


class ReceiptBook:
    """Lets parts come to their end and reports it.

    `now` gives epoch milliseconds, `zone` is that of the dates; `deliver` takes what is due.
    """

    def __init__(
        self,
        options: Options,
        zone: tzinfo,
        stats: Stats,
        told: feed.Feed,
        now: Callable[[], int],
        deliver: Callable[[Sequence[Delivery]], None],
    ) -> None:
        self.form = ReceiptForm(options, zone)
        self.stats = stats
        self.feed = told
        self._options = options
        self._now = now
        self._deliver = deliver
        self._dice = dice(options.seed, "receipts")
        self._due: DelayQueue[Submitted] = DelayQueue(options.receipt_delay or 0.0, self._finish)
        self._late: DelayQueue[Delivery] = DelayQueue(options.late_by, deliver)

    def take(self, entries: list[Submitted]) -> None:
        """These parts were just taken, and their responses have not left yet."""
        if self._options.receipt_delay is None:
            return
        if "early" in self._options.receipts:
            self._finish(entries)
        else:
            self._due.put(entries)

    def cancel(self) -> None:
        """Forget what is not due yet."""
        self._due.cancel()
        self._late.cancel()

    def _finish(self, entries: list[Submitted]) -> None:
        """These parts have reached their final state: tell those who asked (§5.2.17)."""
        done = self._now()
        receipts: list[Delivery] = []
        for entry in entries:
            entry.state = DONE
            if not _is_asked_for(entry):
                continue
            if "intermediate" in self._options.receipts:
                receipts.append(Receipt(entry, self, done, intermediate=True))
            receipts.append(Receipt(entry, self, done))
        self.feed.parts(feed.DONE, entries)
        self._deliver(self._disturbed(receipts))

    def _disturbed(self, receipts: list[Delivery]) -> list[Delivery]:
        options = self._options
        if options.lost_receipts:
            kept = [one for one in receipts if self._dice.random() >= options.lost_receipts]
            self.stats.receipts_lost += len(receipts) - len(kept)
            receipts = kept
        if "doubled" in options.receipts:
            receipts = [receipt for receipt in receipts for _ in range(2)]
        if options.unknown_receipts:
            receipts = self._with_strangers(receipts)
        if options.late_receipts:
            receipts = self._without_late(receipts)
        if "shuffled" in options.receipts:
            self._dice.shuffle(receipts)
        return receipts

    def _with_strangers(self, receipts: list[Delivery]) -> list[Delivery]:
        out: list[Delivery] = []
        for receipt in receipts:
            if (
                isinstance(receipt, Receipt)
                and self._dice.random() < self._options.unknown_receipts
            ):
                self.stats.stray += 1
                out.append(Receipt(_stranger(receipt.entry), self, self._now()))
            out.append(receipt)
        return out

    def _without_late(self, receipts: list[Delivery]) -> list[Delivery]:
        late = [self._dice.random() < self._options.late_receipts for _ in receipts]
        self._late.put([one for one, is_late in zip(receipts, late, strict=True) if is_late])
        return [one for one, is_late in zip(receipts, late, strict=True) if not is_late]


def _is_asked_for(entry: Submitted) -> bool:
    return entry.registered == spec.REGISTERED_FINAL or (
        entry.outcome != DELIVERED and entry.registered == spec.REGISTERED_FAILURE
    )


def _stranger(entry: Submitted) -> Submitted:
    """Return a part that this SMSC never took, for a number that nobody has."""
    other = copy(entry)
    other.message_id -= _LONG_AGO
    other.destination = _NOBODY
    return other
