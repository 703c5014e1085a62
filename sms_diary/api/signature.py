"""Standard Webhooks signatures: HMAC-SHA256 over `id.timestamp.body`, checked over raw bytes.

Written out instead of taken from the reference library, which reads times by `float()` and
breaks on malformed signatures and on bodies that are not UTF-8. The tests sign with it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

TOLERANCE = 300
"""Seconds by which the sender's clock may differ, either way."""
ID = re.compile(r"[!-\-/-~]{1,200}")
"""A webhook-id: visible ASCII without the dot, which separates the parts of what is signed."""
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_PREFIX, _VERSION = "whsec_", "v1,"
_MOST_SIGNATURES = 20


@dataclass(frozen=True, slots=True)
class Signed:
    """The headers of a signed request, in form; whether they are true, `matches` says."""

    message_id: str
    timestamp: str
    signatures: tuple[bytes, ...]

    def age(self, now: float) -> float:
        """Seconds since the sender's time stamp; negative for one from the future."""
        return now - int(self.timestamp)

    def matches(self, keys: Iterable[bytes], body: bytes) -> bool:
        """Whether one of the signatures was made with one of the keys, in constant time each."""
        head = f"{self.message_id}.{self.timestamp}.".encode()
        for key in keys:
            own = hmac.new(key, head, hashlib.sha256)
            own.update(body)
            expected = own.digest()
            if any(hmac.compare_digest(expected, given) for given in self.signatures):
                return True
        return False


def read(message_id: str, timestamp: str, signature: str) -> Signed | None:
    """The three headers, or None where time stamp or signature are not in form.

    Signatures of other versions, and malformed ones, are passed over: one good one is enough.
    """
    if not _TIMESTAMP.fullmatch(timestamp):
        return None
    given = tuple(
        decoded
        for item in signature.split(" ")[:_MOST_SIGNATURES]
        if item.startswith(_VERSION) and (decoded := _decoded(item.removeprefix(_VERSION)))
    )
    return Signed(message_id, timestamp, given) if given else None


def key(secret: str) -> bytes | None:
    """The bytes of a `whsec_…` secret; None for one that is empty or no base64."""
    return _decoded(secret.removeprefix(_PREFIX).rstrip("="), pad=True)


def _decoded(text: str, *, pad: bool = False) -> bytes | None:
    if pad:
        text += "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        return None
