"""What becomes of a part that a channel did not take: again and when, or never."""

from __future__ import annotations

from sms_diary.clock import HOUR, MINUTE, SECOND
from sms_diary.model import Failure
from sms_diary.values import value

FIRST, LONGEST = 30 * SECOND, HOUR
_NEVER = frozenset({Failure.BAD_NUMBER, Failure.BLOCKED, Failure.REJECTED})
_NOT_THE_PARTS_FAULT = frozenset({
    Failure.THROTTLED, Failure.CONFIG, Failure.BALANCE, Failure.UNAVAILABLE,
})  # fmt: skip
_PAUSE = {
    Failure.THROTTLED: SECOND,
    Failure.CONFIG: 5 * MINUTE,
    Failure.BALANCE: 5 * MINUTE,
}


@value
class Decision:
    """`at`: when to try again, epoch milliseconds; None: never. Trouble of the whole account
    does not count as an attempt of the part."""

    at: int | None
    counts: bool = True


def decide(failure: Failure, attempts: int, *, now: int, expires: int, delay: float) -> Decision:
    """After a failure for certain (never after a doubt). `delay`: seconds the operator asks for.

    Delays double from half a minute to an hour, as long as the text is worth sending.
    """
    if failure in _NEVER:
        return Decision(None)
    pause = _PAUSE.get(failure) or min(FIRST << max(attempts - 1, 0), LONGEST)
    again = now + max(pause, int(delay * SECOND))
    if again >= expires:
        return Decision(None)
    return Decision(again, counts=failure not in _NOT_THE_PARTS_FAULT)
