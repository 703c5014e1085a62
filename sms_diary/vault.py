"""Sealing what must not be read from a stolen file, and finding numbers without reading them.

No file and no database is touched here: the key comes in as 32 bytes. Seals are AES-256-GCM
with the table, the column and the row's id as associated data, so a value copied to another
place does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sms_diary.errors import KeyMismatch

KEY_BYTES = 32
_KEY_ID = b"\x01"
_NONCE_BYTES = 12


_DRAWN = 512
_nonces: list[bytes] = []
"""Drawn and not used yet. A process that was forked off must never use the same ones."""
os.register_at_fork(after_in_child=_nonces.clear)


def _nonce() -> bytes:
    """A fresh nonce, of many drawn at once.

    Each draw lets go of the interpreter's lock, and a thread that seals a batch would stand in
    line for it again with every row.
    """
    try:
        return _nonces.pop()  # of one thread only: a list's pop is not divided
    except IndexError:
        drawn = os.urandom(_NONCE_BYTES * _DRAWN)
        first, *rest = (drawn[at : at + _NONCE_BYTES] for at in range(0, len(drawn), _NONCE_BYTES))
        _nonces.extend(rest)
        return first


def new_key() -> bytes:
    """A fresh master key."""
    return os.urandom(KEY_BYTES)


class Vault:
    """Everything that is done with the key. `place` is `table.column`."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key is {len(key)} bytes long, not {KEY_BYTES}")
        self._aead = AESGCM(_derived(key, b"seal"))
        self._index_key = _derived(key, b"index")
        self._pseudonym_key = _derived(key, b"pseudonym")
        self._digest_key = _derived(key, b"digest")
        self.fingerprint = _derived(key, b"fingerprint").hex()[:32]

    def seal(self, value: bytes | str, place: str, row: int) -> bytes:
        """Key id, nonce, ciphertext and tag: 29 bytes longer than the value."""
        plain = value.encode() if isinstance(value, str) else value
        nonce = _nonce()
        return _KEY_ID + nonce + self._aead.encrypt(nonce, plain, b"%s:%d" % (place.encode(), row))

    def open(self, sealed: bytes, place: str, row: int) -> bytes:
        """The value; KeyMismatch if it was sealed elsewhere, altered, or by another key."""
        if sealed[:1] != _KEY_ID:
            raise KeyMismatch("Запись зашифрована неизвестным ключом.")
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, rest, b"%s:%d" % (place.encode(), row))
        except (InvalidTag, ValueError) as wrong:  # ValueError: cut off within the nonce
            raise KeyMismatch("Запись не открывается этим ключом или была изменена.") from wrong

    def text(self, sealed: bytes, place: str, row: int) -> str:
        """The same, for texts."""
        return self.open(sealed, place, row).decode()

    def index(self, number: str) -> bytes:
        """The keyed index of a number: equal for equal numbers, useless without the key."""
        return hmac.digest(self._index_key, number.encode(), "sha256")

    def digest(self, value: bytes) -> bytes:
        """A keyed digest of a text: tells equal texts apart from others without keeping them."""
        return hmac.digest(self._digest_key, value, "sha256")[:16]

    def pseudonym(self, school_id: int, number: str) -> str:
        """How one school's ledger names a number; differs from school to school."""
        return hmac.digest(self._pseudonym_key, f"{school_id}:{number}".encode(), "sha256").hex()[
            :32
        ]


def _derived(key: bytes, purpose: bytes) -> bytes:
    # HKDF-Expand of one block (RFC 5869 §2.3); the master key is uniformly random already.
    return hmac.digest(key, b"sms-diary/" + purpose + b"\x01", hashlib.sha256)
