"""Parents' phones: what each screen shows.

What lives here: which SMS came to or left which phone, and the joining of parts into bubbles.
What does not: how a page looks (`page.py`). A phone holds references only; bubbles are made when
somebody looks.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from sms_diary.simulator import text
from sms_diary.simulator.inbound import Inbound
from sms_diary.simulator.ledger import DELIVERED, Submitted

_SEEN = 1000  # parts of a phone that are looked at for bubbles


@dataclass
class Bubble:
    """One SMS as a person sees it; long ones grow as parts arrive, in whatever order.

    `other` is the sender of what came, the addressee of what was sent; `at` is in epoch
    milliseconds; `state` is that of the part that is furthest behind.
    """

    mine: bool
    other: str
    at: int
    total: int
    alphabet: str = ""
    inbound: Inbound | None = None
    parts: dict[int, Submitted] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text; «…» where parts are missing."""
        if self.inbound is not None:
            return self.inbound.text
        return "".join(self.texts.get(number, "…") for number in range(1, self.total + 1))

    @property
    def complete(self) -> bool:
        """Whether all parts are there."""
        return self.inbound is not None or len(self.parts) == self.total

    @property
    def outcome(self) -> str:
        """The final state of the whole: delivered when every part is."""
        outcomes = [part.outcome for part in self.parts.values()]
        return next((word for word in outcomes if word != DELIVERED), DELIVERED)

    @property
    def state(self) -> int:
        """The least of the parts' ledger states."""
        return min((part.state for part in self.parts.values()), default=0)


class Phone:
    """One phone; `number` has digits only."""

    __slots__ = ("items", "number")

    def __init__(self, number: str) -> None:
        self.number = number
        self.items: list[Submitted | Inbound] = []

    def bubbles(self, last: int = 50) -> list[Bubble]:
        """Return at most `last` bubbles, oldest first."""
        bubbles: list[Bubble] = []
        growing: dict[tuple[str, text.Concat], list[Bubble]] = {}
        for item in self.items[-_SEEN:]:
            if isinstance(item, Inbound):
                bubbles.append(Bubble(True, item.to, item.at, item.parts, inbound=item))
                continue
            fragment = item.fragment
            bubble = _place(growing, item.sender, fragment)
            if bubble is None:
                bubble = Bubble(False, item.sender, item.at, 1, fragment.alphabet)
                if fragment.concat is not None:
                    bubble.total = fragment.concat.total
                    growing.setdefault(_key(item.sender, fragment.concat), []).append(bubble)
                bubbles.append(bubble)
            number = fragment.concat.number if fragment.concat else 1
            bubble.parts[number] = item
            bubble.texts[number] = fragment.text
        return bubbles[-last:]

    def reply_to(self, otherwise: str) -> str:
        """Return where an answer goes: the last sender if it is a number, else `otherwise`."""
        for item in reversed(self.items):
            if isinstance(item, Submitted):
                sender = item.sender.removeprefix("+")
                return sender if sender.isascii() and sender.isdecimal() else otherwise
        return otherwise


def _key(sender: str, concat: text.Concat) -> tuple[str, text.Concat]:
    return sender, concat._replace(number=0)


def _place(
    growing: dict[tuple[str, text.Concat], list[Bubble]], sender: str, fragment: text.Fragment
) -> Bubble | None:
    """Find the bubble that lacks this part. A part that came twice begins another: it is seen."""
    if fragment.concat is None:
        return None
    open_bubbles = growing.get(_key(sender, fragment.concat), [])
    for bubble in open_bubbles:
        if fragment.concat.number not in bubble.parts:
            return bubble
    return None


class Phones:
    """All phones, the latest active last."""

    def __init__(self) -> None:
        self._phones: OrderedDict[str, Phone] = OrderedDict()

    def __len__(self) -> int:
        return len(self._phones)

    def took(self, number: str, entry: Submitted) -> None:
        """A part came to its phone; `number` has digits only."""
        self._active(number).items.append(entry)

    def sent(self, inbound: Inbound) -> None:
        """A phone sent an SMS."""
        self._active(inbound.number).items.append(inbound)

    def _active(self, number: str) -> Phone:
        phone = self._phones.get(number)
        if phone is None:
            phone = self._phones[number] = Phone(number)
        else:
            self._phones.move_to_end(number)
        return phone

    def get(self, number: str) -> Phone | None:
        """Return the phone of that number, if it ever got or sent anything."""
        return self._phones.get(number)

    def latest(self, ending: str = "") -> list[Phone]:
        """Return the phones whose number ends so, the latest active first."""
        return [phone for phone in reversed(self._phones.values()) if phone.number.endswith(ending)]
