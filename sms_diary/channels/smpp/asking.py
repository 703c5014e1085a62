"""Questions about parts whose receipt is long in coming: how many leave, and when.

They go beside the parts and count for themselves: few at a time, a fraction of the route's rate.
A question that is lost or stays without an answer is forgotten; who wants to know asks again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from sms_diary.channels import pdu
from sms_diary.channels.base import Asked, ReceiptReport
from sms_diary.channels.smpp import results
from sms_diary.channels.smpp.pacing import Pacer
from sms_diary.channels.smpp.query import Told, read_answer
from sms_diary.channels.smpp.session import Session
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.errors import PduError
from sms_diary.model import Failure

_AT_A_TIME = 10
"""query_sm without an answer, on all sessions together."""
_PER_SECOND = 10.0
_OF_THE_RATE = 0.1
"""An SMSC that counts parts may count these too."""
_MOST_WAITING = 1000
_LOOK_AGAIN = 1.0
"""Seconds, while as many as may be are unanswered."""


class Asking:
    """One route's questions."""

    def __init__(
        self,
        settings: SmppSettings,
        sending: Callable[[], list[Session]],
        report: Callable[[Sequence[ReceiptReport]], None],
        now: Callable[[], float],
    ) -> None:
        """`sending`: the sessions that are bound to send; `report` takes what was answered."""
        self._settings = settings
        self._sending = sending
        self._report = report
        self._zone = settings.zone()
        rate = settings.rate * _OF_THE_RATE
        self._pacer = Pacer(min(_PER_SECOND, rate) if rate else _PER_SECOND, now)
        self._waiting: dict[int, Asked] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.counts: Counter[str] = Counter()
        """Answers and refusals, by a closed list of names."""

    def ask(self, parts: Sequence[Asked]) -> None:
        """Ask soon; not twice at the same time, and never where nobody can be asked."""
        out = {part_id for session in self._sending() for part_id in session.asking}
        for part in parts:
            if len(self._waiting) < _MOST_WAITING and part.part_id not in out:
                self._waiting[part.part_id] = part
        self._pump()

    def told(self, told: Sequence[Told]) -> None:
        """Report what was answered, count what was refused."""
        reports: list[ReceiptReport] = []
        for one in told:
            status = one.frame.status
            if status != pdu.OK:
                self._refused(status)
                continue
            try:
                reports.append(read_answer(one, self._zone))
            except PduError:
                self.counts["malformed"] += 1
        self.counts["query answered"] += len(reports)
        self._report(reports)
        self._pump()

    def stop(self) -> None:
        """Ask nothing more."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refused(self, status: int) -> None:
        self.counts["query refused"] += 1
        if results.meaning(status, self._settings.vendor_codes).failure is Failure.THROTTLED:
            self._pacer.throttled()

    def _able(self) -> list[Session]:
        return [session for session in self._sending() if session.may_ask]

    def _pump(self) -> None:
        able = self._able()
        if not able:
            self._waiting.clear()
        out = sum(len(session.asking) for session in self._sending())
        count = self._pacer.take(max(0, min(len(self._waiting), _AT_A_TIME - out)))
        for n in range(count):
            asked = self._waiting.pop(next(iter(self._waiting)))
            try:
                able[n % len(able)].ask(asked)
            except PduError:
                self.counts["query not possible"] += 1
        if self._waiting and self._timer is None:
            pause = self._pacer.wait() if out + count < _AT_A_TIME else _LOOK_AGAIN
            self._timer = asyncio.get_running_loop().call_later(pause, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._pump()
