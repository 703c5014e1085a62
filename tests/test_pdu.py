"""The codec: bounds, framing, and agreement with two codecs of other people."""

from __future__ import annotations

import struct
from contextlib import suppress
from datetime import UTC
from types import SimpleNamespace
from typing import Any

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st
from smpplib.smpp import make_pdu, parse_pdu

from sms_diary.channels import pdu
from sms_diary.channels.base import Asked
from sms_diary.channels.smpp.address import sender_form
from sms_diary.channels.smpp.query import Told, read_answer
from sms_diary.channels.smpp.receipts import BY_NUMBER
from sms_diary.channels.smpp.requests import build_query, session_pdu
from sms_diary.errors import PduError
from tests.smpp_peer import deliver_body, raw, settings, tlv

ADDRESS = st.text("0123456789", min_size=1, max_size=20)
MESSAGE = st.binary(max_size=254)
OCTET = st.integers(0, 255)
SEQUENCE = st.integers(1, 0x7FFFFFFF)
NUMBERED = SimpleNamespace(sequence=1, next_sequence=lambda: 1)
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
    read = parse_pdu(submit(message, source, to), client=NUMBERED)
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


@given(
    message=st.binary(min_size=1, max_size=254), source=ADDRESS, to=ADDRESS, esm=OCTET,
    coding=OCTET, state=st.integers(0, 9), name=st.text("0123456789abcdef-", max_size=64),
)  # fmt: skip
def test_we_read_a_deliver_sm_of_smpplib_as_it_was_meant(
    message: bytes, source: str, to: str, esm: int, coding: int, state: int, name: str
) -> None:
    made = make_pdu(
        "deliver_sm", client=NUMBERED, source_addr_ton=1, source_addr=source, destination_addr=to,
        esm_class=esm, data_coding=coding, short_message=message, message_state=state,
        receipted_message_id=name,
    )  # fmt: skip
    read = pdu.decode_deliver(one(made.generate()))
    assert (read.source_ton, read.source, read.destination) == (1, source, to)
    assert (read.esm_class, read.data_coding, read.message) == (esm, coding, message)
    assert read.tlvs[0x427] == bytes((state,))
    assert read.tlvs.get(0x1E, b"\0") == name.encode() + b"\0"


@given(st.text("0123456789abcdefXYZ-", max_size=64), SEQUENCE)
def test_we_read_a_submit_sm_resp_of_smpplib_as_it_was_meant(name: str, sequence: int) -> None:
    made = make_pdu("submit_sm_resp", client=NUMBERED, message_id=name)
    frame = one(made.generate())
    assert (frame.command, frame.status, pdu.decode_message_id(frame)) == (0x80000004, 0, name)
    frame = one(raw(0x80000004, sequence, name.encode() + b"\0" + tlv(0x1401, b"vendor")))
    assert (frame.sequence, pdu.decode_message_id(frame)) == (sequence, name)


FIELD = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=8)


@given(
    st.sampled_from(["transceiver", "transmitter", "receiver"]), SEQUENCE, FIELD, FIELD, FIELD,
    FIELD, OCTET,
)  # fmt: skip
def test_others_read_our_binds_as_they_were_meant(
    kind: str, sequence: int, name: str, password: str, what: str, addresses: str, octet: int
) -> None:
    built = session_pdu(
        f"bind_{kind}", sequence, system_id=name, password=password, system_type=what,
        interface_version=octet, addr_ton=octet, addr_npi=octet, address_range=addresses,
    )  # fmt: skip
    texts = b"".join(text.encode() + b"\0" for text in (name, password, what))
    body = texts + bytes((octet,) * 3) + addresses.encode() + b"\0"
    command = {"receiver": 1, "transmitter": 2, "transceiver": 9}[kind]
    assert built == raw(command, sequence, body)
    read = smpp34.decode(built)
    assert isinstance(read, smpp34.RawPdu)
    assert (read.command_id, read.sequence_number, read.body) == (command, sequence, body)


@given(SEQUENCE, st.integers(0, 0xFFFFFFFF))
def test_others_read_our_answers_as_they_were_meant(sequence: int, status: int) -> None:
    for built, command, body in (
        (pdu.deliver_sm_resp(sequence, status), 0x80000005, b"\0"),
        (pdu.generic_nack(sequence, status), 0x80000000, b""),
        (pdu.frame(pdu.ENQUIRE_LINK_RESP, sequence, status=status), 0x80000015, b""),
        (pdu.frame(pdu.UNBIND_RESP, sequence, status=status), 0x80000006, b""),
    ):
        read = smpp34.decode(built)
        assert isinstance(read, smpp34.RawPdu)
        assert (read.command_id, read.command_status, read.sequence_number, read.body) == (
            command, status, sequence, body,
        )  # fmt: skip
        other = parse_pdu(built, client=NUMBERED)
        assert (other.status, other.sequence) == (status, sequence)


NAME = st.text("0123456789abcdefXYZ-", min_size=1, max_size=64)


@given(NAME, st.text("SHKOLA5", min_size=1, max_size=11), SEQUENCE)
def test_smpplib_reads_our_query_sm_as_it_was_meant(name: str, source: str, sequence: int) -> None:
    asked = Asked(1, name, "+79000000001", sender=source)
    read = parse_pdu(build_query(asked, sequence, settings(0)), client=NUMBERED)
    assert (read.command, read.sequence, read.message_id) == ("query_sm", sequence, name.encode())
    kind, plan, address = sender_form(source)
    read_address = (read.source_addr_ton, read.source_addr_npi, read.source_addr.decode())
    assert read_address == (kind, plan, address)


@given(NAME, st.integers(0, 9), OCTET, st.booleans())
def test_we_read_a_query_sm_resp_of_smpplib_as_it_was_meant(
    name: str, state: int, error: int, done: bool
) -> None:
    date = "261124130507012+" if done else ""
    made = make_pdu(
        "query_sm_resp", client=NUMBERED, message_id=name, final_date=date, message_state=state,
        error_code=error,
    )  # fmt: skip
    asked = Asked(1, name, "+79000000001")
    read = read_answer(Told(asked, one(made.generate())), UTC)
    assert (read.provider_id, read.state) == (name, BY_NUMBER[state])
    assert read.error == (str(error) if error else "")
    assert read.reported_at == (1_795_514_707_000 if done else None)


@given(st.binary(max_size=100))
def test_no_query_sm_resp_makes_its_reader_raise_anything_but_pdu_error(body: bytes) -> None:
    with suppress(PduError):
        read_answer(Told(Asked(1, "a", ""), one(raw(0x80000003, 1, body))), UTC)


@given(
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=8),
    st.binary(max_size=20),
)
def test_optional_parameters_are_read_as_they_are_written(
    items: list[tuple[int, bytes]], before: bytes
) -> None:
    data = before + b"".join(pdu.tlv(tag, value) for tag, value in items)
    first = dict(reversed(items))  # the first of two wins
    assert pdu.decode_tlvs(data, len(before)) == first


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
    # Only at the borders of its optional parameters is what remains a whole PDU, and where the
    # first octet of a tag is a NUL: one too many is let pass.
    assert read.message == b"hello"
    assert end - len(deliver_body(b"hello")) in (0, 1, 8)


@pytest.mark.parametrize("more", [1, 2, 3])
def test_a_few_nuls_too_many_at_the_end_lose_no_receipt(more: int) -> None:
    read = pdu.decode_deliver(one(raw(0x5, 42, GOOD + bytes(more))))
    assert (read.message, dict(read.tlvs)) == (b"hello", {0x1E: b"abc\0", 0x427: b"\2"})
    read = pdu.decode_deliver(one(raw(0x5, 42, deliver_body(b"hello") + bytes(more))))
    assert (read.message, dict(read.tlvs)) == (b"hello", {})


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
    assert session_pdu("unbind", 6) == raw(0x6, 6)
    assert session_pdu("enquire_link", 6) == raw(0x15, 6)
    bind = session_pdu("bind_transceiver", 1, system_id="school", password="secret", system_type="")
    assert bind == raw(0x9, 1, b"school\0secret\0\0\x34\0\0\0")
    query = session_pdu(
        "query_sm", 2, message_id="a1", source_addr_ton=5, source_addr_npi=0, source_addr="S"
    )
    assert query == raw(0x3, 2, b"a1\0\5\0S\0")
