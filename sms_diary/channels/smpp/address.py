"""Addresses of SMPP: type and plan by the form of a sender, and E.164 from what a peer sends.

Numbers that schools write in their files are `phone.py`'s concern.
"""

from __future__ import annotations

import re

from sms_diary.channels.pdu import DESTINATION_ADDR, SOURCE_ADDR, address
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.errors import PduError

_INTERNATIONAL, _NATIONAL, _NETWORK, _ALPHANUMERIC = 1, 2, 3, 5  # TON, SMPP 3.4 §5.2.5
_ISDN = 1  # NPI, SMPP 3.4 §5.2.6
_SHORT_CODE = 8
_COUNTRY_CODE = 11
"""Digits from which a number is taken to begin with its country's code."""
_LONGEST = 15  # digits, ITU-T E.164
_RUSSIAN_LENGTH = 11
_NAME = 11
"""Characters of an alphanumeric sender: 7 octets of packed GSM-7 address, 3GPP TS 23.040."""

_NUMBER = re.compile(r"\+?([0-9]{1,20})")
_RUSSIAN_MOBILE = re.compile(r"\+?[78]?(9[0-9]{9})")
_RUSSIAN = re.compile(r"\+?[78]([0-9]{10})")
_FOREIGN = re.compile(r"\+?([0-9]{8,15})")
_LONG = re.compile(r"\+?([0-9]{11,15})")


def sender_form(sender: str) -> tuple[int, int, str]:
    """TON, NPI and the address to send for a sender: name, short code or number.

    A Russian mobile number may begin with 8. Raises PduError (ESME_RINVSRCADR) for a name over 11
    characters and a number over 15 digits.
    """
    if not sender:
        return 0, 0, ""
    number = _NUMBER.fullmatch(sender)
    if number is None:
        if len(sender) > _NAME:
            raise PduError("source_addr", SOURCE_ADDR.status)
        return _ALPHANUMERIC, 0, sender
    digits = number[1]
    if len(digits) <= _SHORT_CODE:
        return _NETWORK, 0, digits
    if len(digits) > _LONGEST:
        raise PduError("source_addr", SOURCE_ADDR.status)
    if sender[0] != "+" and len(digits) < _COUNTRY_CODE:
        return _NATIONAL, _ISDN, digits
    if len(digits) == _RUSSIAN_LENGTH and digits.startswith("89"):
        digits = "7" + digits[1:]
    return _INTERNATIONAL, _ISDN, digits


def source_octets(sender: str, settings: SmppSettings) -> bytes:
    """The source address as it goes on the wire; settings win over the form."""
    ton, npi, text = sender_form(sender)
    if settings.source_ton is not None:
        ton = settings.source_ton
    if settings.source_npi is not None:
        npi = settings.source_npi
    return address(ton, npi, text, SOURCE_ADDR)


def destination_octets(number: str, settings: SmppSettings) -> bytes:
    """The destination address as it goes on the wire; PduError for what is no number."""
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        raise PduError("destination_addr", DESTINATION_ADDR.status)
    text = number if settings.destination_plus else digits
    return address(settings.dest_ton, settings.dest_npi, text, DESTINATION_ADDR)


def e164(ton: int, text: str) -> str:
    """The phone behind an address of the peer as E.164, or the address verbatim.

    Russian mobile numbers come as 7…, 8… or ten digits, whatever their TON says; no country
    code begins with 89, so an 8 in front of one is the national prefix.
    """
    if len(text) == _RUSSIAN_LENGTH and text[0] == "7" and text.isdecimal():
        return "+" + text  # nearly all of them
    international = ton == _INTERNATIONAL or text.startswith("+")
    russian = _RUSSIAN_MOBILE if international else _RUSSIAN
    if found := russian.fullmatch(text) or (not international and _RUSSIAN_MOBILE.fullmatch(text)):
        return "+7" + found[1]
    foreign = (_FOREIGN if international else _LONG).fullmatch(text)
    return "+" + foreign[1] if foreign else text
