"""What comes from an SMSC, read without a network: receipts, inbound texts, statuses, addresses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.channels import pdu
from sms_diary.channels.base import Outcome
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp import results
from sms_diary.channels.smpp.address import e164, sender_form
from sms_diary.channels.smpp.inbound import decode_gsm7, decode_text, decode_ucs2, read_piece
from sms_diary.channels.smpp.joining import Joiner
from sms_diary.channels.smpp.receipts import is_receipt, read_date, read_receipt
from sms_diary.encoding import Alphabet, choose, encode
from sms_diary.errors import PduError
from sms_diary.model import Failure, PartState, Scope
from tests.smpp_peer import deliver_body, part, raw, tlv

P = PartState


def deliver(message: bytes, **fields: Any) -> Deliver:
    (frame,) = pdu.Framer().feed(raw(0x5, 1, deliver_body(message, **fields)))
    return pdu.decode_deliver(frame)


def receipt(text: str, **fields: Any) -> Any:
    return read_receipt(deliver(text.encode("latin-1"), esm_class=4, **fields), UTC)


def utc(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]


BY_THE_BOOK = (
    "id:0A1B sub:001 dlvrd:001 submit date:2611241000 done date:2611241005 stat:DELIVRD err:000"
)
DIALECTS = {
    "by the book": (
        f"{BY_THE_BOOK} text:hello",
        ("0A1B", P.DELIVERED, "000", utc(2026, 11, 24, 10, 5)),
    ),
    "the letter of the book with an odd text": (
        f"{BY_THE_BOOK} text:stat:UNDELIV err:7 done date:1",
        ("0A1B", P.DELIVERED, "000", utc(2026, 11, 24, 10, 5)),
    ),
    "seconds in dates": (
        "id:1 submit date:261124100001 done date:261124100507 stat:EXPIRED err:027 Text:",
        ("1", P.EXPIRED, "027", utc(2026, 11, 24, 10, 5, 7)),
    ),
    "another order and case": (
        "STAT:undeliv ID:77 ERR:0x1B Done Date:2611241005 SUB:001",
        ("77", P.UNDELIVERED, "0x1B", utc(2026, 11, 24, 10, 5)),
    ),
    "fields missing": ("id:77 stat:REJECTD", ("77", P.REJECTED, "", None)),
    "century and blanks": (
        "id: abc-def stat: DELIVRD done date: 2026-11-24 10:05:07",
        ("abc-def", P.DELIVERED, "", utc(2026, 11, 24, 10, 5, 7)),
    ),
    "commas": ("id:9, stat:ACCEPTD, err:0", ("9", P.SENT, "0", None)),
    "a text that looks like a receipt": (
        "id:5 stat:DELIVRD err:000 text:id:6 stat:UNDELIV err:9",
        ("5", P.DELIVERED, "000", None),
    ),
    "the text first": ("id:5 text:a stat:DELETED err:1", ("5", P.UNDELIVERED, "1", None)),
    "an impossible date": (
        "id:5 done date:9999999999 stat:UNKNOWN",
        ("5", P.UNKNOWN, "", None),
    ),
    "a word nobody knows": ("id:5 stat:WHATEVER", ("5", P.UNKNOWN, "", None)),
    "underscores": (
        "id:5 submit_date:2611241000 done_date:2611241005 stat:ENROUTE",
        ("5", P.SENT, "", utc(2026, 11, 24, 10, 5)),
    ),
    "nothing of it": ("hello", ("", P.UNKNOWN, "", None)),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_text_receipt_is_read_in_the_dialect(dialect: str) -> None:
    text, expected = DIALECTS[dialect]
    read = receipt(text)
    assert (read.provider_id, read.state, read.error, read.reported_at) == expected
    assert read.number == "+79000000001"


def test_optional_parameters_win_over_the_text() -> None:
    tlvs = tlv(0x1E, b"FF00\0") + tlv(0x427, b"\5") + tlv(0x423, b"\3\0\x1b")
    read = receipt("id:12 stat:DELIVRD", tlvs=tlvs)
    assert (read.provider_id, read.state, read.error) == ("FF00", P.UNDELIVERED, "3:27")


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (1, P.SENT), (2, P.DELIVERED), (3, P.EXPIRED), (4, P.UNDELIVERED), (5, P.UNDELIVERED),
        (6, P.SENT), (7, P.UNKNOWN), (8, P.REJECTED), (99, P.UNKNOWN),
    ],
)  # fmt: skip
def test_message_state_is_read_in_one_octet_or_more(value: int, state: PartState) -> None:
    for width in (1, 2):
        octets = value.to_bytes(width, "big")
        tlvs = tlv(0x427, octets) + tlv(0x1E, b"no terminator")
        read = read_receipt(deliver(b"", tlvs=tlvs), UTC)
        assert (read.state, read.provider_id) == (state, "no terminator")


def test_a_receipt_in_ucs2_is_read() -> None:
    text = "id:5 stat:DELIVRD text:привет".encode("utf-16-be")
    for coding in (8, 0):  # some forget to say so
        read = read_receipt(deliver(text, esm_class=4, coding=coding), UTC)
        assert (read.provider_id, read.state) == ("5", P.DELIVERED)


def test_a_receipt_in_message_payload_is_read() -> None:
    read = receipt("", tlvs=tlv(0x424, b"id:5 stat:DELIVRD"))
    assert (read.provider_id, read.state) == ("5", P.DELIVERED)


def test_an_intermediate_notice_is_never_final() -> None:
    notice = deliver(b"id:5 stat:UNDELIV err:1", esm_class=0x20)
    assert is_receipt(notice)
    assert read_receipt(notice, UTC).state is P.SENT


def test_receipts_are_known_by_their_class_or_their_parameters() -> None:
    assert is_receipt(deliver(b"", esm_class=0x44))
    assert is_receipt(deliver(b"", tlvs=tlv(0x1E, b"5\0")))
    assert is_receipt(deliver(b"", tlvs=tlv(0x427, b"\2")))
    assert not is_receipt(deliver(b"id:5 stat:DELIVRD"))
    assert not is_receipt(deliver(b"", esm_class=0x40))


def test_a_receipt_from_a_name_or_a_short_code_names_no_phone() -> None:
    for source, ton in ((b"SHKOLA", 5), (b"1234", 3)):
        assert receipt("id:5 stat:DELIVRD", source=source, ton=ton).number == ""


def test_dates_are_read_in_the_zone_of_the_operator() -> None:
    assert read_date("2611241005", timezone(timedelta(hours=4))) == utc(2026, 11, 24, 6, 5)


def test_the_same_receipt_under_another_sequence_number_is_the_same_octets() -> None:
    body = deliver_body(b"id:5 stat:DELIVRD", esm_class=4)
    frames = list(pdu.Framer().feed(raw(0x5, 1, body) + raw(0x5, 2, body)))
    first, second = [read_receipt(pdu.decode_deliver(frame), UTC) for frame in frames]
    assert first == second


@given(
    st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255),
    st.lists(st.tuples(
        st.sampled_from([0x1E, 0x427, 0x423, 0x204, 0x20C, 0x20E, 0x20F]), st.binary(max_size=4)
    ), max_size=4),
)  # fmt: skip
def test_nothing_in_a_deliver_sm_makes_its_readers_raise(
    message: bytes, esm_class: int, coding: int, extra: list[tuple[int, bytes]]
) -> None:
    tlvs = b"".join(tlv(tag, value) for tag, value in extra)
    read = deliver(message, esm_class=esm_class, coding=coding, tlvs=tlvs)
    read_receipt(read, UTC)
    piece = read_piece(read)
    assert piece.total >= piece.seq >= 1
    Joiner[int](1.0).add(piece, 0, 0.0)


# --- inbound texts


@given(st.text(max_size=80).filter(lambda text: choose(text) is Alphabet.GSM7))
def test_gsm7_is_read_as_it_is_written(text: str) -> None:
    assert decode_gsm7(encode(text, Alphabet.GSM7)) == text


def test_greek_capitals_and_broken_escapes_of_gsm7_are_read() -> None:
    assert decode_gsm7(b"\x10\x12\x13\x14\x15\x16\x17\x18\x19\x1a") == "ΔΦΓΛΩΠΨΣΘΞ"
    assert decode_gsm7(b"a\x1bZ\x1b\x1b\x80") == "aZ \ufffd"
    assert decode_gsm7(b"a\x1b") == "a"


@pytest.mark.parametrize("text", ["СТОП", "Стоп.", "STOP", "Р Р Р", "Здравствуйте! 5 «Б» — ok"])
def test_ucs2_is_read_in_either_order_of_octets(text: str) -> None:
    assert decode_ucs2(text.encode("utf-16-be")) == text
    assert decode_ucs2(text.encode("utf-16-le")) == text
    for mark, order in ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le")):
        assert decode_ucs2(mark + text.encode(order)) == text
    assert decode_ucs2(text.encode("utf-16-be") + b"\x04") == text


@pytest.mark.parametrize(
    ("message", "coding", "text"),
    [
        (b"caf\x05", 0, "café"),
        (b"stop", 1, "stop"),
        (b"caf\xe9", 3, "café"),
        ("стоп".encode("iso-8859-5"), 6, "стоп"),
        ("стоп".encode("utf-16-be"), 8, "стоп"),
        ("стоп".encode("utf-16-be"), 0x18, "стоп"),  # UCS-2 with a message class
        (b"\0", 0xF0, "@"),
        (b"\xe9", 0xF4, "é"),
        (b"\xe9", 4, "é"),
    ],
)
def test_every_data_coding_has_a_text(message: bytes, coding: int, text: str) -> None:
    assert decode_text(message, coding) == text


def test_a_broken_header_is_shown_as_text_rather_than_lost() -> None:
    piece = read_piece(deliver(b"\x05\x00\x09\x01\x02\x01ab", esm_class=0x40, coding=3))
    assert (piece.total, piece.message) == (1, b"\x05\x00\x09\x01\x02\x01ab")
    assert read_piece(deliver(b"\x09ab", esm_class=0x40)).message == b"\x09ab"


@pytest.mark.parametrize("total_and_seq", [(0, 0), (2, 0), (2, 3), (1, 1)])
def test_impossible_numbering_makes_a_whole_sms(total_and_seq: tuple[int, int]) -> None:
    header = b"\5\0\3\x09" + bytes(total_and_seq)
    piece = read_piece(deliver(header + b"ab", esm_class=0x40))
    assert (piece.total, piece.seq, piece.message) == (1, 1, b"ab")


def pieces(count: int, *, wide: bool = False, source: bytes = b"79000000001") -> list[Any]:
    made = []
    for seq in range(1, count + 1):
        if wide:
            header = b"\6\x08\4\1\2" + bytes((count, seq))
        else:
            header = b"\5\0\3\2" + bytes((count, seq))
        made.append(
            read_piece(deliver(header + b"p%d" % seq, esm_class=0x40, coding=3, source=source))
        )
    return made


@given(st.permutations(range(4)), st.booleans())
def test_pieces_join_in_any_order_of_arrival(order: list[int], wide: bool) -> None:
    joiner: Joiner[int] = Joiner(10.0)
    made = pieces(4, wide=wide)
    ready = [joined for n in order for joined in joiner.add(made[n], n, 0.0)]
    assert [(joined.report.text, joined.tokens) for joined in ready] == [("p1p2p3p4", list(order))]
    assert joiner.deadline() is None


def test_pieces_of_two_phones_or_two_ways_of_cutting_do_not_mix() -> None:
    joiner: Joiner[int] = Joiner(10.0)
    assert joiner.add(pieces(2)[0], 1, 0.0) == []
    assert joiner.add(pieces(2, source=b"79000000002")[1], 2, 0.0) == []
    assert joiner.add(pieces(2, wide=True)[1], 3, 0.0) == []
    (joined,) = joiner.add(pieces(2)[1], 4, 0.0)
    assert (joined.report.text, joined.tokens) == ("p1p2", [1, 4])


def test_a_repeated_piece_is_one_piece_and_both_are_answered() -> None:
    joiner: Joiner[int] = Joiner(10.0)
    first, second = pieces(2)
    assert joiner.add(first, 1, 0.0) + joiner.add(first, 2, 1.0) == []
    (joined,) = joiner.add(second, 3, 2.0)
    assert (joined.report.text, joined.tokens) == ("p1p2", [1, 2, 3])


def test_unfinished_texts_are_given_up_by_time_and_by_number() -> None:
    joiner: Joiner[int] = Joiner(10.0, most=2)
    one, two, three = (pieces(2, source=b"7900000000%d" % n)[0] for n in (1, 2, 3))
    joiner.add(one, 1, 0.0)
    joiner.add(two, 2, 5.0)
    assert [j.tokens for j in joiner.add(three, 3, 6.0)] == [[1]]
    assert joiner.deadline() == 15.0
    assert [j.tokens for j in joiner.due(15.0)] == [[2]]
    assert [j.tokens for j in joiner.due(16.0)] == [[3]]


# --- statuses and addresses


def test_every_status_of_the_specification_has_a_meaning_and_a_name() -> None:
    for status in [*range(1, 0x68), *range(0xC0, 0xC5), 0xFE, 0xFF]:
        assert results.meaning(status).failure in Failure
    assert results.code(0x58) == "ESME_RTHROTTLED"
    assert results.code(0x401) == "0x00000401"


def test_a_status_nobody_knows_is_judged_by_its_range() -> None:
    assert results.meaning(0x4FF).failure is Failure.UNKNOWN
    assert results.meaning(0xC9).failure is Failure.CONFIG
    assert results.meaning(0xDEAD).failure is Failure.UNKNOWN


def test_a_wrong_sender_is_the_mistake_of_whoever_brought_it() -> None:
    of_route = results.failed(part(), 0x0A)
    of_school = results.failed(part(sender="LICEY"), 0x0A)
    assert (of_route.outcome, of_route.scope) == (Outcome.FAILED, Scope.ACCOUNT)
    assert (of_school.outcome, of_school.scope) == (Outcome.FAILED, Scope.MESSAGE)


@pytest.mark.parametrize(
    ("sender", "form"),
    [
        ("SHKOLA 5", (5, 0, "SHKOLA 5")),
        ("1234", (3, 0, "1234")),
        ("+79000000001", (1, 1, "79000000001")),
        ("79000000001", (1, 1, "79000000001")),
        ("", (0, 0, "")),
    ],
)
def test_type_and_plan_follow_the_form_of_the_sender(
    sender: str, form: tuple[int, int, str]
) -> None:
    assert sender_form(sender) == form


def test_a_name_over_eleven_characters_is_refused() -> None:
    with pytest.raises(PduError):
        sender_form("SHKOLA NOMER")


@pytest.mark.parametrize(
    ("ton", "text", "number"),
    [
        (1, "79000000001", "+79000000001"),
        (1, "+79000000001", "+79000000001"),
        (2, "89000000001", "+79000000001"),
        (1, "89000000001", "+79000000001"),
        (0, "9000000001", "+79000000001"),
        (0, "84950000001", "+74950000001"),
        (1, "84900000001", "+84900000001"),  # Vietnam
        (1, "77010000001", "+77010000001"),
        (1, "375290000001", "+375290000001"),
        (0, "375290000001", "+375290000001"),
        (3, "1234", "1234"),
        (5, "SHKOLA", "SHKOLA"),
        (0, "", ""),
    ],
)
def test_a_phone_is_known_in_every_form_that_operators_send(
    ton: int, text: str, number: str
) -> None:
    assert e164(ton, text) == number
