"""A school's budget of the month at the moment of composing: what is beyond it waits.

What has been used is `store.budget`'s; it is asked for seldom, since it has to be summed up.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.clock import SECOND
from sms_diary.db import Queries
from sms_diary.store import budget
from sms_diary.store.schools import School

_TRUSTED = 5 * SECOND
"""For so long what is left is known without asking; other processes may compose meanwhile."""


class Budgets:
    def __init__(self) -> None:
        self._left: dict[int, int] = {}
        self._asked: dict[int, tuple[int, int]] = {}

    async def look(self, q: Queries, known: Mapping[int, School], *, now: int) -> None:
        """Know what these schools have left; of most there is nothing to know."""
        for school in known.values():
            if not school.budget_month:
                continue
            at, of = self._asked.get(school.id, (0, 0))
            if of != school.budget_month or not at <= now < at + _TRUSTED:
                self._left[school.id] = (await budget.month(q, school, now=now)).left
                self._asked[school.id] = now, school.budget_month

    def take(self, school: School, segments: int, *, urgent: bool) -> bool:
        """Whether so many SMS may go; they are counted then."""
        if not school.budget_month:
            return True
        left = self._left[school.id]
        if segments > left and not urgent:
            return False
        self._left[school.id] = left - segments
        return True
