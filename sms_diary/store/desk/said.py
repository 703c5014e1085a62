"""What a school's parents have said by SMS lately, counted by its meaning. Reading only.

Of a number that other schools know too a school counts what it may read (`addressed`).
"""

from __future__ import annotations

from collections import Counter

from sms_diary.db import Queries
from sms_diary.store import addressed
from sms_diary.store.tools import Tools

# Cross joins: SQLite keeps their order, and goes by the numbers of the school's guardians.
_OF_SCHOOL = """from guardian g cross join inbound i where i.number_id = g.number_id
    and g.school_id = :school_id and i.at >= :since and i.state <> 'new'"""
_SHARED = """exists (select 1 from guardian o where o.number_id = g.number_id
    and o.school_id <> g.school_id)"""
_MOST = 500
"""SMS of such numbers that are looked at, the newest: each is read for whom it names."""


async def by_meaning(q: Queries, tools: Tools, school_id: int, *, since: int) -> Counter[str]:
    """Meaning (`keywords.Meaning`) -> SMS that came at `since` (epoch milliseconds) or later."""
    rows = await q.all(
        f"""select i.meaning, count(*) as n {_OF_SCHOOL} and not {_SHARED} group by i.meaning""",
        school_id=school_id,
        since=since,
    )
    shared = await q.all(
        f"""select i.id, i.number_id, i.route, i.text, i.state, i.handled_by, i.meaning
            {_OF_SCHOOL} and {_SHARED} order by i.id desc limit :most""",
        school_id=school_id,
        since=since,
        most=_MOST,
    )
    own = await addressed.readable(q, tools, school_id, shared)
    found = Counter({row["meaning"]: int(row["n"]) for row in rows})
    found.update(row["meaning"] for row in shared if row["id"] in own)
    return found
