"""How guardians wish to be told: how often, topic by topic, and in which alphabet.

Whether they are told at all is `consents.py`'s; what a rhythm means for a moment is `schedule`'s.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.model import Topic
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import replan
from sms_diary.values import value


@value
class Wish:
    """One topic of one subscription of a school."""

    subscription_id: int
    school_id: int
    topic: Topic
    rhythm: Rhythm


async def choose(q: Queries, wishes: Iterable[Wish], *, now: int) -> int:
    """Keep the wishes, at most one a subscription and topic; how many of them are news.

    What waits for those guardians is planned anew.

    A wish about a subscription that is not of its school is passed over.
    """
    changed = await q.over(
        """with rows(subscription_id bigint, school_id bigint, topic text, rhythm text)
           insert into rhythm (subscription_id, topic, school_id, rhythm)
           select rows.subscription_id, rows.topic, rows.school_id, rows.rhythm
           from rows join subscription s on s.id = rows.subscription_id
                                        and s.school_id = rows.school_id
           where true
           on conflict (subscription_id, topic) do update set rhythm = excluded.rhythm
           where rhythm.rhythm <> excluded.rhythm
           returning subscription_id""",
        sorted((w.subscription_id, w.school_id, str(w.topic), str(w.rhythm)) for w in wishes),
    )
    told = await q.over(
        """with rows(id bigint)
           update subscription set rev = rev + 1 from rows where subscription.id = rows.id
           returning subscription.guardian_id""",
        sorted({(row["subscription_id"],) for row in changed}),
    )
    if told:
        await replan.of_guardians(q, {row["guardian_id"] for row in told}, now=now)
    return len(changed)


async def of_subscriptions(
    q: Queries, school_id: int, subscription_ids: Iterable[int]
) -> dict[tuple[int, Topic], Rhythm]:
    """(subscription, topic) -> its rhythm, where one was chosen."""
    rows = await q.over(
        """with rows(id bigint)
           select rhythm.subscription_id, rhythm.topic, rhythm.rhythm
           from rows join rhythm on rhythm.subscription_id = rows.id
           where rhythm.school_id = :school_id""",
        [(subscription_id,) for subscription_id in sorted(set(subscription_ids))],
        school_id=school_id,
    )
    return {(row["subscription_id"], Topic(row["topic"])): Rhythm(row["rhythm"]) for row in rows}


async def set_latin(q: Queries, number_id: int, *, latin: bool) -> bool:
    """Choose the alphabet for every guardian of a number; whether that is news for any."""
    changed = await q.run(
        """update guardian set latin = :latin, rev = rev + 1
           where number_id = :number_id and (latin is null or latin <> :latin)""",
        number_id=number_id,
        latin=int(latin),
    )
    return changed > 0
