"""A chain of the ledger as values: its links, its end, and whether one follows from the other.

No query is here: `ledger.py` reads the rows and writes them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from enum import StrEnum

from sms_diary.values import value

GENESIS = "0" * 64
"""What the first row of a chain continues."""


@value
class Link:
    """A row of a chain. What the database has spoilt is None, and no hash agrees with that."""

    id: int
    school_id: int
    seq: int
    at: int
    action: str
    subject: str
    scope: str
    actor: str
    commitment: str
    prev: str
    hash: str

    def hashed(self) -> str:
        """The text whose SHA-256 is the row's hash: its other fields as a JSON array."""
        return hashed((
            self.id, self.school_id, self.seq, self.at, self.action, self.subject, self.scope,
            self.actor, self.commitment, self.prev,
        ))  # fmt: skip

    def holds(self) -> bool:
        return digest(self.hashed()) == self.hash


@value
class Head:
    """The end of a chain, as it is or as it was published; `hash` is that of row `seq`."""

    school_id: int
    seq: int
    hash: str


class Fault(StrEnum):
    """What is wrong with a chain; what `other` of `Broken` says then."""

    GAP = "gap"
    """The next row has another number: `other`, or None when it is no number."""
    CHANGED = "changed"
    """The row's hash is not that of its contents."""
    UNLINKED = "unlinked"
    """The row continues another row than the one before it."""
    EVIDENCE = "evidence"
    """The evidence does not open, or is not what the row commits to."""
    HEAD = "head"
    """The chain ends before row `seq`; by its head row it ends with row `other`, or None."""
    CUT = "cut"
    """The chain ends before row `seq`, and row `other` was published."""
    REBUILT = "rebuilt"
    """Another row `seq` was published; `other` is the last that is the published one, or 0."""


@value
class Broken:
    """The first link of a chain that does not hold, by its row number."""

    school_id: int
    seq: int
    fault: Fault
    other: int | None = None


def hashed(fields: Sequence[object]) -> str:
    """Fields as the text that is hashed: JSON without spaces, letters as they are."""
    return json.dumps(list(fields), ensure_ascii=False, separators=(",", ":"))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def committed(salt: bytes, proof: bytes) -> str:
    """The commitment to these bytes of evidence."""
    return hashlib.sha256(salt + proof).hexdigest()


class Walk:
    """A chain walked from its first row; what was published of it must be met on the way.

    `start` is the last row of a beginning that was destroyed when its time of keeping was over:
    the walk goes on after it, and what was published of earlier rows can be compared no more.
    """

    def __init__(
        self, school_id: int, published: Iterable[Head], start: Head | None = None
    ) -> None:
        self._school_id = school_id
        self._published: dict[int, set[str]] = {}
        for head in published:
            if head.school_id == school_id:
                self._published.setdefault(head.seq, set()).add(head.hash)
        self._last, self._prev = (start.seq, start.hash) if start else (0, GENESIS)
        self._agreed = 0
        self._start = start

    def begin(self) -> Broken | None:
        """Before the first row: whether the checkpoint is what was published of its row."""
        if self._start is None:
            return None
        known = self._published.get(self._start.seq)
        if known is not None and known != {self._start.hash}:
            return Broken(self._school_id, self._start.seq, Fault.REBUILT, 0)
        self._agreed = self._start.seq if known else 0
        return None

    def step(self, row: Link) -> Broken | None:
        """The next row; what is wrong with it, after which there is no going on."""
        fault = self._fault(row)
        if fault is not None:
            return self._broken(fault, row.seq if fault is Fault.GAP else None)
        known = self._published.get(row.seq)
        if known is not None and known != {row.hash}:
            return self._broken(Fault.REBUILT, self._agreed)
        self._last, self._prev = row.seq, row.hash
        self._agreed = row.seq if known else self._agreed
        return None

    def end(self, head: Head | None) -> Broken | None:
        """There are no more rows; `head` is what the head row says."""
        most = max(self._published, default=0)
        if most > self._last:
            return self._broken(Fault.CUT, most)
        if head is None:
            return self._broken(Fault.HEAD) if self._last else None
        if (head.seq, head.hash) != (self._last, self._prev):
            return self._broken(Fault.HEAD, head.seq)
        return None

    def _fault(self, row: Link) -> Fault | None:
        if row.seq != self._last + 1:
            return Fault.GAP
        if not row.holds():
            return Fault.CHANGED
        return None if row.prev == self._prev else Fault.UNLINKED

    def _broken(self, fault: Fault, other: int | None = None) -> Broken:
        return Broken(self._school_id, self._last + 1, fault, other)
