"""Taking back what has not left: one move for every change of mind.

A stop, a stop of one topic, a new setting: the queued messages of the numbers are withdrawn, their
lines are planned again, those that are no longer allowed fall silent, and compose makes anew
what remains. Call it after the consents are written and the revision is bumped.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.model import Silence

# A line is allowed while an active consent of its guardian covers its pupil (or, for the kinds
# that concern a class, any pupil) and its topic.
_ALLOWED = """exists (
    select 1 from subscription s
    left join consent t on t.subscription_id = s.id and t.topic = line.topic
    left join consent a on a.subscription_id = s.id and a.topic = '*'
    where s.guardian_id = line.guardian_id and (line.pupil_id = 0 or s.pupil_id = line.pupil_id)
      and coalesce(t.state, a.state) = 'active')"""


async def withdraw(q: Queries, number_ids: Iterable[int], *, now: int) -> None:
    """Withdraw the unsent messages of these numbers that stand on a consent."""
    numbers = [(number_id,) for number_id in sorted(set(number_ids))]
    messages = await _unsent_messages(q, numbers)
    await q.over(
        """with rows(id bigint)
           update part set state = 'withdrawn', done_at = :now from rows
           where part.message_id = rows.id and part.state in ('queued', 'retry')
           returning part.id""",
        messages,
        now=now,
    )
    await q.over(
        """with rows(id bigint)
           update message set state = 'withdrawn', reason = 'consent', done_at = :now from rows
           where message.id = rows.id returning message.id""",
        messages,
        now=now,
    )
    await _plan_again(q, messages)
    await _silence(q, numbers)
    await _settle_halves(q, numbers, now=now)


async def _unsent_messages(q: Queries, numbers: list[tuple[int]]) -> list[tuple[int]]:
    rows = await q.over(
        """with rows(number_id bigint)
           select distinct part.message_id
           from rows join part on part.number_id = rows.number_id
           where part.state in ('queued', 'retry') and part.ground = 'consent'
             and not exists (select 1 from part other where other.message_id = part.message_id
                             and other.state not in ('queued', 'retry'))""",
        numbers,
    )
    return sorted((row["message_id"],) for row in rows)


async def _plan_again(q: Queries, messages: list[tuple[int]]) -> None:
    # A correction that waits already says more than the line it corrects.
    await q.over(
        """with rows(id bigint)
           update line set state = 'replaced' from rows
           where line.message_id = rows.id and line.state = 'taken'
             and exists (select 1 from line newer where newer.entry_id = line.entry_id
                         and newer.guardian_id = line.guardian_id and newer.state = 'planned')
           returning line.id""",
        messages,
    )
    await q.over(
        """with rows(id bigint)
           update line set state = 'planned', message_id = null from rows
           where line.message_id = rows.id and line.state = 'taken' returning line.id""",
        messages,
    )


async def _silence(q: Queries, numbers: list[tuple[int]]) -> None:
    await q.over(
        f"""with rows(number_id bigint)
            update line set state = 'silent', reason = '{Silence.STOPPED}'
            where line.state = 'planned' and line.guardian_id in (
                select guardian.id from rows join guardian on guardian.number_id = rows.number_id)
              and not {_ALLOWED}
            returning line.id""",
        numbers,
    )


async def _settle_halves(q: Queries, numbers: list[tuple[int]], *, now: int) -> None:
    """Long messages of which a part has left: the rest follows only if it is still allowed."""
    await q.over(
        f"""with rows(number_id bigint)
            update part set state = 'withdrawn', done_at = :now
            where part.state in ('queued', 'retry') and part.ground = 'consent'
              and part.number_id in (select number_id from rows)
              and exists (select 1 from line where line.message_id = part.message_id
                          and not {_ALLOWED})
            returning part.id""",
        numbers,
        now=now,
    )
    await q.over(
        """with rows(number_id bigint)
           update part set consent_rev = (select consent_rev from number
                                          where number.id = part.number_id)
           where part.state in ('queued', 'retry') and part.ground = 'consent'
             and part.number_id in (select number_id from rows)
           returning part.id""",
        numbers,
    )
