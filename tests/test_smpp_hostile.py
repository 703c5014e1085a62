"""A hostile or broken SMSC: whatever it sends, the channel answers, reconnects, and lives."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import struct
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.channels import pdu
from sms_diary.channels.base import Asked, InboundReport, ReceiptReport, Reports, Result
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp import SmppChannel
from sms_diary.channels.smpp.intake import Answer, Intake
from sms_diary.channels.smpp.pacing import Pacer
from sms_diary.channels.smpp.query import Told
from sms_diary.channels.smpp.session import Session
from sms_diary.errors import PduError
from tests.smpp_peer import (
    BIND_TRX,
    BIND_TRX_RESP,
    DELIVER,
    DELIVER_RESP,
    ENQUIRE,
    ENQUIRE_RESP,
    NACK,
    PATIENCE,
    SUBMIT,
    SUBMIT_RESP,
    UNBIND,
    News,
    Smsc,
    deliver_body,
    part,
    raw,
    settings,
    talking,
    tlv,
)
from tests.smpp_vandal import COMMANDS, DATA, ENDS, SEEDS, Vandal, ending, rubbish


def mutated(seed: bytes, where: int, what: int) -> bytes:
    data = bytearray(seed)
    if data:
        data[where % len(data)] = what
    return bytes(data[: len(data) - where % 3])


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(
                raw,
                st.sampled_from([*COMMANDS, *ENDS]), st.integers(0, 5),
                st.builds(mutated, st.sampled_from(SEEDS), st.integers(0, 99), st.integers(0, 255)),
                st.sampled_from([0, 0x58, 0x0B]),
            ),
        ),
        max_size=12,
    ),
    st.integers(1, 64),
)  # fmt: skip
def test_no_stream_of_octets_breaks_the_reader(pieces: list[bytes], step: int) -> None:
    stream = b"".join(pieces)
    framer, intake = pdu.Framer(), Intake()
    intake.serving, intake.bind_status = True, 0
    for sequence in range(3):
        intake.window.add(sequence, part(sequence), 0.0)
    with suppress(PduError):  # an impossible length ends the stream
        for at in range(0, len(stream), step):
            for frame in framer.feed(stream[at : at + step]):
                intake.take(frame)
    for reply in intake.replies:
        length, command, _, _ = struct.unpack_from(">IIII", reply)
        assert length == len(reply)
        assert command & 0x80000000
    answered = {answer.part.part_id for answer in intake.answers}
    assert len(answered) == len(intake.answers) == 3 - len(intake.window)


class Sink(asyncio.Transport):
    """A connection that goes nowhere: what is written is kept, and closing is told at once."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False
        self.protocol: Session | None = None

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        assert not self.closed
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        raise AssertionError("more was taken than may wait")

    def close(self) -> None:
        if not self.closed and self.protocol is not None:
            self.closed = True
            self.protocol.connection_lost(None)

    abort = close


class Heard:
    """The events of a session, as they were told."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.delivers: list[Deliver] = []
        self.told_of: list[Told] = []
        self.ends = 0

    def bound(self, session: Session) -> None: ...

    def writable(self, session: Session) -> None: ...

    def answered(self, session: Session, answers: Sequence[Answer]) -> None:
        self.answers += answers

    def delivered(self, session: Session, delivers: Sequence[Deliver]) -> None:
        self.delivers += delivers

    def told(self, session: Session, told: Sequence[Told]) -> None:
        self.told_of += told

    def lost(self, session: Session) -> None:
        self.ends += 1


def frames(stream: bytes) -> list[tuple[int, int, bytes]]:
    """Commands, sequence numbers and bodies of whole PDUs, and of nothing else."""
    found, at = [], 0
    while at < len(stream):
        length, command, _, sequence = struct.unpack_from(">IIII", stream, at)
        assert 16 <= length <= len(stream) - at
        found.append((command, sequence, stream[at + 16 : at + length]))
        at += length
    return found


ANY_PDU = st.integers(0, 1 << 32).map(lambda seed: rubbish(random.Random(seed)))
ANY_END = st.integers(0, 1 << 32).map(lambda seed: ending(random.Random(seed)))


@given(
    st.lists(st.one_of(ANY_PDU, ANY_PDU, ANY_PDU, ANY_END, st.binary(max_size=40)), max_size=15),
    st.integers(1, 200),
)
async def test_whatever_a_session_reads_every_part_has_one_end_and_it_writes_whole_pdus(
    stream: list[bytes], step: int
) -> None:
    heard, line = Heard(), Sink()
    session = Session(settings(0), "transceiver", Pacer(0.0, lambda: 0.0), heard, lambda: 0.0)
    line.protocol = session
    session.connection_made(line)
    session.data_received(raw(BIND_TRX_RESP, 1, b"smsc\0"))
    session.submit((part(n), b"body") for n in range(5))
    session.ask(Asked(9, "7f3a", "+79000000001"))
    octets = b"".join(stream)
    for at in range(0, len(octets), step):
        if line.closed:
            break
        session.data_received(octets[at : at + step])
    line.close()
    assert sorted(answer.part.part_id for answer in heard.answers) == list(range(5))
    assert len(heard.told_of) <= 1
    assert heard.ends == 1
    assert session.in_flight == 0
    requests = [command for command, _, _ in frames(bytes(line.written)) if command < NACK]
    assert [command for command in requests if command != UNBIND] == [BIND_TRX, *[SUBMIT] * 5, 3]
    for deliver in heard.delivers:
        assert len(deliver.message) <= pdu.MAX_LENGTH


async def exchange(smsc: Smsc, data: bytes) -> list[Any]:
    """Send octets after a bind; what the channel answered before the enquire_link behind them."""
    start = len(smsc.got)
    smsc.last.write(data + raw(ENQUIRE, 4242))
    await smsc.until(lambda: any(g.command == ENQUIRE_RESP for g in smsc.got[start:]))
    return [(g.command, g.status, g.sequence) for g in smsc.got[start:]][:-1]


DATA_RECEIPT = b"\0\1\x0179000000001\0\5\0SHKOLA\0\4\0\0" + tlv(0x1E, b"id1\0") + tlv(0x427, b"\2")
"""A receipt by data_sm (SMPP 3.4 §4.7.1). It is refused, and the SMSC falls back or waits."""


async def test_every_odd_pdu_gets_the_answer_that_the_specification_names() -> None:
    cases: list[tuple[bytes, list[tuple[int, int, int]]]] = [
        (raw(0xDEAD, 5), [(NACK, 0x03, 5)]),
        (raw(0x103, 6, b"x"), [(NACK, 0x03, 6)]),
        (raw(0x8000DEAD, 7), []),
        (raw(0x102, 8), []),
        (raw(DATA, 11, DATA_RECEIPT), [(NACK, 0x03, 11)]),
        (raw(SUBMIT_RESP, 999, b"x\0"), []),
        (raw(NACK, 0, b"", 3), []),
        (raw(BIND_TRX_RESP, 1, b"again\0"), []),
        (raw(DELIVER, 9, b"\0" * 5), [(DELIVER_RESP, 0x0B, 9)]),
        (raw(DELIVER, 10, deliver_body(b"hi", tlvs=b"\4\x27\0\xff\1")), [(DELIVER_RESP, 0xC2, 10)]),
    ]
    async with Smsc() as smsc:
        channel, news = SmppChannel(settings(smsc.port)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        for data, expected in cases:
            assert await exchange(smsc, data) == expected
        assert channel.counts["unserved command"] == 5
        assert channel.counts["malformed"] == 2
        assert len(smsc.of(BIND_TRX)) == 1
        await channel.stop()
    assert not news.receipts
    assert not news.inbound


ODD_BUT_GOOD = {
    "unknown parameters": deliver_body(b"hi", tlvs=tlv(0x1401, b"y") + tlv(0xFFFF, bytes(400))),
    "an empty parameter": deliver_body(b"hi", tlvs=tlv(0x1401, b"")),
    "a parameter twice": deliver_body(b"hi", tlvs=tlv(0x424, b"x") + tlv(0x424, b"y")),
    "a NUL too many": deliver_body(b"hi") + b"\0",
    "no text at all": deliver_body(b""),
    "as long as it may be": deliver_body(b"", tlvs=tlv(0x424, bytes(65_000))),
    "unused fields used": b"CMT\0\1\x0179000000001\0\0\x011234\0\0\1\2"
    b"261124100500000+\0000002000000000R\0\1\1\0\x05\x02hi",
}


@pytest.mark.parametrize("case", ODD_BUT_GOOD)
async def test_an_odd_deliver_sm_is_taken_all_the_same(case: str) -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, news):
        smsc.last.deliver(ODD_BUT_GOOD[case])
        (answer,) = await smsc.seen(DELIVER_RESP)
        assert answer.status == 0
        assert channel.counts["malformed"] == 0
    assert len(news.inbound) == 1


@pytest.mark.parametrize("end", range(1, len(SEEDS[2]) + 16))
async def test_a_pdu_that_is_cut_off_with_its_connection_leaves_nothing_behind(end: int) -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, news):
        smsc.last.write(raw(DELIVER, 77, SEEDS[2])[:end])
        smsc.last.writer.write_eof()
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)
        smsc.last.deliver(deliver_body(b"whole"))
        await smsc.seen(DELIVER_RESP)
    assert [sms.text for sms in news.inbound] == ["whole"]


@pytest.mark.parametrize("length", [0, 15, 70_000, 0xFFFFFFFF])
async def test_an_impossible_length_is_refused_and_the_channel_binds_again(length: int) -> None:
    async with Smsc() as smsc:
        channel, news = SmppChannel(settings(smsc.port)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        smsc.last.write(struct.pack(">IIII", length, DELIVER, 0, 77) + b"rubbish")
        (nack,) = await smsc.seen(NACK)
        assert (nack.status, nack.sequence) == (0x02, 77)
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)
        await channel.stop()


async def test_a_peer_that_never_reads_is_cut_rather_than_hoarded_for() -> None:
    async with Smsc() as smsc:
        channel, news = SmppChannel(settings(smsc.port)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        greedy = smsc.last
        transport = greedy.writer.transport
        transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(60):
            greedy.write(raw(ENQUIRE, 1) * 10_000)
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)
        await channel.stop()


def resident() -> int:
    """Octets of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Tally:
    """What a channel reports, counted and forgotten."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.ids: set[str] = set()

    @property
    def reports(self) -> Reports:
        async def results(_: str, news: Sequence[Result]) -> None:
            self.seen["results"] += len(news)
            self.ids |= {result.provider_id for result in news} & {"good"}

        async def receipts(_: str, news: Sequence[ReceiptReport]) -> None:
            self.seen["receipts"] += len(news)

        async def inbound(_: str, news: Sequence[InboundReport]) -> None:
            self.seen["inbound"] += len(news)

        return Reports(results=results, receipts=receipts, inbound=inbound, room=lambda: None)


RANDOM_PDUS, WARM_UP, BURST = 100_000, 30_000, 100
ROUGH_OCTETS, ROUGH_BLOCKS = 8 << 20, 10_000
"""By how much the memory of a process may move without growing: a block for every seventh PDU."""


async def test_after_a_hundred_thousand_random_pdus_it_lives_and_memory_is_flat() -> None:
    dice = random.Random(20261124)
    tally, sent, ends, parts = Tally(), 0, 0, 0
    memory = blocks = 0
    async with Vandal() as vandal:
        channel = SmppChannel(settings(vandal.port, response_timeout=0.5))
        await channel.start(tally.reports)
        while sent < RANDOM_PDUS:
            line = await vandal.bound()
            if channel.room():
                await channel.send([part(parts := parts + 1)])
            await vandal.burst(line, [rubbish(dice) for _ in range(BURST)])
            sent += BURST
            if dice.random() < 0.1:
                ends += 1
                await vandal.end(line, ending(dice))
            if sent == WARM_UP:
                gc.collect()
                memory, blocks = resident(), sys.getallocatedblocks()
        gc.collect()
        assert resident() - memory < ROUGH_OCTETS
        assert sys.getallocatedblocks() - blocks < ROUGH_BLOCKS
        vandal.word, vandal.honest = b"good", True
        async with asyncio.timeout(PATIENCE):
            while "good" not in tally.ids:
                await vandal.bound()
                if channel.room():
                    await channel.send([part(parts := parts + 1)])
                await asyncio.sleep(0.01)
        counts = channel.counts
        await channel.stop()
    assert vandal.binds == counts["connections"] >= ends
    assert min(tally.seen[kind] for kind in ("results", "receipts", "inbound")) > 100
    assert min(counts[kind] for kind in ("malformed", "unserved command", "unexpected answer")) > 0
    assert channel.outstanding == 0
