"""Where parents drop their SMS to the school.

What lives here: the check of what was typed, and which pieces go to the client how often and in
which order. What does not: their octets (`inbound.py`) and their way (`deliveries.py`).
"""

from collections.abc import Callable, Sequence

from sms_diary.simulator import feed
from sms_diary.simulator.deliveries import Delivery
from sms_diary.simulator.dice import dice
from sms_diary.simulator.inbound import Inbound, InboundPart, write
from sms_diary.simulator.options import Options
from sms_diary.simulator.stats import Stats

_LONGEST_NUMBER = 15  # digits, ITU-T E.164
_LONGEST_TEXT = 1000  # characters of a parent's SMS


class Letterbox:
    """`now` gives epoch milliseconds; `deliver` takes what is to go to the client."""

    def __init__(
        self,
        options: Options,
        stats: Stats,
        told: feed.Feed,
        now: Callable[[], int],
        deliver: Callable[[Sequence[Delivery]], None],
    ) -> None:
        self._options = options
        self._stats = stats
        self._feed = told
        self._now = now
        self._deliver = deliver
        self._dice = dice(options.seed, "inbound")
        self._reference = 0
        self._to_repeat: dict[Inbound, list[InboundPart]] = {}  # by identity

    def letter(self, number: str, message: str, to: str) -> tuple[Inbound, list[InboundPart]]:
        """Return an SMS and its deliver_sm to be; ValueError for what no phone would send."""
        if not (_is_number(number) and _is_number(to)):
            raise ValueError("not a number")
        if not 0 < len(message) <= _LONGEST_TEXT:
            raise ValueError("the text is empty or too long")
        self._reference += 1
        pieces = write(message, self._reference, self._options)
        inbound = Inbound(
            number.removeprefix("+"), message, to.removeprefix("+"), self._now(), len(pieces)
        )
        account = self._options.system_id
        return inbound, [InboundPart(inbound, piece, account, self._stored) for piece in pieces]

    def post(self, inbound: Inbound, parts: list[InboundPart]) -> None:
        """Send it on its way to the first account."""
        self._stats.inbound += 1
        self._feed.inbound(feed.INBOUND, inbound)
        if "repeated" in self._options.inbound:
            self._to_repeat[inbound] = parts
        if "doubled" in self._options.inbound:
            parts = [part for part in parts for _ in range(2)]
        if "shuffled" in self._options.inbound:
            self._dice.shuffle(parts)
        self._deliver(parts)

    def _stored(self, inbound: Inbound) -> None:
        """A client has acknowledged a part, for the first time."""
        self._stats.inbound_acked += 1
        if inbound.waiting == 0:
            self._feed.inbound(feed.STORED, inbound)
            self._deliver(self._to_repeat.pop(inbound, []))


def _is_number(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER
