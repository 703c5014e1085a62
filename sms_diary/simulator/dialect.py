"""How receipts are written: the form of SMPP 3.4 appendix B, and what SMSCs make of it.

What lives here: the octets of one receipt. What does not: whether and when it is sent
(`receipts.py`).
"""

from datetime import UTC, datetime, tzinfo

from sms_diary.simulator import gsm7, ids, spec, wire
from sms_diary.simulator.ledger import DELIVERED, Submitted
from sms_diary.simulator.options import Receipts

_QUOTED = 20  # SMPP 3.4 appendix B: the first 20 characters of the message
_SECOND = 1000
_MOST_DATES = 100_000
_UNDER_WAY = "ENROUTE"
_PLAIN = ("id", "sub", "dlvrd", "submit date", "done date", "stat", "err", "text")
_REORDERED = ("stat", "err", "done date", "submit date", "id", "dlvrd", "sub", "text")
_BARE = ("id", "stat")
_COLONS = "10:05 stat:no id:0 err:1"  # what a text may hold


class ReceiptForm:
    """Writes receipts as `options.receipt_form` says, with the parameters of §5.3.2.

    `zone` is the time zone of the dates, which on the wire have none.
    """

    def __init__(self, options: Receipts, zone: tzinfo) -> None:
        self._options = options
        self._words = options.receipt_form
        self._zone = zone
        self._dates: dict[int, str] = {}
        self._date_format = "%y%m%d%H%M%S" if "seconds" in self._words else "%y%m%d%H%M"
        self._step = _SECOND if "seconds" in self._words else 60 * _SECOND
        self._coding = spec.CODING_UCS2 if "ucs2" in self._words else spec.CODING_DEFAULT
        self._charset = "utf-16-be" if "ucs2" in self._words else "latin-1"
        self._forms = {state: self._form(state) for state in spec.MESSAGE_STATES}
        self._no_text = "tlv-only" in self._words
        self._no_tlvs = "text-only" in self._words
        self._in_payload = "payload" in self._words
        self._fixed = {state: self._fixed_tlvs(state) for state in spec.MESSAGE_STATES}

    def build(
        self, entry: Submitted, done: int, sequence: int, *, intermediate: bool = False
    ) -> bytes:
        """Return the deliver_sm that tells of `entry` what it was at `done` (epoch milliseconds).

        That is its outcome; `intermediate`: that it is still under way.
        """
        state = _UNDER_WAY if intermediate else entry.outcome
        number = ids.write(entry.message_id, self._options.receipt_ids)
        body = b"" if self._no_text else self._text(entry, done, number, state)
        coding = self._coding if body else spec.CODING_DEFAULT
        tlvs = b"" if self._no_tlvs else self._tlvs(entry, number, state)
        if self._in_payload:
            tlvs += wire.tlv(spec.TAG_MESSAGE_PAYLOAD, body)
            body = b""
        return wire.build_deliver_sm(
            sequence,
            entry.destination + entry.source,  # §4.6.1: from the phone, to who had sent
            body[: spec.LONGEST_SHORT_MESSAGE],
            esm_class=spec.ESM_INTERMEDIATE if intermediate else self._options.receipt_esm_class,
            data_coding=coding,
            tlvs=tlvs,
        )

    def _fixed_tlvs(self, state: str) -> bytes:
        vendor = wire.tlv(spec.TAG_VENDOR, b"\0\xff") if "vendor-tlv" in self._words else b""
        return vendor + wire.tlv(spec.TAG_MESSAGE_STATE, bytes((spec.MESSAGE_STATES[state],)))

    def _tlvs(self, entry: Submitted, number: str, state: str) -> bytes:
        name = wire.tlv(spec.TAG_RECEIPTED_MESSAGE_ID, number.encode("ascii") + b"\0")
        if entry.tlvs and self._options.echo_reference:
            reference = entry.tlvs.get(spec.TAG_USER_MESSAGE_REFERENCE)
            if reference is not None:
                name += wire.tlv(spec.TAG_USER_MESSAGE_REFERENCE, reference)
        return self._fixed[state] + name

    def _form(self, state: str) -> str:
        """Return what all receipts of that state have in common, with places for the rest."""
        values = {
            "id": "{id}",
            "sub": "001",
            "dlvrd": "001" if state == DELIVERED else "000",
            "submit date": "{submitted}",
            "done date": "{done}",
            "stat": state.lower() if "lower" in self._words else state,
            "err": self._options.receipt_error.replace("{", "{{").replace("}", "}}"),
            "text": _COLONS if "colons" in self._words else "{text}",
        }
        names = _REORDERED if "reordered" in self._words else _PLAIN
        return " ".join(
            f"{self._key(name)}:{values[name]}"
            for name in names
            if name in _BARE or "bare" not in self._words
        )

    def _text(self, entry: Submitted, done: int, number: str, state: str) -> bytes:
        text = self._forms[state].format(
            id=number, submitted=self._date(entry.at), done=self._date(done), text=_quote(entry)
        )
        return text.encode(self._charset)

    def _key(self, name: str) -> str:
        if "underscores" in self._words:
            name = name.replace(" ", "_")
        return name.upper() if "upper" in self._words else name

    def _date(self, at: int) -> str:
        step = at // self._step
        text = self._dates.get(step)
        if text is None:
            moment = datetime.fromtimestamp(step * self._step / _SECOND, UTC).astimezone(self._zone)
            text = f"{moment:{self._date_format}}"
            if len(self._dates) > _MOST_DATES:  # start afresh rather than grow
                self._dates.clear()
            self._dates[step] = text
        return text


def _quote(entry: Submitted) -> str:
    """Return the begin of a GSM-7 text as its octets; UCS-2 has no place in a plain receipt."""
    if entry.data_coding != spec.CODING_DEFAULT or entry.esm_class & spec.ESM_UDHI:
        return ""
    return entry.body[:_QUOTED].rstrip(bytes((gsm7.ESCAPE,))).decode("latin-1")
