"""What a parent's SMS means. Only the plain word stops; everything else waits for a person."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Meaning(StrEnum):
    STOP = "stop"
    OTHER = "other"


_STOP = frozenset({"стоп", "stop"})
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# Letters that look alike in both alphabets: «CТОП» typed half in Latin is still СТОП.
_LOOK_ALIKES = str.maketrans("cto", "сто")


def read(text: str) -> Meaning:
    """СТОП or STOP alone, in any case, with any punctuation around it; else OTHER."""
    word = _EDGES.sub("", unicodedata.normalize("NFKC", text).casefold())
    if word in _STOP or word.translate(_LOOK_ALIKES) in _STOP:
        return Meaning.STOP
    return Meaning.OTHER
