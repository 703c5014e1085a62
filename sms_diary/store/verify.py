"""Whether a school's ledger is what was written: its chain, and the evidence that still stands."""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries, Row
from sms_diary.errors import KeyMismatch
from sms_diary.store import ledger
from sms_diary.store.chain import Broken, Fault, Head, committed
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Verdict:
    """`rows` by the head row; `kept`: how many of those before the break have their evidence.

    `cut`: the rows up to this one were destroyed, their time was over; 0 where none was.
    """

    school_id: int
    rows: int
    kept: int
    broken: Broken | None
    cut: int = 0


async def verify(
    q: Queries, tools: Tools, school_id: int, published: Iterable[Head] = ()
) -> Verdict:
    """Walk the chain, then the evidence up to where the chain holds; a page in memory at a time.

    Run it in one reading transaction: rows that are being added are then no break.
    """
    broken = await ledger.first_broken(q, school_id, published)
    end = await ledger.head(q, school_id)
    kept, false = await _evidence(q, tools, school_id, broken.seq if broken else 2**62)
    if false is not None:
        broken = Broken(school_id, false, Fault.EVIDENCE)
    start = await ledger.checkpoint(q, school_id)
    rows, cut = (end.seq or 0) if end else 0, (start.seq or 0) if start else 0
    return Verdict(school_id, rows, kept, broken, cut)


async def _evidence(q: Queries, tools: Tools, school_id: int, until: int) -> tuple[int, int | None]:
    """How many rows below `until` have their evidence, and the first whose evidence is false."""
    kept = seq = 0
    while rows := await _page(q, school_id, seq, until):
        for row in rows:
            [commitment] = ledger.words(q, row, "commitment")
            if opened(tools, row, school_id, commitment) is None:
                return kept, row["seq"]
            kept += 1
        seq = rows[-1]["seq"]
    return kept, None


async def _page(q: Queries, school_id: int, after: int, until: int) -> list[Row]:
    return list(
        await q.all(
            f"""select {ledger.columns(q, "ledger", ("seq", "commitment"))}, {EVIDENCE}
                from ledger join evidence on evidence.ledger_id = ledger.id
                where ledger.school_id = :school_id and ledger.seq > :after and ledger.seq < :until
                order by ledger.seq limit :limit""",
            school_id=school_id,
            after=after,
            until=until,
            limit=ledger.PAGE,
        )
    )


EVIDENCE = """evidence.ledger_id, evidence.salt, evidence.sealed,
    evidence.school_id as held_by"""
"""What `opened` needs of the evidence of a row."""


def opened(tools: Tools, row: Row, school_id: int, commitment: str) -> bytes | None:
    """The exact bytes of the evidence; None if they are not what the row commits to."""
    if row["held_by"] != school_id:
        return None
    try:
        proof = tools.vault.open(row["sealed"], "evidence.sealed", row["ledger_id"])
    except KeyMismatch:
        return None
    return proof if committed(row["salt"], proof) == commitment else None
