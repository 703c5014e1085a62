"""SMS from phones are kept once, sealed, and read in the order in which they came."""

from __future__ import annotations

import asyncio

import pytest

from sms_diary.channels.base import InboundReport
from sms_diary.clock import DAY, MINUTE
from sms_diary.db import Database, Queries
from sms_diary.store import inbound
from sms_diary.store.tools import Tools
from tests.seeding import ROUTE, column, phone, waits_or_ends

FIVE = 5 * MINUTE
IDS = "select id from inbound order by id"


def sms(text: str = "СТОП", number: str = phone(0), raw: bytes | None = None) -> InboundReport:
    return InboundReport(number, "1234", text, text.encode() if raw is None else raw)


async def _store(
    db: Database, tools: Tools, *reports: InboundReport, now: int = 1000, route: str = ROUTE
) -> int:
    async with db.transaction() as q:
        return await inbound.store(q, tools, route, reports, now=now)


@pytest.mark.parametrize(("later", "rows"), [(0, 1), (FIVE - 1, 1), (FIVE, 2), (FIVE + 1, 2)])
async def test_the_same_octets_within_five_minutes_are_one_sms(
    db: Database, tools: Tools, later: int, rows: int
) -> None:
    assert await _store(db, tools, sms()) == 1
    assert await _store(db, tools, sms(), now=1000 + later) == rows - 1
    assert len(await column(db, IDS)) == rows


async def test_the_five_minutes_count_from_the_sms_that_was_kept(
    db: Database, tools: Tools
) -> None:
    stored = [
        await _store(db, tools, sms(), now=now)
        for now in (1000, 1000 + 4 * MINUTE, 1000 + 6 * MINUTE)
    ]
    assert stored == [1, 0, 1]


async def test_an_sms_of_a_list_is_one_for_as_long_as_any_list_reaches(
    db: Database, tools: Tools
) -> None:
    first = InboundReport(phone(0), "1234", "СТОП", b'{"id":7,"read":false}', id="7")
    again = InboundReport(phone(0), "1234", "СТОП", b'{"id":7,"read":true}', id="7")
    assert await _store(db, tools, first) == 1
    assert await _store(db, tools, again, now=1000 + 30 * DAY) == 0
    another = InboundReport(phone(0), "1234", "СТОП", b"{}", id="8")
    assert await _store(db, tools, another, again, now=1000 + 30 * DAY) == 1


async def test_repetitions_in_one_batch_are_one_sms(db: Database, tools: Tools) -> None:
    assert await _store(db, tools, sms(), sms(), sms(number=phone(1)), sms()) == 2


async def test_another_number_route_or_text_is_another_sms(db: Database, tools: Tools) -> None:
    await _store(db, tools, sms())
    assert await _store(db, tools, sms(number=phone(1))) == 1
    assert await _store(db, tools, sms(raw=b"other octets of the same text")) == 1
    assert await _store(db, tools, sms(), route="other") == 1
    assert len(await column(db, IDS)) == 4


async def test_an_sms_on_two_sessions_at_the_same_moment_is_kept_once(
    db: Database, tools: Tools
) -> None:
    async def keep(q: Queries) -> int:
        return await inbound.store(q, tools, ROUTE, [sms()], now=1000)

    await _store(db, tools, sms("earlier"))  # else the number's new row alone would make it wait
    if db.engine == "sqlite":  # one writer: nothing can happen at the same time
        fresh = [await _store(db, tools, sms()) for _ in range(2)]
    else:
        async with db.transaction() as second:
            async with db.transaction() as first:
                one = await keep(first)
                two = asyncio.create_task(keep(second))
                await waits_or_ends(db, two)
            fresh = [one, await two]
    assert fresh == [1, 0]
    assert len(await column(db, IDS)) == 2


async def test_what_a_parent_wrote_is_sealed_and_read_back(db: Database, tools: Tools) -> None:
    await _store(db, tools, sms("Спасибо"))
    async with db.reading() as q:
        [row] = await q.all("select text, raw, digest from inbound")
        [number] = await q.all("select sealed from number")
    for kept in (row["text"], row["raw"], row["digest"], number["sealed"]):
        assert "Спасибо".encode() not in bytes(kept)
        assert phone(0).encode() not in bytes(kept)
    async with db.transaction() as q:
        [read] = await inbound.unread(q, tools, 10)
    assert (read.number, read.text, read.reception, read.at) == (phone(0), "Спасибо", "1234", 1000)


async def test_sms_are_read_oldest_first_and_once(db: Database, tools: Tools) -> None:
    await _store(db, tools, *(sms(f"{n}") for n in range(5)))
    async with db.transaction() as q:
        read = await inbound.unread(q, tools, 3)
        for one in read:
            await inbound.handled(q, one.id, "other", "done")
        rest = await inbound.unread(q, tools, 3)
    assert [one.text for one in read + rest] == ["0", "1", "2", "3", "4"]
