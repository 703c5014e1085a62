"""Requests: what a paper allows to send to a number before its owner has said anything.

A question («включить?») that «ДА» or «НЕТ» answers, or a welcome. At most one question is open for
a number, whichever school asks. Asking one is `questions.py`'s, the welcome's rows `welcome.py`'s,
when and with which words they leave is for the loop.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.clock import HOUR
from sms_diary.db import Queries
from sms_diary.store import outbox, welcome
from sms_diary.values import value

ANSWER_WITHIN = 72 * HOUR
"""An answer counts for so long after the question was handed over (school.md §6)."""


@value
class OpenRequest:
    """The question that a number has to answer."""

    id: int
    school_id: int
    guardian_id: int
    subscription_ids: tuple[int, ...]
    """The children it is about."""
    reception: str
    """The number that the answer comes to, as the route names it; "": the sender of the text."""
    until: int
    """An answer after that moment is none."""
    ledger_id: int
    """The paper that allowed to ask."""


async def open_of_number(q: Queries, number_id: int) -> OpenRequest | None:
    """The one open question of a number; whoever acts on it looks at `until` itself."""
    row = await q.one(
        """select r.id, r.school_id, r.guardian_id, r.reception, r.until, r.ledger_id,
                  r.reminded_at, (select min(p.sent_at) from part p
                                  where p.message_id = r.message_id) as sent_at
           from request r
           where r.number_id = :number_id and r.state = 'open' and r.kind = 'question'""",
        number_id=number_id,
    )
    if row is None:
        return None
    pupils = await q.all(
        """select subscription_id from request_pupil where request_id = :id
           order by subscription_id""",
        id=row["id"],
    )
    until = row["until"]
    if row["sent_at"] is not None and row["reminded_at"] is None:
        # Handed over, and the loop may not have noted it yet.
        until = min(until, row["sent_at"] + ANSWER_WITHIN)
    return OpenRequest(
        row["id"], row["school_id"], row["guardian_id"],
        tuple(one["subscription_id"] for one in pupils),
        row["reception"], until, row["ledger_id"],
    )  # fmt: skip


async def answered(q: Queries, request_id: int, *, now: int) -> bool:
    """The open question has its answer; False if it was open no more. A next one may go now."""
    return await close(q, request_id, "answered", now=now)


async def close(q: Queries, request_id: int, state: str, *, now: int) -> bool:
    """End a request with `answered`, `late` or `dropped`; what is queued for it goes too."""
    row = await q.one(
        """update request set state = :state where id = :id and state in ('waiting', 'open')
           returning message_id""",
        id=request_id,
        state=state,
    )
    if row is None:
        return False
    await _take_back(q, [row["message_id"]], now=now)
    return True


async def drop_of_number(q: Queries, number_id: int, *, now: int) -> None:
    """Nothing is asked of this number any more, and no welcome goes to it, from any school."""
    await _drop(q, [number_id], now=now)


async def drop_of_guardian(q: Queries, guardian_id: int, *, now: int) -> None:
    """The same for one guardian, whose number was changed."""
    dropped = await q.all(
        """update request set state = 'dropped'
           where guardian_id = :id and state in ('waiting', 'open') returning message_id""",
        id=guardian_id,
    )
    await _take_back(q, [row["message_id"] for row in dropped], now=now)


async def drop_of_closed(q: Queries, number_ids: Iterable[int], *, now: int) -> None:
    """The same for those of the numbers that may not be written to."""
    await _drop(q, number_ids, now=now, only="number.state <> 'open'")


async def _drop(q: Queries, number_ids: Iterable[int], *, now: int, only: str = "true") -> None:
    rows = [(number_id,) for number_id in sorted(set(number_ids))]
    await q.over(
        f"""with rows(id bigint)
            update request set state = 'dropped'
            where request.state in ('waiting', 'open') and request.guardian_id in (
                select guardian.id from rows join number on number.id = rows.id
                join guardian on guardian.number_id = number.id where {only})""",
        rows,
    )
    cut = await q.over(
        f"""with rows(id bigint)
            update part set state = 'withdrawn', done_at = :now
            where part.state in ('queued', 'retry') and part.ground = 'request'
              and part.number_id in (
                select number.id from rows join number on number.id = rows.id where {only})
            returning part.message_id""",
        rows,
        now=now,
    )
    await outbox.fold(q, [row["message_id"] for row in cut], now=now)


async def welcomed(q: Queries, guardian_ids: Iterable[int], *, now: int) -> None:
    """These guardians have written themselves: what was held is told, and no welcome goes."""
    guardians = sorted(set(guardian_ids))
    ended = await q.over(
        """with rows(id bigint)
           update request set state = 'answered' from rows
           where request.guardian_id = rows.id and request.kind = 'welcome'
             and request.state in ('waiting', 'open')
           returning request.message_id""",
        [(guardian_id,) for guardian_id in guardians],
    )
    await _take_back(q, [row["message_id"] for row in ended], now=now)
    await welcome.release(q, guardians, now=now)


async def _take_back(q: Queries, message_ids: Iterable[int | None], *, now: int) -> None:
    """Withdraw of these messages what has not left."""
    ids = sorted({(message_id,) for message_id in message_ids if message_id is not None})
    cut = await q.over(
        """with rows(id bigint)
           update part set state = 'withdrawn', done_at = :now from rows
           where part.message_id = rows.id and part.state in ('queued', 'retry')
           returning part.message_id""",
        ids,
        now=now,
    )
    await outbox.fold(q, [row["message_id"] for row in cut], now=now)
