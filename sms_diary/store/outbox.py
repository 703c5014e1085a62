"""Messages and their parts on the way out: putting in, settling, closing.

What is taken to be sent is `claiming.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries
from sms_diary.model import FINAL, Failure, Ground, PartState
from sms_diary.provider_id import canonical
from sms_diary.store import lines, welcome
from sms_diary.store.tools import Tools
from sms_diary.values import value

SEVERAL = "several"
"""Stands for the topic of a message whose lines are of more than one."""


@value
class NewMessage:
    """A composed text with what allows it; `parts` and `turns` are as long as each other."""

    school_id: int
    guardian_id: int | None
    number_id: int
    consent_rev: int
    ground: Ground
    ledger_id: int | None
    inbound_id: int | None
    text: str
    alphabet: str
    turns: tuple[int, ...]
    udh_ref: int
    level: str
    lane: int
    route: str
    expires: int
    line_ids: tuple[int, ...] = ()
    closes: int | None = None
    """When the hours end in which it may leave (epoch milliseconds); None: at any hour."""
    whole: bool = False
    """The operator cuts it: one part for all of it, with seq 0."""
    segments: int = 0
    """SMS that the operator bills where it cuts the text; 0: as many as parts."""
    topic: str = ""
    """Of its lines; `SEVERAL` where they differ, "" where it tells none."""
    class_id: int = 0
    """Of its first line; 0: none."""


async def add(q: Queries, tools: Tools, messages: Sequence[NewMessage], *, now: int) -> list[int]:
    """Queue the messages and take their lines; the message ids, in order."""
    ids = tools.ids.many(len(messages))
    pairs = list(zip(ids, messages, strict=True))
    await q.insert(
        "message",
        "id, school_id, guardian_id, number_id, ground, ledger_id, inbound_id, text, alphabet,"
        " parts, segments, level, state, created_at, expires, topic, class_id",
        [
            (
                message_id, m.school_id, m.guardian_id, m.number_id, str(m.ground), m.ledger_id,
                m.inbound_id, tools.vault.seal(m.text, "message.text", message_id), m.alphabet,
                len(m.turns), m.segments or len(m.turns), m.level, "open", now, m.expires,
                m.topic, m.class_id,
            )
            for message_id, m in pairs
        ],
    )  # fmt: skip
    part_ids = iter(tools.ids.many(sum(len(m.turns) for m in messages)))
    await q.insert(
        "part",
        "id, message_id, school_id, number_id, seq, total, udh_ref, route, lane, turn, ground,"
        " consent_rev, expires, closes, state",
        [
            (
                next(part_ids), message_id, m.school_id, m.number_id, seq, len(m.turns), m.udh_ref,
                m.route, m.lane, turn, str(m.ground), m.consent_rev, m.expires, m.closes,
                "queued",
            )
            for message_id, m in pairs
            for seq, turn in enumerate(m.turns, 0 if m.whole else 1)
        ],
    )  # fmt: skip
    await q.over(
        """with rows(id bigint, message_id bigint)
           update line set state = 'taken', message_id = rows.message_id from rows
           where line.id = rows.id""",
        sorted((line_id, message_id) for message_id, m in pairs for line_id in m.line_ids),
    )
    return ids


@value
class Settled:
    """What a part becomes after an answer, or the lack of one."""

    part_id: int
    state: PartState
    provider_id: str = ""
    failure: Failure | None = None
    code: str = ""
    due: int | None = None
    attempt_counts: bool = True


async def settle(q: Queries, settled: Sequence[Settled], *, owner: str, now: int) -> None:
    """Write the outcomes of parts that `owner` had claimed: `sending`, or in doubt since.

    A part that a receipt has brought further meanwhile is left as it is, and so is one that
    another process has claimed again.
    """
    await q.over(
        """with rows(id bigint, state text, provider_id text, provider_key text, failure text,
                     code text, due bigint, back bigint, done_at bigint)
           update part set state = rows.state, provider_id = rows.provider_id,
               provider_key = rows.provider_key, failure = rows.failure, code = rows.code,
               due = rows.due, attempts = attempts - rows.back, done_at = rows.done_at,
               sent_at = case when rows.state in ('sent', 'doubt') then claimed_at end
           from rows where part.id = rows.id and part.owner = :owner
             and part.state in ('sending', 'doubt')""",
        sorted(
            (
                s.part_id, str(s.state), s.provider_id or None,
                canonical(s.provider_id) if s.provider_id else None,
                str(s.failure) if s.failure else None, s.code or None, s.due,
                0 if s.attempt_counts else 1, now if s.state in FINAL else None,
            )
            for s in settled
        ),
        owner=owner,
    )  # fmt: skip


async def attempts(q: Queries, part_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """part id -> (attempts so far, expires)."""
    rows = await q.over(
        """with rows(id bigint)
           select part.id, part.attempts, part.expires from rows join part on part.id = rows.id""",
        sorted((part_id,) for part_id in part_ids),
    )
    return {row["id"]: (row["attempts"], row["expires"]) for row in rows}


async def messages_of(q: Queries, part_ids: Sequence[int]) -> list[int]:
    """The messages of these parts."""
    rows = await q.over(
        """with rows(id bigint)
           select distinct part.message_id from rows join part on part.id = rows.id""",
        sorted((part_id,) for part_id in part_ids),
    )
    return [row["message_id"] for row in rows]


async def mark_told(q: Queries, part_ids: Sequence[int]) -> None:
    """The operator took these parts: the lines of their messages count as told."""
    await q.over(
        """with rows(id bigint)
           update line set state = 'told' where line.state = 'taken' and line.message_id in (
               select part.message_id from rows join part on part.id = rows.id)""",
        sorted((part_id,) for part_id in part_ids),
    )


async def close(q: Queries, whole: Sequence[tuple[int, PartState]], *, now: int) -> None:
    """Messages of one part, closed with that part's final state."""
    await q.over(
        """with rows(id bigint, state text)
           update message set state = rows.state, done_at = :now from rows
           where message.id = rows.id and message.state in ('open', 'unknown')""",
        sorted((message_id, str(state)) for message_id, state in whole), now=now,
    )  # fmt: skip
    await welcome.ended(q, whole, now=now)
    await lines.not_told(q, [(message_id, str(state)) for message_id, state in whole])


async def fold(q: Queries, message_ids: Sequence[int], *, now: int) -> list[int]:
    """Close the messages all of whose parts are final; the ids of those closed.

    Delivered means every part was; of other ends the worst names the message.
    """
    ids = [(message_id,) for message_id in sorted(set(message_ids))]
    if q.engine == "postgresql":
        # Whoever folds second must see what the first has written, or neither finds all ended.
        await q.over(
            """with rows(id bigint)
               select message.id from rows join message on message.id = rows.id
               order by message.id for update of message""",
            ids,
        )
    closed = await q.over(
        """with rows(id bigint)
           update message set done_at = :now, state = (
               select case
                   when count(*) = sum(case when state = 'delivered' then 1 else 0 end)
                       then 'delivered'
                   when sum(case when state = 'rejected' then 1 else 0 end) > 0 then 'rejected'
                   when sum(case when state = 'undelivered' then 1 else 0 end) > 0
                       then 'undelivered'
                   when sum(case when state = 'expired' then 1 else 0 end) > 0 then 'expired'
                   when sum(case when state = 'withdrawn' then 1 else 0 end) > 0 then 'withdrawn'
                   else 'unknown' end
               from part where part.message_id = message.id)
           from rows
           where message.id = rows.id and message.state in ('open', 'unknown')
             and not exists (select 1 from part where part.message_id = message.id
                 and part.state in ('queued', 'retry', 'sending', 'doubt', 'sent'))
           returning message.id, message.state""",
        ids, now=now,
    )  # fmt: skip
    ended = [(row["id"], row["state"]) for row in closed]
    await welcome.ended(q, ended, now=now)
    await lines.not_told(q, ended)
    return [row["id"] for row in closed]
