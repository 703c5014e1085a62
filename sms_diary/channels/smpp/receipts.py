"""Delivery receipts: the text form in its dialects and the TLV form, as `ReceiptReport`.

SMPP 3.4 Appendix B leaves the text to each vendor, so keys come in any order and case, dates
with or without seconds or century, and fields are missing. Optional parameters are exact and
win over the text. Which part a receipt belongs to is decided where parts are known.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from functools import lru_cache

from sms_diary.channels import pdu
from sms_diary.channels.base import ReceiptReport
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.address import e164
from sms_diary.model import PartState

_P = PartState
_BY_NUMBER: dict[int, PartState] = {
    1: _P.SENT, 2: _P.DELIVERED, 3: _P.EXPIRED, 4: _P.UNDELIVERED,
    5: _P.UNDELIVERED, 6: _P.SENT, 7: _P.UNKNOWN, 8: _P.REJECTED,
}  # fmt: skip
"""message_state, SMPP 3.4 §5.2.28: enroute, delivered, expired, deleted, undeliverable,
accepted, unknown, rejected. Accepted is by the subscriber's behalf, not yet on the phone."""

_BY_WORD: dict[str, PartState] = {
    "ENROUTE": _P.SENT, "ACCEPTD": _P.SENT, "ACCEPTED": _P.SENT, "BUFFERED": _P.SENT,
    "DELIVRD": _P.DELIVERED, "DELIVERED": _P.DELIVERED,
    "EXPIRED": _P.EXPIRED,
    "UNDELIV": _P.UNDELIVERED, "UNDELIVERABLE": _P.UNDELIVERED, "UNDELIVERED": _P.UNDELIVERED,
    "DELETED": _P.UNDELIVERED, "FAILED": _P.UNDELIVERED,
    "REJECTD": _P.REJECTED, "REJECTED": _P.REJECTED,
    "UNKNOWN": _P.UNKNOWN,
}  # fmt: skip
"""stat of the text form, SMPP 3.4 Appendix B, Table B-2, and the words vendors write out."""

_KEY = re.compile(r"\b(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:", re.I)
_BY_THE_BOOK = re.compile(
    r"id:(\S+) sub:\S* dlvrd:\S* submit date:\d* done date:(\d*) stat:([A-Za-z]+) err:(\S*)(?: |$)"
)
"""Appendix B to the letter, as most SMSCs send it: read in one match."""
_NOT_DIGIT = re.compile(r"\D+")
_SHORTEST_PHONE = 10
"""A short code is never the phone a receipt is about."""


def is_receipt(deliver: Deliver) -> bool:
    """Whether a deliver_sm is a receipt or an intermediate notice (SMPP 3.4 §5.2.12)."""
    kind = deliver.esm_class & pdu.MESSAGE_TYPE
    return (
        kind in (pdu.TYPE_RECEIPT, pdu.TYPE_INTERMEDIATE)
        or pdu.TLV_RECEIPTED_MESSAGE_ID in deliver.tlvs
        or pdu.TLV_MESSAGE_STATE in deliver.tlvs
    )


def read_receipt(deliver: Deliver, zone: tzinfo) -> ReceiptReport:
    """All that a receipt says; what it does not say is empty, and its state `unknown`.

    `zone` is that of the dates in the text. Nothing in a receipt raises.
    """
    fields = read_text(_text_of(deliver))
    state = _BY_WORD.get(fields.get("stat", "").upper(), _P.UNKNOWN)
    provider_id = fields.get("id", "")
    error = fields.get("err", "")
    reference = None
    tlvs = deliver.tlvs
    if tlvs:
        provider_id = _tlv_id(tlvs.get(pdu.TLV_RECEIPTED_MESSAGE_ID, b"")) or provider_id
        state = _tlv_state(tlvs.get(pdu.TLV_MESSAGE_STATE, b"")) or state
        error = error or _network_error(tlvs.get(pdu.TLV_NETWORK_ERROR_CODE, b""))
        if echoed := tlvs.get(pdu.TLV_USER_MESSAGE_REFERENCE):
            reference = int.from_bytes(echoed[:2], "big")
    if deliver.esm_class & pdu.MESSAGE_TYPE == pdu.TYPE_INTERMEDIATE:
        state = _P.SENT
    done = fields.get("donedate", "")
    reported_at = read_date(done, zone) if done else None
    return ReceiptReport(
        provider_id, state, _phone(deliver), error, reported_at, deliver.body, reference
    )


def read_text(text: str) -> dict[str, str]:
    """The fields of a text receipt by key in lower case without blanks; the first one wins.

    `text:` ends the receipt unless `stat:` has not come yet: what follows is the SMS itself,
    which may look like anything.
    """
    if plain := _BY_THE_BOOK.match(text):
        return dict(zip(("id", "donedate", "stat", "err"), plain.groups(), strict=True))
    fields: dict[str, str] = {}
    key, start = "", 0
    for found in _KEY.finditer(text):
        if key:
            fields.setdefault(key, text[start : found.start()].strip(" \t\r\n,;\0"))
        key = _plain(found[1])
        if key == "text" and "stat" in fields:
            return fields
        start = found.end()
    if key:
        fields.setdefault(key, text[start:].strip(" \t\r\n,;\0"))
    return fields


@lru_cache(maxsize=64)
def _plain(key: str) -> str:
    return key.lower().replace(" ", "").replace("_", "")


@lru_cache(maxsize=4096)
def read_date(text: str, zone: tzinfo) -> int | None:
    """`YYMMDDhhmm`, with seconds or century or punctuation, as epoch milliseconds; else None."""
    digits = _NOT_DIGIT.sub("", text)
    for shape in _SHAPES.get(len(digits), ()):
        try:
            # One form of every date with a century and seconds, then one parser.
            whole = ("" if shape[0] else "20") + digits + ("" if shape[1] else "00")
            moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=zone)
        except ValueError:
            continue
        return int(moment.timestamp()) * 1000
    return None


_SHAPES: dict[int, tuple[tuple[bool, bool], ...]] = {
    10: ((False, False),),
    12: ((False, True), (True, False)),
    14: ((True, True),),
}
"""By number of digits: whether the century is there, whether the seconds are."""


def _text_of(deliver: Deliver) -> str:
    message = deliver.message
    if deliver.esm_class & pdu.UDHI and message:
        message = message[1 + message[0] :]
    if deliver.data_coding == pdu.CODING_UCS2 or message[:1] == b"\0":
        return message.decode("utf-16-be", "replace")
    return message.decode("latin-1")


def _tlv_id(value: bytes) -> str:
    return value.partition(b"\0")[0].decode("latin-1").strip()


def _tlv_state(value: bytes) -> PartState | None:
    """message_state; some send it wider than its one octet (SMPP 3.4 §5.3.2.35)."""
    if not value:
        return None
    return _BY_NUMBER.get(int.from_bytes(value, "big"), _P.UNKNOWN)


def _network_error(value: bytes) -> str:
    """network_error_code: network type and code (SMPP 3.4 §5.3.2.31)."""
    match tuple(value):
        case network, high, low if high or low:
            return f"{network}:{high << 8 | low}"
    return ""


def _phone(deliver: Deliver) -> str:
    """The phone a receipt is about: its source, or "" when that is a name or a short code."""
    number = e164(deliver.source_ton, deliver.source)
    return number if number.startswith("+") and len(number) > _SHORTEST_PHONE else ""
