"""What waits for a person, question by question: one answer settles all that ask the same.

What the answer then does is `ingest.imports.resolving`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sms_diary.db import Queries, Row
from sms_diary.model import Source
from sms_diary.phone import mask
from sms_diary.store.tools import Tools
from sms_diary.values import value

PUPIL = frozenset({"ambiguous-pupil", "unknown-pupil"})
CLASS = frozenset({"ambiguous-class", "unknown-class"})
ENTRY = frozenset({"ambiguous-lesson", "ref-conflict"})
CONTACT = frozenset({"two-numbers", "number-changed"})
"""Reasons by what their candidates are: pupils, classes, entries, subscriptions."""
CELL = "cell"
"""A row of which not even the event is certain: nothing can be chosen, the file must be mended."""


@value
class Question:
    """`id` is of the first that asks it, `held` how many do; `candidates` are ids."""

    id: int
    ask: str
    reason: str
    detail: str
    candidates: tuple[int, ...]
    held: int
    at: int


@value
class Waiting:
    """One thing that is held, and the request or file it came in."""

    id: int
    delivery_id: int
    pos: int
    source: Source
    request_id: str
    body: bytes | None
    at: int


async def questions(
    q: Queries, school_id: int, *, after: int = 0, limit: int = 200, reason: str = ""
) -> list[Question]:
    """The school's open questions, the oldest first; of one reason, if it is named."""
    rows = await q.all(
        """select held.*, g.held from quarantine held join (
             select min(id) as id, count(*) as held from quarantine
             where school_id = :school_id and state = 'open'
               and (reason = :reason or :reason = '')
             group by case when ask = '' then 'id ' || id else ask end) g on g.id = held.id
           where held.id > :after order by held.id limit :limit""",
        school_id=school_id,
        after=after,
        limit=limit,
        reason=reason,
    )
    return [_question(row) for row in rows]


async def by_reason(q: Queries, school_id: int) -> dict[str, int]:
    """How many open questions there are of each reason."""
    rows = await q.all(
        """select reason, count(distinct case when ask = '' then 'id ' || id else ask end) as asked
           from quarantine where school_id = :school_id and state = 'open' group by reason""",
        school_id=school_id,
    )
    return {row["reason"]: row["asked"] for row in rows}


async def question(
    q: Queries, school_id: int, quarantine_id: int, *, lock: bool = False
) -> Question | None:
    """The open question that this one asks."""
    row = await q.one(
        f"""select held.*, 1 as held from quarantine held
            where id = :id and school_id = :school_id and state = 'open'
            {q.only(postgresql="for update") if lock else ""}""",
        id=quarantine_id,
        school_id=school_id,
    )
    return _question(row) if row else None


def _question(row: Row) -> Question:
    candidates = tuple(int(one) for one in row["candidates"].split(",") if one)
    return Question(
        row["id"], row["ask"], row["reason"], row["detail"], candidates, row["held"], row["at"]
    )


async def waiting(
    q: Queries, tools: Tools, school_id: int, one: Question, *, limit: int = 1_000_000
) -> list[Waiting]:
    """All that waits for the answer to this question."""
    rows = await q.all(
        """select held.id, held.delivery_id, held.pos, d.source, d.request_id, d.body, d.at
           from quarantine held join delivery d on d.id = held.delivery_id
           where held.school_id = :school_id and held.state = 'open'
             and (held.id = :id or held.ask = :ask and :ask <> '')
           order by held.id limit :limit""",
        school_id=school_id,
        id=one.id,
        ask=one.ask,
        limit=limit,
    )
    opened: dict[int, bytes | None] = {}
    for row in rows:
        if row["delivery_id"] not in opened:
            sealed = row["body"]
            opened[row["delivery_id"]] = (
                tools.vault.open(sealed, "delivery.body", row["delivery_id"]) if sealed else None
            )
    return [
        Waiting(row["id"], row["delivery_id"], row["pos"], Source(row["source"]), row["request_id"],
                opened[row["delivery_id"]], row["at"])
        for row in rows
    ]  # fmt: skip


async def guardian_of(q: Queries, school_id: int, subscription_id: int) -> int | None:
    """Whose subscription this is."""
    row = await q.one(
        "select guardian_id from subscription where id = :id and school_id = :school_id",
        id=subscription_id,
        school_id=school_id,
    )
    return row["guardian_id"] if row else None


async def settle(
    q: Queries, school_id: int, ids: Iterable[int], state: str, *, by: str, now: int
) -> int:
    """These are `resolved` or `dropped`; how many were open."""
    rows = await q.over(
        """with rows(id bigint)
           update quarantine set state = :state, resolved_at = :now, resolved_by = :by
           from rows where quarantine.id = rows.id and school_id = :school_id
             and quarantine.state = 'open' returning quarantine.id""",
        [(one,) for one in sorted(set(ids))],
        school_id=school_id,
        state=state,
        now=now,
        by=by,
    )
    return len(rows)


# ---------------------------------------------------------------- who and what may be meant


async def titles(
    q: Queries, tools: Tools, school_id: int, reason: str, ids: Iterable[int]
) -> dict[int, str]:
    """The candidates of a question in words, those that there still are."""
    keys = [(one,) for one in sorted(set(ids))]
    if reason in PUPIL:
        return await _pupils(q, school_id, keys)
    if reason in CLASS:
        rows = await q.over(
            """with rows(id bigint)
               select class.id, class.name, class.year from rows join class on class.id = rows.id
               where class.school_id = :school_id""",
            keys,
            school_id=school_id,
        )
        return {row["id"]: f"{row['name']} ({row['year']})" for row in rows}
    if reason in CONTACT:
        return await _contacts(q, tools, school_id, keys)
    rows = await q.over(
        """with rows(id bigint)
           select entry.id, subject, work, lesson, day, value from rows
           join entry on entry.id = rows.id where entry.school_id = :school_id""",
        keys,
        school_id=school_id,
    )
    return {row["id"]: _entry(row) for row in rows}


def _entry(row: Row) -> str:
    lesson = f", урок {row['lesson']}" if row["lesson"] >= 0 else ""
    work = f", {row['work']}" if row["work"] else ""
    return f"{row['subject']} {row['day']}{lesson}{work}: {row['value']}"


async def _pupils(q: Queries, school_id: int, keys: list[tuple[int]]) -> dict[int, str]:
    rows = await q.over(
        """with rows(id bigint)
           select pupil.id, pupil.full_name, pupil.birth_date from rows
           join pupil on pupil.id = rows.id
           where pupil.school_id = :school_id and pupil.full_name is not null""",
        keys,
        school_id=school_id,
    )
    return {row["id"]: row["full_name"] + _born(row["birth_date"]) for row in rows}


def _born(day: str | None) -> str:
    return f", р. {date.fromisoformat(day):%d.%m.%Y}" if day else ""


async def _contacts(
    q: Queries, tools: Tools, school_id: int, keys: list[tuple[int]]
) -> dict[int, str]:
    rows = await q.over(
        """with rows(id bigint)
           select s.id, g.full_name, g.number_id, n.sealed from rows
           join subscription s on s.id = rows.id join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id
           where s.school_id = :school_id and n.erased_at is null""",
        keys,
        school_id=school_id,
    )
    return {
        row["id"]: f"{row['full_name'] or 'родитель'}, "
        + mask(tools.vault.text(row["sealed"], "number.sealed", row["number_id"]))
        for row in rows
    }
