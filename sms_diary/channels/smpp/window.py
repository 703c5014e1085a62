"""Parts on the wire: by which sequence number, since when, and which answer is overdue.

Pure: the time is passed in. The size of the window is the channel's to keep.
"""

from __future__ import annotations

from sms_diary.channels.base import Outgoing

_LATE_KEPT = 10_000
"""Overdue parts remembered: an answer that comes at last settles the doubt."""

Written = tuple[Outgoing, float]
"""A part, and when it was written."""


class Window:
    """submit_sm written and not yet answered, oldest first."""

    def __init__(self) -> None:
        self._pending: dict[int, Written] = {}
        self._late: dict[int, Written] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, sequence: int, part: Outgoing, now: float) -> None:
        self._pending[sequence] = (part, now)

    def take(self, sequence: int) -> Written | None:
        """The part that is answered by this sequence number; None for an unexpected one."""
        return self._pending.pop(sequence, None)

    def take_late(self, sequence: int) -> Written | None:
        """The same among parts that were given up by `expire`."""
        return self._late.pop(sequence, None)

    def expire(self, limit: float) -> list[Outgoing]:
        """Give up parts written at `limit` or before; they are remembered for a late answer."""
        overdue: list[Outgoing] = []
        for sequence, (part, written_at) in list(self._pending.items()):
            if written_at > limit:
                break
            self._late[sequence] = self._pending.pop(sequence)
            overdue.append(part)
        while len(self._late) > _LATE_KEPT:
            del self._late[next(iter(self._late))]
        return overdue

    def restart(self, now: float) -> None:
        """Count the time of every part anew: answers could not be read in the meantime."""
        self._pending = {sequence: (part, now) for sequence, (part, _) in self._pending.items()}

    def clear(self) -> list[Outgoing]:
        """All parts without an answer; the connection is gone."""
        parts = [part for part, _ in self._pending.values()]
        self._pending.clear()
        return parts
