"""One part as the body of a submit_sm: addresses, coding, header of a long text, validity.

Splitting a text and choosing its reference happened long before (`encoding.split`, compose).
"""

from __future__ import annotations

from functools import lru_cache

from sms_diary.channels import pdu
from sms_diary.channels.base import Outgoing
from sms_diary.channels.smpp.address import destination_octets, source_octets
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.encoding import Alphabet, encode
from sms_diary.errors import PduError

_UCS2_OCTETS, _GSM7_SEPTETS = 140, 160
"""What one SMS carries (3GPP TS 23.040); unpacked, a septet is an octet on our wire."""
_SHORT_REFERENCE = 0xFF
_VALIDITY_MIN = 60
_VALIDITY_MAX = 2 * 24 * 3600


class SubmitBuilder:
    """Turns parts into submit_sm bodies for one route."""

    def __init__(self, settings: SmppSettings) -> None:
        self._settings = settings
        self._source = lru_cache(maxsize=1024)(self._source_of)

    def build(self, part: Outgoing) -> bytes:
        """The body of a submit_sm; PduError when this part cannot be sent by this route."""
        settings = self._settings
        wide = part.alphabet is Alphabet.UCS2 or settings.default_alphabet == "ucs2-only"
        alphabet = Alphabet.UCS2 if wide else Alphabet.GSM7
        try:
            message = encode(part.text, alphabet)
        except UnicodeEncodeError:
            raise PduError("text outside its alphabet", pdu.BAD_MESSAGE_LENGTH) from None
        esm_class = 0
        header = b""
        if part.total > 1:
            header = user_data_header(part.udh_ref, part.total, part.seq)
            esm_class = pdu.UDHI
        most = _UCS2_OCTETS - len(header) if wide else _GSM7_SEPTETS - _septets(header)
        if len(message) > most:
            raise PduError("text longer than one SMS", pdu.BAD_MESSAGE_LENGTH)
        return pdu.submit_body(
            self._source(part.sender),
            destination_octets(part.number, settings),
            header + message,
            esm_class=esm_class,
            data_coding=pdu.CODING_UCS2 if wide else pdu.CODING_DEFAULT,
            registered_delivery=settings.registered_delivery,
            validity=relative_time(part.seconds_left),
            tlvs=_reference(part.part_id) if settings.send_reference else b"",
        )

    def _source_of(self, sender: str) -> bytes:
        return source_octets(sender or self._settings.source, self._settings)


def user_data_header(reference: int, total: int, seq: int) -> bytes:
    """UDH of one part of a long text: 8-bit reference while it fits, else 16-bit.

    3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8.
    """
    if reference <= _SHORT_REFERENCE:
        return bytes((5, 0, 3, reference, total, seq))
    return bytes((6, 8, 4, reference >> 8 & 0xFF, reference & 0xFF, total, seq))


def _septets(header: bytes) -> int:
    """Septets that a header takes, its fill bits included."""
    return (len(header) * 8 + 6) // 7


@lru_cache(maxsize=4096)
def relative_time(seconds: int) -> bytes:
    """validity_period relative to now, `YYMMDDhhmmss000R` (SMPP 3.4 §7.1.1).

    At least a minute (an SMSC counts in minutes), at most two days: beyond that SMSCs refuse,
    and nothing in a diary stays news for longer.
    """
    minutes, second = divmod(min(max(seconds, _VALIDITY_MIN), _VALIDITY_MAX), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return b"0000%02d%02d%02d%02d000R" % (day, hour, minute, second)


def _reference(part_id: int) -> bytes:
    return pdu.tlv(pdu.TLV_USER_MESSAGE_REFERENCE, (part_id & 0xFFFF).to_bytes(2, "big"))
