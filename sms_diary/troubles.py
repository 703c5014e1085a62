"""Numbers that nothing arrives at are written to no more: looked for once a day.

When a number counts as dead is decided here, over values; the rows are `store/troubles.py`'s, which
also obeys at once what an operator says of a phone. One process looks, whoever holds the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import structlog

from sms_diary.clock import DAY, Clock
from sms_diary.db import Database, Queries
from sms_diary.store import troubles
from sms_diary.store.troubles import Failed
from sms_diary.values import value

NOBODY_DAYS = 3
"""On so many different days an operator must say that a number does not exist."""
_PAGE = 500
"""Numbers looked at in one transaction."""
log = structlog.get_logger(__name__)


@value
class Limits:
    """`days` with at least `messages` that did not arrive, or `long_days` with any at both ends."""

    days: int = 14
    messages: int = 3
    long_days: int = 90


def dead(failed: Sequence[Failed], limits: Limits) -> bool:
    """Whether a number at which all this did not arrive, and nothing else did, is dead.

    Time counts from the first failure to the last one: in a summer without SMS nobody dies.
    """
    if not failed:
        return False
    span = max(one.at for one in failed) - min(one.at for one in failed)
    if len({one.at // DAY for one in failed if one.nobody}) >= NOBODY_DAYS:
        return True
    if len(failed) >= limits.messages and span >= limits.days * DAY:
        return True
    return span >= limits.long_days * DAY


class Troubles:
    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._looked_at = 0

    async def step(self) -> bool:
        """Look once a day, as soon as the service runs; False: there is never more at once."""
        now = self._clock.now()
        if now - self._looked_at >= DAY:
            self._looked_at = now
            suspended = await self.look()
            if suspended:
                log.info("numbers suspended", count=suspended)
        return False

    async def look(self) -> int:
        """Suspend what is dead now; how many numbers."""
        now, after, count = self._clock.now(), 0, 0
        while True:
            work = partial(self._look, now, after)
            found, suspended = await self._database.write(work)
            count += len(suspended)
            if len(found) < _PAGE:
                return count
            after = found[-1]

    async def _look(self, now: int, after: int, q: Queries) -> tuple[list[int], list[int]]:
        found = await troubles.failing(q, before=now - DAY, after=after, limit=_PAGE)
        failed = await troubles.failures(q, found)
        arrives = await troubles.arrives(q, (one.school_id for one in failed))
        gone = self._dead(one for one in failed if one.school_id in arrives)
        suspended = await troubles.suspend(q, gone, now=now) if gone else []
        return [number_id for number_id, _ in found], suspended

    def _dead(self, failed: Iterable[Failed]) -> list[int]:
        by_number: dict[int, list[Failed]] = {}
        for one in failed:
            by_number.setdefault(one.number_id, []).append(one)
        return [number for number, own in by_number.items() if dead(own, self._limits)]
