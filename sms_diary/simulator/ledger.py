"""The SMSC's own book of what it took, in memory and as a file of JSON lines.

What lives here: one record a part, and the file. What does not: PDUs, receipts, phones.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from sms_diary.simulator import spec, text
from sms_diary.simulator.wire import SubmitSm, address_text

DELIVERED = "DELIVRD"  # the good outcome, SMPP 3.4 appendix B
ACCEPTED, DONE, REPORTED = range(3)  # Submitted.state: taken; final; its receipt acknowledged


class Submitted:
    """One part that the SMSC took: a submit_sm, decoded only when somebody looks at it.

    `seq` counts from 1; `message_id` is the number given in the response; `account` is who sent
    it; `outcome` is the final state it comes to (a word of `spec.FINAL_STATES`); `at` is in epoch
    milliseconds; `state` is ACCEPTED, DONE or REPORTED. Kept raw and in slots: a bench leaves a
    million of them.
    """

    __slots__ = (
        "account",
        "at",
        "body",
        "data_coding",
        "destination",
        "esm_class",
        "message_id",
        "outcome",
        "registered",
        "seq",
        "source",
        "state",
        "tlvs",
    )

    def __init__(
        self, seq: int, message_id: int, at: int, pdu: SubmitSm, account: str, outcome: str
    ) -> None:
        self.seq = seq
        self.message_id = message_id
        self.at = at
        self.account = account
        self.outcome = outcome
        self.source = pdu.source
        self.destination = pdu.destination
        self.esm_class = pdu.esm_class
        self.data_coding = pdu.data_coding
        self.registered = pdu.registered_delivery & spec.REGISTERED_MASK
        self.body = pdu.body
        self.tlvs = pdu.tlvs
        self.state = ACCEPTED

    @property
    def number(self) -> str:
        """The phone it is for, as the client wrote it, without a leading «+»."""
        return address_text(self.destination).removeprefix("+")

    @property
    def sender(self) -> str:
        """The number or name that the phone shows as sender."""
        return address_text(self.source)

    @property
    def fragment(self) -> text.Fragment:
        """The text of this part, its alphabet and its place in a long message."""
        return text.read(self.body, self.esm_class, self.data_coding, self.tlvs)

    def as_dict(self) -> dict[str, Any]:
        """Return the record as the ledger's file and page give it."""
        fragment = self.fragment
        concat = fragment.concat
        return {
            "seq": self.seq,
            "message_id": str(self.message_id),
            "number": self.number,
            "sender": self.sender,
            "text": fragment.text,
            "udh": concat and {"ref": concat[0], "total": concat[1], "seq": concat[2]},
            "data_coding": self.data_coding,
            "at": self.at,
            "registered": self.registered != 0,
            "outcome": self.outcome,
        }


class LedgerFile:
    """Appends records as JSON lines, so that another process can read them at any time."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8")
        self._encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode

    def append(self, records: Iterable[Submitted]) -> None:
        """Write the records and hand them to the operating system."""
        self._file.writelines(self._encode(record.as_dict()) + "\n" for record in records)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
