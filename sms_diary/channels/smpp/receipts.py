"""Delivery receipts: the text form in its dialects and the TLV form, as `ReceiptReport`.

SMPP 3.4 Appendix B leaves the text to each vendor, so keys come in any order and case, dates
with or without seconds or century, and fields are missing. Optional parameters are exact and
win over the text. Which part a receipt belongs to is decided where parts are known.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from sms_diary.channels import pdu
from sms_diary.channels.base import ReceiptReport
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.address import e164
from sms_diary.channels.texts import decode_ucs2
from sms_diary.model import PartState

_P = PartState
BY_NUMBER: dict[int, PartState] = {
    0: _P.SENT, 1: _P.SENT, 2: _P.DELIVERED, 3: _P.EXPIRED, 4: _P.UNDELIVERED,
    5: _P.UNDELIVERED, 6: _P.SENT, 7: _P.UNKNOWN, 8: _P.REJECTED, 9: _P.UNDELIVERED,
}  # fmt: skip
"""message_state, SMPP 3.4 §5.2.28: enroute, delivered, expired, deleted, undeliverable,
accepted, unknown, rejected. Accepted is by the subscriber's behalf, not yet on the phone.
SMPP 5.0 adds 0, scheduled, and 9, skipped."""

_BY_WORD: dict[str, PartState] = {
    "ENROUTE": _P.SENT, "ACCEPTD": _P.SENT, "ACCEPTED": _P.SENT, "BUFFERED": _P.SENT,
    "BUFFRED": _P.SENT, "ACKED": _P.SENT, "SCHEDULED": _P.SENT,
    "DELIVRD": _P.DELIVERED, "DELIVERED": _P.DELIVERED,
    "EXPIRED": _P.EXPIRED,
    "UNDELIV": _P.UNDELIVERED, "UNDELIVERABLE": _P.UNDELIVERED, "UNDELIVERED": _P.UNDELIVERED,
    "DELETED": _P.UNDELIVERED, "FAILED": _P.UNDELIVERED, "SKIPPED": _P.UNDELIVERED,
    "REJECTD": _P.REJECTED, "REJECTED": _P.REJECTED,
    "UNKNOWN": _P.UNKNOWN,
}  # fmt: skip
"""stat of the text form, SMPP 3.4 Appendix B, Table B-2, and the words vendors write out."""

_KEY = re.compile(r"\b(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:", re.I)
_BY_THE_BOOK = re.compile(
    r"id:(\S+) sub:\S* dlvrd:\S* submit date:\d* done date:(\d*) stat:([A-Za-z]+)"
    r" err:([^\s\0]*)(?:[\s\0]|$)"
)
"""Appendix B to the letter, as most SMSCs send it: read in one match."""
_EDGES = " \t\r\n,;\0"
_WORD = re.compile("[A-Za-z]+")
_TOLD_BESIDES = ("donedate", "submitdate", "sub", "dlvrd", "err")
_NOT_DIGIT = re.compile(r"\D+")
_ABSOLUTE = re.compile(r"\d{15}[+-]")
"""The absolute time of SMPP 3.4 §7.1.1: tenths of a second, quarters of an hour from UTC."""
_SHORTEST_PHONE = 10
"""A short code is never the phone a receipt is about."""


def is_receipt(deliver: Deliver) -> bool:
    """Whether a deliver_sm is a receipt or an intermediate notice (SMPP 3.4 §5.2.12).

    One that bears no mark of it is, if its text can be nothing else (decision 0006).
    """
    kind = deliver.esm_class & pdu.MESSAGE_TYPE
    return (
        kind in (pdu.TYPE_RECEIPT, pdu.TYPE_INTERMEDIATE)
        or pdu.TLV_RECEIPTED_MESSAGE_ID in deliver.tlvs
        or pdu.TLV_MESSAGE_STATE in deliver.tlvs
        or _is_unmistakable(deliver)
    )


def _is_unmistakable(deliver: Deliver) -> bool:
    """A whole text that begins like a receipt, has its id, a known word and more, and a phone.

    A parent could write that: it must not be believed without the number that it came from.
    """
    if deliver.esm_class & pdu.UDHI or not _phone(deliver, ""):
        return False
    text = _text_of(deliver).lstrip()
    if not _KEY.match(text):
        return False
    fields = read_text(text)
    told = any(fields.get(key) for key in _TOLD_BESIDES)
    return bool(fields.get("id")) and fields.get("stat", "").upper() in _BY_WORD and told


def read_receipt(deliver: Deliver, zone: tzinfo, ours: str = "") -> ReceiptReport:
    """All that a receipt says; what it does not say is empty, and its state `unknown`.

    `zone` is that of the dates in the text. `ours` is the route's own number (E.164), if it has
    one: never the phone that the receipt is about. Nothing in a receipt raises.
    """
    fields = read_text(_text_of(deliver))
    state = _BY_WORD.get(fields.get("stat", "").upper()) or _odd_state(fields)
    provider_id = fields.get("id", "")
    error = fields.get("err", "")
    reference = None
    tlvs = deliver.tlvs
    if tlvs:
        provider_id = _tlv_id(tlvs.get(pdu.TLV_RECEIPTED_MESSAGE_ID, b"")) or provider_id
        state = _tlv_state(tlvs.get(pdu.TLV_MESSAGE_STATE, b"")) or state
        if not error.strip("0"):
            error = _network_error(tlvs.get(pdu.TLV_NETWORK_ERROR_CODE, b"")) or error
        if echoed := tlvs.get(pdu.TLV_USER_MESSAGE_REFERENCE):
            reference = int.from_bytes(echoed[:2], "big")
    if deliver.esm_class & pdu.MESSAGE_TYPE == pdu.TYPE_INTERMEDIATE:
        state = _P.SENT
    done = fields.get("donedate", "")
    reported_at = read_date(done, zone) if done else None
    return ReceiptReport(
        provider_id, state, _phone(deliver, ours), error, reported_at, deliver.body, reference
    )


def read_text(text: str) -> dict[str, str]:
    """The fields of a text receipt by key in lower case without blanks; the first one wins.

    `text:` ends the receipt unless `stat:` has not come yet: what follows is the SMS itself,
    which may look like anything, so of what comes after it the last one wins.
    """
    if plain := _BY_THE_BOOK.match(text):
        return dict(zip(("id", "donedate", "stat", "err"), plain.groups(), strict=True))
    fields: dict[str, str] = {}
    quoted: dict[str, str] = {}
    key, start, target = "", 0, fields
    for found in _KEY.finditer(text):
        _keep(target, key, text[start : found.start()], last=target is quoted)
        key = _plain(found[1])
        if key == "text":
            if "stat" in fields:
                return fields
            target = quoted
        start = found.end()
    _keep(target, key, text[start:], last=target is quoted)
    return quoted | fields


def _keep(fields: dict[str, str], key: str, value: str, *, last: bool) -> None:
    if key and (last or key not in fields):
        fields[key] = value.strip(_EDGES)


@lru_cache(maxsize=64)
def _plain(key: str) -> str:
    return key.lower().replace(" ", "").replace("_", "")


def _odd_state(fields: dict[str, str]) -> PartState:
    """The state where `stat` has more than its word, or where the word has lost its key."""
    for key in ("stat", "donedate", "submitdate", "dlvrd", "sub", "err"):
        for word in _WORD.findall(fields.get(key, "")):
            if state := _BY_WORD.get(word.upper()):
                return state
    return _P.UNKNOWN


@lru_cache(maxsize=4096)
def read_date(text: str, zone: tzinfo) -> int | None:
    """`YYMMDDhhmm`, with seconds or century or punctuation, as epoch milliseconds; else None.

    The absolute time of SMPP brings its own zone (`180711070003012+`: +3 hours).
    """
    digits = _NOT_DIGIT.sub("", text)
    if _ABSOLUTE.fullmatch(text):
        quarters = timedelta(minutes=15 * int(text[13:15]))
        if quarters < timedelta(days=1):
            zone = timezone(quarters if text[-1] == "+" else -quarters)
            digits = text[:12]
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
    """The text by its looks: some say UCS-2 and send ASCII, others the other way round."""
    message = deliver.message
    if deliver.esm_class & pdu.UDHI and message:
        message = message[1 + message[0] :]
    # It begins with a key, so in UTF-16 one of its first octets is NUL (or there is a mark).
    if 0 in message[:2] or message[:1] >= b"\xfe":
        return decode_ucs2(message)
    return message.decode("latin-1")


def _tlv_id(value: bytes) -> str:
    return value.partition(b"\0")[0].decode("latin-1").strip()


def _tlv_state(value: bytes) -> PartState | None:
    """message_state; some send it wider than its one octet (SMPP 3.4 §5.3.2.35).

    None where there is none, or one that nobody knows: the text may say it.
    """
    return BY_NUMBER.get(int.from_bytes(value, "big")) if value else None


def _network_error(value: bytes) -> str:
    """network_error_code: network type and code (SMPP 3.4 §5.3.2.31)."""
    match tuple(value):
        case network, high, low if high or low:
            return f"{network}:{high << 8 | low}"
    return ""


def _phone(deliver: Deliver, ours: str) -> str:
    """The phone a receipt is about, or "" where it names none.

    Its source, by SMPP 3.4 §4.6.1; its destination for peers that leave the addresses as they
    were in the submit, so that a name, a short code or our own number is the source.
    """
    number = e164(deliver.source_ton, deliver.source)
    if number.startswith("+") and len(number) > _SHORTEST_PHONE and number != ours:
        return number
    number = e164(0, deliver.destination)
    if number.startswith("+") and len(number) > _SHORTEST_PHONE and number != ours:
        return number
    return ""
