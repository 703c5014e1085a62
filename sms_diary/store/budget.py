"""How many SMS of its month's budget a school has used, and what waits because it is used up.

The budget is in SMS as the operator bills them. What is urgent goes beyond it, and so do answers;
they count all the same. Holding is `compose`'s; what is held goes on here.
"""

from __future__ import annotations

from datetime import date

from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.model import Hold
from sms_diary.store import schools, tallied
from sms_diary.store.schools import School
from sms_diary.values import value


@value
class Month:
    """A school's month so far, in SMS."""

    day: date
    """Today, at the school."""
    budget: int
    """0: there is none."""
    spent: int

    @property
    def left(self) -> int:
        return self.budget - self.spent


async def month(q: Queries, school: School, *, now: int) -> Month:
    """What was made this month and has left or will: what was not taken is not counted."""
    today = local(now, school.zone).date()
    cells = await tallied.cells(q, school.id, today.replace(day=1), today, "state")
    spent = sum(cell.sums.segments if cell.state == "open" else cell.sums.billed for cell in cells)
    return Month(today, school.budget_month, spent)


async def held(q: Queries, school_id: int) -> int:
    """Lines that wait because the budget is used up."""
    row = await q.one(
        f"""select count(*) as lines from line
            where state = 'held' and reason = '{Hold.BUDGET}' and school_id = :school_id""",
        school_id=school_id,
    )
    assert row is not None
    return int(row["lines"])


async def go_on(q: Queries, *, now: int) -> int:
    """Let go on what budgets hold, as much of it as there is a budget for again; how many lines."""
    rows = await q.all(
        f"""select distinct school_id from line
            where state = 'held' and reason = '{Hold.BUDGET}' and expires > :now""",
        now=now,
    )
    known = await schools.by_ids(q, (row["school_id"] for row in rows))
    gone = 0
    for school in known.values():
        left = (await month(q, school, now=now)).left if school.budget_month else _ALL
        if left > 0:
            gone += await _plan(q, school.id, left)
    return gone


_ALL = 2**31


async def _plan(q: Queries, school_id: int, most: int) -> int:
    """Those first that have waited longest."""
    return await q.run(
        f"""update line set state = 'planned', reason = '' where id in (
                select id from line where state = 'held' and reason = '{Hold.BUDGET}'
                  and school_id = :school_id order by due, id limit :most)
              and state = 'held'""",
        school_id=school_id, most=most,
    )  # fmt: skip
