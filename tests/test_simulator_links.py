"""The simulated SMSC's bad manners on connections: binds, silence, cuts, noise, slowness."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from sms_diary.simulator import Smsc
from sms_diary.simulator.connection import Connection
from sms_diary.simulator.hazards import Fate, Hazards
from sms_diary.simulator.options import Links
from sms_diary.simulator.stats import Stats
from tests.esme_peer import (
    BIND_RX,
    BIND_TRX,
    BIND_TX,
    DELIVER,
    ENQUIRE,
    NACK,
    PHONE,
    QUERY,
    RESP,
    SUBMIT,
    UNBIND,
    Esme,
    bound,
    eventually,
    raw,
    read_deliver,
    smsc_with,
)

# -- binds -------------------------------------------------------------------------------------


async def test_the_first_binds_can_be_refused_and_the_next_one_is_not() -> None:
    async with smsc_with(refuse_binds=2) as smsc:
        statuses = []
        for _ in range(3):
            async with await Esme.connect(smsc) as one:
                statuses.append((await one.bind()).status)
        assert statuses == [0x05, 0x05, 0]
        assert (smsc.stats.binds_refused, smsc.stats.binds) == (2, 1)


async def test_binds_can_be_refused_for_a_while_with_any_status() -> None:
    async with (
        smsc_with(refuse_seconds=3600, refuse_status="RINVPASWD") as smsc,
        await Esme.connect(smsc) as one,
    ):
        assert (await one.bind()).status == 0x0E
        assert await one.until_closed() == []
        assert smsc.stats.binds_refused == 1
    async with smsc_with(refuse_seconds=0.05) as smsc:
        status = 5
        while status == 5:
            async with await Esme.connect(smsc) as one:
                status = (await one.bind()).status
        assert status == 0


async def test_no_more_sessions_of_an_account_than_allowed() -> None:
    async with smsc_with(
        max_sessions=2, refuse_status="RBINDFAIL", accounts={"other": "pw"}
    ) as smsc:
        first, second = await bound(smsc, BIND_TX), await bound(smsc, BIND_RX)
        async with await Esme.connect(smsc) as third:
            assert (await third.bind()).status == 0x0D
        async with await Esme.connect(smsc) as other:
            assert (await other.bind(system_id=b"other", password=b"pw")).status == 0
        second.writer.close()
        await eventually(lambda: smsc.sessions == 1)
        async with await Esme.connect(smsc) as again:
            assert (await again.bind()).status == 0
        first.writer.close()


async def test_a_bind_can_be_left_without_an_answer() -> None:
    async with smsc_with(mute="bind") as smsc, await Esme.connect(smsc) as one:
        one.send(BIND_TRX, b"demo\0demo\0\0\x34\0\0\0")
        one.send(ENQUIRE)
        assert await one.read() == (ENQUIRE | RESP, 0, 2, b"")
        assert smsc.sessions == 0


async def test_receipts_go_to_a_receiver_of_the_same_name_and_to_no_other() -> None:
    async with (
        smsc_with(accounts={"other": "pw"}, receipt_delay=0) as smsc,
        await Esme.connect(smsc) as stranger,
        await bound(smsc, BIND_TX) as sender,
    ):
        await stranger.bind(BIND_RX, b"other", b"pw")
        sender.submit(times=3)
        await sender.read_of(SUBMIT | RESP, 3)
        await eventually(lambda: smsc.waiting == 3)
        async with await bound(smsc, BIND_RX) as receiver:
            assert len(await receiver.receipts(3)) == 3
        stranger.send(ENQUIRE)
        assert (await stranger.read()).command == ENQUIRE | RESP


async def test_two_sessions_of_one_name_share_the_receipts() -> None:
    async with (
        smsc_with(deliver_window=1, receipt_delay=0) as smsc,
        await bound(smsc) as one,
        await bound(smsc) as two,
    ):
        one.submit(times=2)
        await one.read_of(SUBMIT | RESP, 2)
        mine, its = await one.read(), await two.read()
        assert (mine.command, its.command) == (DELIVER, DELIVER)
        assert mine.body != its.body


# -- silence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "command"), [("enquire", ENQUIRE), ("unbind", UNBIND)])
async def test_a_request_can_be_left_without_an_answer(word: str, command: int) -> None:
    async with smsc_with(mute=word) as smsc, await bound(smsc) as one:
        one.send(command)
        one.submit(registered=0)
        assert (await one.read()).command == SUBMIT | RESP
        assert smsc.sessions == 1


async def test_a_query_can_be_left_without_an_answer() -> None:
    async with smsc_with(mute="query") as smsc, await bound(smsc) as one:
        one.send(QUERY, b"1\0\5\0School12\0")
        one.send(ENQUIRE)
        assert (await one.read()).command == ENQUIRE | RESP


async def test_a_peer_can_fall_silent_and_the_next_connection_lives() -> None:
    async with smsc_with(dead_after=2, receipt_delay=0, enquire_every=0.3) as smsc:
        async with await bound(smsc) as one:
            one.submit(registered=0)
            assert (await one.read()).command == SUBMIT | RESP
            one.submit(times=2)
            one.send(ENQUIRE)
            with pytest.raises(TimeoutError):  # it asks nothing either, and does not hang up
                async with asyncio.timeout(0.8):
                    await one.reader.read(1)
        assert len(smsc.ledger) == 1
        async with await bound(smsc) as two:
            two.submit(registered=0)
            assert [got.command for got in await two.read_of(SUBMIT | RESP)] == [SUBMIT | RESP]


# -- cuts --------------------------------------------------------------------------------------


async def lives(smsc: Smsc, count: int) -> Counter[tuple[bool, bool]]:
    """One submit on each of so many connections that let us bind: answered? in the ledger?"""
    ends: Counter[tuple[bool, bool]] = Counter()
    while ends.total() < count:
        async with await Esme.connect(smsc) as one:
            taken = len(smsc.ledger)
            answered = bound = False
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                bound = (await one.bind()).status == 0
                one.submit()
                answered = (await one.read_of(SUBMIT | RESP))[0].status == 0
            if bound:
                ends[answered, len(smsc.ledger) > taken] += 1
    return ends


async def test_a_connection_can_be_cut_at_any_pdu_and_the_ledger_knows_what_came() -> None:
    async with smsc_with(cut=0.2, seed=3, receipt_delay=None) as smsc:
        ends = await lives(smsc, 100)
        # Taken and answered, taken without an answer, and never come.
        assert ends.keys() == {(True, True), (False, True), (False, False)}
        assert min(ends.values()) > 5
        assert smsc.stats.submitted == len(smsc.ledger)
        assert smsc.stats.cuts >= ends[False, True] + ends[False, False]


class Pinned(Hazards):
    """Chance that is none: the same fate for each PDU that comes, and none for what leaves."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(Links(), Random(1), Stats())
        self.fate = fate

    def incoming(self) -> Fate:
        return self.fate


class Probe(Connection):
    """Answers whatever comes with the same octets."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(Pinned(fate), None)
        self.handled = 0

    def _handle(self, data: bytes, at: int) -> None:
        self.handled += 1
        self._out.append(data[at : at + 16])

    def _leave(self) -> None:
        self._out.append(raw(UNBIND, 1))

    def _settle(self) -> None:
        return


@pytest.mark.parametrize(
    ("fate", "handled", "came", "ends"),
    [
        (Fate.HANDLED, 2, raw(ENQUIRE, 7) * 2, False),
        (Fate.UNHEARD, 0, b"", False),
        (Fate.CUT_BEFORE, 0, b"", True),
        (Fate.CUT_AFTER, 1, b"", True),
        (Fate.THEN_UNBIND, 2, (raw(ENQUIRE, 7) + raw(UNBIND, 1)) * 2, False),
    ],
)
async def test_a_pdu_meets_its_fate(fate: Fate, handled: int, came: bytes, ends: bool) -> None:
    probe = Probe(fate)
    server = await asyncio.get_running_loop().create_server(lambda: probe, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(raw(ENQUIRE, 7) * 2)
    if not ends:
        writer.write_eof()
    octets = b""
    with suppress(ConnectionError):
        octets = await reader.read()
    assert (probe.handled, octets) == (handled, came)
    writer.transport.abort()
    server.close()


async def test_the_same_seed_cuts_at_the_same_pdus() -> None:
    async def cut_at(seed: int) -> int:
        async with smsc_with(cut=0.05, seed=seed, receipt_delay=None) as smsc:
            async with await Esme.connect(smsc) as one:
                one.writer.write(raw(BIND_TRX, 1, b"demo\0demo\0\0\x34\0\0\0"))
                one.submit(times=300)
                await one.until_closed()
            return len(smsc.ledger)

    assert await cut_at(5) == await cut_at(5)
    assert len({await cut_at(seed) for seed in range(5, 12)}) > 3


async def test_a_pdu_of_the_smsc_can_be_cut_in_two() -> None:
    async with smsc_with(cut=0.5, seed=1) as smsc:
        tails = set()
        for _ in range(60):
            async with await Esme.connect(smsc) as one:
                one.send(BIND_TRX, b"demo\0demo\0\0\x34\0\0\0")
                with suppress(ConnectionError):
                    tails.add(len(await one.reader.read(100)))
        # Nothing, the whole answer (a NUL-ended name and one parameter), and lengths between.
        assert {0, 31} <= tails
        assert any(0 < length < 31 for length in tails)


async def test_what_was_cut_off_before_its_acknowledgement_is_delivered_again() -> None:
    async with smsc_with(cut=0.1, receipt_delay=0, seed=4) as smsc:
        await lives(smsc, 60)
        told: set[bytes] = set()
        while smsc.stats.receipts_acked < len(smsc.ledger):
            try:
                async with await Esme.connect(smsc) as one:
                    await one.bind()
                    while True:
                        got = await one.read()
                        if got.command == DELIVER:
                            told.add(read_deliver(got.body).tlvs[0x001E])
                            one.answer(got)
            except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
                pass
        assert told <= {b"%d\0" % part.message_id for part in smsc.ledger}


# -- the SMSC leaves ---------------------------------------------------------------------------


async def test_the_smsc_can_unbind_and_serves_until_it_is_answered() -> None:
    async with smsc_with(unbind=1.0, receipt_delay=0) as smsc, await bound(smsc) as one:
        farewell = await one.read()  # the bind was a PDU from the client
        assert farewell.command == UNBIND
        one.submit(times=2)
        assert [got.status for got in await one.read_of(SUBMIT | RESP, 2)] == [0, 0]
        one.answer(farewell)
        assert await one.until_closed() == []
        # Nothing more is delivered to one that is to go: the receipts wait.
        assert (smsc.stats.unbinds, smsc.sessions, len(smsc.ledger)) == (1, 0, 2)
        await eventually(lambda: smsc.waiting == 2)


# -- noise -------------------------------------------------------------------------------------


async def first_octets(smsc: Smsc) -> bytes:
    """What precedes the answer to an enquiry, and that answer."""
    async with await Esme.connect(smsc) as one:
        one.writer.write(raw(ENQUIRE, 7))
        octets = b""
        while not octets.endswith(raw(ENQUIRE | RESP, 7)):
            octets += await one.reader.read(1000)
        return octets.removesuffix(raw(ENQUIRE | RESP, 7))


async def test_garbage_and_impossible_lengths_can_come_between() -> None:
    async with smsc_with(noise=1.0, noise_kinds="garbage") as smsc:
        found = {await first_octets(smsc) for _ in range(10)}
        assert len(found) == 10
        assert all(0 < len(octets) <= 40 for octets in found)
    async with smsc_with(noise=1.0, noise_kinds="length") as smsc:
        lengths = {struct.unpack(">I", (await first_octets(smsc))[:4])[0] for _ in range(40)}
        assert lengths == {0, 1, 15, 0x7FFFFFFF, 0xFFFFFFFF}


@pytest.mark.parametrize(
    ("kind", "commands"),
    [("unknown", {0x777}), ("body", {DELIVER}), ("answer", {SUBMIT | RESP, NACK})],
)
async def test_pdus_that_nobody_asked_for_can_come_between(kind: str, commands: set[int]) -> None:
    async with smsc_with(noise=1.0, noise_kinds=kind) as smsc:
        heads = []
        for _ in range(20):
            octets = await first_octets(smsc)
            heads.append(struct.unpack(">IIII", octets[:16]))
            assert heads[-1][0] == len(octets)
        assert {head[1] for head in heads} == commands
        assert len({head[3] for head in heads}) == 20
        assert smsc.stats.noise == 20


async def test_the_noisy_deliver_sm_ends_amid_its_fields() -> None:
    async with smsc_with(noise=1.0, noise_kinds="body") as smsc:
        for _ in range(20):
            octets = await first_octets(smsc)
            with pytest.raises((ValueError, IndexError)):
                whole = read_deliver(octets[16:])
                if len(whole.message) < 4:
                    raise ValueError


async def test_answers_can_carry_parameters_that_nobody_knows() -> None:
    async with (
        smsc_with(noise=1.0, noise_kinds="tlv", receipt_delay=0) as smsc,
        await bound(smsc) as one,
    ):
        one.submit()
        [answer] = await one.read_of(SUBMIT | RESP)
        message_id, rest = answer.body.split(b"\0", 1)
        assert int(message_id) == smsc.ledger[0].message_id
        assert struct.unpack(">HH", rest[:4]) == (0x1400, len(rest) - 4)
        [receipt] = await one.receipts()
        assert receipt.tlvs[0x1400] == rest[4:]


# -- slowness ----------------------------------------------------------------------------------


async def test_a_connection_can_be_read_slowly() -> None:
    async with smsc_with(read_rate=2000, receipt_delay=None) as smsc, await bound(smsc) as one:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(3):
            one.submit()
            await one.read()
        # Each read of some 60 octets is followed by a pause of as many two-thousandths.
        assert loop.time() - began > 2 * 60 / 2000
        assert len(smsc.ledger) == 3


async def test_a_good_connection_has_no_hazards() -> None:
    async with smsc_with() as smsc, await bound(smsc) as one:
        one.submit(times=200, registered=0)
        assert len(await one.read_of(SUBMIT | RESP, 200)) == 200
        assert (smsc.stats.cuts, smsc.stats.noise, smsc.stats.unbinds) == (0, 0, 0)
        assert smsc.ledger[0].number == PHONE.decode()
