"""The GSM 7 bit default alphabet, one septet an octet, as data_coding 0 carries it.

Source: 3GPP TS 23.038 §6.2.1 and its extension table §6.2.1.1, typed in here once more on purpose:
the simulator shares no table with the gateway.
"""

from typing import Final

ESCAPE: Final = 0x1B

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_ENCODE: Final = {
    **{char: bytes((code,)) for code, char in enumerate(_BASIC) if code != ESCAPE},
    **{char: bytes((ESCAPE, code)) for code, char in _EXTENSION.items()},
}
_UNKNOWN: Final = "\ufffd"


def decode(octets: bytes) -> str:
    """Return the text of unpacked septets; what the alphabet does not have becomes U+FFFD."""
    text: list[str] = []
    escaped = False
    for code in octets:
        if escaped:
            text.append(_EXTENSION.get(code, _UNKNOWN))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            text.append(_BASIC[code] if code < len(_BASIC) else _UNKNOWN)
    if escaped:
        text.append(_UNKNOWN)
    return "".join(text)


def encode(text: str) -> list[bytes] | None:
    """Return one item a character (two octets for an escaped one), None if one is not in it."""
    codes = [_ENCODE.get(char) for char in text]
    return None if None in codes else [code for code in codes if code is not None]
