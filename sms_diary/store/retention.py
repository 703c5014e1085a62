"""What time destroys: texts and raw bytes past their school's period, and old ledger rows.

Everything goes in small steps, each one transaction: a sweep repeats `step` until nothing is
left to do. What stays of a message or a request is what happened to it; what stays of a ledger is
its checkpoint. What was destroyed is recorded with it (`destruction.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.clock import DAY
from sms_diary.db import Queries, Row
from sms_diary.store import destruction, imports, ledger, parent
from sms_diary.store.chain import Link, Walk
from sms_diary.store.destruction import Counts, Kind, What
from sms_diary.store.ledger import NO_SCHOOL
from sms_diary.store.tools import Tools
from sms_diary.values import value

BATCH = 500
"""Rows that one step touches in one table."""
LEAST = 7 * DAY
"""Nothing younger goes, whatever a school has set: by then every message has come to its end, and a
repeated request can still be told from another one."""
_TEXTS = "срок хранения текстов истёк"
_LEDGER = "срок хранения записей о согласиях истёк"


@value
class Period:
    """For how long a school keeps things, milliseconds; `ledger` 0: for ever."""

    school_id: int
    texts: int
    ledger: int


async def periods(q: Queries) -> list[Period]:
    """Of every school, and of what belongs to none: as long as the school that keeps it least.

    An SMS that came in may be about any of them, and so may a receipt.
    """
    rows = await q.all("select id, retention, ledger_retention from school order by id")
    found = [Period(row["id"], row["retention"], row["ledger_retention"]) for row in rows]
    if not found:
        return []
    return [Period(NO_SCHOOL, min(one.texts for one in found), 0), *found]


async def step(q: Queries, tools: Tools, period: Period, *, now: int) -> bool:
    """Destroy a little of what is past its period; False when nothing was left."""
    before = now - max(period.texts, LEAST)
    if period.school_id == NO_SCHOOL:
        await parent.sweep(q, now=now)
        counts, more = await _of_no_school(q, before)
    else:
        counts, more = await _of_school(q, period.school_id, before)
    if any(counts.values()):
        await destruction.record_by_time(
            q, tools, period.school_id, Kind.RETENTION, counts, _TEXTS, now=now
        )
    cut = period.ledger > 0 and await _cut(q, tools, period, now=now)
    return more or cut


async def _of_school(q: Queries, school_id: int, before: int) -> tuple[Counts, bool]:
    messages, more = await _in_order(
        q, "message", "text = null", school_id, before,
        at="created_at", own="school_id = :school_id and", only="text is not null",
    )  # fmt: skip
    requests = await _indexed(q, "delivery", "at", school_id, before)
    reports = await _indexed(q, "import", "at", school_id, before)
    await imports.forget(q, school_id, before)
    entries = await _indexed(q, "entry", "arrived_at", school_id, before)
    counts = {What.MESSAGES: messages, What.BODIES: requests + reports, What.ENTRIES: entries}
    return counts, more or BATCH in {requests, reports, entries}


async def _of_no_school(q: Queries, before: int) -> tuple[Counts, bool]:
    inbound, more_inbound = await _in_order(
        q, "inbound", "text = null, raw = null", NO_SCHOOL, before,
        only="state <> 'new' and (text is not null or raw is not null)",
    )  # fmt: skip
    receipts, more_receipts = await _in_order(
        q, "receipt", "raw = null", NO_SCHOOL, before, only="raw is not null"
    )
    unowned, more = await _in_order(
        q, "message", "text = null", NO_SCHOOL, before,
        at="created_at", own=f"school_id = {NO_SCHOOL} and", only="text is not null",
    )  # fmt: skip
    counts = {What.INBOUND: inbound, What.RECEIPTS: receipts, What.MESSAGES: unowned}
    return counts, more_inbound or more_receipts or more


async def _in_order(
    q: Queries, table: str, what: str, school_id: int, before: int, *,
    only: str, at: str = "at", own: str = "",
) -> tuple[int, bool]:  # fmt: skip
    """Go on in a table whose ids are in the order of time; how many, and whether there is more.

    What is done is remembered, so no step reads again what an earlier one has destroyed, and the
    table needs no index for this.
    """
    done = await q.one(
        "select upto from swept where school_id = :school_id and what = :what",
        school_id=school_id,
        what=table,
    )
    rows = await q.all(
        f"""select id, {at} as at from {table} where {own} id > :upto
            order by id limit :limit""",
        upto=done["upto"] if done else 0,
        limit=BATCH,
        **({"school_id": school_id} if ":school_id" in own else {}),
    )
    old = _oldest(rows, before)
    if not old:
        return 0, False
    changed = await q.over(
        f"""with rows(id bigint)
            update {table} set {what} from rows where {table}.id = rows.id and ({only})
            returning {table}.id""",
        [(row["id"],) for row in old],
    )
    await q.run(
        """insert into swept (school_id, what, upto) values (:school_id, :what, :upto)
           on conflict (school_id, what) do update set upto = excluded.upto""",
        school_id=school_id,
        what=table,
        upto=old[-1]["id"],
    )
    return len(changed), len(old) == BATCH


def _oldest(rows: Sequence[Row], before: int) -> list[Row]:
    """Those from the first on that are past their period; the rest is looked at again later."""
    for place, row in enumerate(rows):
        if row["at"] > before:
            return list(rows[:place])
    return list(rows)


async def _indexed(q: Queries, table: str, at: str, school_id: int, before: int) -> int:
    """The bodies of a table that has an index of those that are still there."""
    return await q.run(
        f"""update {table} set body = null where id in (
                select id from {table}
                where school_id = :school_id and {at} <= :before and body is not null
                order by {at} limit :limit)""",
        school_id=school_id,
        before=before,
        limit=BATCH,
    )


# ---------------------------------------------------------------- the ledger


async def _cut(q: Queries, tools: Tools, period: Period, *, now: int) -> bool:
    """Destroy the oldest rows of the school's chain, a page at most; whether there is more.

    The checkpoint comes first, or the database refuses.
    """
    rows = await _prefix(q, period.school_id, now - period.ledger)
    if not rows:
        return False
    last = rows[-1]
    await q.run(
        """insert into ledger_checkpoint (school_id, seq, hash, at)
           values (:school_id, :seq, :hash, :now)""",
        school_id=period.school_id,
        seq=last.seq,
        hash=last.hash,
        now=now,
    )
    for statement in (
        "delete from evidence where ledger_id in (select id from rows)",
        "delete from ledger where id in (select id from rows)",
    ):
        await q.over(f"with rows(id bigint) {statement}", [(row.id,) for row in rows])
    counts = {What.LEDGER_ROWS: len(rows)}
    await destruction.record_by_time(
        q, tools, period.school_id, Kind.LEDGER, counts, _LEDGER, now=now
    )
    return len(rows) == ledger.PAGE


async def _prefix(q: Queries, school_id: int, before: int) -> list[Link]:
    """The first rows of the chain that may go, in order.

    None that a consent stands on which is asked for or active, none that does not hold or comes
    after one that does not (who looks for the break must find it), and never the last of all.
    """
    rows = await ledger.page(q, school_id, None)
    end = await ledger.head(q, school_id)
    standing = await _standing(q, school_id)
    walk = Walk(school_id, (), await ledger.checkpoint(q, school_id))
    found = []
    for row in rows:
        last = end is None or row.seq == end.seq
        if last or walk.step(row) or row.at > before or row.id in standing:
            break
        found.append(row)
    return found


async def _standing(q: Queries, school_id: int) -> set[int]:
    rows = await q.all(
        """select ledger_id from consent
           where school_id = :school_id and state in ('asked', 'active')""",
        school_id=school_id,
    )
    return {row["ledger_id"] for row in rows}
