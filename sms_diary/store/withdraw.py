"""Taking back what has not left: one move for every change of mind.

A stop, a stop of one topic, a new setting: the queued messages of the numbers are withdrawn, their
lines are planned again, those that are no longer allowed fall silent, and compose makes anew
what remains. Call it after the consents are written and the revision is bumped.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.model import Silence
from sms_diary.store import lines, numbers, outbox, requests

# The active consents of a line's guardian that cover its topic and its pupil, or, for the kinds
# that concern a class, any pupil whom the entry is for. Where the school asks for the paper of
# personal data too, that one must be there (`consent.silence` says the same of a new line).
COVERING = """subscription s
    left join consent t on t.subscription_id = s.id and t.topic = line.topic
    left join consent a on a.subscription_id = s.id and a.topic = '*'
    where s.guardian_id = line.guardian_id and coalesce(t.state, a.state) = 'active'
      and (exists (select 1 from school where school.id = s.school_id and school.proof = 'sms')
           or exists (select 1 from consent d where d.subscription_id = s.id and d.topic = 'pd'
                      and d.state = 'active'))
      and (s.pupil_id = line.pupil_id or line.pupil_id = 0 and (
        not exists (select 1 from audience u where u.entry_id = line.entry_id)
        or s.pupil_id in (
            select u.pupil_id from audience u where u.entry_id = line.entry_id
            union select m.pupil_id from audience u left join membership m
              on m.class_id = u.class_id where u.entry_id = line.entry_id)))"""
_ALLOWED = f"exists (select 1 from {COVERING})"
_LEDGER_ID = f"""(select case when t.state is null then a.ledger_id else t.ledger_id end
    from {COVERING} order by s.id limit 1)"""

_OF_NUMBERS = """select waiting.id from rows join guardian on guardian.number_id = rows.number_id
    join line waiting on waiting.guardian_id = guardian.id"""
# Two branches, one for each of the partial indexes.
_WAITING = f"""line.id in ({_OF_NUMBERS} and waiting.state = 'planned'
    union all {_OF_NUMBERS} and waiting.state = 'held')"""

_STOPPED = ("stopped", "wrong-number")
"""States of a number to which nothing goes, whatever its ground, but what they were told by."""
_ROUTE = "route"
"""Reason of a message that another route must carry."""
_NEED_AN_OPEN_NUMBER = ("consent", "request")


async def withdraw(
    q: Queries, number_ids: Iterable[int], *, now: int, why: Silence = Silence.STOPPED
) -> None:
    """Withdraw the unsent messages of these numbers that stand on a consent.

    Of numbers that may not be written to any more, also what asks or welcomes. `why` is the
    reason of the lines that are allowed no more, and of the messages where a number was changed.
    """
    numbers = [(number_id,) for number_id in sorted(set(number_ids))]
    messages = await _unsent_messages(q, numbers)
    await _take_back(q, messages, reason=_reason(why), now=now)
    await requests.drop_of_closed(q, [number_id for (number_id,) in numbers], now=now)
    await lines.plan_again(q, [message_id for (message_id,) in messages])
    await _silence(q, numbers, why)
    await _stand_on_what_holds(q, numbers)
    await _settle_halves(q, numbers, now=now)
    await _answers(q, numbers, now=now)


async def of_messages(
    q: Queries, message_ids: Iterable[int], number_ids: Iterable[int], *, now: int
) -> None:
    """These messages, to the numbers that are given and locked, are composed again for another
    route. All their parts wait."""
    messages = [(message_id,) for message_id in sorted(set(message_ids))]
    numbers = [(number_id,) for number_id in sorted(set(number_ids))]
    await _take_back(q, messages, reason=_ROUTE, now=now)
    await lines.plan_again(q, [message_id for (message_id,) in messages])
    await _silence(q, numbers, Silence.STOPPED)
    await _stand_on_what_holds(q, numbers)


async def _take_back(q: Queries, messages: list[tuple[int]], *, reason: str, now: int) -> None:
    await q.over(
        """with rows(id bigint)
           update part set state = 'withdrawn', done_at = :now from rows
           where part.message_id = rows.id and part.state in ('queued', 'retry')""",
        messages,
        now=now,
    )
    await q.over(
        """with rows(id bigint)
           update message set state = 'withdrawn', reason = :reason, done_at = :now from rows
           where message.id = rows.id and message.state = 'open'""",
        messages,
        reason=reason,
        now=now,
    )


async def of_school(q: Queries, school_id: int, *, now: int) -> None:
    """All that is queued waits as lines: the school is paused, or its hours or texts are new."""
    rows = await q.all(
        """select distinct part.number_id from guardian
           join part on part.number_id = guardian.number_id
           where guardian.school_id = :school_id and part.school_id = :school_id
             and (part.state = 'queued' or part.state = 'retry') and part.ground = 'consent'""",
        school_id=school_id,
    )
    number_ids = {row["number_id"] for row in rows}
    await numbers.lock(q, number_ids)
    await withdraw(q, number_ids, now=now)


def _reason(why: Silence) -> str:
    return str(why) if why is Silence.NUMBER_CHANGED else "consent"


async def everything(
    q: Queries, number_id: int, *, now: int, why: Silence = Silence.STOPPED,
    before: int | None = None,
) -> None:  # fmt: skip
    """Nothing goes to this number any more: what needs no consent is withdrawn too.

    An earlier answer, a code, the rest of a text of which a part has left. `before` (epoch
    milliseconds) spares what was made from then on: the confirmation of the stop itself.
    """
    await withdraw(q, [number_id], now=now, why=why)
    cut = await q.all(
        """update part set state = 'withdrawn', done_at = :now
           where number_id = :number_id and (state = 'queued' or state = 'retry')
             and (select message.created_at from message
                  where message.id = part.message_id) < :before
           returning message_id""",
        number_id=number_id,
        before=now + 1 if before is None else before,
        now=now,
    )
    closed = await outbox.fold(q, [row["message_id"] for row in cut], now=now)
    await q.over(
        """with rows(id bigint)
           update message set reason = :reason from rows
           where message.id = rows.id and message.state = 'withdrawn'""",
        sorted((message_id,) for message_id in closed),
        reason=_reason(why),
    )


async def close(q: Queries, number_ids: Iterable[int], *, now: int, why: Silence) -> None:
    """These numbers may not be written to: all that waits for them falls silent, whatever consents
    they have, and of what is queued only answers and codes are left."""
    numbers = [(number_id,) for number_id in sorted(set(number_ids))]
    if not numbers:
        return
    await withdraw(q, number_ids, now=now, why=why)
    await q.over(
        f"""with rows(number_id bigint)
            update line set state = 'silent', reason = :why where {_WAITING}""",
        numbers,
        why=str(why),
    )
    cut = await q.over(
        """with rows(number_id bigint)
           update part set state = 'withdrawn', done_at = :now
           where (part.state = 'queued' or part.state = 'retry') and part.ground = 'consent'
             and part.number_id in (select number_id from rows)
           returning part.message_id""",
        numbers,
        now=now,
    )
    await outbox.fold(q, [row["message_id"] for row in cut], now=now)


async def come_back(q: Queries, part_ids: Iterable[int], *, now: int) -> None:
    """Parts that were claimed and are in the queue again: a stop meanwhile did not find them.

    On PostgreSQL a stop that is under way is waited for, and one that comes later waits. So does
    a claim: what it took between reading and withdrawing would be made anew and told twice.
    """
    rows = await q.over(
        f"""with rows(id bigint)
            select number.id, number.state, number.stopped_at, part.ground,
                   part.ground = 'consent' or part.ground = 'reply' and part.consent_rev > 0
                       as of_a_child,
                   number.consent_rev <> part.consent_rev as moved
            from rows join part on part.id = rows.id join number on number.id = part.number_id
            {q.only(postgresql="order by number.id for no key update of number")}""",
        sorted((part_id,) for part_id in part_ids),
    )
    stopped = {row["id"]: row["stopped_at"] for row in rows if row["state"] in _STOPPED}
    changed = {
        row["id"]
        for row in rows
        if (row["of_a_child"] and row["moved"])
        or (row["ground"] in _NEED_AN_OPEN_NUMBER and row["state"] != "open")
    }
    if still := changed - stopped.keys():
        await withdraw(q, still, now=now)
    for number_id, stopped_at in sorted(stopped.items()):
        await everything(q, number_id, now=now, before=stopped_at)


async def _unsent_messages(q: Queries, numbers: list[tuple[int]]) -> list[tuple[int]]:
    """Those of which nothing has left: what is repeated after a doubt may have arrived."""
    rows = await q.over(
        """with rows(number_id bigint)
           select distinct part.message_id
           from rows join part on part.number_id = rows.number_id
           where (part.state = 'queued' or part.state = 'retry') and part.ground = 'consent'
             and not exists (select 1 from part other where other.message_id = part.message_id
                             and (other.state not in ('queued', 'retry')
                                  or other.attempts > 0 and exists (
                                      select 1 from decision d where d.part_id = other.id
                                        and d.decision = 'repeat')))""",
        numbers,
    )
    return sorted((row["message_id"],) for row in rows)


async def _silence(q: Queries, numbers: list[tuple[int]], why: Silence) -> None:
    await q.over(
        f"""with rows(number_id bigint)
            update line set state = 'silent', reason = :why
            where {_WAITING} and not {_ALLOWED}""",
        numbers,
        why=str(why),
    )


async def _stand_on_what_holds(q: Queries, numbers: list[tuple[int]]) -> None:
    """Lines that wait name a consent that is still there, not one that was revoked or renewed."""
    await q.over(
        f"""with rows(number_id bigint)
            update line set ledger_id = {_LEDGER_ID} where {_WAITING}""",
        numbers,
    )


async def _answers(q: Queries, numbers: list[tuple[int]], *, now: int) -> None:
    """Answers that tell of a child, written before a consent of their number changed."""
    cut = await q.over(
        """with rows(number_id bigint)
           update part set state = 'withdrawn', done_at = :now
           where (part.state = 'queued' or part.state = 'retry') and part.ground = 'reply'
             and part.number_id in (select number_id from rows) and part.consent_rev > 0
             and part.consent_rev <> (select number.consent_rev from number
                                      where number.id = part.number_id)
           returning part.message_id""",
        numbers,
        now=now,
    )
    await outbox.fold(q, [row["message_id"] for row in cut], now=now)


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
