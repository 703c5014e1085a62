"""What the answer to a query_sm says, as `ReceiptReport` (SMPP 3.4 §4.8.2).

The question is built in `requests.py`; how many leave, and when, is `asking.py`'s.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

from smpplib import consts

from sms_diary.channels import pdu
from sms_diary.channels.base import Asked, ReceiptReport
from sms_diary.channels.pdu import Frame, Text
from sms_diary.channels.smpp.receipts import BY_NUMBER, read_date
from sms_diary.errors import PduError
from sms_diary.model import PartState

_FINAL_DATE = Text("final_date", 17, int(consts.SMPP_ESME_RQUERYFAIL))  # SMPP 3.4 §4.8.2, §7.1


class Told(NamedTuple):
    """A question and the query_sm_resp to it."""

    asked: Asked
    frame: Frame


def read_answer(told: Told, zone: tzinfo) -> ReceiptReport:
    """A query_sm_resp with status 0 as if it were a receipt (SMPP 3.4 §4.8.2).

    `zone` is that of a date without one. Raises PduError when it is cut.
    """
    asked, frame = told
    data = frame.data
    at = _end(data, pdu.MIN_LENGTH, pdu.MESSAGE_ID, frame.sequence)
    end = _end(data, at, _FINAL_DATE, frame.sequence)
    if len(data) < end + 2:
        raise PduError("cut before message_state", pdu.BAD_COMMAND_LENGTH, frame.sequence)
    state, error = data[end], data[end + 1]
    date = data[at : end - 1].decode("latin-1")
    return ReceiptReport(
        # As it was asked for: in another spelling it would have to be searched again.
        provider_id=asked.provider_id,
        state=BY_NUMBER.get(state, PartState.UNKNOWN),
        number=asked.number,
        error=str(error) if error else "",
        reported_at=read_date(date, zone) if date else None,
        raw=data,
    )


def _end(data: bytes, at: int, field: Text, sequence: int) -> int:
    end = data.find(0, at, at + field.size)
    if end < 0:
        raise PduError(field.name, field.status, sequence)
    return end + 1
