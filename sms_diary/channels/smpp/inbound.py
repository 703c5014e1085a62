"""An SMS from a phone: its text out of a deliver_sm, and where it stands in a longer one.

Putting the pieces together is `joining.py`; what a word like СТОП means is decided far away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sms_diary.channels import pdu
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.address import e164
from sms_diary.encoding import Alphabet, choose, encode

_ESCAPE = 0x1B
_GSM_GROUPS = 0x10
"""data_codings from here on are GSM ones that carry a message class."""
_GSM_CLASS_GROUP = 0xF0
_GSM_ALPHABETS = (pdu.CODING_DEFAULT, pdu.CODING_BINARY, pdu.CODING_UCS2, pdu.CODING_DEFAULT)
_IE_CONCAT_8, _IE_CONCAT_16 = 0x00, 0x08  # 3GPP TS 23.040 §9.2.3.24


@dataclass(frozen=True, slots=True)
class Piece:
    """One deliver_sm from a phone; `total` 1 when it is a whole SMS."""

    number: str
    to: str
    message: bytes
    data_coding: int
    raw: bytes
    reference: tuple[str, int] = ("", 0)
    """How it was cut and the sender's reference: the two ways may use the same one."""
    total: int = 1
    seq: int = 1


def read_piece(deliver: Deliver) -> Piece:
    """The octets of an inbound SMS and its place in a longer one. Nothing in it raises."""
    message = deliver.message
    reference, total, seq = _sar(deliver)
    if deliver.esm_class & pdu.UDHI:
        header, body = split_header(message)
        if body is not None:
            message = body
            reference, total, seq = _concatenation(header) or (reference, total, seq)
    if not (total > 1 and 1 <= seq <= total):
        reference, total, seq = ("", 0), 1, 1
    return Piece(
        number=e164(deliver.source_ton, deliver.source),
        to=deliver.destination,
        message=message,
        data_coding=deliver.data_coding,
        raw=deliver.body,
        reference=reference,
        total=total,
        seq=seq,
    )


def split_header(message: bytes) -> tuple[dict[int, bytes], bytes | None]:
    """Information elements of a user data header and the rest; None as rest when it is broken."""
    if not message or message[0] >= len(message):
        return {}, None
    end = 1 + message[0]
    elements: dict[int, bytes] = {}
    at = 1
    while at < end:
        if at + 2 > end or at + 2 + message[at + 1] > end:
            return {}, None
        elements[message[at]] = message[at + 2 : at + 2 + message[at + 1]]
        at += 2 + message[at + 1]
    return elements, message[end:]


def _concatenation(header: dict[int, bytes]) -> tuple[tuple[str, int], int, int] | None:
    match tuple(header.get(_IE_CONCAT_8, b"")):
        case reference, total, seq:
            return ("udh8", reference), total, seq
    match tuple(header.get(_IE_CONCAT_16, b"")):
        case high, low, total, seq:
            return ("udh16", high << 8 | low), total, seq
    return None


def _sar(deliver: Deliver) -> tuple[tuple[str, int], int, int]:
    """Segmentation by optional parameters (SMPP 3.4 §5.3.2.22 to §5.3.2.24)."""
    tlvs = deliver.tlvs
    if not tlvs:
        return ("", 0), 1, 1
    reference = int.from_bytes(tlvs.get(pdu.TLV_SAR_MSG_REF_NUM, b"")[:2], "big")
    total = int.from_bytes(tlvs.get(pdu.TLV_SAR_TOTAL_SEGMENTS, b"\1")[:1], "big")
    seq = int.from_bytes(tlvs.get(pdu.TLV_SAR_SEGMENT_SEQNUM, b"\1")[:1], "big")
    return ("sar", reference), total, seq


def whole_text(pieces: Sequence[Piece]) -> str:
    """The text of pieces in order, decoded as one: a character may be cut between two."""
    codings = {piece.data_coding for piece in pieces}
    if len(codings) == 1:
        return decode_text(b"".join(piece.message for piece in pieces), codings.pop())
    return "".join(decode_text(piece.message, piece.data_coding) for piece in pieces)


def decode_text(message: bytes, data_coding: int) -> str:
    """Text of any data_coding (SMPP 3.4 §5.2.19; GSM groups by 3GPP TS 23.038 §4).

    Binary ones are read as Latin-1, so that nothing is lost.
    """
    if data_coding >= _GSM_GROUPS:
        # Bits 3-2 are the alphabet; in group 1111 bit 2 alone.
        by_class = data_coding & _GSM_CLASS_GROUP == _GSM_CLASS_GROUP
        data_coding = _GSM_ALPHABETS[data_coding >> 2 & (1 if by_class else 3)]
    if data_coding == pdu.CODING_DEFAULT:
        return decode_gsm7(message)
    if data_coding == pdu.CODING_UCS2:
        return decode_ucs2(message)
    return message.decode("iso-8859-5" if data_coding == pdu.CODING_CYRILLIC else "latin-1")


def decode_ucs2(message: bytes) -> str:
    """UTF-16-BE, or LE where a byte order mark or the look of the text says so."""
    message = message[: len(message) & ~1]
    if message[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return message.decode("utf-16", "replace")
    # Cyrillic and Latin have 04 and 00 as their high octets and hardly ever as the low ones.
    high, low = message[::2], message[1::2]
    swapped = low.count(0) + low.count(4) > high.count(0) + high.count(4)
    return message.decode("utf-16-le" if swapped else "utf-16-be", "replace")


@cache
def _characters() -> tuple[dict[int, str], dict[int, str]]:
    """Characters by septet, alone and after an escape: the encoder's own table turned round."""
    basic: dict[int, str] = {}
    extension: dict[int, str] = {}
    for char in map(chr, range(0x2100)):
        if choose(char) is Alphabet.GSM7:
            octets = encode(char, Alphabet.GSM7)
            (basic if len(octets) == 1 else extension)[octets[-1]] = char
    return basic, extension


def decode_gsm7(message: bytes) -> str:
    """GSM-7, one septet an octet; an unknown escape shows as the plain character (TS 23.038)."""
    basic, extension = _characters()
    text: list[str] = []
    escaped = False
    for octet in message:
        if octet == _ESCAPE and not escaped:
            escaped = True
            continue
        plain = basic.get(octet, "\ufffd" if octet != _ESCAPE else " ")
        text.append(extension.get(octet, plain) if escaped else plain)
        escaped = False
    return "".join(text)
