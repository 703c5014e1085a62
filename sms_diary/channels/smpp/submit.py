"""One part as the body of a submit_sm: addresses, coding, header of a long text, validity.

Cutting a text and choosing its reference happened long before (`carrying`, compose); what
octets a text becomes is `content.py`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from sms_diary.channels import pdu
from sms_diary.channels.base import Outgoing
from sms_diary.channels.smpp.address import destination_octets, source_octets
from sms_diary.channels.smpp.content import Coder
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.errors import PduError
from sms_diary.provider_id import reference_of

_SHORT_REFERENCE = 0xFF
_SAR_ROOM = 6
"""Octets that the SMSC's own header takes at least, where it makes it from our TLVs."""
_LONGEST_PAYLOAD = 0xFFFF  # the length of a TLV has 16 bits
_VALIDITY_MIN = 60
_VALIDITY_MAX = 2 * 24 * 3600
_QUARTER = 15 * 60


_Tie = tuple[int, bytes, int, bytes]
"""What ties the parts of a long text together: esm_class, header, how many octets of the SMS a
header takes, optional parameters."""
_ALONE: _Tie = (0, b"", 0, b"")


class SubmitBuilder:
    """Turns parts into submit_sm bodies for one route."""

    def __init__(self, settings: SmppSettings, *, wall: Callable[[], float] = time.time) -> None:
        """`wall`: seconds since 1970 by the machine's clock, which absolute validity is told by."""
        self._settings = settings
        self._wall = wall
        self._zone = settings.zone()
        self._coder = Coder(settings)
        self._source = lru_cache(maxsize=1024)(self._source_of)
        self._tie = {"udh16": _udh16, "sar": _sar}.get(settings.long, _udh8)
        self._validity = relative_time if settings.validity == "relative" else self._until

    def build(self, part: Outgoing) -> bytes:
        """The body of a submit_sm; PduError when this part cannot be sent by this route."""
        settings = self._settings
        esm_class, header, room, tlvs = self._tie(part) if part.total > 1 else _ALONE
        coding, text, fits = self._coder.write(part.text, part.alphabet, room)
        if not fits:
            # Part 0 is the whole of a text, for the SMSC to cut.
            if part.seq or len(text) > _LONGEST_PAYLOAD:
                raise PduError("text longer than one SMS", pdu.BAD_MESSAGE_LENGTH)
            text, tlvs = b"", pdu.tlv(pdu.TLV_MESSAGE_PAYLOAD, text)
        if settings.send_reference:
            tlvs += _reference(part.part_id)
        return pdu.submit_body(
            self._source(part.sender),
            destination_octets(part.number, settings),
            header + text,
            esm_class=esm_class,
            data_coding=coding,
            registered_delivery=settings.registered_delivery,
            validity=self._validity(part.seconds_left),
            tlvs=tlvs,
        )

    def _source_of(self, sender: str) -> bytes:
        return source_octets(sender or self._settings.source, self._settings)

    def _until(self, seconds_left: int) -> bytes:
        if self._settings.validity == "none":
            return b""
        return absolute_time(int(self._wall()) + _within(seconds_left), self._zone)


def user_data_header(reference: int, total: int, seq: int, *, wide: bool = False) -> bytes:
    """UDH of one part of a long text: 8-bit reference while it fits and not `wide`, else 16-bit.

    3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8.
    """
    if reference <= _SHORT_REFERENCE and not wide:
        return bytes((5, 0, 3, reference, total, seq))
    return bytes((6, 8, 4, reference >> 8 & 0xFF, reference & 0xFF, total, seq))


def _udh8(part: Outgoing) -> _Tie:
    header = user_data_header(part.udh_ref, part.total, part.seq)
    return pdu.UDHI, header, len(header), b""


def _udh16(part: Outgoing) -> _Tie:
    header = user_data_header(part.udh_ref, part.total, part.seq, wide=True)
    return pdu.UDHI, header, len(header), b""


def _sar(part: Outgoing) -> _Tie:
    """SMPP 3.4 §5.3.2.22 to §5.3.2.24: the SMSC makes the header."""
    tlvs = b"".join((
        pdu.tlv(pdu.TLV_SAR_MSG_REF_NUM, (part.udh_ref & 0xFFFF).to_bytes(2, "big")),
        pdu.tlv(pdu.TLV_SAR_TOTAL_SEGMENTS, bytes((part.total,))),
        pdu.tlv(pdu.TLV_SAR_SEGMENT_SEQNUM, bytes((part.seq,))),
    ))  # fmt: skip
    return 0, b"", _SAR_ROOM, tlvs


def _within(seconds: int) -> int:
    """At least a minute (an SMSC counts in minutes), at most two days: beyond that SMSCs refuse,
    and nothing in a diary stays news for longer."""
    return min(max(seconds, _VALIDITY_MIN), _VALIDITY_MAX)


@lru_cache(maxsize=4096)
def relative_time(seconds: int) -> bytes:
    """validity_period relative to now, `YYMMDDhhmmss000R` (SMPP 3.4 §7.1.1), kept in bounds."""
    minutes, second = divmod(_within(seconds), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return b"0000%02d%02d%02d%02d000R" % (day, hour, minute, second)


@lru_cache(maxsize=4096)
def absolute_time(moment: int, zone: tzinfo) -> bytes:
    """A moment (seconds since 1970) as `YYMMDDhhmmsstnnp` in a zone (SMPP 3.4 §7.1.1).

    The zone is told in quarters of an hour; one that is not whole quarters is told as UTC.
    """
    local = datetime.fromtimestamp(moment, zone)
    offset = local.utcoffset()
    quarters, rest = divmod(int(offset.total_seconds()), _QUARTER) if offset else (0, 0)
    if rest:
        local, quarters = local.astimezone(UTC), 0
    sign = "-" if quarters < 0 else "+"
    return f"{local:%y%m%d%H%M%S}0{abs(quarters):02d}{sign}".encode("ascii")


def _reference(part_id: int) -> bytes:
    return pdu.tlv(pdu.TLV_USER_MESSAGE_REFERENCE, reference_of(part_id).to_bytes(2, "big"))
