"""What waits to be delivered by deliver_sm, and how it gets to the clients.

What lives here: one queue an account, the windows of its sessions, and coming again. What does
not: what is delivered (`receipts.py`, `inbound.py`) and the connection (`session.py`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sms_diary.simulator import spec
from sms_diary.simulator.timers import DelayQueue

_FOR_GOOD = (spec.ESME_RX_P_APPN, spec.ESME_RX_R_APPN)  # a deliver_sm not to be repeated


class Delivery(Protocol):
    """One deliver_sm to come; it is built when its sequence number is known."""

    @property
    def account(self) -> str:
        """Whose sessions it may go over."""

    def pdu(self, sequence: int) -> bytes:
        """Return the octets."""

    def sent(self) -> None:
        """Note that it has left."""

    def acknowledged(self) -> None:
        """Note that the client answered with status 0."""

    def refused(self) -> None:
        """Note that the client never wants it."""


class Receiver(Protocol):
    """A session, as a way to a client."""

    account: str

    @property
    def room(self) -> int:
        """How many deliver_sm may be sent now."""

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Send them; no more than `room`."""


class Deliveries:
    """Holds each delivery until a client of its account has acknowledged it."""

    def __init__(self, redelivery_delay: float, receivers: Callable[[], Iterable[Receiver]]):
        self._receivers = receivers
        self._waiting: dict[str, deque[Delivery]] = {}
        self._again: DelayQueue[Delivery] = DelayQueue(redelivery_delay, self.add)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def cancel(self) -> None:
        """Forget what was to come again later."""
        self._again.cancel()

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Let these wait behind the others, and use what windows have room."""
        for delivery in deliveries:
            self._queue(delivery.account).append(delivery)
        self.pump()

    def back(self, unanswered: Sequence[Delivery]) -> None:
        """Put these first again: they had no answer."""
        for delivery in reversed(unanswered):
            self._queue(delivery.account).appendleft(delivery)
        self.pump()

    def _queue(self, account: str) -> deque[Delivery]:
        return self._waiting.setdefault(account, deque())

    def answered(self, delivery: Delivery, status: int) -> None:
        """Note an answer; deliver again later what was refused for now (§4.6.2)."""
        if status == spec.ESME_ROK:
            delivery.acknowledged()
        elif status in _FOR_GOOD:
            delivery.refused()
        else:
            self._again.put([delivery])

    def pump(self) -> None:
        """Hand out what waits to bound receivers, each within its window, the roomiest first."""
        for account, waiting in self._waiting.items():
            while waiting:
                own = (one for one in self._receivers() if one.account == account)
                receiver = max(own, key=lambda one: one.room, default=None)
                count = 0 if receiver is None else min(receiver.room, len(waiting))
                if receiver is None or count < 1:
                    break
                batch = [waiting.popleft() for _ in range(count)]
                for delivery in batch:
                    delivery.sent()
                receiver.deliver(batch)
