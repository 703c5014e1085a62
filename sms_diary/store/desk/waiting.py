"""What waits for its moment in a school, topic by topic. Nothing is decided here."""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.model import Topic
from sms_diary.values import value


@value
class Planned:
    """Lines of one topic that are told when they are due (moments in epoch milliseconds)."""

    topic: Topic
    lines: int
    guardians: int
    first: int
    last: int


async def planned(q: Queries, school_id: int) -> list[Planned]:
    """In the order in which they are due."""
    rows = await q.all(
        """select topic, count(*) as lines, count(distinct guardian_id) as guardians,
                  min(due) as first, max(due) as last
           from line where school_id = :school_id and state = 'planned'
           group by topic order by min(due), topic""",
        school_id=school_id,
    )
    return [
        Planned(Topic(row["topic"]), row["lines"], row["guardians"], row["first"], row["last"])
        for row in rows
    ]
