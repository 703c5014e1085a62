"""What the octets of a short message say: alphabets and concatenation.

What lives here: pure functions over bodies. What does not: PDUs (`wire.py`), the joining of
fragments into what a phone shows (`phones.py`), and writing (`inbound.py`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from sms_diary.simulator import gsm7, spec
from sms_diary.simulator.wire import Tlvs

_CONCAT_8BIT = 0x00  # 3GPP TS 23.040 §9.2.3.24.1: reference, total, number
_CONCAT_16BIT = 0x08  # §9.2.3.24.8: reference in two octets
_LENGTHS = {_CONCAT_8BIT: 3, _CONCAT_16BIT: 4}  # octets


class Concat(NamedTuple):
    """The place of a fragment in a long message."""

    reference: int
    total: int
    number: int


class Fragment(NamedTuple):
    """What one short message carries; `concat` None: it stands alone."""

    text: str
    alphabet: str
    concat: Concat | None


def read(body: bytes, esm_class: int, data_coding: int, tlvs: Tlvs | None) -> Fragment:
    """Decode a short message: user data header, SAR parameters or message_payload included.

    Nothing raises: what cannot be decoded is shown as U+FFFD or in hexadecimal digits, since the
    simulator's reader must see what was sent.
    """
    if not body and tlvs and spec.TAG_MESSAGE_PAYLOAD in tlvs:
        body = tlvs[spec.TAG_MESSAGE_PAYLOAD]
    concat = _sar(tlvs) if tlvs else None
    if esm_class & spec.ESM_UDHI:
        header_end = 1 + body[0] if body else 1
        if header_end > len(body):
            return Fragment(body.hex(" "), "повреждённый заголовок", None)
        concat = _header(body[1:header_end]) or concat
        body = body[header_end:]
    text, alphabet = _decode(body, data_coding)
    return Fragment(text, alphabet, concat)


def _decode(body: bytes, data_coding: int) -> tuple[str, str]:
    if data_coding == spec.CODING_DEFAULT:
        return gsm7.decode(body), "GSM-7"
    if data_coding == spec.CODING_UCS2:
        return body.decode("utf-16-be", "replace"), "UCS-2"
    if data_coding == spec.CODING_LATIN1:
        return body.decode("latin-1"), "Latin-1"
    if data_coding == spec.CODING_ASCII:
        return body.decode("ascii", "replace"), "ASCII"
    return body.hex(" "), f"данные 0x{data_coding:02x}"


def _header(header: bytes) -> Concat | None:
    """Find the concatenation element among those of a user data header (TS 23.040 §9.2.3.24)."""
    for name, value in _elements(header):
        if name == _CONCAT_8BIT and len(value) == _LENGTHS[name]:
            return _valid(*value)
        if name == _CONCAT_16BIT and len(value) == _LENGTHS[name]:
            return _valid(int.from_bytes(value[:2], "big"), value[2], value[3])
    return None


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(header):
        end = at + 2 + header[at + 1]
        yield header[at], header[at + 2 : end]
        at = end


def _sar(tlvs: Tlvs) -> Concat | None:
    """Read the three SAR parameters (SMPP 3.4 §5.3.2.22–24); all of them or none."""
    tags = (spec.TAG_SAR_MSG_REF_NUM, spec.TAG_SAR_TOTAL_SEGMENTS, spec.TAG_SAR_SEGMENT_SEQNUM)
    values = [int.from_bytes(tlvs[tag], "big") for tag in tags if tag in tlvs]
    return _valid(*values) if len(values) == len(tags) else None


def _valid(reference: int, total: int, number: int) -> Concat | None:
    # TS 23.040: an element with zeros or a number above the total shall be ignored.
    return Concat(reference, total, number) if 1 <= number <= total else None
