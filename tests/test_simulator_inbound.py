"""Parents' SMS as the simulated SMSC brings them: alphabets, long ones, repetitions."""

from __future__ import annotations

import pytest

from tests.esme_peer import (
    BIND_RX,
    DELIVER,
    Delivered,
    bound,
    eventually,
    read_deliver,
    smsc_with,
)

PHONE, TO = "79000001002", "79000000000"
LONG = "Спасибо, мы будем. " * 9


@pytest.mark.parametrize(
    ("coding", "typed", "data_coding", "octets"),
    [
        ("auto", "STOP", 0, b"STOP"),
        ("auto", "СТОП", 8, "СТОП".encode("utf-16-be")),
        ("ascii", "STOP", 1, b"STOP"),
        ("latin1", "Déjà", 3, b"D\xe9j\xe0"),
        ("ucs2", "STOP", 8, "STOP".encode("utf-16-be")),
        ("ucs2-le", "СТОП 😀", 8, "СТОП 😀".encode("utf-16-le")),
        # What an alphabet does not have is written in the usual one.
        ("ascii", "СТОП", 8, "СТОП".encode("utf-16-be")),
        ("latin1", "СТОП", 8, "СТОП".encode("utf-16-be")),
    ],
)
async def test_a_parents_sms_comes_in_the_chosen_alphabet(
    coding: str, typed: str, data_coding: int, octets: bytes
) -> None:
    async with smsc_with(inbound_coding=coding) as smsc, await bound(smsc, BIND_RX) as one:
        await smsc.inbound(PHONE, typed, TO)
        [sms] = await one.receipts()
        assert (sms.coding, sms.message, sms.esm_class) == (data_coding, octets, 0)
        assert (sms.source, sms.destination) == (PHONE.encode(), TO.encode())


def place_of(sms: Delivered, how: str) -> tuple[bytes, int, int, bytes]:
    """Reference, total, number, and the octets of the text."""
    if how == "sar":
        assert sms.esm_class == 0
        total, number = sms.tlvs[0x020E][0], sms.tlvs[0x020F][0]
        return sms.tlvs[0x020C], total, number, sms.message
    assert sms.esm_class == 0x40
    head, text = sms.message[: sms.message[0] + 1], sms.message[sms.message[0] + 1 :]
    assert head[1:3] == {"udh8": b"\x00\x03", "udh16": b"\x08\x04"}[how]
    return head[3:-2], head[-2], head[-1], text


@pytest.mark.parametrize("how", ["udh8", "udh16", "sar"])
@pytest.mark.parametrize("coding", ["auto", "ucs2-le", "ascii"])
async def test_a_long_sms_comes_in_pieces_cut_as_told(how: str, coding: str) -> None:
    typed = "Thank you, we will come. " * 9 if coding == "ascii" else LONG
    async with (
        smsc_with(inbound_long=how, inbound_coding=coding) as smsc,
        await bound(smsc, BIND_RX) as one,
    ):
        sms = await smsc.inbound(PHONE, typed, TO)
        pieces = [place_of(got, how) for got in await one.receipts(sms.parts)]
        assert sms.parts > 1
        assert [piece[1:3] for piece in pieces] == [
            (sms.parts, number) for number in range(1, sms.parts + 1)
        ]
        assert {len(piece[0]) for piece in pieces} == {1 if how == "udh8" else 2}
        assert len({piece[0] for piece in pieces}) == 1
        charset = {"auto": "utf-16-be", "ucs2-le": "utf-16-le", "ascii": "ascii"}[coding]
        assert b"".join(piece[3] for piece in pieces).decode(charset) == typed


async def test_a_long_sms_can_come_whole_in_the_payload() -> None:
    async with smsc_with(inbound_long="payload") as smsc, await bound(smsc, BIND_RX) as one:
        await smsc.inbound(PHONE, LONG, TO)
        [sms] = await one.receipts()
        assert sms.message == b""
        assert sms.tlvs[0x0424].decode("utf-16-be") == LONG


async def test_pieces_can_come_in_another_order_and_twice() -> None:
    async with (
        smsc_with(inbound="shuffled,doubled", seed=2) as smsc,
        await bound(smsc, BIND_RX) as one,
    ):
        sms = await smsc.inbound(PHONE, LONG * 3, TO)
        assert sms.parts > 4
        numbers = [place_of(got, "udh8")[2] for got in await one.receipts(2 * sms.parts)]
        in_order = [number for number in range(1, sms.parts + 1) for _ in range(2)]
        assert numbers != in_order
        assert sorted(numbers) == in_order
        await eventually(lambda: sms.waiting == 0)
        assert smsc.stats.inbound_acked == sms.parts


async def test_an_sms_can_come_once_more_after_it_was_acknowledged() -> None:
    async with smsc_with(inbound="repeated") as smsc, await bound(smsc, BIND_RX) as one:
        sms = await smsc.inbound(PHONE, "СТОП", TO)
        first = await one.read()
        one.answer(first)
        again = await one.read()
        assert again.command == DELIVER
        assert (again.sequence != first.sequence, again.body == first.body) == (True, True)
        one.answer(again)
        await eventually(lambda: smsc.waiting == 0)
        assert (sms.waiting, smsc.stats.inbound, smsc.stats.inbound_acked) == (0, 1, 1)


async def test_an_sms_comes_again_when_it_has_no_answer_in_time() -> None:
    async with smsc_with(deliver_timeout=0.05) as smsc, await bound(smsc, BIND_RX) as one:
        await smsc.inbound(PHONE, "СТОП", TO)
        bodies = [read_deliver((await one.read()).body).message for _ in range(3)]
        assert bodies == ["СТОП".encode("utf-16-be")] * 3
