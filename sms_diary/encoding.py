"""What a text costs on the wire: alphabets, segments, cleaning, transliteration.

Pure functions over `str`. Building UDH and choosing references is the channel's and
compose's work; choosing between variants of a text is `render.py`'s.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Any

import iuliia


class Alphabet(StrEnum):
    """How a text is coded for the wire (SMPP 3.4 §5.2.19, data_coding 0 and 8)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


SINGLE = {Alphabet.GSM7: 160, Alphabet.UCS2: 70}
"""Units (septets or UTF-16 units) of a text that goes in one SMS (3GPP TS 23.038, 23.040)."""

PART = {Alphabet.GSM7: 153, Alphabet.UCS2: 67}
"""Units of one part of a longer text: a 6-octet user data header takes the rest."""

# 3GPP TS 23.038 §6.2.1: the position is the code; 0x1B is the escape and no character.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip

_CODES: dict[int, int | bytes] = {
    **{ord(char): code for code, char in enumerate(_BASIC) if char != "\x1b"},
    **{ord(char): bytes((0x1B, code)) for char, code in _EXTENSION.items()},
}
_NOT_GSM7 = re.compile("[^" + re.escape("".join(map(chr, _CODES))) + "]")
_ESCAPED = re.compile("[" + re.escape("".join(_EXTENSION)) + "]")


def choose(text: str) -> Alphabet:
    """The cheaper alphabet that can carry the whole text."""
    return Alphabet.GSM7 if _NOT_GSM7.search(text) is None else Alphabet.UCS2


def encode(text: str, alphabet: Alphabet) -> bytes:
    """Octets for `short_message`: one septet an octet with escapes as pairs, or UTF-16-BE.

    Raises UnicodeEncodeError when the text does not fit GSM-7. A lone surrogate, which no
    wire can carry, becomes a question mark.
    """
    if alphabet is Alphabet.GSM7:
        return codecs.charmap_encode(text, "strict", _CODES)[0]
    return text.encode("utf-16-be", "replace")


def beyond_gsm7(text: str) -> str:
    """The characters that make a text UCS-2, each once, in the order they come in."""
    return "".join(dict.fromkeys(_NOT_GSM7.findall(text)))


def units(text: str) -> int:
    """Size in units of the text's own alphabet: septets or UTF-16 units."""
    if _NOT_GSM7.search(text) is None:
        return len(text) + len(_ESCAPED.findall(text))
    return _utf16_units(text)


def segments(text: str) -> int:
    """How many SMS the text takes; 0 for an empty one. Equals `len(split(text))`."""
    if not text:
        return 0
    plain, alphabet = _measure(text)
    length = len(text)
    if plain:
        return 1 if length <= SINGLE[alphabet] else -(-length // PART[alphabet])
    return len(_split_walking(text, alphabet))


def split(text: str) -> list[str]:
    """Parts that join to the text, each within one segment; no character is cut in two.

    An escape pair and a surrogate pair are one character each, so they stay whole.
    """
    if not text:
        return []
    plain, alphabet = _measure(text)
    if not plain:
        return _split_walking(text, alphabet)
    if len(text) <= SINGLE[alphabet]:
        return [text]
    step = PART[alphabet]
    return [text[at : at + step] for at in range(0, len(text), step)]


def _measure(text: str) -> tuple[bool, Alphabet]:
    """Whether every character costs one unit, and the alphabet."""
    if _NOT_GSM7.search(text) is None:
        return _ESCAPED.search(text) is None, Alphabet.GSM7
    return _utf16_units(text) == len(text), Alphabet.UCS2


_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
"""Characters that UTF-16 writes as a pair."""


def _utf16_units(text: str) -> int:
    return len(text) + len(_ASTRAL.findall(text))


def _split_walking(text: str, alphabet: Alphabet) -> list[str]:
    """`split` for texts in which some characters cost two units."""
    if units(text) <= SINGLE[alphabet]:
        return [text]
    double = _EXTENSION if alphabet is Alphabet.GSM7 else None
    limit = PART[alphabet]
    parts: list[str] = []
    start = used = 0
    for at, char in enumerate(text):
        wide = char > "\uffff" if double is None else char in double
        cost = 2 if wide else 1
        if used + cost > limit:
            parts.append(text[start:at])
            start, used = at, 0
        used += cost
    parts.append(text[start:])
    return parts


def clean(text: str) -> str:
    """One line of visible characters: controls and invisible ones go, spaces collapse."""
    if not text.isprintable():
        text = "".join(
            char for char in text if char.isprintable() or char.isspace() or char == "\u200d"
        )
    elif "  " not in text and text[:1] != " " and text[-1:] != " ":
        return text
    return " ".join(text.split())


_LATIN_TWINS = {
    "№": "N", "«": '"', "»": '"', "„": '"', "“": '"', "”": '"', "’": "'", "‘": "'", "`": "'",
    "—": "-", "–": "-", "‑": "-", "‐": "-", "‒": "-", "―": "-", "−": "-", "…": "...",
    "→": "->", "←": "<-", "•": "*", "·": "*", "×": "x", "°": "o", "₽": "rub.", "\t": " ",
}  # fmt: skip
"""What people type beside letters, by characters that GSM-7 has."""


class Scheme(StrEnum):
    """Ways of transliteration that stay within GSM-7, by the names that iuliia gives them."""

    MOSMETRO = "mosmetro"
    """The usual one: the shortest of those that can be read."""
    ICAO_DOC_9303 = "icao_doc_9303"
    """As in passports."""
    GOST_7034 = "gost_7034"
    GOST_52290 = "gost_52290"
    GOST_52535 = "gost_52535"
    GOST_16876_ALT = "gost_16876_alt"
    ALA_LC_ALT = "ala_lc_alt"
    BS_2979_ALT = "bs_2979_alt"
    MVD_310 = "mvd_310"
    MVD_782 = "mvd_782"
    TELEGRAM = "telegram"
    WIKIPEDIA = "wikipedia"
    YANDEX_MAPS = "yandex_maps"
    YANDEX_MONEY = "yandex_money"


_SCHEMES: dict[str, Any] = {scheme: getattr(iuliia, scheme.upper()) for scheme in Scheme}

_WORD = re.compile(r"[^\W\d_]+")
_SPACES = re.compile(" {2,}")
_CYRILLIC = re.compile("[\u0400-\u04ff]")


def transliterate(text: str, scheme: str = Scheme.MOSMETRO) -> str:
    """The text in Latin, every character within GSM-7; `scheme` is a word of `Scheme`.

    Words in capitals stay in capitals (ПОМОЩЬ → POMOSCH). Of what has no Latin twin, letters
    lose their accents or become «?», and signs such as emoji are dropped.
    """
    latin = _WORD.sub(lambda match: _latin_word(match[0], scheme), text)
    if _NOT_GSM7.search(latin) is None:
        return latin
    return _SPACES.sub(" ", _NOT_GSM7.sub(_nearest, latin)).strip(" ")


def in_gsm7(text: str) -> str | None:
    """The text with «», №, — and their like in plain signs, if that makes it GSM-7; else None.

    In a Cyrillic text these signs cost no more than others, so there they stay.
    """
    if _CYRILLIC.search(text):
        return None
    plainer = _NOT_GSM7.sub(lambda match: _LATIN_TWINS.get(match[0], match[0]), text)
    return plainer if _NOT_GSM7.search(plainer) is None else None


def _latin_word(word: str, scheme: str) -> str:
    return word if word.isascii() else _translate(word, scheme)


@lru_cache(maxsize=16_384)
def _translate(word: str, scheme: str) -> str:
    # A school's texts are made of few different words, and iuliia needs 2-10 µs for each.
    latin: str = _SCHEMES[scheme].translate(word)
    capitals = len(word) > 1 and word.isupper() and _CYRILLIC.search(word) is not None
    return latin.upper() if capitals else latin


def _nearest(match: re.Match[str]) -> str:
    if twin := _LATIN_TWINS.get(match[0]):
        return twin
    plain = unicodedata.normalize("NFKD", match[0]).encode("ascii", "ignore").decode()
    return _NOT_GSM7.sub("", plain) or ("?" if match[0].isalpha() else "")
