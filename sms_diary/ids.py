"""Ids: 63 bits that sort by time, made by the application.

41 bits of milliseconds since 2020, 10 bits of node, 12 bits of sequence. The time is the
machine's, not the diary's: ids must be unique even when the service runs under a given clock.
"""

from __future__ import annotations

import time
from threading import Lock

NODES = 1024
_EPOCH = 1_577_836_800_000
_NODE_SHIFT = 12
_TIME_SHIFT = 22
_SEQUENCE = 1 << _NODE_SHIFT


class Ids:
    """One per process; `node` is leased, so no two processes make the same id."""

    def __init__(self, node: int) -> None:
        self._last = 0
        self._sequence = 0
        self._lock = Lock()  # transactions run in threads of their own
        self.move(node)

    def move(self, node: int) -> None:
        """Make ids under another node from now on: the lease of the former one is lost."""
        if not 0 <= node < NODES:
            raise ValueError(f"node {node} is outside 0..{NODES - 1}")
        with self._lock:
            self._node = node << _NODE_SHIFT

    def new(self) -> int:
        """The next id; never smaller than the one before, also when the clock steps back."""
        with self._lock:
            return self._next()

    def _next(self) -> int:
        now = time.time_ns() // 1_000_000 - _EPOCH
        if now > self._last:
            self._last, self._sequence = now, 0
        else:
            self._sequence += 1
            if self._sequence == _SEQUENCE:
                self._last, self._sequence = self._last + 1, 0
        return self._last << _TIME_SHIFT | self._node | self._sequence

    def many(self, count: int) -> list[int]:
        """`count` ids in order, with one look at the clock."""
        if count <= 0:
            return []
        with self._lock:
            found = [self._next()]
            while len(found) < count:
                room = min(count - len(found), _SEQUENCE - 1 - self._sequence)
                first = found[-1] + 1
                found.extend(range(first, first + room))
                self._sequence += room
                if len(found) < count:
                    found.append(self._next())
        return found
