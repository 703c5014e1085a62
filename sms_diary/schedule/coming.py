"""The next digests of a school, as its calendar has them. Values in, values out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice

from sms_diary.schedule.rhythm import Calendar, Rhythm

Run = tuple[int, Rhythm]
"""When (epoch milliseconds), and whose digest: the day's or the week's."""


def digests(calendar: Calendar, now: int, count: int) -> list[Run]:
    """So many, from now on, in their order."""
    plain = calendar.plain
    daily = _each(lambda after: plain.next_at(after, calendar.digest_at), now, Rhythm.DAY)
    weekly = _each(
        lambda after: plain.next_weekly(after, calendar.digest_day, calendar.digest_at),
        now, Rhythm.WEEK,
    )  # fmt: skip
    return list(islice(merge(daily, weekly), count))


def _each(following: Callable[[int], int], now: int, whose: Rhythm) -> Iterator[Run]:
    after = now
    while True:
        found = following(after)
        yield found, whose
        after = found + 1
