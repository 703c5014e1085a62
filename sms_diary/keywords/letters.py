"""Letters: the normal form of an SMS, and the ways in which fingers and phones disguise a word.

Look-alikes of other alphabets, the wrong keyboard layout, transliteration, one slip. What the
words mean is not known here.
"""

from __future__ import annotations

import re
import unicodedata

# Latin -> Cyrillic, by shape in one case or the other (the text is casefolded: H and h are one).
_LATIN_SHAPES = dict(zip("abcehkmoptxy", "авсенкмортху", strict=True))
# Greek capitals are what GSM-7 has in common with Cyrillic; the rest stands for whole alphabets.
_GREEK_CYRILLIC = dict(zip("αβγδεηκλμοπρστυφχ", "авгденклмопрстуфх", strict=True))
_GREEK_LATIN = dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
# Letters of neighbours' Cyrillic: і is и by its place in the alphabet and i by its shape.
_KIN_CYRILLIC = dict(zip("іїєґўѕј", "иеегусй", strict=True))
_KIN_LATIN = dict(zip("іїјѕһԁԛԝӏıօ", "iijshdqwlio", strict=True))

_TO_CYRILLIC = str.maketrans(_LATIN_SHAPES | _GREEK_CYRILLIC | _KIN_CYRILLIC)
_TO_LATIN = str.maketrans({b: a for a, b in _LATIN_SHAPES.items()} | _GREEK_LATIN | _KIN_LATIN)
_DIGITS = str.maketrans("03", "оз")

_KEYS_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`{}:\"<>~"
_KEYS_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюехъжэбюе"
_TYPED_LATIN = dict(zip(_KEYS_LATIN, _KEYS_CYRILLIC, strict=True))
_TYPED_CYRILLIC = {key: char for char, key in _TYPED_LATIN.items() if char.isalpha()}

# How people and passports spell a Cyrillic letter in Latin; hard and soft signs may be left out.
_SPELLINGS = {
    "а": "a", "б": "b", "в": "v|w", "г": "g", "д": "d", "е": "e|ye|je|yo|jo", "ж": "zh|j|g",
    "з": "z", "и": "i|y", "й": "y|j|i|", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p",
    "р": "r", "с": "s|c", "т": "t", "у": "u|y", "ф": "f", "х": "h|kh|x", "ц": "c|ts|tz|tc",
    "ч": "ch|4", "ш": "sh|w", "щ": "shch|sch|shh|sh|sc|w", "ъ": "", "ы": "y|i", "ь": "|j",
    "э": "e", "ю": "yu|ju|iu|u", "я": "ya|ja|ia",
}  # fmt: skip

_UNSEEN = {"Cf", "Mn", "Me", "Mc"}
_BLANK = {"Cc", "Cs", "Co", "Cn", "So", "Sk", "Zs", "Zl", "Zp"}
# & is the question mark of the other layout.
_ASKS = frozenset("?？&¿؟❓❔⁇⁈⁉")
_DENIES = frozenset("👎❌🚫⛔🛑✖✗✘🙅🤔")
_APOSTROPHE = re.compile(r"(?<=\w)['’`ʼʹ′](?=\w)")
_KEYS = re.escape("".join(_TYPED_LATIN))
# What is on no key of the letters is punctuation on both layouts.
_OFF_KEYS = re.compile(rf"^[^\w{_KEYS}]+|[^\w{_KEYS}]+$")
_EDGES = re.compile(r"([\W_]*)(.*?)([\W_]*)", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")


def normal(text: str) -> str:
    """The text in small letters of one normal form; what stands between words is kept.

    NFKC, then no invisible characters, accents or emoji, е for ё; й stays a letter of its own
    (Unicode Standard Annex #15).
    """
    text = unicodedata.normalize("NFKC", text.replace("№", " ")).casefold()
    return " ".join("".join(map(_plain, unicodedata.normalize("NFKC", text))).split())


def _plain(char: str) -> str:
    if char == "й" or char.isascii():
        return char if char.isprintable() else " "
    bare = unicodedata.normalize("NFKD", char)
    kept = [c for c in bare if unicodedata.category(c) not in _UNSEEN]
    return "".join(" " if unicodedata.category(c) in _BLANK else c for c in kept)


def asks(text: str) -> bool:
    """Whether there is a question mark of any kind in the text as received."""
    return not _ASKS.isdisjoint(text)


def denies(text: str) -> bool:
    """Whether a picture in the text as received says no, whatever its words say."""
    return not _DENIES.isdisjoint(text)


def split(chunk: str) -> list[str]:
    """The words of a normal text: letters and digits; an apostrophe inside one is dropped."""
    return _WORD.findall(_APOSTROPHE.sub("", chunk))


def cyrillic(word: str) -> str:
    """The word as it looks in Cyrillic: `ctoп` -> `стоп`. Letters with no twin stay."""
    return word.translate(_TO_CYRILLIC)


def latin(word: str) -> str:
    """The word as it looks in Latin: `оk` -> `ok`. Letters with no twin stay."""
    return word.translate(_TO_LATIN)


def without_digits(word: str) -> str:
    """`ст0п` -> `стоп`: a nought or three among letters; a number alone stays."""
    return word.translate(_DIGITS) if any(map(str.isalpha, word)) else word


def is_latin(word: str) -> bool:
    """Whether the word has a letter of the Latin alphabet."""
    return any("a" <= char <= "z" for char in word)


def is_cyrillic(word: str) -> bool:
    """Whether the word has a letter of the Russian alphabet."""
    return any("а" <= char <= "я" for char in word)


def retyped(chunk: str) -> list[str]:
    """What this chunk would be on the other keyboard layout, most likely first.

    б, ю, х, ж, э are punctuation there: a sign before the letters is rather one of these (`'nj`
    is это), a sign after them rather a full stop (`LF.` is ДА, not «даю»).
    """
    before, word, after = _edges(chunk)
    begins = [before[at:] for at in range(len(before) + 1)]
    ends = [after[:at] for at in range(len(after) + 1)]
    cuts = [begin + word + end for begin in begins for end in ends]
    typed = [key for cut in cuts for key in _typed(cut)]
    return list(dict.fromkeys(typed))


def retyped_name(chunk: str) -> str:
    """An unknown word of the other layout (`.kz` is юля), empty if it was not typed there."""
    return next(iter(retyped(chunk)), "")


def _edges(chunk: str) -> tuple[str, str, str]:
    """Signs, letters, signs; of the signs at most three beside the letters."""
    parts = _EDGES.fullmatch(_OFF_KEYS.sub("", chunk))
    before, word, after = parts.groups() if parts else ("", "", "")
    return before[-3:], word, after[:3]


def _typed(cut: str) -> list[str]:
    """What these keys give on the other layout; nothing when one of them is on neither."""
    found = []
    if is_latin(cut):
        found.append((latin(cut), _TYPED_LATIN))
    if is_cyrillic(cut):
        found.append((cyrillic(cut), _TYPED_CYRILLIC))
    return ["".join(map(keys.__getitem__, c)) for c, keys in found if keys.keys() >= set(c)]


def spelling(word: str) -> str:
    """A regular expression of every way to write this Cyrillic word in Latin letters."""
    return "".join(f"(?:{_SPELLINGS[c]})" if c in _SPELLINGS else re.escape(c) for c in word)


def slipped(word: str, target: str) -> bool:
    """One letter too many, too few, wrong, or two swapped, or one held down («стооооп»)."""
    if re.sub(r"(.)\1+", r"\1", word) == target:
        return True
    long, short = (word, target) if len(word) >= len(target) else (target, word)
    if len(long) - len(short) > 1:
        return False
    if len(long) > len(short):
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    wrong = [at for at in range(len(long)) if long[at] != short[at]]
    if len(wrong) != 2:  # noqa: PLR2004  (two neighbours swapped)
        return len(wrong) <= 1
    first, second = wrong
    swapped = long[first] == short[second] and long[second] == short[first]
    return second == first + 1 and swapped
