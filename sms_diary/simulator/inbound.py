"""Parents' own SMS: what they typed, and the deliver_sm that carry it.

What lives here: alphabets, the ways to cut a long text, and what is known of one SMS. What does
not: its way to a client (`deliveries.py`) and the reading of what clients send (`text.py`).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from sms_diary.simulator import gsm7, spec, text, wire
from sms_diary.simulator.options import Inbounds

_LONGEST_SHORT_CODE = 6  # digits
_OCTETS = 140  # of a short message, 3GPP TS 23.040
_SEPTETS = 160
_HEADERS: Final = {"udh8": 6, "udh16": 7, "sar": 6}  # octets that a part leaves to its header
_IN_SEPTETS: Final = {"udh8": 7, "udh16": 8, "sar": 7}


class Piece(NamedTuple):
    """One short message (SMPP 3.4 §4.6.1)."""

    data_coding: int
    esm_class: int
    body: bytes
    tlvs: bytes


class Inbound:
    """An SMS that a parent sent: what the phone shows of it.

    `waiting` counts its parts that no client has acknowledged yet.
    """

    __slots__ = ("at", "number", "parts", "text", "to", "waiting")

    def __init__(self, number: str, text: str, to: str, at: int, parts: int) -> None:
        self.number = number
        self.text = text
        self.to = to
        self.at = at
        self.parts = parts
        self.waiting = parts


class InboundPart:
    """One deliver_sm of an Inbound; `done` is called when the client has acknowledged it."""

    __slots__ = ("_acknowledged", "_done", "_piece", "account", "inbound")

    def __init__(
        self, inbound: Inbound, piece: Piece, account: str, done: Callable[[Inbound], None]
    ) -> None:
        self.inbound = inbound
        self.account = account
        self._piece = piece
        self._done = done
        self._acknowledged = False

    def pdu(self, sequence: int) -> bytes:
        """Return the octets; both addresses are international numbers or short codes."""
        return wire.build_deliver_sm(
            sequence,
            _number_block(self.inbound.number) + _number_block(self.inbound.to),
            self._piece.body,
            esm_class=self._piece.esm_class,
            data_coding=self._piece.data_coding,
            tlvs=self._piece.tlvs,
        )

    def sent(self) -> None:
        """Nothing to note."""

    def acknowledged(self) -> None:
        """The client has stored this part; that it was told of it twice does not count."""
        if not self._acknowledged:
            self._acknowledged = True
            self.inbound.waiting -= 1
            self._done(self.inbound)

    def refused(self) -> None:
        """Nothing to note: it stays unread."""


def _number_block(number: str) -> bytes:
    digits = number.lstrip("+")
    # International: TON 1, NPI 1; a short code: TON 0, NPI 1 (§5.2.5, §5.2.6).
    return wire.address_block(digits, int(len(digits) > _LONGEST_SHORT_CODE), 1)


class _Alphabet(NamedTuple):
    coding: int
    units: list[bytes]  # what must not fall apart
    most: int  # octets, or septets one an octet, of a whole SMS


def write(typed: str, reference: int, options: Inbounds) -> list[Piece]:
    """Encode what a parent typed as `inbound_coding` and `inbound_long` say.

    The `reference` joins the parts of a long text, cut to what its field holds. A pair of
    surrogates or an escape never falls apart.
    """
    alphabet = _alphabet(typed, options.inbound_coding)
    whole = b"".join(alphabet.units)
    how = options.inbound_long
    if len(whole) <= alphabet.most:
        return [Piece(alphabet.coding, 0, whole, b"")]
    if how == "payload":
        return [Piece(alphabet.coding, 0, b"", wire.tlv(spec.TAG_MESSAGE_PAYLOAD, whole))]
    header = (_IN_SEPTETS if alphabet.most == _SEPTETS else _HEADERS)[how]
    room = alphabet.most - header
    if alphabet.coding == spec.CODING_UCS2:
        room -= room % 2
    bodies = _cut(alphabet.units, room)
    return [
        _piece(alphabet.coding, body, how, text.Concat(reference, len(bodies), number))
        for number, body in enumerate(bodies, 1)
    ]


def _alphabet(typed: str, coding: str) -> _Alphabet:
    single = {"ascii": spec.CODING_ASCII, "latin1": spec.CODING_LATIN1}.get(coding)
    if single is not None:
        try:
            octets = typed.encode(coding)
        except UnicodeEncodeError:
            return _alphabet(typed, "auto")
        return _Alphabet(single, [bytes((octet,)) for octet in octets], _OCTETS)
    septets = gsm7.encode(typed) if coding == "auto" else None
    if septets is not None:
        return _Alphabet(spec.CODING_DEFAULT, septets, _SEPTETS)
    order = "utf-16-le" if coding == "ucs2-le" else "utf-16-be"
    return _Alphabet(spec.CODING_UCS2, [char.encode(order, "replace") for char in typed], _OCTETS)


def _piece(coding: int, body: bytes, how: str, place: text.Concat) -> Piece:
    reference, total, number = place
    if how == "sar":  # §5.3.2.22–24
        tlvs = (
            wire.tlv(spec.TAG_SAR_MSG_REF_NUM, (reference & 0xFFFF).to_bytes(2, "big"))
            + wire.tlv(spec.TAG_SAR_TOTAL_SEGMENTS, bytes((total,)))
            + wire.tlv(spec.TAG_SAR_SEGMENT_SEQNUM, bytes((number,)))
        )
        return Piece(coding, 0, body, tlvs)
    if how == "udh16":  # 3GPP TS 23.040 §9.2.3.24.8
        header = b"\x06\x08\x04" + (reference & 0xFFFF).to_bytes(2, "big")
    else:  # §9.2.3.24.1
        header = b"\x05\x00\x03" + bytes((reference & 0xFF,))
    return Piece(coding, spec.ESM_UDHI, header + bytes((total, number)) + body, b"")


def _cut(units: list[bytes], room: int) -> list[bytes]:
    bodies = [bytearray()]
    for unit in units:
        if len(bodies[-1]) + len(unit) > room:
            bodies.append(bytearray())
        bodies[-1] += unit
    return [bytes(body) for body in bodies]
