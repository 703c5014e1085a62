"""An SMS from a phone: its octets out of a deliver_sm, and where it stands in a longer one.

Alphabets are `channels/texts.py`'s; pieces are reported as such, and joined where they are kept;
what a word like СТОП means is decided far away.
"""

from __future__ import annotations

from sms_diary.channels import pdu
from sms_diary.channels.base import InboundReport, Piece
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.address import e164
from sms_diary.channels.texts import decode_text

_IE_CONCAT_8, _IE_CONCAT_16 = 0x00, 0x08  # 3GPP TS 23.040 §9.2.3.24
_UNMARKED_HEADER = b"\5\0\3"
"""A user data header of a careless peer that forgets to set UDHI; no text begins like that."""

_Place = tuple[tuple[str, int], int, int]
"""How it was cut and the sender's reference, of how many pieces, which one."""


def read_inbound(deliver: Deliver, default_alphabet: str = "gsm7") -> InboundReport:
    """An SMS with its text, or a piece with its octets. Nothing in it raises.

    `default_alphabet` is what data_coding 0 means at that SMSC, in the words of the settings.
    """
    message, place = _placed(deliver)
    coding = deliver.data_coding
    if coding == pdu.CODING_DEFAULT and default_alphabet in ("latin1", "ascii"):
        coding = pdu.CODING_LATIN1
    if place is None:
        text, piece = decode_text(message, coding), None
    else:
        (way, reference), total, seq = place
        text, piece = "", Piece(message, coding, way, reference, total, seq)
    number = e164(deliver.source_ton, deliver.source)
    return InboundReport(number, deliver.destination, text, deliver.body, piece)


def _placed(deliver: Deliver) -> tuple[bytes, _Place | None]:
    """The octets without their header, and their place among several pieces, if they are one."""
    message = deliver.message
    place = _sar(deliver)
    marked = deliver.esm_class & pdu.UDHI
    if marked or message.startswith(_UNMARKED_HEADER):
        header, body = split_header(message)
        cut = _concatenation(header)
        if body is not None and (marked or _is_possible(cut)):
            message = body
            place = cut or place
    return message, place if _is_possible(place) else None


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


def _is_possible(place: _Place | None) -> bool:
    """Whether it is one of several pieces, numbered as pieces are."""
    return place is not None and place[1] > 1 and 1 <= place[2] <= place[1]


def _concatenation(header: dict[int, bytes]) -> _Place | None:
    match tuple(header.get(_IE_CONCAT_8, b"")):
        case reference, total, seq:
            return ("udh8", reference), total, seq
    match tuple(header.get(_IE_CONCAT_16, b"")):
        case high, low, total, seq:
            return ("udh16", high << 8 | low), total, seq
    return None


def _sar(deliver: Deliver) -> _Place | None:
    """Segmentation by optional parameters (SMPP 3.4 §5.3.2.22 to §5.3.2.24)."""
    tlvs = deliver.tlvs
    if pdu.TLV_SAR_TOTAL_SEGMENTS not in tlvs:
        return None
    reference = int.from_bytes(tlvs.get(pdu.TLV_SAR_MSG_REF_NUM, b"")[-2:], "big")
    total, seq = (
        int.from_bytes(tlvs.get(tag, b"")[-1:], "big")
        for tag in (pdu.TLV_SAR_TOTAL_SEGMENTS, pdu.TLV_SAR_SEGMENT_SEQNUM)
    )
    return ("sar", reference), total, seq
