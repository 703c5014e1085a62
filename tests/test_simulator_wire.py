"""The simulated SMSC under octets that are no SMPP, and its reading of those that are."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import consts, smpp

from sms_diary.simulator import Options, Smsc, gsm7, inbound, spec, text, wire
from sms_diary.simulator.pacing import Bucket
from sms_diary.simulator.reading import options_of

BIND = struct.pack(">IIII", 31, 0x09, 0, 1) + b"demo\0demo\0\0\x34\0\0\0"
SUBMIT_BODY = (
    b"\0\x05\0School12\0\x01\x0179000001002\0\0\0\0\0\0\x01\0\x08\0\x04\x04\x14\x04\x30"
    b"\x02\x04\0\x02\x12\x67"
)


class Numbers:
    """The sequence numbers that smpplib wants from a client."""

    sequence = 1

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    one = Smsc(Options())
    await one.start()
    yield one
    await one.stop()


async def talk(smsc: Smsc, octets: bytes, *, until: int) -> list[tuple[int, int, int, int]]:
    """Send octets and return the headers of at most `until` answers, fewer if it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
    headers: list[tuple[int, int, int, int]] = []
    try:
        writer.write(octets)
        while len(headers) < until:
            header = struct.unpack(">IIII", await asyncio.wait_for(reader.readexactly(16), 5))
            await reader.readexactly(header[0] - 16)
            headers.append(header)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
    return headers


async def still_lives(smsc: Smsc) -> bool:
    return (await talk(smsc, BIND, until=1))[0][1:3] == (0x80000009, 0)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\0" * 64,
        b"\xff\xff\xff\xff",
        struct.pack(">IIII", 15, 4, 0, 1),
        struct.pack(">IIII", 2**32 - 1, 4, 0, 1),
    ],
)
async def test_an_impossible_length_gets_a_nack_and_a_close(smsc: Smsc, garbage: bytes) -> None:
    assert await talk(smsc, garbage, until=2) == [(16, 0x80000000, consts.SMPP_ESME_RINVCMDLEN, 0)]
    assert await still_lives(smsc)


async def test_an_unknown_command_gets_a_nack_and_the_session_goes_on(smsc: Smsc) -> None:
    octets = (
        BIND + struct.pack(">IIII", 18, 0x777, 0, 5) + b"??" + struct.pack(">IIII", 16, 21, 0, 6)
    )
    answers = await talk(smsc, octets, until=3)
    assert answers[1:] == [
        (16, 0x80000000, consts.SMPP_ESME_RINVCMDID, 5),
        (16, 0x80000015, 0, 6),
    ]


async def test_a_pdu_may_come_octet_by_octet(smsc: Smsc) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
    submit = struct.pack(">IIII", 16 + len(SUBMIT_BODY), 4, 0, 2) + SUBMIT_BODY
    for octet in BIND + submit:
        writer.write(bytes((octet,)))
        await writer.drain()
    command = 0
    while command != spec.DELIVER_SM:
        length, command, status, _ = struct.unpack(">IIII", await reader.readexactly(16))
        await reader.readexactly(length - 16)
        assert status == 0
    writer.close()
    assert smsc.ledger[0].fragment.text == "Да"


async def test_random_octets_never_stop_the_smsc(smsc: Smsc) -> None:
    dice = random.Random(7)
    for _ in range(60):
        damaged = bytearray(SUBMIT_BODY)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        body = bytes(damaged[: dice.randint(0, len(damaged))])
        submit = struct.pack(">IIII", 16 + len(body), 4, 0, 2) + body
        answers = await talk(smsc, BIND + submit + dice.randbytes(40), until=2)
        assert [answer[1] for answer in answers] == [0x80000009, 0x80000004]
    assert await still_lives(smsc)


async def test_a_peer_that_does_not_read_is_no_longer_read(smsc: Smsc) -> None:
    """Answers to millions of enquiries must not pile up in the SMSC's memory."""
    _, writer = await asyncio.open_connection("127.0.0.1", smsc.port, limit=1024)
    writer.write(BIND)
    enquiries = struct.pack(">IIII", 16, 21, 0, 9) * 4096
    stuck = False
    for _ in range(2000):
        writer.write(enquiries)
        try:
            await asyncio.wait_for(writer.drain(), 0.5)
        except TimeoutError:
            stuck = True
            break
    assert stuck
    assert await still_lives(smsc)
    writer.transport.abort()


@given(st.binary(max_size=300))
def test_any_octets_are_a_submit_or_a_wire_error(octets: bytes) -> None:
    try:
        pdu = wire.parse_submit_sm(b"??" + octets + b"!!", 2, 2 + len(octets))
    except wire.WireError:
        return
    assert sum(map(len, (pdu.source, pdu.destination, pdu.body))) <= len(octets)
    text.read(pdu.body, pdu.esm_class, pdu.data_coding, pdu.tlvs)


@given(cut=st.integers(0, len(SUBMIT_BODY) - 1))
def test_a_submit_that_was_cut_is_an_error_except_before_a_parameter(cut: int) -> None:
    if cut == len(SUBMIT_BODY) - 6:
        assert wire.parse_submit_sm(SUBMIT_BODY[:cut], 0, cut).tlvs is None
        return
    with pytest.raises(wire.WireError):
        wire.parse_submit_sm(SUBMIT_BODY, 0, cut)


def test_a_submit_of_smpplib_is_read_to_the_last_octet() -> None:
    octets = smpp.make_pdu(
        "submit_sm",
        client=Numbers(),
        service_type="CMT",
        source_addr_ton=5,
        source_addr="School12",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="79000001002",
        validity_period="000000010000000R",
        esm_class=0x40,
        registered_delivery=1,
        data_coding=8,
        short_message=b"\x05\0\x03\x01\x02\x01\x04\x14",
        user_message_reference=7,
    ).generate()
    pdu = wire.parse_submit_sm(octets, 16, len(octets))
    assert pdu == wire.SubmitSm(
        source=b"\x05\0School12\0",
        destination=b"\x01\x0179000001002\0",
        esm_class=0x40,
        registered_delivery=1,
        data_coding=8,
        body=b"\x05\0\x03\x01\x02\x01\x04\x14",
        tlvs={0x0204: b"\0\x07"},
    )


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"source": b"\x05\0" + b"A" * 21 + b"\0"}, consts.SMPP_ESME_RINVSRCADR),
        ({"destination": b"\x01\x01" + b"7" * 21 + b"\0"}, consts.SMPP_ESME_RINVDSTADR),
        ({"schedule": b"2611\0"}, consts.SMPP_ESME_RINVSCHED),
        ({"validity": b"1" * 17 + b"\0"}, consts.SMPP_ESME_RINVEXPIRY),
        ({"message": b"\xff" + b"x" * 255}, consts.SMPP_ESME_RINVMSGLEN),
        ({"message": b"\x05abc"}, consts.SMPP_ESME_RINVMSGLEN),
        ({"tail": b"\x02\x04\0"}, consts.SMPP_ESME_RINVOPTPARSTREAM),
        ({"tail": b"\x02\x04\0\x09ab"}, consts.SMPP_ESME_RINVPARLEN),
    ],
)
def test_the_first_wrong_field_is_named(change: dict[str, bytes], status: int) -> None:
    fields = {
        "service": b"\0",
        "source": b"\x05\0School12\0",
        "destination": b"\x01\x0179000001002\0",
        "classes": b"\0\0\0",
        "schedule": b"\0",
        "validity": b"\0",
        "flags": b"\x01\0\0\0",
        "message": b"\x03abc",
        "tail": b"",
    }
    good = b"".join(fields.values())
    assert wire.parse_submit_sm(good, 0, len(good)).body == b"abc"
    octets = b"".join((fields | change).values())
    with pytest.raises(wire.WireError) as error:
        wire.parse_submit_sm(octets, 0, len(octets))
    assert error.value.status == status


def test_the_numbers_are_those_of_the_vocabulary() -> None:
    """smpplib's table was typed in by others: a slip of ours would show."""
    for name in dir(spec):
        if name.startswith("ESME_"):
            assert getattr(spec, name) == getattr(consts, f"SMPP_{name}"), name


def test_the_alphabet_agrees_with_an_independent_table() -> None:
    codec = gsm0338.Codec()
    for code in range(128):
        if code != gsm7.ESCAPE:
            char = codec.decode(bytes((code,)))[0]
            assert gsm7.decode(bytes((code,))) == char
            assert gsm7.encode(char) == [bytes((code,))]
    for char in "^{}\\[~]|€\f":
        octets = codec.encode(char)[0]
        assert gsm7.decode(octets) == char
        assert gsm7.encode(char) == [octets]


def test_what_the_alphabet_does_not_have_is_seen() -> None:
    assert gsm7.decode(b"a\x80\x1b\x01b\x1b") == "a\ufffd\ufffdb\ufffd"
    assert gsm7.encode("Да") is None


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400),
    st.sampled_from(["udh8", "udh16", "sar", "payload"]),
)
def test_what_a_parent_types_is_read_back_from_its_parts(typed: str, long: str) -> None:
    pieces = inbound.write(typed, 513, options_of({"inbound_long": long}))
    fragments = [
        text.read(
            piece.body,
            piece.esm_class,
            piece.data_coding,
            wire.parse_tlvs(piece.tlvs, 0, len(piece.tlvs)),
        )
        for piece in pieces
    ]
    assert "".join(fragment.text for fragment in fragments) == typed
    assert all(len(p.body) <= (160 if p.data_coding == 0 else 140) for p in pieces)
    if len(pieces) > 1:
        assert [part.concat for part in fragments] == [
            (1 if long == "udh8" else 513, len(pieces), number)
            for number in range(1, len(pieces) + 1)
        ]


@pytest.mark.parametrize(
    ("body", "esm_class", "coding", "tlvs", "expected"),
    [
        (b"\x04\x14\x04\x30", 0, 8, None, ("Да", "UCS-2", None)),
        (b"\xe9t\xe9", 0, 3, None, ("été", "Latin-1", None)),
        (b"hi\x00", 0, 0, None, ("hi@", "GSM-7", None)),
        (b"\x01\x02", 0, 4, None, ("01 02", "данные 0x04", None)),
        (b"\x05\0\x03\x09\x02\x01ab", 0x40, 0, None, ("ab", "GSM-7", (9, 2, 1))),
        (b"\x06\x08\x04\x01\x09\x02\x02ab", 0x40, 0, None, ("ab", "GSM-7", (265, 2, 2))),
        (b"\x05\0\x03\x09\x02\x03ab", 0x40, 0, None, ("ab", "GSM-7", None)),
        (b"\x30ab", 0x40, 0, None, ("30 61 62", "повреждённый заголовок", None)),
        (b"", 0x40, 0, None, ("", "повреждённый заголовок", None)),
        (b"ab", 0, 0, {0x20C: b"\1\2", 0x20E: b"\3", 0x20F: b"\1"}, ("ab", "GSM-7", (258, 3, 1))),
        (b"ab", 0, 0, {0x20C: b"\1\2", 0x20E: b"\3"}, ("ab", "GSM-7", None)),
        (b"", 0, 8, {0x424: b"\x04\x14"}, ("Д", "UCS-2", None)),
        (b"\xd8\x3d", 0, 8, None, ("\ufffd", "UCS-2", None)),
    ],
)
def test_a_body_is_read(
    body: bytes,
    esm_class: int,
    coding: int,
    tlvs: dict[int, bytes] | None,
    expected: tuple[str, str, tuple[int, int, int] | None],
) -> None:
    assert text.read(body, esm_class, coding, tlvs) == expected


def test_a_bucket_lets_in_its_rate_and_a_second_s_worth_at_once() -> None:
    bucket = Bucket(10, now=0)
    assert [bucket.take(0) for _ in range(11)] == [True] * 10 + [False]
    assert [bucket.take(0.25) for _ in range(3)] == [True, True, False]
    assert sum(bucket.take(100) for _ in range(30)) == 10
