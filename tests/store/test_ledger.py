"""The consent ledger: whole while nobody touched it, broken where somebody did."""

from __future__ import annotations

import asyncio

import pytest

from sms_diary.db import Database
from sms_diary.store import ledger
from sms_diary.store.tools import Tools
from tests.seeding import act, phone

SCHOOL, OTHER = 5, 6


async def _append(db: Database, tools: Tools, count: int, school: int = SCHOOL) -> list[int]:
    acts = [act(phone(n)) for n in range(count)]
    async with db.transaction() as q:
        return await ledger.append(q, tools, school, acts, now=1)


async def _broken(db: Database, school: int = SCHOOL) -> int | None:
    async with db.reading() as q:
        return await ledger.first_broken(q, school)


async def _behind_the_guards(db: Database, sql: str) -> None:
    """Run SQL as somebody would who has the database in his hands."""
    async with db.transaction() as q:
        for name in ("ledger_keeps_rows", "ledger_loses_nothing"):
            await q.run(
                q.only(
                    sqlite=f"drop trigger if exists {name}",
                    postgresql=f"drop trigger if exists {name} on ledger",
                )
            )
        await q.run(sql)


async def test_a_chain_is_whole_and_each_school_has_its_own(db: Database, tools: Tools) -> None:
    assert await _broken(db) is None
    await _append(db, tools, 3)
    await _append(db, tools, 2, OTHER)
    ids = await _append(db, tools, 2)
    assert ids == sorted(ids)
    assert await _broken(db) is None
    assert await _broken(db, OTHER) is None
    async with db.reading() as q:
        rows = await q.all("select school_id, seq from ledger order by school_id, seq")
    assert [(row["school_id"], row["seq"]) for row in rows] == [
        (SCHOOL, 1), (SCHOOL, 2), (SCHOOL, 3), (SCHOOL, 4), (SCHOOL, 5), (OTHER, 1), (OTHER, 2),
    ]  # fmt: skip


async def test_writers_at_the_same_time_make_one_chain(db: Database, tools: Tools) -> None:
    await asyncio.gather(*(_append(db, tools, 3) for _ in range(8)))
    assert await _broken(db) is None
    async with db.reading() as q:
        row = await q.one("select count(*) as n, max(seq) as last from ledger")
    assert row is not None
    assert (row["n"], row["last"]) == (24, 24)


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'никто'",
        "action = 'given!'",
        "at = 2",
        "scope = '*'",
        "subject = 'x'",
        "commitment = 'x'",
        "hash = prev",
        "prev = 'x'",
    ],
)
async def test_an_altered_row_is_found(db: Database, tools: Tools, change: str) -> None:
    await _append(db, tools, 5)
    await _behind_the_guards(db, f"update ledger set {change} where seq = 3")
    assert await _broken(db) == 3


async def test_a_row_taken_out_of_the_middle_is_found(db: Database, tools: Tools) -> None:
    await _append(db, tools, 5)
    await _behind_the_guards(db, "delete from evidence")
    await _behind_the_guards(db, "delete from ledger where seq = 3")
    assert await _broken(db) == 3


async def test_a_cut_tail_is_found_by_the_head(db: Database, tools: Tools) -> None:
    await _append(db, tools, 5)
    await _behind_the_guards(db, "delete from evidence")
    await _behind_the_guards(db, "delete from ledger where seq > 3")
    assert await _broken(db) == 4


async def test_a_chain_without_its_head_is_not_whole(db: Database, tools: Tools) -> None:
    await _append(db, tools, 2)
    await _behind_the_guards(db, "delete from ledger_head")
    assert await _broken(db) == 3


async def test_a_rebuilt_chain_is_found_by_the_head_that_was_published(
    db: Database, tools: Tools
) -> None:
    await _append(db, tools, 3)
    async with db.reading() as q:
        before = await q.one("select hash from ledger_head where school_id = 5")
    await _behind_the_guards(db, "delete from evidence")
    await _behind_the_guards(db, "delete from ledger")
    await _behind_the_guards(db, "delete from ledger_head")
    await _append(db, tools, 3)
    async with db.reading() as q:
        after = await q.one("select hash from ledger_head where school_id = 5")
    assert await _broken(db) is None
    assert before is not None
    assert after is not None
    assert before["hash"] != after["hash"]


async def test_evidence_can_be_read_by_its_school_and_erased(db: Database, tools: Tools) -> None:
    [first, second] = await _append(db, tools, 2)
    async with db.reading() as q:
        assert await ledger.evidence(q, tools, SCHOOL, first) == {"source": "форма SMS-1"}
        assert await ledger.evidence(q, tools, OTHER, first) == {}
    async with db.transaction() as q:
        await q.run("delete from evidence where ledger_id = :id", id=first)
    async with db.reading() as q:
        assert await ledger.evidence(q, tools, SCHOOL, first) == {}
        assert await ledger.evidence(q, tools, SCHOOL, second) != {}
    assert await _broken(db) is None


async def test_the_ledger_holds_no_number_and_no_evidence_in_clear(
    db: Database, tools: Tools
) -> None:
    await _append(db, tools, 1)
    async with db.reading() as q:
        rows = [*await q.all("select * from ledger"), *await q.all("select * from evidence")]
    seen = b"".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
    )
    assert phone(0).encode() not in seen
    assert "форма".encode() not in seen
