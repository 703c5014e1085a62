"""A hostile or broken SMSC: whatever it sends, the channel answers, reconnects, and lives."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.channels import pdu
from sms_diary.channels.smpp import SmppChannel
from sms_diary.channels.smpp.intake import Intake
from sms_diary.errors import PduError
from tests.smpp_peer import (
    BIND_TRX,
    BIND_TRX_RESP,
    DELIVER,
    DELIVER_RESP,
    ENQUIRE,
    ENQUIRE_RESP,
    NACK,
    SUBMIT_RESP,
    News,
    Smsc,
    deliver_body,
    part,
    raw,
    receipt_body,
    settings,
    tlv,
)

COMMANDS = [
    DELIVER, SUBMIT_RESP, NACK, ENQUIRE, ENQUIRE_RESP, BIND_TRX_RESP, 0x6, 0x80000006, 0x102,
    0x103, 0xB, 0x4, 0xDEAD, 0x8000DEAD,
]  # fmt: skip
SEEDS = [
    receipt_body("a"), deliver_body(b"hi", tlvs=tlv(0x424, b"x") + tlv(0x1401, b"y")),
    deliver_body(b"\5\0\3\1\2\1hello", esm_class=0x40), b"id1\0", b"",
]  # fmt: skip


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
                st.sampled_from(COMMANDS), st.integers(0, 5),
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


async def exchange(smsc: Smsc, data: bytes) -> list[Any]:
    """Send octets after a bind; what the channel answered before the enquire_link behind them."""
    start = len(smsc.got)
    smsc.last.write(data + raw(ENQUIRE, 4242))
    await smsc.until(lambda: any(g.command == ENQUIRE_RESP for g in smsc.got[start:]))
    return [(g.command, g.status, g.sequence) for g in smsc.got[start:]][:-1]


async def test_every_odd_pdu_gets_the_answer_that_the_specification_names() -> None:
    cases: list[tuple[bytes, list[tuple[int, int, int]]]] = [
        (raw(0xDEAD, 5), [(NACK, 0x03, 5)]),
        (raw(0x103, 6, b"x"), [(NACK, 0x03, 6)]),
        (raw(0x8000DEAD, 7), []),
        (raw(0x102, 8), []),
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
        assert channel.counts["unserved command"] == 4
        assert channel.counts["malformed"] == 2
        assert len(smsc.of(BIND_TRX)) == 1
        await channel.stop()
    assert not news.receipts
    assert not news.inbound


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


async def test_after_a_thousand_random_pdus_a_part_is_still_delivered() -> None:
    dice = random.Random(20261124)
    async with Smsc() as smsc:
        channel, news = SmppChannel(settings(smsc.port)), News()
        await channel.start(news.reports)
        for _ in range(200):
            await news.until(channel.ready)
            connection = smsc.last
            for _ in range(5):
                seed = dice.choice(SEEDS)
                body = mutated(seed, dice.randrange(100), dice.randrange(256))
                data = raw(dice.choice(COMMANDS), dice.randrange(5), body)
                if dice.random() < 0.05:
                    data = dice.randbytes(24)
                connection.write(data)
        await news.until(channel.ready)
        # The last of the rubbish may still cut this connection, so try until one part is through.
        while not any(result.provider_id for result in news.results):
            await news.until(channel.ready)
            before = len(news.results)
            await channel.send([part(before)])
            await news.until(lambda before=before: len(news.results) > before)  # type: ignore[misc]
        await channel.stop()
