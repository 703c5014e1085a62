"""SMPP 3.4 on the wire: framing, a strict decoder for what comes in, an encoder for what goes out.

Every length is checked against the octets that are really there, and what is wrong raises
`PduError` with the status to answer; a peer can make us refuse, never crash. submit_sm and the
answers are built here (hot path); the requests of a session (binds, unbind, enquire_link,
query_sm) are built by smpplib, whose constants are our vocabulary, in `channels.smpp.requests`.
What a PDU *means* is not decided here: sessions, receipts and inbound texts live in
`channels.smpp`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from smpplib import command_codes, consts

from sms_diary.errors import PduError

MIN_LENGTH = 16
MAX_LENGTH = 65_536  # beyond it is garbage: message_payload has a 16-bit length

_COMMANDS: dict[str, int] = command_codes.commands
GENERIC_NACK = _COMMANDS["generic_nack"]
SUBMIT_SM = _COMMANDS["submit_sm"]
SUBMIT_SM_RESP = _COMMANDS["submit_sm_resp"]
DELIVER_SM = _COMMANDS["deliver_sm"]
DELIVER_SM_RESP = _COMMANDS["deliver_sm_resp"]
QUERY_SM_RESP = _COMMANDS["query_sm_resp"]
UNBIND = _COMMANDS["unbind"]
UNBIND_RESP = _COMMANDS["unbind_resp"]
ENQUIRE_LINK = _COMMANDS["enquire_link"]
ENQUIRE_LINK_RESP = _COMMANDS["enquire_link_resp"]
OUTBIND = _COMMANDS["outbind"]
ALERT_NOTIFICATION = _COMMANDS["alert_notification"]
BIND_RESPS = frozenset(
    _COMMANDS[f"bind_{kind}_resp"] for kind in ("transceiver", "transmitter", "receiver")
)
RESPONSE_BIT = 0x8000_0000

CODING_DEFAULT = int(consts.SMPP_ENCODING_DEFAULT)  # data_coding, SMPP 3.4 §5.2.19
CODING_LATIN1 = int(consts.SMPP_ENCODING_ISO88591)
CODING_BINARY = int(consts.SMPP_ENCODING_BINARY2)
CODING_CYRILLIC = int(consts.SMPP_ENCODING_ISO88595)
CODING_UCS2 = int(consts.SMPP_ENCODING_ISO10646)

UDHI = int(consts.SMPP_GSMFEAT_UDHI)
MESSAGE_TYPE = 0x3C  # bits 5-2 of esm_class, SMPP 3.4 §5.2.12
TYPE_RECEIPT = 0x04
TYPE_INTERMEDIATE = 0x20

_TLVS: dict[str, int] = consts.OPTIONAL_PARAMS
TLV_RECEIPTED_MESSAGE_ID = _TLVS["receipted_message_id"]  # §5.3.2.12
TLV_USER_MESSAGE_REFERENCE = _TLVS["user_message_reference"]  # §5.3.2.17
TLV_SAR_MSG_REF_NUM = _TLVS["sar_msg_ref_num"]  # §5.3.2.22
TLV_SAR_TOTAL_SEGMENTS = _TLVS["sar_total_segments"]  # §5.3.2.23
TLV_SAR_SEGMENT_SEQNUM = _TLVS["sar_segment_seqnum"]  # §5.3.2.24
TLV_NETWORK_ERROR_CODE = _TLVS["network_error_code"]  # §5.3.2.31
TLV_MESSAGE_PAYLOAD = _TLVS["message_payload"]  # §5.3.2.32
TLV_MESSAGE_STATE = _TLVS["message_state"]  # §5.3.2.35
NO_TLVS: Mapping[int, bytes] = MappingProxyType({})

OK = int(consts.SMPP_ESME_ROK)
BAD_MESSAGE_LENGTH = int(consts.SMPP_ESME_RINVMSGLEN)
BAD_COMMAND_LENGTH = int(consts.SMPP_ESME_RINVCMDLEN)
BAD_COMMAND = int(consts.SMPP_ESME_RINVCMDID)
BAD_BIND_STATE = int(consts.SMPP_ESME_RINVBNDSTS)
BAD_SOURCE = int(consts.SMPP_ESME_RINVSRCADR)
BAD_DESTINATION = int(consts.SMPP_ESME_RINVDSTADR)
TEMPORARY_ERROR = int(consts.SMPP_ESME_RX_T_APPN)
_BAD_TLV_STREAM = int(consts.SMPP_ESME_RINVOPTPARSTREAM)
_BAD_TLV_LENGTH = int(consts.SMPP_ESME_RINVPARLEN)


class Text(NamedTuple):
    """A C-octet string: its greatest size with the final NUL, and the status when it is wrong."""

    name: str
    size: int
    status: int


# The field table: sizes by SMPP 3.4 §4.4.1, §4.4.2, §4.6.1, each field by the paragraph beside it.
SERVICE_TYPE = Text("service_type", 6, int(consts.SMPP_ESME_RINVSERTYP))  # §5.2.11
SOURCE_ADDR = Text("source_addr", 21, BAD_SOURCE)  # §5.2.8
DESTINATION_ADDR = Text("destination_addr", 21, BAD_DESTINATION)  # §5.2.9
SCHEDULE = Text("schedule_delivery_time", 17, int(consts.SMPP_ESME_RINVSCHED))  # §5.2.15
VALIDITY = Text("validity_period", 17, int(consts.SMPP_ESME_RINVEXPIRY))  # §5.2.16
MESSAGE_ID = Text("message_id", 65, int(consts.SMPP_ESME_RINVMSGID))  # §5.2.23
MAX_SHORT_MESSAGE = 254  # §5.2.21, §5.2.22
BIND_SIZES = {"system_id": 15, "password": 8, "system_type": 12, "address_range": 40}
"""Characters without the NUL: §5.2.1, §5.2.2, §5.2.3, §5.2.7. smpplib cuts in silence beyond."""

_HEADER = struct.Struct(">IIII")  # §3.2
_TLV_HEADER = struct.Struct(">HH")  # §3.2.4.1


class Frame(NamedTuple):
    """One PDU with its header read; `data` is all of it, header included."""

    command: int
    status: int
    sequence: int
    data: bytes


class Deliver(NamedTuple):
    """A deliver_sm (SMPP 3.4 §4.6.1), the fields that we use."""

    sequence: int
    source_ton: int
    source: str
    destination: str
    esm_class: int
    data_coding: int
    message: bytes
    """short_message, or message_payload where that one is empty."""
    tlvs: Mapping[int, bytes]
    body: bytes
    """All octets after the header: equal for a repetition under another sequence number."""


class Framer:
    """Cuts a byte stream into PDUs; holds at most one unfinished PDU."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """PDUs completed by these octets.

        Raises PduError (ESME_RINVCMDLEN) at a command_length that cannot be; the stream is lost
        then, since nothing says where the next PDU starts.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        at, end = 0, len(data)
        while end - at >= MIN_LENGTH:
            length, command, status, sequence = _HEADER.unpack_from(data, at)
            if not MIN_LENGTH <= length <= MAX_LENGTH:
                raise PduError(f"command_length {length}", BAD_COMMAND_LENGTH, sequence)
            if end - at < length:
                break
            yield Frame(command, status, sequence, data[at : at + length])
            at += length
        self._rest = data[at:]


def decode_message_id(frame: Frame) -> str:
    """The message_id of a submit_sm_resp with status 0, verbatim; "" when there is no body.

    Raises PduError when it is not terminated or longer than SMPP 3.4 §4.4.2 allows.
    """
    data = frame.data
    if len(data) == MIN_LENGTH:
        return ""
    end = data.find(0, MIN_LENGTH, MIN_LENGTH + MESSAGE_ID.size)
    if end < 0:
        raise PduError("message_id", MESSAGE_ID.status, frame.sequence)
    return data[MIN_LENGTH:end].decode("latin-1")


def decode_deliver(frame: Frame) -> Deliver:
    """A deliver_sm, every field within its bounds (SMPP 3.4 §4.6.1); else PduError."""
    data, sequence = frame.data, frame.sequence
    at = _skip(data, MIN_LENGTH, SERVICE_TYPE, sequence)
    start = at + 2
    at = _skip(data, start, SOURCE_ADDR, sequence)
    source, source_ton = data[start : at - 1], data[start - 2]
    start = at + 2
    at = _skip(data, start, DESTINATION_ADDR, sequence)
    destination = data[start : at - 1]
    esm_at = at
    at += 3
    if data.startswith(b"\0\0", at):  # §4.6.1: both unused in a deliver_sm
        at += 2
    else:
        at = _skip(data, _skip(data, at, SCHEDULE, sequence), VALIDITY, sequence)
    start = at + 5
    if start > len(data):
        raise PduError("cut before sm_length", BAD_MESSAGE_LENGTH, sequence)
    length = data[start - 1]
    end = start + length
    if length > MAX_SHORT_MESSAGE or end > len(data):
        raise PduError(f"sm_length {length}", BAD_MESSAGE_LENGTH, sequence)
    tlvs = decode_tlvs(data, end, sequence) if end < len(data) else NO_TLVS
    return Deliver(
        sequence,
        source_ton,
        source.decode("latin-1"),
        destination.decode("latin-1"),
        data[esm_at],
        data[start - 3],
        data[start:end] or tlvs.get(TLV_MESSAGE_PAYLOAD, b""),
        tlvs,
        data[MIN_LENGTH:],
    )


def _skip(data: bytes, at: int, field: Text, sequence: int) -> int:
    """The position after a C-octet string that starts at `at`."""
    end = data.find(0, at, at + field.size)
    if end < 0:
        raise PduError(field.name, field.status, sequence)
    return end + 1


def decode_tlvs(data: bytes, at: int, sequence: int = 0) -> dict[int, bytes]:
    """Optional parameters up to the end of `data` by tag, known or not; the first of two wins.

    A few NULs too many at the end are let pass: peers that terminate a short_message like a
    string must not lose their receipts. Raises PduError when a header or a value goes beyond
    the PDU (SMPP 3.4 §3.2.4.1).
    """
    found: dict[int, bytes] = {}
    end = len(data)
    while at < end:
        if end - at < _TLV_HEADER.size:
            if not any(data[at:]):
                break
            raise PduError("a cut optional parameter", _BAD_TLV_STREAM, sequence)
        tag, length = _TLV_HEADER.unpack_from(data, at)
        at += _TLV_HEADER.size
        if end - at < length:
            raise PduError(f"optional parameter {tag:#06x}", _BAD_TLV_LENGTH, sequence)
        found.setdefault(tag, data[at : at + length])
        at += length
    return found


def address(ton: int, npi: int, number: str, field: Text) -> bytes:
    """TON, NPI and the address as octets. Raises PduError when it cannot be sent as it is."""
    if len(number) >= field.size or not number.isascii() or not number.isprintable():
        raise PduError(field.name, field.status)
    return bytes((ton, npi)) + number.encode("ascii") + b"\0"


def submit_body(  # noqa: PLR0913 - these are the fields of the PDU
    source: bytes,
    destination: bytes,
    message: bytes,
    *,
    esm_class: int,
    data_coding: int,
    registered_delivery: int,
    validity: bytes = b"",
    tlvs: bytes = b"",
) -> bytes:
    """The body of a submit_sm (SMPP 3.4 §4.4.1), addresses as `address` makes them.

    Raises PduError when the message is longer than a short_message may be.
    """
    length = len(message)
    if length > MAX_SHORT_MESSAGE:
        raise PduError(f"sm_length {length}", BAD_MESSAGE_LENGTH)
    return b"".join((
        b"\0", source, destination,
        bytes((esm_class, 0, 0, 0)),  # esm_class, protocol_id, priority_flag, no schedule
        validity,
        bytes((0, registered_delivery, 0, data_coding, 0, length)),
        message, tlvs,
    ))  # fmt: skip


def tlv(tag: int, value: bytes) -> bytes:
    """One optional parameter (SMPP 3.4 §3.2.4.1)."""
    return _TLV_HEADER.pack(tag, len(value)) + value


def frame(command: int, sequence: int, body: bytes = b"", status: int = OK) -> bytes:
    """A whole PDU: header (SMPP 3.4 §3.2) and body."""
    return _HEADER.pack(MIN_LENGTH + len(body), command, status, sequence) + body


def deliver_sm_resp(sequence: int, status: int = OK) -> bytes:
    """The answer to a deliver_sm, its unused message_id empty (SMPP 3.4 §4.6.2)."""
    return _HEADER.pack(MIN_LENGTH + 1, DELIVER_SM_RESP, status, sequence) + b"\0"


def generic_nack(sequence: int, status: int) -> bytes:
    """The answer to what cannot be answered by name (SMPP 3.4 §4.3.1)."""
    return _HEADER.pack(MIN_LENGTH, GENERIC_NACK, status, sequence)
