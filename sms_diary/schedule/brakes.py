"""Old news is not told, and a flood waits for a person: decisions over values.

Schools fill journals late, load a year at once and import twice; none of that is news to a
parent. Nothing here forgets anything: what is not told has its reason, what waits can be released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sms_diary.model import Silence

FRESH = timedelta(days=7)
"""What is about a day longer ago than that, on its arrival, is not news."""
FLOOD = 3
"""Times a school's usual day."""
KNOWN_DAYS = 3
"""Days with lines from which one can tell what is usual."""
LOOK_BACK = 20
"""The last days with lines that are looked at."""
FEW = 20
"""Lines that are no flood anywhere."""
EVERYBODY = 10
"""Lines a subscription that are no flood in a school of which nothing usual is known."""


def stale(day: date | None, *, arrived: date, since: date | None, told_from: date | None,
          ) -> Silence | None:  # fmt: skip
    """Why what happened on `day` is not news on `arrived`; all days are the school's own.

    `since`: the day from which this guardian's consent holds; `told_from`: the first day that a
    school which came with a history tells of. None: no such limit.
    """
    if day is None:
        return None
    if told_from is not None and day < told_from:
        return Silence.FIRST_IMPORT
    if day < arrived - FRESH:
        return Silence.OLD
    if since is not None and day < since:
        return Silence.BEFORE_CONSENT
    return None


def most_lines(usual: Sequence[int], subscriptions: int) -> int:
    """How many lines of one day are no flood, by the counts of the last days that had lines.

    A school that fills its journal on Fridays is used to full Fridays: days without lines are not
    among the counts.
    """
    known = list(usual)[-LOOK_BACK:]
    if len(known) < KNOWN_DAYS:
        return max(EVERYBODY * subscriptions, FEW)
    return max(FLOOD * sum(known) // len(known), FEW)
