"""A bad network and a bad neighbour: what happens to a connection's PDUs on their way.

What lives here: which PDU is the last one, what nonsense goes between, when the SMSC wants to
leave or falls silent. What does not: the connection itself (`session.py`).
"""

from enum import Enum, auto
from random import Random
from typing import NamedTuple

from sms_diary.simulator import spec, wire
from sms_diary.simulator.options import Links
from sms_diary.simulator.stats import Stats

_LONGEST_GARBAGE = 40  # octets
_UNKNOWN_COMMAND = 0x0777
_HIGH = 0x70000000  # sequence numbers that the SMSC never comes to
_VENDOR_TLV = wire.tlv(spec.TAG_VENDOR, b"\x00\xffnoise")
_IMPOSSIBLE_LENGTHS = (0, 1, spec.HEADER_LENGTH - 1, 0x7FFFFFFF, 0xFFFFFFFF)


class Fate(Enum):
    """What becomes of a PDU that has come."""

    HANDLED = auto()
    UNHEARD = auto()  # read, and nothing more
    CUT_BEFORE = auto()  # the connection ends, the PDU never came
    CUT_AFTER = auto()  # the connection ends, but it came
    THEN_UNBIND = auto()


class Outgoing(NamedTuple):
    """What really goes out, and whether the connection ends after it."""

    octets: list[bytes]
    cut: bool


class Hazards:
    """Those of one connection; chance and counters are the SMSC's."""

    def __init__(self, options: Links, chance: Random, stats: Stats) -> None:
        self._options = options
        self._dice = chance
        self._stats = stats
        self._kinds = sorted(options.noise_kinds)
        self._came = 0

    @staticmethod
    def threaten(options: Links) -> bool:
        """Say whether there are any: a good connection need not ask."""
        return bool(options.cut or options.unbind or options.noise or options.dead_after)

    def _chance(self, probability: float) -> bool:
        return probability > 0 and self._dice.random() < probability

    @property
    def silent(self) -> bool:
        """Whether the SMSC says nothing any more."""
        after = self._options.dead_after
        return after is not None and self._came > after

    def incoming(self) -> Fate:
        """Say what becomes of the PDU that has just come."""
        self._came += 1
        if self.silent:
            return Fate.UNHEARD
        if self._chance(self._options.cut):
            self._stats.cuts += 1
            return self._dice.choice((Fate.CUT_BEFORE, Fate.CUT_AFTER))
        return Fate.THEN_UNBIND if self._chance(self._options.unbind) else Fate.HANDLED

    def outgoing(self, pdus: list[bytes]) -> Outgoing:
        """Say what goes out of these whole PDUs."""
        if self.silent:
            return Outgoing([], False)
        out: list[bytes] = []
        for pdu in pdus:
            if self._chance(self._options.cut):
                self._stats.cuts += 1
                out.append(pdu[: self._dice.choice((0, self._dice.randrange(len(pdu)), len(pdu)))])
                return Outgoing(out, True)
            if self._kinds and self._chance(self._options.noise):
                self._stats.noise += 1
                out += self._noisy(pdu)
            else:
                out.append(pdu)
        return Outgoing(out, False)

    def _noisy(self, pdu: bytes) -> list[bytes]:
        kind = self._dice.choice(self._kinds)
        sequence = _HIGH + self._dice.randrange(1 << 20)
        if kind == "tlv":
            return [_with_tlv(pdu)]
        if kind == "garbage":
            return [self._dice.randbytes(self._dice.randint(1, _LONGEST_GARBAGE)), pdu]
        if kind == "length":
            length = self._dice.choice(_IMPOSSIBLE_LENGTHS)
            return [length.to_bytes(4, "big") + self._dice.randbytes(12), pdu]
        if kind == "body":
            # A deliver_sm that ends amid its fields; its command_length is right.
            body = wire.build_deliver_sm(0, b"\1\x0179000000000\0\0\1123\0", b"text")
            end = self._dice.randrange(spec.HEADER_LENGTH + 1, len(body))
            return [wire.build(spec.DELIVER_SM, 0, sequence, body[spec.HEADER_LENGTH : end]), pdu]
        if kind == "answer":
            command = self._dice.choice((spec.SUBMIT_SM_RESP, spec.GENERIC_NACK))
            return [wire.build(command, spec.ESME_RSYSERR, sequence), pdu]
        return [wire.build(_UNKNOWN_COMMAND, 0, sequence, self._dice.randbytes(9)), pdu]


def _with_tlv(pdu: bytes) -> bytes:
    """Append a parameter that nobody knows to a PDU that has a body (§3.2.4)."""
    if len(pdu) == spec.HEADER_LENGTH:
        return pdu
    _, command, status, sequence = wire.header_of(pdu, 0)
    return wire.build(command, status, sequence, pdu[spec.HEADER_LENGTH :] + _VENDOR_TLV)
