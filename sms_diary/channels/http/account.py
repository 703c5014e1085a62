"""What pauses a whole account: a wrong password, no money, throttling, a provider in trouble.

While it is paused nothing is handed over, so no message is spent on finding out again; after the
pause one goes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import structlog

from sms_diary.channels.base import Outcome, Result
from sms_diary.model import Failure, Scope

log = structlog.get_logger(__name__)
_PAUSE = {Failure.CONFIG: 300.0, Failure.BALANCE: 300.0, Failure.THROTTLED: 5.0}
_TROUBLE = 3
"""Requests in a row without a usable reply after which the provider counts as gone."""
_FIRST, _LONGEST = 2.0, 120.0
REFUSED, WAITING, TRYING, BOUND = "refused", "waiting", "trying", "bound"
_SAID = {
    Failure.CONFIG: "провайдер не пускает: проверьте имя, ключ, договор и адрес, с которого вы "
    "ходите",
    Failure.BALANCE: "на счёте кончились деньги: пополните его в кабинете",
    Failure.THROTTLED: "провайдер просит реже",
}


class Account:
    """`now` in seconds of a monotonic clock."""

    def __init__(self, name: str, now: Callable[[], float]) -> None:
        self._name = name
        self._now = now
        self._until = -math.inf
        self._trying = False
        self._in_a_row = 0
        self._state = BOUND
        self.reason = ""

    @property
    def state(self) -> str:
        return TRYING if self._trying and not self.paused else self._state

    @property
    def paused(self) -> float:
        """Seconds that the pause still lasts; 0 when there is none."""
        return max(0.0, self._until - self._now())

    @property
    def trying(self) -> bool:
        """Whether one request must show first that all is well again."""
        return self._trying

    def heard(self, results: Sequence[Result], why: str = "") -> None:
        """What came of one request; `why`: what broke, where there was no reply."""
        worst = next((one for one in results if _of_account(one)), None)
        if worst is not None and worst.failure is not None:
            pause = max(worst.delay, _PAUSE.get(worst.failure, _FIRST))
            said = _SAID.get(worst.failure, "провайдер отказал")
            self._pause(pause, REFUSED, f"{said} (код {worst.code})")
            return
        if any(one.outcome in (Outcome.ACCEPTED, Outcome.FAILED) for one in results):
            self._well()
            return
        self._in_a_row += 1
        if self._in_a_row >= _TROUBLE or self._trying:
            doubled = _FIRST * 2 ** min(self._in_a_row - 1, 10)
            self._pause(min(_LONGEST, doubled), WAITING, why or "ответы не читаются")

    def _well(self) -> None:
        self._in_a_row, self._trying = 0, False
        if self._state != BOUND:
            log.info("provider takes messages again", route=self._name)
        self._state, self.reason = BOUND, ""

    def _pause(self, seconds: float, state: str, reason: str) -> None:
        if state != self._state:
            log.warning("account is paused", route=self._name, state=state, reason=reason)
        self._state, self.reason = state, reason
        self._until = self._now() + seconds
        self._trying = True


def _of_account(result: Result) -> bool:
    if result.outcome is not Outcome.FAILED:
        return False
    return result.scope is Scope.ACCOUNT or result.failure is Failure.BALANCE
