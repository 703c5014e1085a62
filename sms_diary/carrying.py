"""How a route carries texts: which alphabet, how much a part holds, cut by us or not at all.

A text must be measured, composed and cut for the route it leaves by; these are the values that
rendering, composing, dispatching and channels share. What an ordinary SMS carries is
`encoding.py`'s; putting octets together is the channel's.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import field
from itertools import chain

from sms_diary.encoding import PART, SINGLE, Alphabet, choose, encode, segments, split, units
from sms_diary.values import value


@value
class Carrying:
    """One route's way. The defaults are those of an ordinary SMPP route."""

    latin: bool = True
    """Whether texts without Cyrillic go at 160 characters; False: all as UCS-2."""
    lacking: frozenset[str] = frozenset()
    """Characters of GSM-7 that the route cannot carry: a text with one goes as UCS-2."""
    header: int = 0
    """Units that the header of a part takes beyond the usual six octets."""
    whole: bool = False
    """Whether a long text is handed over in one piece (seq 0) for the operator to cut."""
    gap: int = 0
    """Milliseconds between two identical texts to one number; 0: the operator does not mind."""
    reply_to: str = "sender"
    """Where whoever gets a text can answer it: the sender itself, a number, or "" nowhere."""

    @property
    def answerable(self) -> bool:
        """Whether a text may ask for an answer or name a word to send."""
        return bool(self.reply_to)

    def choose(self, text: str) -> Alphabet:
        """The cheaper alphabet in which this route can carry the whole text."""
        if not self.latin or not self.lacking.isdisjoint(text):
            return Alphabet.UCS2
        return choose(text)

    def segments(self, text: str) -> int:
        """How many SMS the text takes on this route; 0 for an empty one."""
        if self._as_usual(text):
            return segments(text)
        return len(self._cut(text))

    def pieces(self, text: str) -> list[str]:
        """What is handed over: parts that join to the text, or the text itself if `whole`."""
        if self.whole and text:
            return [text]
        return split(text) if self._as_usual(text) else self._cut(text)

    def _as_usual(self, text: str) -> bool:
        if self.latin and not self.lacking:
            return not self.header
        return not self.header and self.choose(text) is choose(text)

    def _cut(self, text: str) -> list[str]:
        """As `encoding.split`, with this route's alphabet and header."""
        if not text:
            return []
        alphabet = self.choose(text)
        costs = [_cost(char, alphabet) for char in text]
        if sum(costs) <= SINGLE[alphabet]:
            return [text]
        most = PART[alphabet] - self.header
        pieces: list[str] = []
        start = used = 0
        for at, cost in enumerate(costs):
            if used + cost > most:
                pieces.append(text[start:at])
                start, used = at, 0
            used += cost
        return [*pieces, text[start:]]


USUAL = Carrying()
"""An ordinary SMPP route."""


@value
class Order:
    """What may carry the texts of a school that names a route, when that one is out."""

    backup: tuple[str, ...] = ()
    """Routes that follow it, in order."""
    urgent: tuple[str, ...] = ()
    """For urgent texts, the whole order; empty: the same as for the others."""


ALONE = Order()
"""Nothing follows."""


@value
class Ways:
    """How each route carries texts, and which one is taken where a school names none."""

    default: str
    by_route: Mapping[str, Carrying]
    orders: Mapping[str, Order] = field(default_factory=dict)
    """What follows each route that is not alone."""

    def of(self, route: str) -> Carrying:
        """The way of a route; the usual one for a route that is configured no more."""
        return self.by_route.get(route, USUAL)

    def order(self, named: str, *, urgent: bool) -> tuple[str, ...]:
        """The routes to be tried for a school that names this one, "" for none; never empty."""
        first = named or self.default
        own = self.orders.get(first, ALONE)
        return (urgent and own.urgent) or (first, *own.backup)

    def route(self, named: str, *, urgent: bool = False, out: Container[str] = ()) -> str:
        """The first of them that is not `out`; the very first where all are."""
        order = self.order(named, urgent=urgent)
        return next((route for route in order if route not in out), order[0])

    def answer_to(self, named: str, sender: str) -> str | None:
        """Where SMS of a school that names this route ("" for none) and this sender are answered.

        The number that texts must name; "" where the sender itself can be answered; None where
        nothing can be: a school's own sender takes the place of its route's, and a name cannot.
        """
        reply_to = self.of(named or self.default).reply_to
        if reply_to != "sender":
            return reply_to or None
        is_name = sender and not sender.removeprefix("+").isdecimal()
        return None if is_name else ""

    def leads_on(self, route: str) -> bool:
        """Whether what waits for this route may have to go by another."""
        orders = (((first, *own.backup), own.urgent) for first, own in self.orders.items())
        return any(route in one and len(one) > 1 for one in chain.from_iterable(orders))


def _cost(char: str, alphabet: Alphabet) -> int:
    """Units of one character: escapes and surrogate pairs take two."""
    return units(char) if alphabet is Alphabet.GSM7 else len(encode(char, alphabet)) // 2
