"""The consent ledger: whole while nobody touched it, broken where somebody did."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc

import pytest

from sms_diary.db import Database
from sms_diary.logs import mask
from sms_diary.reports import heads
from sms_diary.store import ledger, verify
from sms_diary.store.chain import Broken, Fault, Head, committed
from sms_diary.store.ledger import Action
from sms_diary.store.tools import Tools
from sms_diary.store.verify import Verdict
from tests.seeding import act, phone

SCHOOL, OTHER = 5, 6


async def _append(db: Database, tools: Tools, count: int, school: int = SCHOOL) -> list[int]:
    acts = [act(phone(n)) for n in range(count)]
    async with db.transaction() as q:
        return await ledger.append(q, tools, school, acts, now=1)


async def _verify(db: Database, tools: Tools, *published: Head, school: int = SCHOOL) -> Verdict:
    async with db.reading() as q:
        return await verify.verify(q, tools, school, published)


async def _broken(db: Database, tools: Tools, *published: Head) -> Broken | None:
    return (await _verify(db, tools, *published)).broken


async def _head(db: Database) -> Head:
    async with db.reading() as q:
        found = await ledger.head(q, SCHOOL)
    assert found is not None
    return found


async def _behind_the_guards(db: Database, *statements: str) -> None:
    """Run SQL as somebody would who has the database in his hands."""
    async with db.transaction() as q:
        if q.engine == "postgresql":
            await q.run("set local session_replication_role = replica")
        else:
            for name in ("ledger_keeps_rows", "ledger_loses_nothing"):
                await q.run(f"drop trigger if exists {name}")
        for statement in statements:
            await q.run(statement)


async def _cut(db: Database, after: int) -> None:
    """Take the rows after this one away, with all that could tell of them."""
    await _behind_the_guards(
        db,
        f"""delete from evidence
            where ledger_id in (select id from ledger where seq > {after} and school_id = 5)""",
        f"delete from ledger where seq > {after} and school_id = 5",
        f"""update ledger_head set seq = {after}, hash = coalesce(
                (select hash from ledger where seq = {after} and school_id = 5),
                '{"0" * 64}') where school_id = 5""",
    )


# ---------------------------------------------------------------- whole


async def test_a_chain_is_whole_and_each_school_has_its_own(db: Database, tools: Tools) -> None:
    assert await _verify(db, tools) == Verdict(SCHOOL, 0, 0, None)
    await _append(db, tools, 3)
    await _append(db, tools, 2, OTHER)
    ids = await _append(db, tools, 2)
    assert ids == sorted(ids)
    assert await _verify(db, tools) == Verdict(SCHOOL, 5, 5, None)
    assert await _verify(db, tools, school=OTHER) == Verdict(OTHER, 2, 2, None)
    async with db.reading() as q:
        rows = await q.all("select school_id, seq from ledger order by school_id, seq")
        assert await ledger.chains(q) == [SCHOOL, OTHER]
    assert [(row["school_id"], row["seq"]) for row in rows] == [
        (SCHOOL, 1), (SCHOOL, 2), (SCHOOL, 3), (SCHOOL, 4), (SCHOOL, 5), (OTHER, 1), (OTHER, 2),
    ]  # fmt: skip


async def test_writers_at_the_same_time_make_one_chain(db: Database, tools: Tools) -> None:
    await asyncio.gather(*(_append(db, tools, 3) for _ in range(8)))
    assert await _verify(db, tools) == Verdict(SCHOOL, 24, 24, None)


async def test_a_chain_longer_than_a_page_is_read_to_its_end(
    db: Database, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PAGE", 4)
    for count in (3, 1, 4, 1):  # before, at and after the end of a page
        await _append(db, tools, count)
        assert await _broken(db, tools) is None
    for seq in (4, 5, 8, 9):
        await _behind_the_guards(db, f"update ledger set at = at + 1 where seq = {seq}")
        assert await _broken(db, tools) == Broken(SCHOOL, seq, Fault.CHANGED)
        await _behind_the_guards(db, f"update ledger set at = at - 1 where seq = {seq}")


async def test_a_long_chain_needs_no_more_memory_than_a_page(
    db: Database, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PAGE", 50)

    async def peak() -> int:
        tracemalloc.start()
        assert await _broken(db, tools) is None
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    await _append(db, tools, 500)
    await peak()  # statements and caches are made once
    few = await peak()
    await _append(db, tools, 3000)
    assert await peak() < 2 * few


async def test_only_the_closed_list_of_actions_is_taken(db: Database, tools: Tools) -> None:
    async with db.transaction() as q:
        acts = [act(phone(1), action) for action in Action]
        await ledger.append(q, tools, SCHOOL, acts, now=1)
    with pytest.raises(Exception, match=r"(?i)check"):
        async with db.transaction() as q:
            await ledger.append(q, tools, SCHOOL, [act(phone(1), "agreed")], now=1)
    assert (await _verify(db, tools)).rows == len(Action)


# ---------------------------------------------------------------- a row that was changed


@pytest.mark.parametrize(
    ("column", "changed"),
    [
        ("id", "id + 100"),
        ("at", "at + 1"),
        ("action", "'imported'"),
        ("subject", "replace(subject, substr(subject, 9, 1), 'x')"),
        ("scope", "'Subscription'"),
        ("actor", "'Петрова А. Г.'"),
        ("commitment", "replace(commitment, substr(commitment, 9, 1), 'x')"),
        ("prev", "replace(prev, substr(prev, 9, 1), 'x')"),
        ("hash", "replace(hash, substr(hash, 9, 1), 'x')"),
        ("hash", "prev"),
        ("actor", "''"),
    ],
)
async def test_one_byte_of_any_column_is_found(
    db: Database, tools: Tools, column: str, changed: str
) -> None:
    await _append(db, tools, 5)
    await _behind_the_guards(
        db,
        "delete from evidence",  # SQLite keeps it from losing its row
        f"update ledger set {column} = {changed} where seq = 3",
    )
    assert await _broken(db, tools) == Broken(SCHOOL, 3, Fault.CHANGED)


@pytest.mark.parametrize("column", ["at", "action", "actor", "commitment", "hash"])
@pytest.mark.parametrize("bytes_of", ["cast(x'd0ff41' as text)", "x'd0ff41'", "zeroblob(3)"])
async def test_bytes_that_are_no_text_are_found_and_do_not_stop_the_check(
    db: Database, tools: Tools, column: str, bytes_of: str
) -> None:
    if db.engine == "postgresql":
        return  # it keeps nothing in a column that is not of its type
    await _append(db, tools, 5)
    await _behind_the_guards(
        db,
        "pragma ignore_check_constraints = on",
        f"update ledger set {column} = {bytes_of} where seq = 3",
    )
    assert await _broken(db, tools) == Broken(SCHOOL, 3, Fault.CHANGED)


async def test_a_row_that_is_made_anew_does_not_fit_the_next_one(
    db: Database, tools: Tools
) -> None:
    await _append(db, tools, 5)
    async with db.reading() as q:
        third = (await ledger.page(q, SCHOOL, None))[2]
    fields = [*json.loads(third.hashed())]
    fields[7] = "никто"
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    hashed = hashlib.sha256(text.encode()).hexdigest()
    await _behind_the_guards(
        db, f"update ledger set actor = 'никто', hash = '{hashed}' where seq = 3"
    )
    assert await _broken(db, tools) == Broken(SCHOOL, 4, Fault.UNLINKED)


async def test_a_row_taken_out_of_the_middle_is_found(db: Database, tools: Tools) -> None:
    await _append(db, tools, 5)
    await _behind_the_guards(db, "delete from evidence", "delete from ledger where seq = 3")
    assert await _broken(db, tools) == Broken(SCHOOL, 3, Fault.GAP, 4)


@pytest.mark.parametrize(("seq", "place", "fault"), [(0, 1, Fault.GAP), (-7, 1, Fault.GAP),
                                                     (6, 6, Fault.CHANGED)])  # fmt: skip
async def test_a_row_that_was_put_in_is_found(
    db: Database, tools: Tools, seq: int, place: int, fault: Fault
) -> None:
    await _append(db, tools, 5)
    async with db.transaction() as q:
        await q.run(
            """insert into ledger select 1, school_id, :seq, at, action, subject, scope, actor,
                   commitment, prev, hash from ledger where seq = 5""",
            seq=seq,
        )
    found = await _broken(db, tools)
    assert found == Broken(SCHOOL, place, fault, seq if fault is Fault.GAP else None)


async def test_a_row_that_was_moved_to_another_school_is_found_in_both(
    db: Database, tools: Tools
) -> None:
    await _append(db, tools, 3)
    await _append(db, tools, 2, OTHER)
    await _behind_the_guards(db, "update ledger set school_id = 6 where seq = 3")
    assert await _broken(db, tools) == Broken(SCHOOL, 3, Fault.HEAD, 3)
    other = await _verify(db, tools, school=OTHER)
    assert other.broken == Broken(OTHER, 3, Fault.CHANGED)


# ---------------------------------------------------------------- the end of a chain


async def test_a_tail_of_ten_rows_is_missed_by_the_head_row(db: Database, tools: Tools) -> None:
    await _append(db, tools, 25)
    await _behind_the_guards(db, "delete from evidence", "delete from ledger where seq > 15")
    assert await _broken(db, tools) == Broken(SCHOOL, 16, Fault.HEAD, 25)


async def test_a_tail_that_was_cut_off_with_its_head_row_is_found_by_the_published_head(
    db: Database, tools: Tools
) -> None:
    await _append(db, tools, 25)
    await _append(db, tools, 30, OTHER)
    published = await _head(db)
    await _cut(db, 15)
    assert await _broken(db, tools) is None  # alone it shows nothing
    assert await _broken(db, tools, Head(OTHER, 25, published.hash)) is None
    assert await _broken(db, tools, published) == Broken(SCHOOL, 16, Fault.CUT, 25)
    await _cut(db, 0)
    assert await _broken(db, tools, published) == Broken(SCHOOL, 1, Fault.CUT, 25)


async def test_a_chain_without_its_head_row_is_not_whole(db: Database, tools: Tools) -> None:
    await _append(db, tools, 2)
    await _behind_the_guards(db, "delete from ledger_head")
    assert await _broken(db, tools) == Broken(SCHOOL, 3, Fault.HEAD)


@pytest.mark.parametrize(("changed", "other"), [("hash = 'x'", 2), ("seq = 1", 1)])
async def test_a_head_row_that_was_changed_is_found(
    db: Database, tools: Tools, changed: str, other: int
) -> None:
    await _append(db, tools, 2)
    await _behind_the_guards(db, f"update ledger_head set {changed}")
    assert await _broken(db, tools) == Broken(SCHOOL, 3, Fault.HEAD, other)


async def test_a_chain_that_was_made_anew_is_found_by_the_published_head(
    db: Database, tools: Tools
) -> None:
    await _append(db, tools, 5)
    published = await _head(db)
    await _cut(db, 0)
    await _append(db, tools, 5)
    rebuilt = await _head(db)
    assert await _broken(db, tools) is None
    assert await _broken(db, tools, rebuilt) is None
    assert await _broken(db, tools, published) == Broken(SCHOOL, 5, Fault.REBUILT, 0)
    # Published once more after it was done, the first head still tells.
    assert await _broken(db, tools, published, rebuilt) == Broken(SCHOOL, 5, Fault.REBUILT, 0)
    assert await _broken(db, tools, rebuilt, published) == Broken(SCHOOL, 5, Fault.REBUILT, 0)


async def test_a_tail_that_was_made_anew_is_found_after_the_last_head_that_agrees(
    db: Database, tools: Tools
) -> None:
    known = []
    for _ in range(4):
        await _append(db, tools, 3)
        known.append(await _head(db))
    assert await _broken(db, tools, *known) is None
    await _cut(db, 7)
    await _append(db, tools, 8)
    assert await _broken(db, tools, *known) == Broken(SCHOOL, 9, Fault.REBUILT, 6)


# ---------------------------------------------------------------- what is published


async def test_a_published_head_is_read_back_from_lines_and_from_a_log(
    db: Database, tools: Tools
) -> None:
    await _append(db, tools, 3)
    await _append(db, tools, 2, ledger.NO_SCHOOL)
    async with db.reading() as q:
        ends = await ledger.heads(q)
        found = await heads.published(q, now=1_795_507_200_000)
    assert [end.school_id for end in ends] == [ledger.NO_SCHOOL, SCHOOL]
    assert (
        found[1].items() >= {"at": "2026-11-24T08:00:00+00:00", "school_id": "5", "seq": 3}.items()
    )
    lines = "\n".join(map(heads.line, found))
    assert heads.read(lines) == ends
    logged = [{"event": "started"}, *({"event": "consent ledger head"} | one for one in found)]
    assert heads.read("\n\n".join(json.dumps(one) for one in logged)) == ends


def test_a_hash_of_digits_alone_is_not_masked_in_a_log() -> None:
    for digits in ("9" * 64, "79000000001" * 6, "8900000000190000000019" * 3):
        shown = heads.grouped(digits[:64])
        assert mask(shown) == shown
        assert shown.replace(":", "") == digits[:64]


# ---------------------------------------------------------------- evidence


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
    assert await _verify(db, tools) == Verdict(SCHOOL, 2, 1, None)


async def test_a_row_commits_to_the_bytes_of_its_evidence(db: Database, tools: Tools) -> None:
    [first] = await _append(db, tools, 1)
    async with db.reading() as q:
        row = await q.one("select salt, sealed, commitment from evidence join ledger on true")
    assert row is not None
    proof = tools.vault.open(row["sealed"], "evidence.sealed", first)
    assert json.loads(proof) == {"source": "форма SMS-1"}
    assert committed(row["salt"], proof) == row["commitment"]


async def _reseal(db: Database, tools: Tools, ledger_id: int, evidence: bytes) -> None:
    async with db.transaction() as q:
        await q.run(
            "update evidence set sealed = :sealed where ledger_id = :id",
            sealed=tools.vault.seal(evidence, "evidence.sealed", ledger_id),
            id=ledger_id,
        )


async def test_evidence_that_was_put_in_the_place_of_another_is_found(
    db: Database, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PAGE", 2)
    ids = await _append(db, tools, 5)
    # By somebody who has the key as well.
    await _reseal(db, tools, ids[2], b'{"source": "\xd0\xa1"}')
    assert await _verify(db, tools) == Verdict(SCHOOL, 5, 2, Broken(SCHOOL, 3, Fault.EVIDENCE))


@pytest.mark.parametrize(
    "changed",
    [
        "salt = sealed",
        "sealed = salt",
        "school_id = 6",
        "sealed = (select max(e.sealed) from evidence e where e.ledger_id <> evidence.ledger_id)",
    ],
)
async def test_evidence_that_was_changed_is_found(db: Database, tools: Tools, changed: str) -> None:
    ids = await _append(db, tools, 5)
    await _behind_the_guards(db, f"update evidence set {changed} where ledger_id = {ids[2]}")
    assert await _broken(db, tools) == Broken(SCHOOL, 3, Fault.EVIDENCE)


async def test_the_first_of_two_breaks_is_named(db: Database, tools: Tools) -> None:
    ids = await _append(db, tools, 9)
    await _reseal(db, tools, ids[4], b"{}")
    await _behind_the_guards(db, "update ledger set actor = 'x' where seq = 7")
    assert await _broken(db, tools) == Broken(SCHOOL, 5, Fault.EVIDENCE)
    await _behind_the_guards(db, "update ledger set actor = 'x' where seq = 2")
    assert await _broken(db, tools) == Broken(SCHOOL, 2, Fault.CHANGED)


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
