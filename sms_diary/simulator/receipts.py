"""What the SMSC hands to its clients by deliver_sm: receipts and the parents' own SMS.

What lives here: their octets, and what happens when the client has acknowledged one. What does
not: when they are due and over which session they go (`smsc.py`, `session.py`).
"""

from datetime import UTC, datetime, tzinfo
from typing import Protocol

from sms_diary.simulator import gsm7, spec, wire
from sms_diary.simulator.ledger import REPORTED, Submitted
from sms_diary.simulator.options import Options

_QUOTED = 20  # SMPP 3.4 appendix B: the first 20 characters of the message
_MINUTE = 60_000
_LONGEST_SHORT_CODE = 6


class Delivery(Protocol):
    """One deliver_sm to come; it is built when its sequence number is known."""

    def pdu(self, sequence: int) -> bytes:
        """Return the octets."""

    def acknowledged(self) -> None:
        """Note that the client answered with status 0."""


class ReceiptForm:
    """Writes receipts in the form of SMPP 3.4 appendix B, with the parameters of §5.3.2.

    `zone` is the time zone of the dates, which on the wire have none.
    """

    def __init__(self, options: Options, zone: tzinfo) -> None:
        self._options = options
        self._zone = zone
        self._minutes: dict[int, str] = {}
        state = options.receipt_state
        self._end = f" stat:{state} err:{options.receipt_error} text:".encode("latin-1")
        self._delivered = "001" if state == "DELIVRD" else "000"
        self._state = wire.tlv(spec.TAG_MESSAGE_STATE, bytes((spec.MESSAGE_STATES[state],)))

    def build(self, entry: Submitted, done: int, sequence: int) -> bytes:
        """Return the deliver_sm that reports `entry` as final at `done` (epoch milliseconds)."""
        number = f"{entry.message_id:X}" if self._options.receipts_hex else str(entry.message_id)
        head = (
            f"id:{number} sub:001 dlvrd:{self._delivered} submit date:{self._date(entry.at)} "
            f"done date:{self._date(done)}"
        )
        tlvs = self._state + wire.tlv(spec.TAG_RECEIPTED_MESSAGE_ID, number.encode("ascii") + b"\0")
        if entry.tlvs and self._options.echo_reference:
            reference = entry.tlvs.get(spec.TAG_USER_MESSAGE_REFERENCE)
            if reference is not None:
                tlvs += wire.tlv(spec.TAG_USER_MESSAGE_REFERENCE, reference)
        return wire.build_deliver_sm(
            sequence,
            entry.destination + entry.source,  # §4.6.1: from the phone, to who had sent
            head.encode("ascii") + self._end + _quote(entry),
            esm_class=spec.ESM_RECEIPT,
            tlvs=tlvs,
        )

    def _date(self, at: int) -> str:
        minute = at // _MINUTE
        text = self._minutes.get(minute)
        if text is None:
            moment = datetime.fromtimestamp(minute * 60, UTC).astimezone(self._zone)
            text = f"{moment:%y%m%d%H%M}"
            if len(self._minutes) > _MINUTE:  # some 40 days: start afresh rather than grow
                self._minutes.clear()
            self._minutes[minute] = text
        return text


def _quote(entry: Submitted) -> bytes:
    """Return the begin of a GSM-7 text; UCS-2 has no place in a receipt of data_coding 0."""
    if entry.data_coding != spec.CODING_DEFAULT or entry.esm_class & spec.ESM_UDHI:
        return b""
    return entry.body[:_QUOTED].rstrip(bytes((gsm7.ESCAPE,)))


class Receipt:
    """A receipt for one part; `asked` says whether the client is to know at all."""

    __slots__ = ("_done", "_form", "entry")

    def __init__(self, entry: Submitted, form: ReceiptForm, done: int) -> None:
        self.entry = entry
        self._form = form
        self._done = done

    def pdu(self, sequence: int) -> bytes:
        """Return the octets."""
        return self._form.build(self.entry, self._done, sequence)

    def acknowledged(self) -> None:
        """The client knows the final state."""
        self.entry.state = REPORTED


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
    """One deliver_sm of an Inbound."""

    __slots__ = ("_body", "_coding", "_header", "inbound")

    def __init__(self, inbound: Inbound, coding: int, body: bytes, header: bool) -> None:
        self.inbound = inbound
        self._coding = coding
        self._body = body
        self._header = header

    def pdu(self, sequence: int) -> bytes:
        """Return the octets; both addresses are international numbers or short codes."""
        return wire.build_deliver_sm(
            sequence,
            _number_block(self.inbound.number) + _number_block(self.inbound.to),
            self._body,
            esm_class=spec.ESM_UDHI if self._header else 0,
            data_coding=self._coding,
        )

    def acknowledged(self) -> None:
        """The client has stored this part."""
        self.inbound.waiting -= 1


def _number_block(number: str) -> bytes:
    digits = number.lstrip("+")
    # International: TON 1, NPI 1; a short code: TON 0, NPI 1 (§5.2.5, §5.2.6).
    return wire.address_block(digits, int(len(digits) > _LONGEST_SHORT_CODE), 1)
