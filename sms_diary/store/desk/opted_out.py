"""Parents of a school who themselves said that they want no SMS. Reading only.

Whom SMS do not reach against their will is `store/problems.py`'s.
"""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.model import ConsentState
from sms_diary.store import numbers
from sms_diary.store.desk.consents import in_order
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class OptedOut:
    """One pupil's guardian. Names are "" where nobody told them, or they were erased."""

    guardian_id: int
    class_name: str
    pupil: str
    guardian: str
    relation: str
    number: str
    """E.164."""
    state: ConsentState
    """`STOPPED` or `REFUSED`."""
    since: int


async def of_school(q: Queries, tools: Tools, school_id: int, *, day: str) -> list[OptedOut]:
    """By class and pupil; `day` (ISO date) decides who is in which class."""
    rows = await q.over(
        """with rows(state text)
           select g.id as guardian_id, g.number_id, g.full_name as guardian, s.relation,
                  p.full_name as pupil, c.name as class_name, k.state, k.changed_at
           from rows join consent k on k.school_id = :school_id and k.topic = '*'
             and k.state = rows.state
           join subscription s on s.id = k.subscription_id
           join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id and n.erased_at is null
           join pupil p on p.id = s.pupil_id
           left join membership m on m.pupil_id = p.id and m.from_day <= :day
             and (m.to_day is null or m.to_day >= :day)
           left join class c on c.id = m.class_id""",
        [(ConsentState.STOPPED,), (ConsentState.REFUSED,)],
        school_id=school_id,
        day=day,
    )
    known = await numbers.read(q, tools, {row["number_id"] for row in rows})
    found = [
        OptedOut(
            row["guardian_id"], row["class_name"] or "", row["pupil"] or "", row["guardian"] or "",
            row["relation"], known[row["number_id"]], ConsentState(row["state"]),
            row["changed_at"],
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (in_order(one.class_name), one.pupil, one.guardian_id))
