"""Receipts as SMSCs write them: every dialect that was seen or that the specification allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.channels import pdu
from sms_diary.channels.base import ReceiptReport
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.receipts import is_receipt, read_date, read_receipt, read_text
from sms_diary.model import PartState
from tests.smpp_peer import (
    BIND_TRX,
    DELIVER_RESP,
    SUBMIT,
    Smsc,
    deliver_body,
    part,
    raw,
    receipt_body,
    talking,
    tlv,
)

P = PartState


def deliver(message: bytes, **fields: Any) -> Deliver:
    (frame,) = pdu.Framer().feed(raw(0x5, 1, deliver_body(message, **fields)))
    return pdu.decode_deliver(frame)


def receipt(text: str, **fields: Any) -> ReceiptReport:
    return read_receipt(deliver(text.encode("latin-1"), esm_class=4, **fields), UTC)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000


BY_THE_BOOK = (
    "id:0A1B sub:001 dlvrd:001 submit date:2611241000 done date:2611241005 stat:DELIVRD err:000"
)
AT = utc(2026, 11, 24, 10, 5)
DIALECTS: dict[str, tuple[str, tuple[str, PartState, str, int | None]]] = {
    "by the book": (f"{BY_THE_BOOK} text:hello", ("0A1B", P.DELIVERED, "000", AT)),
    "the book, with a text that looks like a receipt": (
        f"{BY_THE_BOOK} text:stat:UNDELIV err:7 done date:1",
        ("0A1B", P.DELIVERED, "000", AT),
    ),
    "the book, ending in a NUL": (f"{BY_THE_BOOK}\0", ("0A1B", P.DELIVERED, "000", AT)),
    "the book, on several lines": (
        BY_THE_BOOK.replace(" sub", "\r\nsub").replace(" stat", "\n stat"),
        ("0A1B", P.DELIVERED, "000", AT),
    ),
    "seconds in dates": (
        "id:1 submit date:261124100001 done date:261124100507 stat:EXPIRED err:027 Text:",
        ("1", P.EXPIRED, "027", AT + 7000),
    ),
    "another order and case": (
        "STAT:undeliv ID:77 ERR:0x1B Done Date:2611241005 SUB:001",
        ("77", P.UNDELIVERED, "0x1B", AT),
    ),
    "an error in hex": ("id:77 stat:UNDELIV err:1f", ("77", P.UNDELIVERED, "1f", None)),
    "an error with a network in it": (
        "id:77 stat:UNDELIV err:3:27 text:",
        ("77", P.UNDELIVERED, "3:27", None),
    ),
    "fields missing": ("id:77 stat:REJECTD", ("77", P.REJECTED, "", None)),
    "no counts": (
        ("id:1298d520-b783-49d9-87af-643d7bf13304 submit date:2611241000 done date:2611241005 "
        "stat:DELIVRD err:00"),
        ("1298d520-b783-49d9-87af-643d7bf13304", P.DELIVERED, "00", AT),
    ),
    "no text and no counts": (
        "id:0654354026 submit date:2611241000 done date:2611241005 stat:DELIVRD err:000",
        ("0654354026", P.DELIVERED, "000", AT),
    ),
    "long counts and a long error": (
        ("id:117062714244798261 sub:0 dlvrd:28 submit date:2611241000 done date:2611241005 "
        "stat:UNDELIV err:0000 text:H\x1bello"),
        ("117062714244798261", P.UNDELIVERED, "0000", AT),
    ),
    "the absolute time of SMPP with its own zone": (
        ("id:rdwjwxns18krxr9936ey96ymcw sub:000 dlvrd:000 submit date:261124130003912+ "
        "done date:261124130507012+ stat:UNDELIV err:000"),
        ("rdwjwxns18krxr9936ey96ymcw", P.UNDELIVERED, "000", AT + 7000),
    ),
    "the key of the state lost": (
        ("id:ce5bc5a9-4f7d sub:000 dlvrd:000 submit date:261124100000 done date:261124100507 "
        "DELIVRD err:000 Text:"),
        ("ce5bc5a9-4f7d", P.DELIVERED, "000", AT + 7000),
    ),
    "more than a word for a state": (
        "id:5 stat:UNDELIV (absent subscriber) err:27",
        ("5", P.UNDELIVERED, "27", None),
    ),
    "century and blanks": (
        "id: abc-def stat: DELIVRD done date: 2026-11-24 10:05:07",
        ("abc-def", P.DELIVERED, "", AT + 7000),
    ),
    "blanks before colons": ("id : 5 stat : DELIVRD err : 0", ("5", P.DELIVERED, "0", None)),
    "commas": ("id:9, stat:ACCEPTD, err:0", ("9", P.SENT, "0", None)),
    "underscores": (
        "id:5 submit_date:2611241000 done_date:2611241005 stat:ENROUTE",
        ("5", P.SENT, "", AT),
    ),
    "keys in one word": ("id:5 donedate:2611241005 stat:DELETED", ("5", P.UNDELIVERED, "", AT)),
    "a text with colons": (
        "id:5 stat:DELIVRD err:000 text:Урок: 9:30, id:6".encode("cp1251").decode("latin-1"),
        ("5", P.DELIVERED, "000", None),
    ),
    "a text that looks like a receipt": (
        "id:5 stat:DELIVRD err:000 text:id:6 stat:UNDELIV err:9",
        ("5", P.DELIVERED, "000", None),
    ),
    "the text first": ("id:5 text:a stat:DELETED err:1", ("5", P.UNDELIVERED, "1", None)),
    "the text first, with the word in it": (
        "id:5 text:stat:UNDELIV err:9 id:6 stat:DELIVRD err:000",
        ("5", P.DELIVERED, "000", None),
    ),
    "an impossible date": ("id:5 done date:9999999999 stat:UNKNOWN", ("5", P.UNKNOWN, "", None)),
    "an impossible zone": ("id:5 done date:261124100507099+ stat:DELIVRD",
                           ("5", P.DELIVERED, "", None)),
    "no date yet": ("id:5 submit date:2611241000 done date: stat:ACCEPTD err:0",
                    ("5", P.SENT, "0", None)),
    "no id": ("id: sub:001 stat:DELIVRD err:000", ("", P.DELIVERED, "000", None)),
    "a word nobody knows": ("id:5 stat:WHATEVER", ("5", P.UNKNOWN, "", None)),
    "nothing of it": ("hello", ("", P.UNKNOWN, "", None)),
    "nothing at all": ("", ("", P.UNKNOWN, "", None)),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_text_receipt_is_read_in_the_dialect(dialect: str) -> None:
    text, expected = DIALECTS[dialect]
    read = receipt(text)
    assert (read.provider_id, read.state, read.error, read.reported_at) == expected
    assert read.number == "+79000000001"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("way", ["payload", "header", "ucs2", "swapped", "marked", "as UCS-2"])
def test_however_the_text_is_carried_it_is_read_the_same(dialect: str, way: str) -> None:
    text, expected = DIALECTS[dialect]
    octets = text.encode("latin-1")
    body = {
        "payload": lambda: deliver(b"", esm_class=4, tlvs=tlv(0x424, octets)),
        "header": lambda: deliver(b"\5\0\3\1\1\1" + octets, esm_class=0x44),
        "ucs2": lambda: _long(text.encode("utf-16-be"), coding=8),
        "swapped": lambda: _long(text.encode("utf-16-le"), coding=8),
        "marked": lambda: _long(b"\xff\xfe" + text.encode("utf-16-le"), coding=0),
        "as UCS-2": lambda: deliver(octets, esm_class=4, coding=8),
    }[way]()
    read = read_receipt(body, UTC)
    assert (read.provider_id, read.state, read.error, read.reported_at) == expected


def _long(octets: bytes, **fields: Any) -> Deliver:
    """As message_payload: what has two octets a character may not fit into a short_message."""
    return deliver(b"", esm_class=4, tlvs=tlv(0x424, octets), **fields)


WORDS = {
    P.SENT: "ENROUTE ACCEPTD ACCEPTED BUFFRED BUFFERED ACKED SCHEDULED",
    P.DELIVERED: "DELIVRD DELIVERED delivrd",
    P.UNDELIVERED: "UNDELIV UNDELIVERABLE UNDELIVERED DELETED FAILED SKIPPED",
    P.EXPIRED: "EXPIRED",
    P.REJECTED: "REJECTD REJECTED",
    P.UNKNOWN: "UNKNOWN",
}


@pytest.mark.parametrize(
    ("word", "state"), [(word, state) for state in WORDS for word in WORDS[state].split()]
)
def test_the_words_of_the_specification_and_of_vendors_have_a_state(
    word: str, state: PartState
) -> None:
    assert receipt(f"id:5 sub:001 stat:{word} err:0").state is state


FIELDS = {
    "id": "7f3a", "sub": "001", "dlvrd": "001", "submit date": "2611241000",
    "done date": "2611241005", "stat": "EXPIRED", "err": "1b",
}  # fmt: skip


@given(
    st.permutations(list(FIELDS)), st.sampled_from([" ", "  ", "\n", ", "]),
    st.sampled_from([str.upper, str.lower, str.title]), st.booleans(), st.data(),
)  # fmt: skip
def test_order_case_and_separators_do_not_matter(
    order: list[str], between: str, case: Any, text: bool, data: st.DataObject
) -> None:
    left_out = data.draw(st.sets(st.sampled_from(["sub", "dlvrd", "submit date", "err"])))
    named = [key for key in order if key not in left_out]
    written = between.join(f"{case(key)}:{FIELDS[key]}" for key in named)
    read = receipt(written + (f"{between}Text:stat:DELIVRD id:1" if text else ""))
    assert (read.provider_id, read.state, read.reported_at) == ("7f3a", P.EXPIRED, AT)
    assert read.error == ("" if "err" in left_out else "1b")


@given(st.text(st.characters(codec="latin-1"), max_size=200))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    read_text(text)
    receipt(text[:200])
    is_receipt(deliver(text[:200].encode("latin-1")))


# ---------------------------------------------------------------- optional parameters


def test_optional_parameters_win_over_the_text() -> None:
    tlvs = tlv(0x1E, b"FF00\0") + tlv(0x427, b"\5") + tlv(0x423, b"\3\0\x1b")
    for text in ("id:12 stat:DELIVRD", "id:12 stat:DELIVRD err:000"):
        read = receipt(text, tlvs=tlvs)
        assert (read.provider_id, read.state, read.error) == ("FF00", P.UNDELIVERED, "3:27")
    assert receipt("id:12 stat:UNDELIV err:12", tlvs=tlvs).error == "12"


def test_a_receipt_of_optional_parameters_alone_is_read() -> None:
    tlvs = tlv(0x1E, b"00b8be19\0") + tlv(0x427, b"\2") + tlv(0x423, b"\3\0\0")
    read = receipt("", tlvs=tlvs + tlv(0x1403, b"vendor"))
    assert (read.provider_id, read.state, read.error) == ("00b8be19", P.DELIVERED, "")


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (0, P.SENT), (1, P.SENT), (2, P.DELIVERED), (3, P.EXPIRED), (4, P.UNDELIVERED),
        (5, P.UNDELIVERED), (6, P.SENT), (7, P.UNKNOWN), (8, P.REJECTED), (9, P.UNDELIVERED),
        (99, P.UNKNOWN),
    ],
)  # fmt: skip
def test_message_state_is_read_in_one_octet_or_more(value: int, state: PartState) -> None:
    for width in (1, 2):
        octets = value.to_bytes(width, "big")
        tlvs = tlv(0x427, octets) + tlv(0x1E, b"no terminator")
        read = read_receipt(deliver(b"", tlvs=tlvs), UTC)
        assert (read.state, read.provider_id) == (state, "no terminator")


@pytest.mark.parametrize("odd", [b"", b"\x32", b"\xff"])
def test_a_message_state_that_says_nothing_leaves_it_to_the_text(odd: bytes) -> None:
    assert receipt("id:5 stat:DELIVRD err:0", tlvs=tlv(0x427, odd)).state is P.DELIVERED


@pytest.mark.parametrize("value", [b"", b"\0", b"   \0"])
def test_an_empty_receipted_message_id_leaves_it_to_the_text(value: bytes) -> None:
    assert receipt("id:5 stat:DELIVRD err:0", tlvs=tlv(0x1E, value)).provider_id == "5"


def test_our_reference_comes_back() -> None:
    assert receipt("id:5 stat:DELIVRD", tlvs=tlv(0x204, b"\1\2")).reference == 0x102
    assert receipt("id:5 stat:DELIVRD").reference is None


# ---------------------------------------------------------------- kinds, addresses, dates


def test_an_intermediate_notice_is_never_final() -> None:
    notice = deliver(b"id:5 stat:UNDELIV err:1", esm_class=0x20)
    assert is_receipt(notice)
    assert read_receipt(notice, UTC).state is P.SENT


@pytest.mark.parametrize("esm_class", [0x04, 0x20, 0x44, 0x84, 0x07])
def test_receipts_are_known_by_their_class(esm_class: int) -> None:
    assert is_receipt(deliver(b"", esm_class=esm_class))


def test_receipts_are_known_by_their_parameters() -> None:
    assert is_receipt(deliver(b"", tlvs=tlv(0x1E, b"5\0")))
    assert is_receipt(deliver(b"", tlvs=tlv(0x427, b"\2")))
    assert not is_receipt(deliver(b"", tlvs=tlv(0x423, b"\3\0\1")))


UNMARKED = [
    BY_THE_BOOK,
    f"{BY_THE_BOOK} text:hello",
    "id:0654354026 submit date:2611241000 done date:2611241005 stat:DELIVRD err:000",
    "ID:5 Stat:UNDELIV Err:1b",
    " id:5 dlvrd:001 stat:EXPIRED",
    "stat:DELIVRD id:5 done date:2611241005",
]


@pytest.mark.parametrize("text", UNMARKED)
@pytest.mark.parametrize("esm_class", [0x00, 0x08, 0x10])
def test_a_receipt_without_a_mark_is_known_by_a_text_that_can_be_nothing_else(
    text: str, esm_class: int
) -> None:
    unmarked = deliver(text.encode(), esm_class=esm_class)
    assert is_receipt(unmarked)
    assert read_receipt(unmarked, UTC).number == "+79000000001"


@pytest.mark.parametrize(
    "text",
    [
        "", "СТОП", "hello", "id:5 stat:DELIVRD", "id: stat:DELIVRD err:0", "id:5 err:0",
        "id:5 stat:WHATEVER err:0", "id:5 stat:DELIVRD err:", "stat:DELIVRD err:000",
        f"Мне пришло: {BY_THE_BOOK}", f"Re: {BY_THE_BOOK}", "id:5 text:stat:DELIVRD",
    ],
)  # fmt: skip
def test_what_could_be_a_parents_sms_is_one(text: str) -> None:
    for coding, octets in ((0, text.encode("cp1251")), (8, text.encode("utf-16-be"))):
        assert not is_receipt(deliver(octets[:254], coding=coding))


def test_an_unmarked_receipt_that_names_no_phone_is_an_sms() -> None:
    """By its id alone it would be believed for any number."""
    for source, ton in ((b"SHKOLA", 5), (b"1234", 3), (b"37212345", 1)):
        assert not is_receipt(deliver(BY_THE_BOOK.encode(), source=source, ton=ton))
    assert not is_receipt(deliver(BY_THE_BOOK.encode(), esm_class=0x40))


def test_a_receipt_from_a_name_or_a_short_code_names_no_phone() -> None:
    for source, ton in ((b"SHKOLA", 5), (b"1234", 3)):
        assert receipt("id:5 stat:DELIVRD", source=source, ton=ton).number == ""


def test_the_phone_is_found_where_a_peer_leaves_the_addresses_as_they_were_submitted() -> None:
    for source, ton in ((b"SHKOLA", 5), (b"1234", 3)):
        read = receipt("id:5 stat:DELIVRD", source=source, ton=ton, to=b"79000000001")
        assert read.number == "+79000000001"
    turned = deliver(BY_THE_BOOK.encode(), esm_class=4, source=b"79000000099", to=b"79000000001")
    assert read_receipt(turned, UTC, "+79000000099").number == "+79000000001"
    usual = deliver(BY_THE_BOOK.encode(), esm_class=4, source=b"79000000001", to=b"79000000099")
    assert read_receipt(usual, UTC, "+79000000099").number == "+79000000001"


def test_dates_are_read_in_the_zone_of_the_operator() -> None:
    samara = timezone(timedelta(hours=4))
    assert read_date("2611241005", samara) == utc(2026, 11, 24, 6, 5)
    assert read_date("261124100507012+", samara) == utc(2026, 11, 24, 7, 5, 7)
    assert read_date("261124100507012-", samara) == utc(2026, 11, 24, 13, 5, 7)


def test_the_same_receipt_under_another_sequence_number_is_the_same_octets() -> None:
    body = deliver_body(b"id:5 stat:DELIVRD", esm_class=4)
    frames = list(pdu.Framer().feed(raw(0x5, 1, body) + raw(0x5, 2, body)))
    first, second = [read_receipt(pdu.decode_deliver(frame), UTC) for frame in frames]
    assert first == second


# ---------------------------------------------------------------- over TCP


async def test_every_dialect_is_reported_as_a_receipt_and_acknowledged() -> None:
    bodies = [
        deliver_body(text.encode("latin-1"), esm_class=4) for text, _ in DIALECTS.values()
    ] + [deliver_body(text.encode()) for text in UNMARKED]
    async with Smsc() as smsc, talking(smsc) as (_, news):
        sent = smsc.last.deliver(*bodies)
        answers = await smsc.seen(DELIVER_RESP, len(bodies))
    assert [(got.sequence, got.status) for got in answers] == [(n, 0) for n in sent]
    expected = [(id_, state) for _, (id_, state, _, _) in DIALECTS.values()]
    assert [(r.provider_id, r.state) for r in news.receipts[: len(DIALECTS)]] == expected
    assert len(news.receipts) == len(bodies)
    assert not news.inbound


async def test_a_receipt_on_another_session_than_its_submit_is_answered_there() -> None:
    async with Smsc() as smsc, talking(smsc, sessions=2) as (channel, news):
        await smsc.seen(BIND_TRX, 2)
        await channel.send([part(1)])
        await smsc.seen(SUBMIT)
        (other,) = [one for one in smsc.connections if not one.of(SUBMIT)]
        other.deliver(receipt_body("id1"))
        await smsc.seen(DELIVER_RESP)
        assert len(other.of(DELIVER_RESP)) == 1
    assert [(r.provider_id, r.state) for r in news.receipts] == [("id1", P.DELIVERED)]
