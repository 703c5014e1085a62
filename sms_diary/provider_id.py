"""Operators' message ids: one canonical spelling, and the other bases a receipt may use.

The id of a submit response is kept verbatim and indexed by its canonical key. That the receipt
names the same message in hex or in decimal is tried on the receipt's side only.
"""

from __future__ import annotations

import re

_DECIMAL, _HEX = re.compile("[0-9]+"), re.compile("[0-9a-f]+")
_LONGEST_NUMBER = 20  # a 64-bit id in decimal; longer ones are names, not numbers


def canonical(provider_id: str) -> str:
    """Case, surrounding space and leading zeros do not tell ids apart."""
    return provider_id.strip().lower().lstrip("0") or "0"


def candidates(provider_id: str) -> list[str]:
    """Canonical keys under which the part may be known, the likeliest first."""
    key = canonical(provider_id)
    found = [key]
    if len(key) <= _LONGEST_NUMBER:
        # Not left to `int`: it would also read signs, underscores and digits of other scripts.
        if _DECIMAL.fullmatch(key):
            found.append(format(int(key), "x"))
        if _HEX.fullmatch(key):
            found.append(str(int(key, 16)))
    return list(dict.fromkeys(found))
