"""Pieces of long SMS wait in the database, each once, and become one text."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sms_diary.channels.base import InboundReport, Piece
from sms_diary.clock import MINUTE
from sms_diary.db import Database, Queries
from sms_diary.store import inbound
from sms_diary.store.pieces import MOST_WAITING, PATIENCE
from sms_diary.store.tools import Tools
from tests.seeding import ROUTE, column, phone, waits_or_ends

WAITING = "select count(*) as count from inbound_piece where inbound_id is null"
ROWS = "select count(*) as count from inbound_piece"
LONG_AGO = 10 * MINUTE


def piece(
    seq: int, total: int = 2, *, word: str = "p", reference: int = 7, way: str = "udh8",
    number: str = phone(0), to: str = "1234",
) -> InboundReport:  # fmt: skip
    octets = f"{word}{seq}".encode()
    raw = f"{to} {way} {reference} {total} {seq} ".encode() + octets
    return InboundReport(number, to, "", raw, Piece(octets, 3, way, reference, total, seq))


async def _store(
    db: Database, tools: Tools, *reports: InboundReport, now: int = 1000, route: str = ROUTE
) -> int:
    async with db.transaction() as q:
        return await inbound.store(q, tools, route, reports, now=now)


async def _joined(db: Database, tools: Tools, *, now: int = 1000) -> list[str]:
    """Join all there is, and read it."""
    async with db.transaction() as q:
        while await inbound.join(q, tools, now=now):
            pass
        read = await inbound.unread(q, tools, 1000)
        for one in read:
            await inbound.handled(q, one.id, "other", "done")
    return [one.text for one in read]


async def _count(db: Database, sql: str) -> int:
    [count] = await column(db, sql)
    return int(count)


async def test_pieces_stored_one_by_one_in_any_order_become_one_sms(
    db: Database, tools: Tools
) -> None:
    for now, seq in enumerate((3, 1, 2), 1000):
        assert await _joined(db, tools, now=now) == []
        assert await _store(db, tools, piece(seq, 3), now=now) == 1
    async with db.transaction() as q:
        assert await inbound.join(q, tools, now=1002)
        [sms] = await inbound.unread(q, tools, 10)
        assert not await inbound.join(q, tools, now=1002)
    assert (sms.text, sms.route, sms.number) == ("p1p2p3", ROUTE, phone(0))
    assert (sms.reception, sms.at) == ("1234", 1002)


async def test_a_whole_sms_does_not_wait_for_the_pieces_beside_it(
    db: Database, tools: Tools
) -> None:
    whole = InboundReport(phone(0), "1234", "СТОП", b"stop")
    assert await _store(db, tools, piece(1), whole, piece(2, number=phone(1))) == 3
    assert await _joined(db, tools) == ["СТОП"]
    assert await _count(db, WAITING) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"number": phone(1)}, {"to": "4321"}, {"way": "sar"}, {"reference": 8}, {"total": 3},
    ],
)  # fmt: skip
async def test_pieces_of_two_texts_do_not_mix(
    db: Database, tools: Tools, other: dict[str, Any]
) -> None:
    await _store(db, tools, piece(1), piece(2, **other))
    assert await _joined(db, tools) == []
    await _store(db, tools, piece(2, word="q"))
    assert await _joined(db, tools) == ["p1q2"]


async def test_pieces_of_two_routes_do_not_mix(db: Database, tools: Tools) -> None:
    await _store(db, tools, piece(1))
    await _store(db, tools, piece(2), route="other")
    assert await _joined(db, tools) == []


@pytest.mark.parametrize(
    ("came", "text"),
    [((1, 2), "p1p2[…]"), ((1, 4), "p1[…]p4"), ((3, 4), "[…]p3p4"), ((2,), "[…]p2[…]")],
)
async def test_after_two_minutes_the_rest_is_not_waited_for(
    db: Database, tools: Tools, came: tuple[int, ...], text: str
) -> None:
    for later, seq in enumerate(came):
        await _store(db, tools, piece(seq, 4), now=1000 + later * MINUTE)
    assert await _joined(db, tools, now=1000 + PATIENCE - 1) == []
    assert await _joined(db, tools, now=1000 + PATIENCE) == [text]


async def test_a_piece_that_comes_again_is_one_piece(db: Database, tools: Tools) -> None:
    assert await _store(db, tools, piece(1), piece(1)) == 1
    assert await _store(db, tools, piece(1)) == 0
    # It still waits: however late it comes again, it is not the first of another text.
    assert await _store(db, tools, piece(1), now=1000 + LONG_AGO) == 0
    assert await _store(db, tools, piece(2), now=1000 + LONG_AGO) == 1
    assert await _joined(db, tools, now=1000 + LONG_AGO) == ["p1p2"]


async def test_a_piece_that_comes_again_when_its_text_is_joined_begins_no_other_text(
    db: Database, tools: Tools
) -> None:
    await _store(db, tools, piece(1), piece(2))
    assert await _joined(db, tools) == ["p1p2"]
    assert await _store(db, tools, piece(2), now=1000 + 5 * MINUTE - 1) == 0
    assert await _joined(db, tools, now=1000 + LONG_AGO) == []
    assert await _store(db, tools, piece(1), piece(2), now=1000 + 5 * MINUTE) == 2
    assert await _joined(db, tools, now=1000 + 5 * MINUTE) == ["p1p2"]


async def test_joined_pieces_lose_their_octets_at_once_and_their_rows_after_five_minutes(
    db: Database, tools: Tools
) -> None:
    await _store(db, tools, piece(1), piece(2))
    await _joined(db, tools)
    assert await _count(db, f"{ROWS} where sealed is not null or raw is not null") == 0
    assert await _count(db, ROWS) == 2
    await _store(db, tools, piece(1, reference=8), piece(2, reference=8), now=1000 + LONG_AGO)
    await _joined(db, tools, now=1000 + LONG_AGO)
    assert await _count(db, ROWS) == 2


@pytest.mark.parametrize("order", ["p1 p2 q1 q2", "p1 q1 p2 q2", "p1 q1 q2 p2", "p2 q2 p1 q1"])
async def test_of_two_texts_under_one_reference_no_piece_is_lost(
    db: Database, tools: Tools, order: str
) -> None:
    for name in order.split():
        await _store(db, tools, piece(int(name[1]), word=name[0]))
    first, second = await _joined(db, tools)
    assert {first[:2], second[:2]} == {"p1", "q1"}
    assert {first[2:], second[2:]} == {"p2", "q2"}
    if order != "p1 q1 q2 p2":  # there nobody can tell
        assert [first, second] == ["p1p2", "q1q2"]


async def test_two_whole_texts_under_one_reference_in_one_batch_are_both_joined(
    db: Database, tools: Tools
) -> None:
    await _store(db, tools, *(piece(seq, word=word) for word in "pq" for seq in (1, 2)))
    assert await _joined(db, tools) == ["p1p2", "q1q2"]


async def test_a_phone_that_ends_no_text_keeps_no_more_waiting_than_the_longest_text_has(
    db: Database, tools: Tools
) -> None:
    await _store(db, tools, piece(1, number=phone(1)))
    for batch in range(3):
        references = range(batch * 200, batch * 200 + 200)
        await _store(db, tools, *(piece(1, reference=n, word=f"{n} ") for n in references))
        given_up = await _joined(db, tools)
        over = max(0, min(200, (batch + 1) * 200 - MOST_WAITING))
        first = max(0, batch * 200 - MOST_WAITING)
        assert given_up == [f"{n} 1[…]" for n in range(first, first + over)]
    assert await _count(db, WAITING) == MOST_WAITING + 1


async def test_the_longest_text_there_is_comes_whole(db: Database, tools: Tools) -> None:
    await _store(db, tools, *(piece(seq, 255, word="a") for seq in range(255, 0, -1)))
    assert await _joined(db, tools) == ["".join(f"a{seq}" for seq in range(1, 256))]


async def test_many_different_pieces_in_one_place_are_read_one_by_one(
    db: Database, tools: Tools
) -> None:
    await _store(db, tools, *(piece(1, word=f"{n} ") for n in range(300)))
    async with db.transaction() as q:
        assert await inbound.join(q, tools, now=1000)
        [sms] = await inbound.unread(q, tools, 10)
    assert sms.text == "0 1[…]"


async def test_what_stands_in_a_piece_is_sealed(db: Database, tools: Tools) -> None:
    await _store(db, tools, piece(1, word="secret"))
    async with db.reading() as q:
        [row] = await q.all("select sealed, raw, digest, idx from inbound_piece")
    for kept in row.values():
        assert b"secret" not in bytes(kept)
        assert phone(0).encode() not in bytes(kept)


async def _at_once(db: Database, one: Any, two: Any) -> list[Any]:
    """Begin both in transactions of their own, the first before the second, and end both."""
    if db.engine == "sqlite":  # one writer: nothing can happen at the same time
        done = []
        for work in (one, two):
            async with db.transaction() as q:
                done.append(await work(q))
        return done
    async with db.transaction() as second:
        async with db.transaction() as first:
            before = await one(first)
            after = asyncio.create_task(two(second))
            await waits_or_ends(db, after)
        return [before, await after]


async def test_two_processes_do_not_join_one_text_twice(db: Database, tools: Tools) -> None:
    await _store(db, tools, piece(1), piece(2))

    async def join(q: Queries) -> bool:
        return await inbound.join(q, tools, now=1000)

    await _at_once(db, join, join)
    assert await _joined(db, tools) == ["p1p2"]


async def test_the_last_two_pieces_in_two_processes_at_once_make_the_text_whole(
    db: Database, tools: Tools
) -> None:
    await _store(db, tools, piece(1, 3))

    async def keep(seq: int, q: Queries) -> int:
        return await inbound.store(q, tools, ROUTE, [piece(seq, 3)], now=1000)

    assert await _at_once(db, lambda q: keep(2, q), lambda q: keep(3, q)) == [1, 1]
    assert await _joined(db, tools) == ["p1p2p3"]
