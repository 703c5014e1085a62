"""The codec: bounds, framing, and agreement with two codecs of other people."""

from __future__ import annotations

import struct
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st
from smpplib.smpp import parse_pdu

from sms_diary.channels import pdu
from sms_diary.errors import PduError
from tests.smpp_peer import deliver_body, raw, tlv

ADDRESS = st.text("0123456789", min_size=1, max_size=20)
MESSAGE = st.binary(max_size=254)
OCTET = st.integers(0, 255)
TLVS = st.lists(
    st.tuples(st.integers(0x1400, 0x3FFF), st.binary(max_size=40)),
    max_size=4,
    unique_by=lambda item: item[0],
)


def one(data: bytes) -> pdu.Frame:
    (frame,) = pdu.Framer().feed(data)
    return frame


def submit(message: bytes, source: str = "SHKOLA", to: str = "79000000001", **kw: Any) -> bytes:
    values: dict[str, Any] = {"esm_class": 0, "data_coding": 8, "registered_delivery": 1, **kw}
    body = pdu.submit_body(
        pdu.address(5, 0, source, pdu.SOURCE_ADDR),
        pdu.address(1, 1, to, pdu.DESTINATION_ADDR),
        message,
        **values,
    )
    return pdu.frame(pdu.SUBMIT_SM, 7, body)


@given(message=MESSAGE, source=ADDRESS, to=ADDRESS, esm=OCTET, coding=OCTET, extra=TLVS)
def test_smpp34_reads_our_submit_sm_as_it_was_meant(
    message: bytes, source: str, to: str, esm: int, coding: int, extra: list[tuple[int, bytes]]
) -> None:
    built = submit(
        message, source, to, esm_class=esm, data_coding=coding, validity=b"000002000000000R",
        tlvs=b"".join(pdu.tlv(tag, value) for tag, value in extra),
    )  # fmt: skip
    read = smpp34.decode(built)
    assert isinstance(read, smpp34.SubmitSm)
    assert (read.source_addr_ton, read.source_addr_npi, read.source_addr) == (5, 0, source)
    assert (read.dest_addr_ton, read.dest_addr_npi, read.destination_addr) == (1, 1, to)
    assert (read.esm_class, read.data_coding, read.short_message) == (esm, coding, message)
    assert (read.validity_period, read.registered_delivery) == ("000002000000000R", 1)
    assert [(t.tag, t.value) for t in read.tlvs] == extra
    assert read.sequence_number == 7


@given(message=st.binary(min_size=1, max_size=254), source=ADDRESS, to=ADDRESS)
def test_smpplib_reads_our_submit_sm_as_it_was_meant(message: bytes, source: str, to: str) -> None:
    numbered = SimpleNamespace(next_sequence=lambda: 1)
    read = parse_pdu(submit(message, source, to), client=numbered)
    assert (read.source_addr, read.destination_addr) == (source.encode(), to.encode())
    assert (read.short_message, read.data_coding, read.registered_delivery) == (message, 8, 1)
    assert read.sequence == 7


@given(
    message=MESSAGE, source=ADDRESS, to=ADDRESS, esm=OCTET, coding=OCTET, extra=TLVS,
    number=st.integers(1, 0x7FFFFFFF),
)  # fmt: skip
def test_we_read_a_deliver_sm_of_smpp34_as_it_was_meant(
    message: bytes,
    source: str,
    to: str,
    esm: int,
    coding: int,
    extra: list[tuple[int, bytes]],
    number: int,
) -> None:
    built = smpp34.DeliverSm(
        source, to, message, source_addr_ton=1, esm_class=esm, data_coding=coding,
        tlvs=[smpp34.Tlv(tag, value) for tag, value in extra], sequence_number=number,
    ).encode()  # fmt: skip
    read = pdu.decode_deliver(one(built))
    assert (read.source_ton, read.source, read.destination) == (1, source, to)
    assert (read.esm_class, read.data_coding, read.message) == (esm, coding, message)
    assert list(read.tlvs.items()) == extra
    assert (read.sequence, read.body) == (number, built[16:])


@given(st.lists(st.tuples(OCTET, st.binary(max_size=300)), max_size=6), st.data())
def test_a_stream_in_any_pieces_gives_the_same_pdus(
    bodies: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(raw(command, n, body) for n, (command, body) in enumerate(bodies))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    framer = pdu.Framer()
    frames: list[pdu.Frame] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        frames += framer.feed(stream[start:end])
    assert [(f.command, f.sequence, f.data[16:]) for f in frames] == [
        (command, n, body) for n, (command, body) in enumerate(bodies)
    ]


@pytest.mark.parametrize("length", [0, 15, 65_537, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_length_is_refused_after_the_pdus_before_it(length: int) -> None:
    feed = pdu.Framer().feed(raw(0x15, 1) + struct.pack(">IIII", length, 0x15, 0, 99))
    assert next(feed).sequence == 1
    with pytest.raises(PduError) as caught:
        next(feed)
    assert (caught.value.status, caught.value.sequence) == (0x02, 99)


def test_a_long_pdu_in_small_pieces_is_kept_whole() -> None:
    stream = raw(0x5, 3, bytes(65_000))
    framer = pdu.Framer()
    frames = [f for at in range(0, len(stream), 1000) for f in framer.feed(stream[at : at + 1000])]
    assert [len(f.data) for f in frames] == [65_016]


GOOD = deliver_body(b"hello", tlvs=tlv(0x1E, b"abc\0") + tlv(0x427, b"\2"))
BROKEN = {
    "no terminator at all": (b"x" * 60, 0x15),
    "service_type too long": (b"x" * 6 + GOOD, 0x15),
    "source too long": (deliver_body(b"", source=b"1" * 21), 0x0A),
    "destination too long": (deliver_body(b"", to=b"1" * 21), 0x0B),
    "nothing": (b"", 0x15),
    "cut before sm_length": (deliver_body(b"")[:-1], 0x01),
    "sm_length beyond the PDU": (deliver_body(b"")[:-1] + b"\xc8hi", 0x01),
    "short_message of 255": (deliver_body(bytes(255)), 0x01),
    "half a TLV header": (GOOD + b"\x04\x27\x00", 0xC0),
    "TLV beyond the PDU": (GOOD + b"\x04\x27\x00\x09\x01", 0xC2),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_deliver_sm_says_which_field_is_wrong(case: str) -> None:
    body, status = BROKEN[case]
    with pytest.raises(PduError) as caught:
        pdu.decode_deliver(one(raw(0x5, 42, body)))
    assert (caught.value.status, caught.value.sequence) == (status, 42)


@given(st.integers(0, len(GOOD) - 1))
def test_a_deliver_sm_cut_anywhere_is_refused_or_read_within_its_bounds(end: int) -> None:
    try:
        read = pdu.decode_deliver(one(raw(0x5, 1, GOOD[:end])))
    except PduError:
        return
    # Only at the borders of its optional parameters is what remains a whole PDU.
    assert read.message == b"hello"
    assert end in (len(deliver_body(b"hello")), len(deliver_body(b"hello")) + 8)


@given(st.binary(max_size=400))
def test_no_body_makes_the_decoder_raise_anything_but_pdu_error(body: bytes) -> None:
    for command, decode in ((0x5, pdu.decode_deliver), (0x80000004, pdu.decode_message_id)):
        with suppress(PduError):
            decode(one(raw(command, 1, body)))


def test_message_ids_are_taken_verbatim() -> None:
    ids = {b"0000A1\0": "0000A1", b"\0": "", b"": "", b"a" * 64 + b"\0": "a" * 64}
    assert {body: pdu.decode_message_id(one(raw(0x80000004, 1, body))) for body in ids} == ids


@pytest.mark.parametrize("body", [b"abc", b"a" * 65 + b"\0"])
def test_a_message_id_without_end_is_refused(body: bytes) -> None:
    with pytest.raises(PduError):
        pdu.decode_message_id(one(raw(0x80000004, 1, body)))


def test_message_payload_stands_in_for_an_empty_short_message() -> None:
    body = deliver_body(b"", tlvs=tlv(0x424, b"x" * 300))
    assert pdu.decode_deliver(one(raw(0x5, 1, body))).message == b"x" * 300


def test_what_does_not_fit_is_not_sent_cut() -> None:
    with pytest.raises(PduError):
        submit(bytes(255))
    for bad in ("7" * 21, "школа", "a\0b"):
        with pytest.raises(PduError):
            submit(b"", source=bad)


def test_answers_and_session_pdus_are_as_the_specification_draws_them() -> None:
    assert pdu.deliver_sm_resp(9) == raw(0x80000005, 9, b"\0")
    assert pdu.deliver_sm_resp(9, 0x64) == raw(0x80000005, 9, b"\0", 0x64)
    assert pdu.generic_nack(0, 3) == raw(0x80000000, 0, b"", 3)
    assert pdu.frame(pdu.ENQUIRE_LINK_RESP, 5) == raw(0x80000015, 5)
    assert pdu.session_pdu("unbind", 6) == raw(0x6, 6)
    assert pdu.session_pdu("enquire_link", 6) == raw(0x15, 6)
    bind = pdu.session_pdu(
        "bind_transceiver", 1, system_id="school", password="secret", system_type=""
    )
    assert bind == raw(0x9, 1, b"school\0secret\0\0\x34\0\0\0")
    query = pdu.session_pdu(
        "query_sm", 2, message_id="a1", source_addr_ton=5, source_addr_npi=0, source_addr="S"
    )
    assert query == raw(0x3, 2, b"a1\0\5\0S\0")
