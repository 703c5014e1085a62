"""Taking back what has not left: one move for every change of mind.

A stop, a stop of one topic, a new setting: the queued messages of the numbers are withdrawn, their
lines are planned again, those that are no longer allowed fall silent, and compose makes anew
what remains. Call it after the consents are written and the revision is bumped.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.model import Silence
from sms_diary.store import lines, outbox

# The active consents of a line's guardian that cover its topic and its pupil, or, for the kinds
# that concern a class, any pupil whom the entry is for.
_COVERING = """subscription s
    left join consent t on t.subscription_id = s.id and t.topic = line.topic
    left join consent a on a.subscription_id = s.id and a.topic = '*'
    where s.guardian_id = line.guardian_id and coalesce(t.state, a.state) = 'active'
      and (s.pupil_id = line.pupil_id or line.pupil_id = 0 and (
        not exists (select 1 from audience u where u.entry_id = line.entry_id)
        or s.pupil_id in (
            select u.pupil_id from audience u where u.entry_id = line.entry_id
            union select m.pupil_id from audience u left join membership m
              on m.class_id = u.class_id where u.entry_id = line.entry_id)))"""
_ALLOWED = f"exists (select 1 from {_COVERING})"
_LEDGER_ID = f"""(select case when t.state is null then a.ledger_id else t.ledger_id end
    from {_COVERING} order by s.id limit 1)"""


async def withdraw(q: Queries, number_ids: Iterable[int], *, now: int) -> None:
    """Withdraw the unsent messages of these numbers that stand on a consent."""
    numbers = [(number_id,) for number_id in sorted(set(number_ids))]
    messages = await _unsent_messages(q, numbers)
    await q.over(
        """with rows(id bigint)
           update part set state = 'withdrawn', done_at = :now from rows
           where part.message_id = rows.id and part.state in ('queued', 'retry')""",
        messages,
        now=now,
    )
    await q.over(
        """with rows(id bigint)
           update message set state = 'withdrawn', reason = 'consent', done_at = :now from rows
           where message.id = rows.id and message.state = 'open'""",
        messages,
        now=now,
    )
    await lines.plan_again(q, [message_id for (message_id,) in messages])
    await _silence(q, numbers)
    await _stand_on_what_holds(q, numbers)
    await _settle_halves(q, numbers, now=now)


async def come_back(q: Queries, part_ids: Iterable[int], *, now: int) -> None:
    """Parts that were claimed and are in the queue again: a stop meanwhile did not find them.

    On PostgreSQL a stop that is under way is waited for, and one that comes later waits.
    """
    rows = await q.over(
        f"""with rows(id bigint)
            select number.id, number.state, number.consent_rev, part.consent_rev as composed_under
            from rows join part on part.id = rows.id join number on number.id = part.number_id
            where part.ground = 'consent'
            {q.only(postgresql="for share of number")}""",
        sorted((part_id,) for part_id in part_ids),
    )
    changed = {
        row["id"]
        for row in rows
        if row["state"] != "open" or row["consent_rev"] != row["composed_under"]
    }
    if changed:
        await withdraw(q, changed, now=now)


async def _unsent_messages(q: Queries, numbers: list[tuple[int]]) -> list[tuple[int]]:
    rows = await q.over(
        """with rows(number_id bigint)
           select distinct part.message_id
           from rows join part on part.number_id = rows.number_id
           where (part.state = 'queued' or part.state = 'retry') and part.ground = 'consent'
             and not exists (select 1 from part other where other.message_id = part.message_id
                             and other.state not in ('queued', 'retry'))""",
        numbers,
    )
    return sorted((row["message_id"],) for row in rows)


async def _silence(q: Queries, numbers: list[tuple[int]]) -> None:
    await q.over(
        f"""with rows(number_id bigint)
            update line set state = 'silent', reason = '{Silence.STOPPED}'
            where line.state = 'planned' and line.guardian_id in (
                select guardian.id from rows join guardian on guardian.number_id = rows.number_id)
              and not {_ALLOWED}""",
        numbers,
    )


async def _stand_on_what_holds(q: Queries, numbers: list[tuple[int]]) -> None:
    """Planned lines name a consent that is still there, not one that was revoked or renewed."""
    await q.over(
        f"""with rows(number_id bigint)
            update line set ledger_id = {_LEDGER_ID}
            where line.state = 'planned' and line.guardian_id in (
                select guardian.id
                from rows join guardian on guardian.number_id = rows.number_id)""",
        numbers,
    )


async def _settle_halves(q: Queries, numbers: list[tuple[int]], *, now: int) -> None:
    """Long messages of which a part has left: the rest follows only if it is still allowed."""
    cut = await q.over(
        f"""with rows(number_id bigint)
            update part set state = 'withdrawn', done_at = :now
            where (part.state = 'queued' or part.state = 'retry') and part.ground = 'consent'
              and part.number_id in (select number_id from rows)
              and exists (select 1 from line where line.message_id = part.message_id
                          and not {_ALLOWED})
            returning part.message_id""",
        numbers,
        now=now,
    )
    await outbox.fold(q, [row["message_id"] for row in cut], now=now)
    await q.over(
        """with rows(number_id bigint)
           update part set consent_rev = (select consent_rev from number
                                          where number.id = part.number_id)
           where (part.state = 'queued' or part.state = 'retry') and part.ground = 'consent'
             and part.number_id in (select number_id from rows)""",
        numbers,
    )
