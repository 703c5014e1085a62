"""A long SMS from a phone, from the operator's socket to one text in the diary, on each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sms_diary.carrying import Ways
from sms_diary.channels.base import Reports
from sms_diary.channels.smpp import SmppChannel
from sms_diary.clock import SECOND, ManualClock
from sms_diary.db import Database, open_database
from sms_diary.dispatch import Settle
from sms_diary.inbound import InboundLoop
from sms_diary.receipts import Receipts
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir
from sms_diary.store import inbound
from sms_diary.store.pieces import PATIENCE
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.seeding import column
from tests.smpp_peer import DELIVER_RESP, Smsc, deliver_body, eventually, settings

TEXT = "Я" * 66 + "🎉" + "а" * 66 + "конец"
"""Three pieces of 134 octets; the first ends in the middle of a surrogate pair."""
OCTETS = TEXT.encode("utf-16-be")
PIECES = [
    deliver_body(
        b"\5\0\3\7\3" + bytes((seq,)) + OCTETS[start : start + 134], coding=8, esm_class=0x40
    )
    for seq, start in enumerate(range(0, 402, 134), 1)
]


class Process:
    """What one process does with a route: the channel, and the loop over what it stored."""

    def __init__(self, db: Database, tools: Tools, clock: ManualClock, smsc: Smsc, sessions: int):
        wakes = Wakes()
        renderer = Renderer.from_folder(templates_dir())
        receipts = Receipts(db, tools, clock, wakes, alone=True)
        self.channel = SmppChannel(settings(smsc.port, sessions=sessions))
        self.loop = InboundLoop(db, tools, clock, wakes, renderer, Ways("test", {}))
        self.reports = Reports(
            Settle(db, tools, clock, wakes, owner="test"),
            receipts.store,
            self.loop.store,
            wakes.dispatch.set,
        )


@asynccontextmanager
async def running(
    db: Database, tools: Tools, clock: ManualClock, smsc: Smsc, *, sessions: int = 1
) -> AsyncIterator[InboundLoop]:
    process = Process(db, tools, clock, smsc, sessions)
    await process.channel.start(process.reports)
    try:
        await eventually(lambda: process.channel.connections[0] == sessions)
        yield process.loop
    finally:
        await process.channel.stop()


async def _texts(db: Database, tools: Tools, loop: InboundLoop) -> list[str]:
    """All that the loop has read to the end."""
    while await loop.step():
        pass
    assert await column(db, "select id from inbound where state = 'new'") == []
    async with db.reading() as q:
        rows = await q.all("select id, text from inbound order by id")
    return [tools.vault.text(row["text"], "inbound.text", row["id"]) for row in rows]


async def test_a_peer_that_sends_one_piece_and_waits_for_the_answer_is_heard_to_the_end(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    async with Smsc() as smsc, running(db, tools, clock, smsc) as loop:
        for sent, piece in enumerate(PIECES, 1):
            assert await _texts(db, tools, loop) == []
            smsc.last.deliver(piece)
            answers = await smsc.seen(DELIVER_RESP, sent)
            assert answers[-1].status == 0
        assert await _texts(db, tools, loop) == [TEXT]


async def test_pieces_over_two_sessions_become_one_text(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    async with Smsc() as smsc, running(db, tools, clock, smsc, sessions=2) as loop:
        for sent, piece in enumerate(PIECES, 1):
            smsc.connections[sent % 2].deliver(piece)
            await smsc.seen(DELIVER_RESP, sent)
        assert await _texts(db, tools, loop) == [TEXT]


async def test_pieces_that_two_processes_took_become_one_text(
    db: Database, database_url: str, tools: Tools, clock: ManualClock
) -> None:
    """On PostgreSQL over two connections of the database; SQLite serves one process only."""
    other = db if db.engine == "sqlite" else (await open_database(database_url))[0]
    try:
        async with (
            Smsc() as smsc,
            running(db, tools, clock, smsc) as first,
            running(other, tools, clock, smsc) as second,
        ):
            smsc.connections[0].deliver(PIECES[0], PIECES[2])
            smsc.connections[1].deliver(PIECES[1])
            await smsc.seen(DELIVER_RESP, 3)
            assert await _texts(other, tools, second) == [TEXT]
            assert await _texts(db, tools, first) == [TEXT]
    finally:
        if other is not db:
            await other.close()


async def test_pieces_outlive_the_process_that_took_them(
    database_url: str, tools: Tools, clock: ManualClock
) -> None:
    async with Smsc() as smsc:
        db, _ = await open_database(database_url)
        async with running(db, tools, clock, smsc):
            smsc.last.deliver(*PIECES[:2])
            await smsc.seen(DELIVER_RESP, 2)
        await db.close()
        db, _ = await open_database(database_url)
        async with running(db, tools, clock, smsc) as loop:
            # The answer to this one was lost on its way, so it comes once more.
            smsc.last.deliver(PIECES[0], PIECES[2])
            await smsc.seen(DELIVER_RESP, 4)
            assert await _texts(db, tools, loop) == [TEXT]
        await db.close()


async def test_a_text_whose_rest_never_comes_is_read_with_a_gap_after_a_while(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    async with Smsc() as smsc, running(db, tools, clock, smsc) as loop:
        smsc.last.deliver(PIECES[2])
        await smsc.seen(DELIVER_RESP)
        clock.advance(PATIENCE - SECOND)
        assert await _texts(db, tools, loop) == []
        clock.advance(SECOND)
        assert await _texts(db, tools, loop) == ["[…]" + OCTETS[268:].decode("utf-16-be")]


async def test_stop_is_obeyed_while_pieces_of_the_same_phone_wait(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    async with Smsc() as smsc, running(db, tools, clock, smsc) as loop:
        smsc.last.deliver(PIECES[0], deliver_body("СТОП".encode("utf-16-be"), coding=8))
        await smsc.seen(DELIVER_RESP, 2)
        async with db.transaction() as q:
            [unread] = await inbound.unread(q, tools, 10)
        assert unread.text == "СТОП"
        assert await loop.step()
    assert await column(db, "select state from number") == ["stopped"]
