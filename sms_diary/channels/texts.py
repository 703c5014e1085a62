"""Octets of an SMS as text: every data_coding, and careless peers where they can be told for sure.

A peer that declares one alphabet and sends another is believed by its octets only where no
text of the declared one looks like that. The octets of an SMS in pieces are `joining.py`'s.
"""

from __future__ import annotations

import re
from functools import cache

from sms_diary.channels import pdu
from sms_diary.encoding import Alphabet, choose, encode

_ESCAPE = 0x1B
_GSM_GROUPS = 0x10
"""data_codings from here on are GSM ones: coding groups of 3GPP TS 23.038 §4."""
_GSM_ALPHABETS = (pdu.CODING_DEFAULT, pdu.CODING_BINARY, pdu.CODING_UCS2, pdu.CODING_DEFAULT)
_GROUP_CLASS, _GROUP_WAITING_UCS2, _GROUPS_GENERAL = 0xF, 0xE, 0x8

_BAD = re.compile(
    "[^\n\r -~\xa0-\xff\u0400-\u04ff\u2010-\u2027\u2030-\u203a\u20ac\u20bd\u2116\u2122"
    "\u200d\u2190-\u2193\u20e3\u2301-\u2303\u2305-\u23ff\u2601-\u2603\u2605-\u26ff"
    "\u2701-\u2703\u2705-\u27bf\u2b05-\u2bff\ufe0f\ufeff\U0001f000-\U0001faff]"
)
"""What an SMS of a Russian parent hardly has: the sign of a wrong reading. Of the symbols, those
are left out that Cyrillic and Latin letters turn into when their two octets are exchanged."""
_LETTER = re.compile("[0-9A-Za-zА-яЁё]")
_WORD_8BIT = re.compile(rb"[A-Za-z\xa8\xb8\xc0-\xff]+")
_CYRILLIC_8BIT = re.compile(rb"[\xa8\xb8\xc0-\xff]{2,}")
"""A word in Windows-1251; as Latin-1 it would be all accents."""
_SHORTEST_SIGN = 4
"""Octets from which on the pattern of UTF-16 is no coincidence."""
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decode_text(message: bytes, data_coding: int) -> str:
    """Text of any data_coding (SMPP 3.4 §5.2.19; GSM groups by 3GPP TS 23.038 §4).

    Binary ones are read as Latin-1, so that nothing is lost. Nothing raises.
    """
    coding = _alphabet(data_coding)
    if coding == pdu.CODING_UCS2:
        return decode_ucs2(message)
    careless = _misdeclared(message, coding)
    if careless is not None:
        return careless
    if coding == pdu.CODING_CYRILLIC:
        return message.decode("iso-8859-5")
    # Septets have no eighth bit: with it, the default alphabet of that SMSC is another one.
    if coding == pdu.CODING_DEFAULT and message.isascii():
        return decode_gsm7(message)
    return message.decode("latin-1")


def _alphabet(data_coding: int) -> int:
    """The SMPP data_coding that says the same as one of the GSM groups."""
    group = data_coding >> 4
    if data_coding < _GSM_GROUPS:
        return data_coding
    if group < _GROUPS_GENERAL:
        return _GSM_ALPHABETS[data_coding >> 2 & 3]
    if group == _GROUP_CLASS:
        return _GSM_ALPHABETS[data_coding >> 2 & 1]
    return pdu.CODING_UCS2 if group == _GROUP_WAITING_UCS2 else pdu.CODING_DEFAULT


def decode_ucs2(message: bytes) -> str:
    """UTF-16-BE; LE, UTF-8 or ASCII where a byte order mark or the look of the text says so."""
    whole = message[: len(message) & ~1]
    if whole[:2] in _BYTE_ORDER_MARKS:
        return whole.decode("utf-16", "replace").replace("\ufeff", "")
    text = whole.decode("utf-16-be", "replace")
    bad = len(_BAD.findall(text))
    if bad * 2 > len(text) or len(message) == 1:
        swapped = whole.decode("utf-16-le", "replace")
        if swapped and len(_BAD.findall(swapped)) * 4 < bad:
            return swapped
        if (eight := _utf8(message)) is not None:
            return eight
    return text.replace("\ufeff", "")


def _misdeclared(message: bytes, coding: int) -> str | None:
    """The text where the octets surely are of another alphabet than a declared 8-bit one."""
    if len(message) >= _SHORTEST_SIGN and len(message) % 2 == 0 and _has_pattern(message):
        text = decode_ucs2(message)
        if not _BAD.search(text) and len(_LETTER.findall(text)) * 3 > len(text):
            return text
    if message.isascii():
        return None
    if (text8 := _utf8(message)) is not None:
        return text8
    if coding == pdu.CODING_CYRILLIC:
        return None
    words = _WORD_8BIT.findall(message)
    cyrillic = [word for word in words if _CYRILLIC_8BIT.fullmatch(word)]
    mixed = any(not word.isascii() and re.search(rb"[A-Za-z]", word) for word in words)
    return message.decode("cp1251", "replace") if cyrillic and not mixed else None


def _has_pattern(message: bytes) -> bool:
    """Whether every other octet is one that begins a UTF-16 character of ours, or a mark is there.

    In GSM-7 these are «@», «è», a space and «!»: every other character of no text at all.
    """
    begins = {0x00, 0x04, 0x20, 0x21}
    marked = message[:2] in _BYTE_ORDER_MARKS
    return marked or begins.issuperset(message[::2]) or begins.issuperset(message[1::2])


def _utf8(message: bytes) -> str | None:
    """Octets that are UTF-8 (or ASCII) beyond doubt, as text."""
    try:
        text = message.decode("utf-8").replace("\ufeff", "").strip("\0")
    except UnicodeDecodeError:
        return None
    return None if not text or _BAD.search(text) else text


@cache
def _characters() -> tuple[dict[int, str], dict[int, str]]:
    """Characters by septet, alone and after an escape: the encoder's own table turned round."""
    basic: dict[int, str] = {}
    extension: dict[int, str] = {}
    for char in map(chr, range(0x2100)):
        if choose(char) is Alphabet.GSM7:
            octets = encode(char, Alphabet.GSM7)
            (basic if len(octets) == 1 else extension)[octets[-1]] = char
    return basic, extension


def decode_gsm7(message: bytes) -> str:
    """GSM-7, one septet an octet; an unknown escape shows as the plain character (TS 23.038)."""
    basic, extension = _characters()
    text: list[str] = []
    escaped = False
    for octet in message:
        if octet == _ESCAPE and not escaped:
            escaped = True
            continue
        plain = basic.get(octet, "\ufffd" if octet != _ESCAPE else " ")
        text.append(extension.get(octet, plain) if escaped else plain)
        escaped = False
    return "".join(text)
