"""Who is to learn of an entry: the subscribed guardians, consenting or not. Reading only."""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries, Row
from sms_diary.model import ConsentState, NumberState
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.values import value


@value
class Subscriber:
    """A guardian's subscription to one pupil, with what it allows for one topic."""

    subscription_id: int
    school_id: int
    guardian_id: int
    number_id: int
    pupil_id: int
    number_state: NumberState
    consent_rev: int
    welcomed: bool
    """Whether anything about a child may go to that number yet."""
    consent: ConsentState
    ledger_id: int | None
    since: int
    """From when the consent holds (epoch milliseconds)."""
    personal_data: bool
    """Whether the consent to personal data is there too."""
    wide: bool
    """Whether there is one to urgent SMS at early and late hours."""
    rhythm: Rhythm | None
    """How this topic is to be told; None: not chosen."""


# Several times faster than the enums' calls, where thousands of rows come at once.
_NUMBER_STATES = {str(state): state for state in NumberState}
_RHYTHMS = {str(rhythm): rhythm for rhythm in Rhythm}
_CONSENTS = {str(state): state for state in ConsentState}
_SUBSCRIBER = """s.id, s.school_id, s.guardian_id, s.pupil_id, g.number_id, n.state as number_state,
                 n.consent_rev, g.welcomed_at,
                 coalesce(t.state, a.state, 'unknown') as consent,
                 coalesce(t.ledger_id, a.ledger_id) as ledger_id,
                 coalesce(t.since, a.since, 0) as since, d.state as personal_data,
                 (select u.state from consent u
                  where u.subscription_id = s.id and u.topic = 'urgent') as wide,
                 (select r.rhythm from rhythm r
                  where r.subscription_id = s.id and r.topic = {topic}) as rhythm"""
_SETTLED = """join guardian g on g.id = s.guardian_id
    join number n on n.id = g.number_id
    left join consent t on t.subscription_id = s.id and t.topic = {topic}
    left join consent a on a.subscription_id = s.id and a.topic = '*'
    left join consent d on d.subscription_id = s.id and d.topic = 'pd'"""


def _subscriber(row: Row) -> Subscriber:
    return Subscriber(
        subscription_id=row["id"],
        school_id=row["school_id"],
        guardian_id=row["guardian_id"],
        number_id=row["number_id"],
        pupil_id=row["pupil_id"],
        number_state=_NUMBER_STATES[row["number_state"]],
        consent_rev=row["consent_rev"],
        welcomed=row["welcomed_at"] is not None,
        consent=_CONSENTS[row["consent"]],
        ledger_id=row["ledger_id"],
        since=row["since"],
        personal_data=row["personal_data"] == "active",
        wide=row["wide"] == "active",
        rhythm=_RHYTHMS.get(row["rhythm"]),
    )


async def of_pupils(
    q: Queries, wanted: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], list[Subscriber]]:
    """(pupil, topic) -> everybody subscribed to that pupil, consenting or not.

    Each with the revision of its number: whoever acts on this asks `numbers.changed` first.
    """
    rows = await q.over(
        f"""with rows(pupil_id bigint, topic text)
            select rows.topic, {_SUBSCRIBER.format(topic="rows.topic")}
            from rows join subscription s on s.pupil_id = rows.pupil_id
            {_SETTLED.format(topic="rows.topic")}""",
        sorted(set(wanted)),
    )
    found: dict[tuple[int, str], list[Subscriber]] = {}
    for row in rows:
        found.setdefault((row["pupil_id"], row["topic"]), []).append(_subscriber(row))
    return found


async def of_entry(
    q: Queries, *, school_id: int, entry_id: int, topic: str, day: str, after: int, limit: int
) -> list[Subscriber]:
    """Subscriptions of the next `limit` guardians an entry of a class or school concerns.

    Guardians follow in the order of their ids, from the one after `after`; an entry without
    rows in `audience` is for the whole school. `day` (ISO) decides who is in a class.
    """
    concerned = """(not exists (select 1 from audience where entry_id = :entry_id)
              or {0}.pupil_id in (
                select m.pupil_id from audience a join membership m on m.class_id = a.class_id
                where a.entry_id = :entry_id and m.from_day <= :day
                  and (m.to_day is null or m.to_day >= :day)
                union select pupil_id from audience where entry_id = :entry_id))"""
    rows = await q.all(
        f"""select {_SUBSCRIBER.format(topic=":topic")}
            from subscription s
            {_SETTLED.format(topic=":topic")}
            where s.school_id = :school_id and {concerned.format("s")}
              and s.guardian_id in (
                select distinct x.guardian_id from subscription x
                where x.school_id = :school_id and x.guardian_id > :after
                  and {concerned.format("x")}
                order by x.guardian_id limit :limit)
            order by s.guardian_id, s.id""",
        school_id=school_id,
        entry_id=entry_id,
        topic=topic,
        day=day,
        after=after,
        limit=limit,
    )
    return [_subscriber(row) for row in rows]
