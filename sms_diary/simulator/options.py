"""How the simulator behaves: one frozen value, the same for all its sessions.

What lives here: the choices and their check. What does not: anything that acts on them.
"""

from dataclasses import dataclass

from sms_diary.simulator import spec


@dataclass(frozen=True)
class Options:
    """The behaviours of the simulated SMSC; the defaults are those of a good one.

    Delays are in seconds. `receipt_delay` None: no receipts at all. `receipt_error` is the three
    characters after `err:`. `throttle_every` n > 0: each n-th submit is answered with
    ESME_RTHROTTLED and not taken. `max_parts_per_second`: what is above (a second's worth may come
    at once) is throttled. `cut_after` n: the n-th submit is taken, and the connection is cut
    before its answer, once. `deliver_window`: deliver_sm without an answer per session.
    `redelivery_delay`: the pause before a deliver_sm that was refused comes again.
    `enquire_every`: how often the SMSC asks whether the client is alive; one that has not
    answered by the next time is cut off. `reply_to`: where a parent's answer goes when the
    sender is a name and cannot be answered.

    Raises ValueError for a receipt_state that SMPP 3.4 does not know or impossible numbers.
    """

    system_id: str = "demo"
    password: str = "demo"  # noqa: S105 - the password of a toy SMSC on loopback
    receipt_delay: float | None = 0.05
    receipt_state: str = "DELIVRD"
    receipt_error: str = "000"
    receipts_hex: bool = False
    receipt_before_response: bool = False
    double_receipts: bool = False
    shuffle_receipts: bool = False
    echo_reference: bool = True
    response_delay: float = 0.0
    throttle_every: int = 0
    max_parts_per_second: float | None = None
    cut_after: int | None = None
    deliver_window: int = 200
    redelivery_delay: float = 1.0
    enquire_every: float | None = 30.0
    reply_to: str = "79000000000"

    def __post_init__(self) -> None:
        if self.receipt_state not in spec.MESSAGE_STATES:
            raise ValueError(f"receipt_state: {self.receipt_state!r}")
        if self.deliver_window < 1 or self.throttle_every < 0 or self.response_delay < 0:
            raise ValueError("deliver_window, throttle_every, response_delay: too small")
        if self.max_parts_per_second is not None and self.max_parts_per_second <= 0:
            raise ValueError("max_parts_per_second: must be more than 0")
