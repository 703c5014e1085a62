"""Operators' message ids: one canonical spelling, and the other bases a receipt may use.

The id of a submit response is kept verbatim and indexed by its canonical key. That the receipt
names the same message in hex or in decimal is tried on the receipt's side only. Beside it stands
what we call a part where the operator has room for 16 bits.
"""

from __future__ import annotations

import re

_DECIMAL, _HEX = re.compile("[0-9]+"), re.compile("[0-9a-f]+")
REFERENCES = 65_521
"""A prime just below 2**16: all bits of an id count, not its lowest alone, which are much alike."""
_LONGEST_NUMBER = 20  # a 64-bit id in decimal; longer ones are names, not numbers


def canonical(provider_id: str) -> str:
    """Case, surrounding space and leading zeros do not tell ids apart; "" is no id."""
    key = provider_id.strip().lower()
    return key.lstrip("0") or key[-1:]


def candidates(provider_id: str) -> list[str]:
    """Canonical keys under which the part may be known, the likeliest first; none for no id."""
    key = canonical(provider_id)
    if not key:
        return []
    found = [key]
    if len(key) <= _LONGEST_NUMBER:
        # Not left to `int`: it would also read signs, underscores and digits of other scripts.
        if _DECIMAL.fullmatch(key):
            found.append(format(int(key), "x"))
        if _HEX.fullmatch(key):
            found.append(str(int(key, 16)))
    return list(dict.fromkeys(found))


def reference_of(part_id: int) -> int:
    """Our own reference of a part (user_message_reference, SMPP 3.4 §5.3.2.17)."""
    return part_id % REFERENCES
