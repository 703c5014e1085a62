"""Places between two steps at which a test may have this process killed.

Here are their names and the switch: `SMS_DIARY_CRASH_AT="claim.committed:3"` is SIGKILL at the
third passing of that place; without it a passing costs a call a batch. What must hold after it is
`scripts/chaos`'s to show, which alone sets the switch.
"""

from __future__ import annotations

import os
import signal

SWITCH = "SMS_DIARY_CRASH_AT"

POINTS = frozenset({
    # The door: in the transaction; committed, and not answered.
    "accept.written", "accept.committed",
    "fanout.planned", "fanout.written", "fanout.committed",
    "compose.rendered", "compose.written", "compose.committed",
    # Before a further claim, what was handed over before being on the wire; in the transaction;
    # committed, and nothing handed over; handed over.
    "claim.again", "claim.written", "claim.committed", "claim.handed-over",
    # Octets given to the transport; answers read, and not reported.
    "submit.written", "answer.read",
    "settle.begun", "settle.written", "settle.committed",
    # deliver_sm: read; in the transaction; committed, and not acknowledged; acknowledged.
    "deliver.read", "receipt.written", "receipt.committed", "inbound.written", "inbound.committed",
    "deliver.acknowledged",
    # СТОП: obeyed in the transaction; committed.
    "inbound.obeyed", "inbound.done",
    "sweep.written", "sweep.committed",
})  # fmt: skip


class _Trap:
    """One point, and how often it is still passed alive."""

    def __init__(self, setting: str) -> None:
        self.point, _, times = setting.partition(":")
        if self.point not in POINTS:
            raise ValueError(f"{SWITCH}: {self.point!r} is none of {', '.join(sorted(POINTS))}")
        self._left = int(times or 1)

    def passed(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


_setting = os.environ.get(SWITCH)
_trap = _Trap(_setting) if _setting else None


def passing(point: str) -> None:
    """Say that this point is passed: one of POINTS."""
    if _trap is not None and _trap.point == point:
        _trap.passed()
