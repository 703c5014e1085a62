"""What was destroyed, when, by whom and why: rows that tell of no person, kept for their acts.

Приказ РКН № 179 of 28.10.2022 asks for an act and an extract of the log, kept for three years. The
page to print is `reports/person/act.py`'s. Who destroys what is `persons/`'s and `retention.py`'s.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from sms_diary.clock import DAY
from sms_diary.db import Queries, Row
from sms_diary.store.tools import Tools
from sms_diary.values import value

BY_TIME = "срок хранения"
"""The actor of what time does."""


class Kind(StrEnum):
    """What a destruction was; the schema refuses other words."""

    GUARDIAN = "guardian"
    """A guardian of one school."""
    NUMBER = "number"
    """What belongs to a number and to no school."""
    PUPIL = "pupil"
    RETENTION = "retention"
    LEDGER = "ledger"


class What(StrEnum):
    """What can be destroyed, in the order in which an act names it."""

    NUMBERS = "numbers"
    GUARDIANS = "guardians"
    PUPILS = "pupils"
    ENTRIES = "entries"
    MESSAGES = "messages"
    INBOUND = "inbound"
    RECEIPTS = "receipts"
    EVIDENCE = "evidence"
    BODIES = "bodies"
    ANSWERS = "answers"
    LEDGER_ROWS = "ledger-rows"


Counts = Mapping[What, int]
"""What -> how many."""


@value
class Order:
    """Who destroys, and on what ground; `document` is the number of the paper, "" for none."""

    by: str
    ground: str
    document: str = ""


@value
class Destruction:
    """One row; `at` is epoch milliseconds."""

    id: int
    school_id: int
    at: int
    kind: Kind
    subject: str
    counts: Counts
    actor: str
    ground: str
    document: str


async def record(
    q: Queries, tools: Tools, school_id: int, kind: Kind, *, subject: str, counts: Counts,
    order: Order, now: int,
) -> int:  # fmt: skip
    """In the transaction that destroys; the id of the act. `subject` names ids of ours only."""
    destruction_id = tools.ids.new()
    await q.insert(
        "destruction",
        "id, school_id, at, kind, subject, counts, actor, ground, document",
        [(
            destruction_id, school_id, now, str(kind), subject, _json(counts), order.by,
            order.ground, order.document,
        )],
    )  # fmt: skip
    return destruction_id


async def record_by_time(
    q: Queries, tools: Tools, school_id: int, kind: Kind, counts: Counts, ground: str, *, now: int
) -> None:
    """The same for what a sweep does in many steps: one row a school, kind and 24 hours."""
    row = await q.one(
        """select id, counts from destruction
           where school_id = :school_id and kind = :kind and at > :since
           order by id desc limit 1""",
        school_id=school_id,
        kind=str(kind),
        since=now - DAY,
    )
    if row is None:
        order = Order(BY_TIME, ground)
        await record(q, tools, school_id, kind, subject="", counts=counts, order=order, now=now)
        return
    summed = Counter(_counts(row)) + Counter(counts)
    await q.run(
        "update destruction set counts = :counts where id = :id",
        counts=_json(summed),
        id=row["id"],
    )


async def one(q: Queries, destruction_id: int, school_id: int | None) -> Destruction | None:
    """A row; None if there is none, or not of this school (None: of any)."""
    row = await q.one("select * from destruction where id = :id", id=destruction_id)
    if row is None or school_id not in (None, row["school_id"]):
        return None
    return _destruction(row)


async def latest(q: Queries, school_id: int | None, limit: int) -> list[Destruction]:
    """The last rows of a school (None: of all), newest first."""
    rows = await q.all(
        f"""select * from destruction where {"true" if school_id is None else "school_id = :at"}
            order by id desc limit :limit""",
        limit=limit,
        **({} if school_id is None else {"at": school_id}),
    )
    return [_destruction(row) for row in rows]


def _json(counts: Counts) -> str:
    return json.dumps({str(what): counts[what] for what in counts if counts[what]}, sort_keys=True)


def _counts(row: Row) -> Counts:
    return {What(what): count for what, count in json.loads(row["counts"]).items()}


def _destruction(row: Row) -> Destruction:
    return Destruction(
        row["id"], row["school_id"], row["at"], Kind(row["kind"]), row["subject"],
        _counts(row), row["actor"], row["ground"], row["document"],
    )  # fmt: skip
