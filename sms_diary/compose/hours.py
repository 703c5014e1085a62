"""When lines may leave: those whose hours have not begun wait, and the others have an end.

The hours themselves are `schedule.hours`'; here they meet the rows of lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Row
from sms_diary.schedule.hours import Hours
from sms_diary.store.schools import School


class Closing:
    """When the hours of lines end that may be told now; found once for lines alike."""

    def __init__(self, known: dict[int, School], now: int) -> None:
        self._known = known
        self._now = now
        self._found: dict[tuple[int, int, int], int | None] = {}

    def of(self, own: Sequence[Row]) -> int | None:
        """When the first of them ends (epoch milliseconds); None: never."""
        ends = [end for end in map(self._one, own) if end is not None]
        return min(ends, default=None)

    def _one(self, row: Row) -> int | None:
        key = (row["school_id"], row["urgent"], row["wide"])
        if key not in self._found:
            self._found[key] = _hours(row, self._known[key[0]]).closing(self._now)
        return self._found[key]


def _hours(row: Row, school: School) -> Hours:
    return school.calendar.window(urgent=bool(row["urgent"]), wide=bool(row["wide"]))


def by_hours(
    found: Sequence[Row], known: dict[int, School], now: int
) -> tuple[list[Row], list[tuple[int, int]]]:
    """Lines that may be told now, and (line, due) of those whose hours have not begun."""
    opens: dict[tuple[int, int, int], int] = {}
    rows, later = [], []
    for row in found:
        key = (row["school_id"], row["urgent"], row["wide"])
        if key not in opens:
            opens[key] = _hours(row, known[row["school_id"]]).next_open(now)
        if opens[key] > now:
            later.append((row["id"], opens[key]))
        else:
            rows.append(row)
    return rows, later
