"""From a command_status to a result in our words, and from its code to a sentence for people.

The words themselves are `statuses.py`'s; an operator's own codes come from its provider file and
win over them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from sms_diary.channels.base import Outcome, Outgoing, Result
from sms_diary.channels.smpp.settings import VendorCode
from sms_diary.channels.smpp.statuses import GENERAL, NAMES, RANGES, SENDER, TABLE, Meaning
from sms_diary.model import Scope

NO_VENDOR: Mapping[int, VendorCode] = MappingProxyType({})
_NUMBERS = {name: status for status, name in NAMES.items()}
_HEX = re.compile("0x([0-9A-F]{8})")


def meaning(status: int, vendor: Mapping[int, VendorCode] = NO_VENDOR) -> Meaning:
    """A status that is not ESME_ROK: the operator's own meaning, the table's, its range's."""
    if own := vendor.get(status):
        return Meaning(own.failure, own.scope, own.delay, own.reason or GENERAL[own.failure])
    return TABLE.get(status) or next(found for codes, found in RANGES if status in codes)


def code(status: int) -> str:
    """The status for people: its name in the specification, or its eight hex digits."""
    return NAMES.get(status) or f"0x{status:08X}"


def reason(said: str, vendor: Mapping[int, VendorCode] = NO_VENDOR) -> str:
    """What happened and what to do, in Russian, by what `code` made of a status.

    "" for what is no status of SMPP (a part that failed in another way, another channel's code).
    """
    status = _NUMBERS.get(said)
    if status is None and (digits := _HEX.fullmatch(said)):
        status = int(digits[1], 16)
    return meaning(status, vendor).reason if status else ""


def failed(part: Outgoing, status: int, vendor: Mapping[int, VendorCode] = NO_VENDOR) -> Result:
    """The result of a part that was refused, by the SMSC or before it left."""
    found = meaning(status, vendor)
    # A name that one school brought is that school's mistake, not the account's.
    ones_own = status in SENDER and part.sender and status not in vendor
    return Result(
        part.part_id,
        Outcome.FAILED,
        failure=found.failure,
        scope=Scope.MESSAGE if ones_own else found.scope,
        code=code(status),
        delay=found.delay,
    )
