"""PDUs of SMPP 3.4 as the SMSC's side reads and writes them: octets in, values out, no I/O.

What lives here: strict, bounds-checked parsing of what clients send and the building of what an
SMSC sends. What does not: sessions, and what a message means (`text.py`).
"""

from struct import Struct
from typing import NamedTuple

from sms_diary.simulator import spec

_HEADER = Struct(">IIII")  # §3.2: command_length, command_id, command_status, sequence_number
_LENGTH = Struct(">I")
LENGTH_OCTETS = _LENGTH.size
_TLV = Struct(">HH")  # §3.2.4.1: tag, length
_BEFORE_SCHEDULE = 3  # esm_class, protocol_id, priority_flag
_AFTER_VALIDITY = 5  # registered_delivery, replace_if_present, data_coding, default id, sm_length

Tlvs = dict[int, bytes]


class WireError(Exception):
    """Octets that are not the PDU they claim to be; `status` is the answer to them (§5.1.3)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"command_status 0x{status:08x}")
        self.status = status


class Bind(NamedTuple):
    """What a bind says of the client (§4.1.1): the parts that the simulator looks at."""

    system_id: str
    password: str


class QuerySm(NamedTuple):
    """A query_sm (§4.8.1); `source` is a raw block as in SubmitSm."""

    message_id: str
    source: bytes


class SubmitSm(NamedTuple):
    """A submit_sm (§4.4.1). Addresses are raw blocks: TON, NPI, digits or name, NUL."""

    source: bytes
    destination: bytes
    esm_class: int
    registered_delivery: int
    data_coding: int
    body: bytes
    tlvs: Tlvs | None


def length_of(data: bytes, at: int) -> int:
    """Return command_length of the PDU that begins at `at`; four octets must be there."""
    length: int = _LENGTH.unpack_from(data, at)[0]
    return length


def header_of(data: bytes, at: int) -> tuple[int, int, int, int]:
    """Return command_length, command_id, command_status and sequence_number (§3.2)."""
    return _HEADER.unpack_from(data, at)


def _c_string(data: bytes, at: int, end: int, longest: int, status: int) -> int:
    """Return where the octet after a C-octet string's NUL is; `longest` counts the NUL (§3.1)."""
    nul = data.find(0, at, at + longest)
    if nul < 0 or nul >= end:
        raise WireError(status)
    return nul + 1


def _time(data: bytes, at: int, end: int, status: int) -> int:
    """Step over a time: a lone NUL, or 16 characters and a NUL (§4.4.1, §7.1.1)."""
    after = _c_string(data, at, end, spec.TIME_LENGTH, status)
    if after - at not in (1, spec.TIME_LENGTH):
        raise WireError(status)
    return after


def parse_bind(data: bytes, at: int, end: int) -> Bind:
    """Parse the body of a bind_transmitter, bind_receiver or bind_transceiver (§4.1.1–4.1.5).

    Raises WireError when a field is too long, has no NUL, or octets are left over.
    """
    name_end = _c_string(data, at, end, spec.LONGEST_SYSTEM_ID, spec.ESME_RINVSYSID)
    word_end = _c_string(data, name_end, end, spec.LONGEST_PASSWORD, spec.ESME_RINVPASWD)
    type_end = _c_string(data, word_end, end, spec.LONGEST_SYSTEM_TYPE, spec.ESME_RINVSYSTYP)
    range_at = type_end + 3  # interface_version, addr_ton, addr_npi
    last = _c_string(data, range_at, end, spec.LONGEST_ADDRESS_RANGE, spec.ESME_RINVCMDLEN)
    if last != end:
        raise WireError(spec.ESME_RINVCMDLEN)
    return Bind(
        system_id=data[at : name_end - 1].decode("latin-1"),
        password=data[name_end : word_end - 1].decode("latin-1"),
    )


def parse_submit_sm(data: bytes, at: int, end: int) -> SubmitSm:
    """Parse the body of a submit_sm (§4.4.1) that lies in data[at:end].

    Raises WireError with the status that names the first wrong field; never reads past `end`.
    """
    source = _c_string(data, at, end, spec.LONGEST_SERVICE_TYPE, spec.ESME_RINVSERTYP)
    destination = source + 2 + _address_length(data, source, end, spec.ESME_RINVSRCADR)
    esm = destination + 2 + _address_length(data, destination, end, spec.ESME_RINVDSTADR)
    validity = _time(data, esm + _BEFORE_SCHEDULE, end, spec.ESME_RINVSCHED)
    flags = _time(data, validity, end, spec.ESME_RINVEXPIRY)
    body = flags + _AFTER_VALIDITY
    if body > end:
        raise WireError(spec.ESME_RINVCMDLEN)
    registered, _, data_coding, _, length = data[flags:body]
    tlvs_at = body + length
    if length > spec.LONGEST_SHORT_MESSAGE or tlvs_at > end:
        raise WireError(spec.ESME_RINVMSGLEN)
    return SubmitSm(
        data[source:destination],
        data[destination:esm],
        data[esm],
        registered,
        data_coding,
        data[body:tlvs_at],
        parse_tlvs(data, tlvs_at, end) if tlvs_at < end else None,
    )


def parse_query_sm(data: bytes, at: int, end: int) -> QuerySm:
    """Parse the body of a query_sm (§4.8.1); raises WireError."""
    source = _c_string(data, at, end, spec.LONGEST_MESSAGE_ID, spec.ESME_RINVMSGID)
    last = source + 2 + _address_length(data, source, end, spec.ESME_RINVSRCADR)
    if last != end:
        raise WireError(spec.ESME_RINVCMDLEN)
    return QuerySm(data[at : source - 1].decode("latin-1"), data[source:last])


def _address_length(data: bytes, at: int, end: int, status: int) -> int:
    """Return the length, NUL included, of the address whose TON stands at `at` (§5.2.8)."""
    return _c_string(data, at + 2, end, spec.LONGEST_ADDRESS, status) - at - 2


def parse_tlvs(data: bytes, at: int, end: int) -> Tlvs:
    """Parse optional parameters (§3.2.4) up to `end`; of a repeated tag the last one counts.

    Raises WireError when one reaches beyond the PDU.
    """
    tlvs: Tlvs = {}
    while at < end:
        if at + 4 > end:
            raise WireError(spec.ESME_RINVOPTPARSTREAM)
        tag, length = _TLV.unpack_from(data, at)
        at += 4 + length
        if at > end:
            raise WireError(spec.ESME_RINVPARLEN)
        tlvs[tag] = data[at - length : at]
    return tlvs


def address_text(block: bytes) -> str:
    """Return the digits or the name in an address block (§5.2.8)."""
    return block[2:-1].decode("latin-1")


def address_block(text: str, ton: int, npi: int) -> bytes:
    """Return TON, NPI, address and NUL (§5.2.5–5.2.9); the caller keeps it within 20 characters."""
    return bytes((ton, npi)) + text.encode("latin-1") + b"\0"


def tlv(tag: int, value: bytes) -> bytes:
    """Return one optional parameter (§3.2.4.1)."""
    return _TLV.pack(tag, len(value)) + value


def build(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """Return a whole PDU (§3.2)."""
    return _HEADER.pack(spec.HEADER_LENGTH + len(body), command, status, sequence) + body


def build_deliver_sm(
    sequence: int,
    addresses: bytes,
    body: bytes,
    *,
    esm_class: int = 0,
    data_coding: int = 0,
    tlvs: bytes = b"",
) -> bytes:
    """Return a deliver_sm (§4.6.1); `addresses` are the source's and the destination's block."""
    # No service type; protocol_id, priority_flag, schedule, validity, registered_delivery and
    # replace_if_present are 0 or empty, and so is sm_default_msg_id.
    return b"".join(
        (
            _HEADER.pack(27 + len(addresses) + len(body) + len(tlvs), spec.DELIVER_SM, 0, sequence),
            b"\0",
            addresses,
            bytes((esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, len(body))),
            body,
            tlvs,
        )
    )
