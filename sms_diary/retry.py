"""What becomes of a part that a channel did not take: again and when, or never."""

from __future__ import annotations

from sms_diary.clock import HOUR, MINUTE, SECOND
from sms_diary.model import Failure, PartState
from sms_diary.values import value

FIRST, LONGEST = 30 * SECOND, HOUR
UNAVAILABLE_LONGEST = 10 * MINUTE
"""An operator in trouble comes back for all parts at once: none of them should wait an hour."""
_NEVER = frozenset({Failure.BAD_NUMBER, Failure.BLOCKED, Failure.REJECTED})
_NOT_THE_PARTS_FAULT = frozenset({Failure.THROTTLED, Failure.CONFIG, Failure.BALANCE})
_PAUSE = {
    Failure.THROTTLED: SECOND,
    Failure.CONFIG: 5 * MINUTE,
    Failure.BALANCE: 5 * MINUTE,
}


@value
class Decision:
    """`state`: `retry` at `at` (epoch milliseconds), `expired` when the next try would come too
    late, `rejected` when there is none. Trouble of the whole account does not count as an attempt
    of the part."""

    state: PartState
    at: int | None = None
    counts: bool = True


def decide(failure: Failure, attempts: int, *, now: int, expires: int, delay: float) -> Decision:
    """After a failure for certain (never after a doubt). `delay`: seconds the operator asks for.

    Delays double from half a minute to an hour (ten minutes while the operator is in trouble), as
    long as the text is worth sending.
    """
    if failure in _NEVER:
        return Decision(PartState.REJECTED)
    again = now + max(_pause(failure, attempts), int(delay * SECOND))
    if again >= expires:
        return Decision(PartState.EXPIRED)
    return Decision(PartState.RETRY, again, counts=failure not in _NOT_THE_PARTS_FAULT)


def _pause(failure: Failure, attempts: int) -> int:
    if fixed := _PAUSE.get(failure):
        return fixed
    most = UNAVAILABLE_LONGEST if failure is Failure.UNAVAILABLE else LONGEST
    # Beyond a dozen doublings all are at their most, and shifting further makes huge numbers.
    return min(FIRST << min(max(attempts - 1, 0), 12), most)
