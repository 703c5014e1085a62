"""One PDU as a line that a person can read out to an operator's support.

Unless personal data is asked for, a line has no phone number and no text: numbers are masked, of a
text its length is told, of a receipt its fields without the text that it quotes. The password is
in no line, whatever is asked for. When PDUs are seen, and the file, are `trace.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from smpplib import command_codes, consts

from sms_diary.channels import pdu
from sms_diary.channels.pdu import Frame
from sms_diary.channels.smpp.inbound import split_header
from sms_diary.channels.smpp.receipts import is_receipt
from sms_diary.channels.smpp.results import code
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.texts import decode_text
from sms_diary.errors import PduError
from sms_diary.logs import mask

_COMMANDS: dict[int, str] = {number: name for name, number in command_codes.commands.items()}
_BINDS = frozenset(number & ~pdu.RESPONSE_BIT for number in pdu.BIND_RESPS)
_IDS = frozenset((pdu.SUBMIT_SM_RESP, pdu.DELIVER_SM_RESP))
_QUERY_SM = pdu.QUERY_SM_RESP & ~pdu.RESPONSE_BIT
_TLVS: dict[int, str] = {tag: name for name, tag in consts.OPTIONAL_PARAMS.items()}
_TEXT_TLVS = frozenset({
    "message_payload", "additional_status_info_text", "callback_num", "callback_num_atag",
    "source_subaddress", "dest_subaddress",
})  # fmt: skip
"""What they hold may be somebody's; all others that have a name are numbers, or an id of a part."""
_PLACES = frozenset((0x00, 0x08))
"""Reference and place of a part, 8 and 16 bits (3GPP TS 23.040 §9.2.3.24)."""
_LONGEST_NUMBER = 4
_LONGEST_DECIMAL = 2

_SHORT_CODE = 6
"""Digits up to which an address is nobody's phone."""
_HEAD, _TAIL, _LAST = 5, 2, 7
"""Of a number, as in logs: what is shown in front at most, and how many of its last digits."""
_QUOTED_TEXT = re.compile(r"\btext\s*:", re.I)
_RECEIPT_FIELDS = re.compile(
    r"\b(?:(?P<id>id\s*:\s*[!-+\--:<-~]{1,64})"
    r"|(?:sub|dlvrd)\s*:\s*\d{1,5}"
    r"|(?:submit|done)[ _]?date\s*:\s*[\d:+-]{6,20}"
    r"|stat\s*:\s*[A-Za-z]{1,14}"
    r"|err\s*:\s*[0-9A-Za-z:._-]{1,12})",
    re.I,
)
"""What of a receipt is shown: what looks like the field that it says it is (SMPP 3.4 App. B)."""
_PLAIN = re.compile(r"[!#-~]+")

_ID = re.compile(r"[!-~]{0,64}")
_MOMENT = re.compile(r"[0-9R+-]{1,16}")
_WORD = re.compile(r"[ -~]{0,20}")
"""How short fields look. What looks otherwise may be a piece of a text in a spoilt PDU."""


class Lines:
    """Tells the PDUs of one route."""

    def __init__(self, settings: SmppSettings) -> None:
        self._personal = settings.trace_personal
        self._secret = settings.password.encode("latin-1", "replace")
        self._latin = settings.default_alphabet in ("latin1", "ascii")

    def told(self, frame: Frame) -> str:
        """A PDU with its command, sequence number, status, length and fields; nothing raises."""
        words = [_COMMANDS.get(frame.command, f"0x{frame.command:08X}"), f"seq={frame.sequence}"]
        if frame.status or frame.command & pdu.RESPONSE_BIT:
            words.append(f"status={code(frame.status)}")
        words.append(f"len={len(frame.data)}")
        octets = _without_password(frame)
        try:
            words += list(self._fields(frame))
        except PduError as wrong:
            words.append(f"cannot be decoded ({wrong})")
            octets = self._without_secret(octets)
        if self._personal:
            words.append(f"hex={octets.hex()}")
        return " ".join(words)

    def garbage(self, octets: bytes) -> str:
        """A burst that has, from somewhere on, no PDUs."""
        shown = f" hex={self._without_secret(octets).hex()}" if self._personal else ""
        return f"not SMPP: {len(octets)} octets{shown}"

    def _without_secret(self, octets: bytes) -> bytes:
        # Nobody knows where in it the password might be: a peer may echo our bind, and spoil it.
        return octets.replace(self._secret, bytes(len(self._secret))) if self._secret else octets

    # --- bodies

    def _fields(self, frame: Frame) -> Iterator[str]:
        body, command = _Body(frame), frame.command
        if command in (pdu.SUBMIT_SM, pdu.DELIVER_SM):
            yield from self._message(frame, body)
            return
        if body.left and command in _IDS:
            yield self._word("message_id", body.text(), _ID)
        elif command in _BINDS:
            yield from self._bind(body)
        elif body.left and command in pdu.BIND_RESPS:
            yield self._word("system_id", body.text())
        elif command == _QUERY_SM:
            yield self._word("message_id", body.text(), _ID)
            yield self._address("source", body)
        elif body.left and command == pdu.QUERY_SM_RESP:
            yield self._word("message_id", body.text(), _ID)
            yield self._word("final_date", body.text(), _MOMENT)
            yield f"message_state={body.octet()} error_code={body.octet()}"
        elif body.left:
            yield f"body=({body.left} octets)"
            return
        yield from self._tlvs(body.tlvs(), ())

    def _bind(self, body: _Body) -> Iterator[str]:
        """SMPP 3.4 §4.1."""
        yield self._word("system_id", body.text())
        body.text()
        yield "password=(hidden)"
        yield self._word("system_type", body.text())
        yield f"interface_version=0x{body.octet():02X}"
        yield f"addr_ton={body.octet()} addr_npi={body.octet()}"
        yield self._word("address_range", body.text())

    def _message(self, frame: Frame, body: _Body) -> Iterator[str]:
        """submit_sm and deliver_sm (SMPP 3.4 §4.4.1, §4.6.1); what is zero or empty is left out."""
        service = body.text()
        phones = body.phones()
        source, destination = self._address("source", body), self._address("destination", body)
        if service:
            yield self._word("service_type", service)
        yield source
        yield destination
        esm_class = body.octet()
        yield f"esm_class=0x{esm_class:02X}"
        yield from _numbers(body, "protocol_id", "priority_flag")
        for name in ("schedule_delivery_time", "validity_period"):
            if moment := body.text():
                yield self._word(name, moment, _MOMENT)
        yield from _numbers(body, "registered_delivery", "replace_if_present_flag")
        coding = body.octet()
        yield f"data_coding={coding}"
        yield from _numbers(body, "sm_default_msg_id")
        message = body.octets(body.octet())
        tlvs = body.tlvs()
        yield from self._text(message or tlvs.get(pdu.TLV_MESSAGE_PAYLOAD, b""), esm_class, coding)
        if frame.command == pdu.DELIVER_SM and not self._personal:
            yield from _receipt(frame, phones)
        yield from self._tlvs(tlvs, phones)

    def _text(self, message: bytes, esm_class: int, coding: int) -> Iterator[str]:
        text: bytes | None = message
        if esm_class & pdu.UDHI:
            elements, text = split_header(message)
            for element in _PLACES & elements.keys():
                yield f"udh_{element:02X}={elements[element][:_LONGEST_NUMBER].hex()}"
        if text is None or not self._personal:
            yield f"text=({len(message)} octets)"
            return
        if coding == pdu.CODING_DEFAULT and self._latin:
            coding = pdu.CODING_LATIN1
        yield f"text={_quoted(decode_text(text, coding), always=True)}"

    def _tlvs(self, tlvs: Mapping[int, bytes], phones: tuple[str, ...]) -> Iterator[str]:
        for tag, value in tlvs.items():
            name = _TLVS.get(tag, "")
            if tag == pdu.TLV_RECEIPTED_MESSAGE_ID:
                shown = value.partition(b"\0")[0].decode("latin-1")
                yield self._word(name, _masked(shown, () if self._personal else phones), _ID)
            elif name and name not in _TEXT_TLVS and len(value) <= _LONGEST_NUMBER:
                decimal = len(value) <= _LONGEST_DECIMAL
                yield f"{name}={int.from_bytes(value, 'big') if decimal else '0x' + value.hex()}"
            else:
                yield f"{name or f'tlv_0x{tag:04X}'}=({len(value)} octets)"

    def _address(self, name: str, body: _Body) -> str:
        kind = f"({body.octet()}/{body.octet()})"
        return f"{self._word(name, body.text())}{kind}"

    def _word(self, name: str, text: str, shape: re.Pattern[str] = _WORD) -> str:
        """A short field; where it may be or hold a number, that is masked."""
        if not self._personal:
            if not shape.fullmatch(text):
                return f"{name}=({len(text)} octets)"
            if shape is _WORD:
                text = _short(text)
        return f"{name}={_quoted(text)}"


class _Body:
    """Reads a body from its start on; PduError where it ends too early."""

    def __init__(self, frame: Frame) -> None:
        self._data = frame.data
        self._at = pdu.MIN_LENGTH

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def octet(self) -> int:
        return self.octets(1)[0]

    def octets(self, count: int) -> bytes:
        if self.left < count:
            raise PduError("it is cut", pdu.BAD_COMMAND_LENGTH)
        self._at += count
        return self._data[self._at - count : self._at]

    def text(self) -> str:
        end = self._data.find(0, self._at)
        if end < 0:
            raise PduError("a string has no end", pdu.BAD_COMMAND_LENGTH)
        return self.octets(end + 1 - self._at)[:-1].decode("latin-1")

    def phones(self) -> tuple[str, ...]:
        """Digits of the two addresses that come next, those that may be phones; reads nothing."""
        at = self._at
        numbers = [_digits((self.octets(2), self.text())[1]) for _ in range(2)]
        self._at = at
        return tuple(number for number in numbers if len(number) > _SHORT_CODE)

    def tlvs(self) -> dict[int, bytes]:
        return pdu.decode_tlvs(self._data, self._at)


def _numbers(body: _Body, *names: str) -> Iterator[str]:
    for name in names:
        if number := body.octet():
            yield f"{name}={number}"


def _receipt(frame: Frame, phones: tuple[str, ...]) -> Iterator[str]:
    """The fields of a receipt that are nobody's, as they are written; ids to the letter."""
    deliver = pdu.decode_deliver(frame)
    if not is_receipt(deliver):
        return
    message: bytes | None = deliver.message
    if deliver.esm_class & pdu.UDHI:
        _, message = split_header(deliver.message)
    wide = deliver.data_coding == pdu.CODING_UCS2
    text = decode_text(message or b"", pdu.CODING_UCS2 if wide else pdu.CODING_LATIN1)
    quoted = _QUOTED_TEXT.search(text)
    fields = [
        _masked(found[0], phones) if found["id"] else mask(found[0])
        for found in _RECEIPT_FIELDS.finditer(text, 0, quoted.start() if quoted else len(text))
    ]
    yield f"receipt={_quoted(' '.join(fields), always=True)}"


def _without_password(frame: Frame) -> bytes:
    """All octets of a PDU, the password of a bind zeroed; all behind the name where it is cut."""
    data = frame.data
    start = data.find(0, pdu.MIN_LENGTH) + 1
    if frame.command not in _BINDS or not start:
        return data
    end = data.find(0, start)
    end = len(data) if end < 0 else end
    return data[:start] + bytes(end - start) + data[end:]


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _short(text: str) -> str:
    """An address as logs show numbers; short codes and names are shown as they are."""
    digits = _digits(text)
    if len(digits) <= _SHORT_CODE:
        return text
    if text.removeprefix("+") != digits:
        return "***"
    shown = digits[: min(_HEAD, len(digits) - _LAST)]
    return f"{'+' if text[0] == '+' else ''}{shown}***{digits[-_TAIL:]}"


def _masked(text: str, phones: tuple[str, ...]) -> str:
    """An id, to the letter unless it is made of a phone of the same PDU: `mask` would take ids
    of eleven digits for phones."""
    for phone in phones:
        text = text.replace(phone, _short(phone))
    return text


def _quoted(text: str, *, always: bool = False) -> str:
    """In quotes where it would not be one word; nothing in it begins a line or hides."""
    if not always and _PLAIN.fullmatch(text):
        return text
    inner = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{inner}"'
