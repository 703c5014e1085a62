"""A text as octets with its data_coding, in whatever the SMSC takes data_coding 0 for.

A text in UCS-2 is the same everywhere. One without Cyrillic is not: its octets are those of the
SMSC's default alphabet or of ISO-8859-1, and yet it travels to the phone as GSM-7, so septets are
what is counted. Headers and addresses are `submit.py`'s.
"""

from __future__ import annotations

from functools import lru_cache

from sms_diary.carrying import Carrying
from sms_diary.channels import pdu
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.clock import SECOND
from sms_diary.encoding import Alphabet, choose, encode

_UCS2_OCTETS, _GSM7_SEPTETS = 140, 160
"""What one SMS carries (3GPP TS 23.040); unpacked, a septet is an octet on our wire."""
_CODECS = {"gsm7": "", "latin1": "latin-1", "ascii": "ascii"}
"""Python's codec of each default alphabet; "": our own of GSM-7, unpacked."""
_LAST_OF_GSM7 = 0x20AC  # the euro sign


class Coder:
    """Writes texts as one route's SMSC reads them."""

    def __init__(self, settings: SmppSettings) -> None:
        self._latin = settings.default_alphabet != "ucs2-only"
        self._codec = _codec(settings) if self._latin else ""
        self._coding = settings.latin_coding

    def write(self, text: str, alphabet: Alphabet, header: int) -> tuple[int, bytes, bool]:
        """data_coding (SMPP 3.4 §5.2.19), octets, and whether they fit into one SMS beside a
        header of so many octets.

        Characters that the route's Latin coding lacks make the text UCS-2.
        """
        if alphabet is Alphabet.GSM7 and self._latin:
            try:
                septets = encode(text, Alphabet.GSM7)
                octets = text.encode(self._codec) if self._codec else septets
            except UnicodeEncodeError:
                pass
            else:
                # A header takes whole septets, its fill bits included.
                most = _GSM7_SEPTETS - (header * 8 + 6) // 7
                return self._coding, octets, len(septets) <= most
        octets = encode(text, Alphabet.UCS2)
        return pdu.CODING_UCS2, octets, len(octets) <= _UCS2_OCTETS - header


def carrying(settings: SmppSettings) -> Carrying:
    """What rendering and composing must know of this route before a text is measured and cut.

    A 16-bit reference makes the header seven octets, whether we write it (`udh16`) or the SMSC
    makes it from the 16-bit number of `sar`.
    """
    latin = settings.default_alphabet != "ucs2-only"
    return Carrying(
        latin=latin,
        lacking=_lacking(_codec(settings)) if latin else frozenset(),
        header=1 if settings.long in ("udh16", "sar") else 0,
        whole=settings.long == "payload",
        gap=int(settings.gap * SECOND),
    )


def _codec(settings: SmppSettings) -> str:
    return "latin-1" if settings.latin_coding else _CODECS[settings.default_alphabet]


@lru_cache
def _lacking(codec: str) -> frozenset[str]:
    """The characters of GSM-7 that a codec has not."""
    if not codec:
        return frozenset()
    chars = map(chr, range(_LAST_OF_GSM7 + 1))
    return frozenset(
        char for char in chars if choose(char) is Alphabet.GSM7 and not char.encode(codec, "ignore")
    )
