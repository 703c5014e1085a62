"""Which submit_sm the SMSC does not take, and what it answers to them.

What lives here: throttling and refusals. What does not: malformed PDUs (`wire.py`) and everything
about parts that are taken.
"""

from sms_diary.simulator import rules, spec
from sms_diary.simulator.dice import dice
from sms_diary.simulator.options import Options
from sms_diary.simulator.pacing import Bucket
from sms_diary.simulator.stats import Stats


class Refusal(Exception):
    """The SMSC does not take a PDU; `status` is the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"command_status 0x{status:08x}")
        self.status = status


class Admission:
    """Says no; `now` is in seconds of one clock throughout."""

    def __init__(self, options: Options, stats: Stats, now: float) -> None:
        self._options = options
        self._stats = stats
        self._dice = dice(options.seed, "submits")
        rate = options.max_parts_per_second
        self._bucket = None if rate is None else Bucket(rate, now)

    def check(self, number: str, owed: int, now: float) -> None:
        """Raise Refusal if a part for `number` is not taken; `owed`: the session's open submits."""
        options = self._options
        if options.refuse:
            word = rules.first(options.refuse, number, self._dice)
            if word is not None:
                self._stats.refused += 1
                raise Refusal(rules.status_of(word))
        if (
            (options.max_window is not None and owed >= options.max_window)
            or (options.throttle and self._dice.random() < options.throttle)
            or (self._bucket is not None and not self._bucket.take(now))
        ):
            self._stats.throttled += 1
            raise Refusal(spec.ESME_RTHROTTLED)

    def unanswered(self) -> bool:
        """Say whether this submit gets no answer at all."""
        share = self._options.unanswered
        if not share or self._dice.random() >= share:
            return False
        self._stats.unanswered += 1
        return True
