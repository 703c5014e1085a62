"""What a command_status means: one table from SMPP 3.4 §5.1.3 to our words.

Vendors' own codes have no place here: they will come from the route's provider file.
"""

from __future__ import annotations

from typing import NamedTuple

from smpplib import consts

from sms_diary.channels.base import Outcome, Outgoing, Result
from sms_diary.model import Failure, Scope


class Meaning(NamedTuple):
    """A refusal in our words; `delay` in seconds before the next try, 0 = as retry.py says."""

    failure: Failure
    scope: Scope
    delay: float = 0.0


_F, _S = Failure, Scope
_OUR_SETTING = Meaning(_F.CONFIG, _S.ACCOUNT)
_THIS_TEXT = Meaning(_F.REJECTED, _S.MESSAGE)
_UNCLEAR = Meaning(_F.UNKNOWN, _S.MESSAGE)
_NOT_NOW = Meaning(_F.UNAVAILABLE, _S.MESSAGE)

# SMPP 3.4 §5.1.3, Table 5-2; descriptions in smpplib.consts.DESCRIPTIONS.
_MEANINGS: dict[int, Meaning] = {
    consts.SMPP_ESME_RINVMSGLEN: _THIS_TEXT,
    consts.SMPP_ESME_RINVCMDLEN: _THIS_TEXT,
    consts.SMPP_ESME_RINVCMDID: _OUR_SETTING,
    # Bound in another way than we think, or still bound by a connection the SMSC has not
    # seen die: both pass with the next bind.
    consts.SMPP_ESME_RINVBNDSTS: Meaning(_F.UNAVAILABLE, _S.ACCOUNT),
    consts.SMPP_ESME_RALYBND: Meaning(_F.UNAVAILABLE, _S.ACCOUNT),
    consts.SMPP_ESME_RINVPRTFLG: _OUR_SETTING,
    consts.SMPP_ESME_RINVREGDLVFLG: _OUR_SETTING,
    consts.SMPP_ESME_RSYSERR: _NOT_NOW,
    consts.SMPP_ESME_RINVSRCADR: _OUR_SETTING,
    consts.SMPP_ESME_RINVDSTADR: Meaning(_F.BAD_NUMBER, _S.NUMBER),
    consts.SMPP_ESME_RINVMSGID: _UNCLEAR,
    consts.SMPP_ESME_RBINDFAIL: _OUR_SETTING,
    consts.SMPP_ESME_RINVPASWD: _OUR_SETTING,
    consts.SMPP_ESME_RINVSYSID: _OUR_SETTING,
    consts.SMPP_ESME_RMSGQFUL: Meaning(_F.THROTTLED, _S.ACCOUNT, delay=5.0),
    consts.SMPP_ESME_RINVSERTYP: _OUR_SETTING,
    consts.SMPP_ESME_RINVESMCLASS: _OUR_SETTING,
    consts.SMPP_ESME_RSUBMITFAIL: _UNCLEAR,
    consts.SMPP_ESME_RINVSRCTON: _OUR_SETTING,
    consts.SMPP_ESME_RINVSRCNPI: _OUR_SETTING,
    consts.SMPP_ESME_RINVDSTTON: _OUR_SETTING,
    consts.SMPP_ESME_RINVDSTNPI: _OUR_SETTING,
    consts.SMPP_ESME_RINVSYSTYP: _OUR_SETTING,
    consts.SMPP_ESME_RINVREPFLAG: _OUR_SETTING,
    consts.SMPP_ESME_RTHROTTLED: Meaning(_F.THROTTLED, _S.ACCOUNT, delay=1.0),
    consts.SMPP_ESME_RINVSCHED: _OUR_SETTING,
    consts.SMPP_ESME_RINVEXPIRY: _OUR_SETTING,
    consts.SMPP_ESME_RINVDFTMSGID: _OUR_SETTING,
    consts.SMPP_ESME_RX_T_APPN: _NOT_NOW,
    consts.SMPP_ESME_RX_P_APPN: _THIS_TEXT,
    consts.SMPP_ESME_RX_R_APPN: _THIS_TEXT,
    consts.SMPP_ESME_RINVOPTPARSTREAM: _OUR_SETTING,
    consts.SMPP_ESME_ROPTPARNOTALLWD: _OUR_SETTING,
    consts.SMPP_ESME_RINVPARLEN: _OUR_SETTING,
    consts.SMPP_ESME_RMISSINGOPTPARAM: _OUR_SETTING,
    consts.SMPP_ESME_RINVOPTPARAMVAL: _OUR_SETTING,
    consts.SMPP_ESME_RDELIVERYFAILURE: _UNCLEAR,
    consts.SMPP_ESME_RUNKNOWNERR: _UNCLEAR,
}

_RANGES: tuple[tuple[range, Meaning], ...] = (
    (range(0xC0, 0xE0), _OUR_SETTING),  # optional parameters
    (range(0x400, 0x500), _UNCLEAR),  # the SMSC vendor's own
)

_SENDER = frozenset({
    consts.SMPP_ESME_RINVSRCADR, consts.SMPP_ESME_RINVSRCTON, consts.SMPP_ESME_RINVSRCNPI,
})  # fmt: skip

_NAMES: dict[int, str] = {
    value: name.removeprefix("SMPP_")
    for name, value in vars(consts).items()
    if name.startswith("SMPP_ESME_")
}


def meaning(status: int) -> Meaning:
    """A status that is not ESME_ROK in our words; unknown ones by their range."""
    if found := _MEANINGS.get(status):
        return found
    for codes, found in _RANGES:
        if status in codes:
            return found
    return _UNCLEAR


def code(status: int) -> str:
    """The status for people: its name in the specification, or its eight hex digits."""
    return _NAMES.get(status) or f"0x{status:08X}"


def failed(part: Outgoing, status: int) -> Result:
    """The result of a part that was refused, by the SMSC or before it left."""
    failure, scope, delay = meaning(status)
    if status in _SENDER and part.sender:
        # A name that one school brought is that school's mistake, not the account's.
        scope = Scope.MESSAGE
    return Result(
        part.part_id,
        Outcome.FAILED,
        failure=failure,
        scope=scope,
        code=code(status),
        delay=delay,
    )
