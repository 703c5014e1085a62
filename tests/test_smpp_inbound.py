"""SMS from phones: every alphabet a peer declares or means, long ones in pieces, stored first."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import keywords
from sms_diary.channels import pdu
from sms_diary.channels.base import InboundReport
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.inbound import Piece, read_piece
from sms_diary.channels.smpp.joining import Joiner
from sms_diary.channels.smpp.receipts import is_receipt, read_receipt
from sms_diary.channels.smpp.texts import decode_gsm7, decode_text, decode_ucs2
from sms_diary.encoding import Alphabet, choose, encode
from sms_diary.keywords import Meaning
from tests.smpp_peer import (
    BIND_TRX,
    DELIVER_RESP,
    ENQUIRE,
    ENQUIRE_RESP,
    Smsc,
    deliver_body,
    raw,
    talking,
    tlv,
)


def deliver(message: bytes, **fields: Any) -> Deliver:
    (frame,) = pdu.Framer().feed(raw(0x5, 1, deliver_body(message, **fields)))
    return pdu.decode_deliver(frame)


# ---------------------------------------------------------------- alphabets


@given(st.text(max_size=80).filter(lambda text: choose(text) is Alphabet.GSM7))
def test_gsm7_is_read_as_it_is_written(text: str) -> None:
    assert decode_gsm7(encode(text, Alphabet.GSM7)) == text


def test_greek_capitals_and_broken_escapes_of_gsm7_are_read() -> None:
    assert decode_gsm7(b"\x10\x12\x13\x14\x15\x16\x17\x18\x19\x1a") == "ΔΦΓΛΩΠΨΣΘΞ"
    assert decode_gsm7(b"a\x1bZ\x1b\x1b\x80") == "aZ \ufffd"
    assert decode_gsm7(b"a\x1b") == "a"


@pytest.mark.parametrize(
    ("message", "coding", "text"),
    [
        (b"caf\x05", 0, "café"),
        (b"stop\0", 0, "stop@"),
        (b"stop", 1, "stop"),
        (b"caf\xe9", 3, "café"),
        (b"\xe0 bient\xf4t, \xe7a va ?", 3, "à bientôt, ça va ?"),
        (b"\x00\xff\x10\x80", 4, "\x00ÿ\x10\x80"),
        (b"\x00\xff\x10\x80", 2, "\x00ÿ\x10\x80"),
        ("стоп".encode("iso-8859-5"), 6, "стоп"),
        ("стоп".encode("utf-16-be"), 8, "стоп"),
        ("стоп".encode("utf-16-be"), 0x18, "стоп"),  # UCS-2 with a message class
        ("стоп".encode("utf-16-be"), 0xE0, "стоп"),  # message waiting, kept, UCS-2
        (b"\0", 0xF0, "@"),
        (b"\0", 0xC8, "@"),  # message waiting, to be thrown away
        (b"\xe9", 0xF4, "é"),
        (b"\xe9", 4, "é"),
        (b"", 0, ""),
        (b"", 8, ""),
    ],
)
def test_every_data_coding_has_a_text(message: bytes, coding: int, text: str) -> None:
    assert decode_text(message, coding) == text


TEXTS = [
    "СТОП", "Стоп.", "стоп!", "STOP", "Р Р Р", "Да", "ЦЧ", "Ыыы", "5", "нет 5",
    "Здравствуйте! 5 «Б» — ok", "№ 5: 100 ₽", "Ёлка, мёд", "Қазақша: ә ғ қ ң",
]  # fmt: skip
EMOJI = ["😀", "Ок 👍🏻", "⭐", "Спасибо ☀️"]


@pytest.mark.parametrize("text", TEXTS + EMOJI)
def test_ucs2_is_read_as_it_is_written(text: str) -> None:
    for mark, order in (
        (b"", "utf-16-be"), (b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"),
    ):  # fmt: skip
        assert decode_ucs2(mark + text.encode(order)) == text
    assert decode_ucs2(text.encode("utf-16-be") + b"\x04") == text


@pytest.mark.parametrize("text", TEXTS)
def test_ucs2_in_the_wrong_order_of_octets_is_told_by_its_looks(text: str) -> None:
    assert decode_ucs2(text.encode("utf-16-le")) == text


LETTERS = st.text("абвгдежзийклмнопрстуфхцчшщъыьэюяАБВСТОПЯ ,.!?59", min_size=4, max_size=70)


@given(LETTERS.filter(lambda text: sum(char.isalpha() for char in text) * 2 > len(text)))
def test_a_russian_text_is_read_in_either_order_of_octets(text: str) -> None:
    assert decode_ucs2(text.encode("utf-16-be")) == text
    assert decode_ucs2(text.encode("utf-16-le")) == text


@pytest.mark.parametrize("text", ["今日は", "გამარჯობა", "مرحبا", "नमस्ते", "Ողջույն", "שלום"])
def test_other_scripts_are_read_as_declared(text: str) -> None:
    assert decode_ucs2(text.encode("utf-16-be")) == text


@pytest.mark.parametrize("coding", [0, 1, 3, 4, 8, 0xF0, 0x11])
@pytest.mark.parametrize("text", ["СТОП", "Стоп.", "Да, спасибо! 5", "ответ «да» — № 1"])
@pytest.mark.parametrize("alphabet", ["utf-16-be", "utf-16-le", "utf-16", "utf-8"])
def test_a_careless_alphabet_is_told_for_certain(text: str, coding: int, alphabet: str) -> None:
    assert decode_text(text.encode(alphabet), coding) == text


@pytest.mark.parametrize("coding", [0, 1, 3, 4])
@pytest.mark.parametrize("text", ["СТОП", "стоп", "Стоп.", "Да, спасибо! 5 Б", "Ёж и ёлка"])
def test_windows_1251_is_told_from_latin(text: str, coding: int) -> None:
    assert decode_text(text.encode("cp1251"), coding) == text


@pytest.mark.parametrize(
    "text",
    [
        "Où est l'école ?",
        "Größe: 5",
        "mañana",
        "déjà vu",
        "À",
        "Ça va très bien",
        "naïve",
        "çà et là",
        "100 °C",
    ],
)
def test_latin_with_accents_stays_latin(text: str) -> None:
    assert decode_text(text.encode("latin-1"), 3) == text


@pytest.mark.parametrize(
    "text",
    [
        "@", "@@@@", "è", "èèèè", "user@example.com", "@school hello", "    ", "! ! ! !", "a b c d",
        "HELLO WORLD", "1 2 3 4", "Δ_Φ", "è vero", "{ok}", "ab", "££££",
    ],
)  # fmt: skip
def test_a_plain_text_of_the_default_alphabet_is_taken_for_nothing_else(text: str) -> None:
    assert decode_text(encode(text, Alphabet.GSM7), 0) == text


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ !?.,0123456789'\n", max_size=160))
def test_no_latin_text_is_taken_for_cyrillic(text: str) -> None:
    assert decode_text(encode(text, Alphabet.GSM7), 0) == text
    assert decode_text(text.encode("latin-1"), 3) == text


def test_a_default_alphabet_with_an_eighth_bit_is_latin() -> None:
    assert decode_text(b"caf\xe9 @_$", 0) == "café @_$"


@pytest.mark.parametrize(
    ("alphabet", "text"), [("latin1", "a@_$"), ("ascii", "a@_$"), ("gsm7", "a¡§¤")]
)
def test_the_default_alphabet_is_what_the_route_says_it_is(alphabet: str, text: str) -> None:
    piece = read_piece(deliver(b"a@_$"), alphabet)
    assert decode_text(piece.message, piece.data_coding) == text


@pytest.mark.parametrize("text", ["СТОП", "стоп", "Стоп!", " STOP "])
@pytest.mark.parametrize(
    ("alphabet", "codings"),
    [(name, [0, 1, 3, 4, 8]) for name in ("utf-16-be", "utf-16-le", "utf-16", "utf-8")]
    + [("cp1251", [0, 1, 3, 4])],
)
def test_stop_is_stop_however_it_is_sent(text: str, alphabet: str, codings: list[int]) -> None:
    for coding in codings:
        assert keywords.read(decode_text(text.encode(alphabet), coding)) is Meaning.STOP


# ---------------------------------------------------------------- one deliver_sm


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
    is_receipt(read)
    read_receipt(read, UTC)
    piece = read_piece(read)
    assert piece.total >= piece.seq >= 1
    joiner = Joiner[int](1.0)
    ready = joiner.add(piece, 0, 0.0) + joiner.due(2.0)
    assert [joined.tokens for joined in ready] == [[0]]


def test_an_sms_in_message_payload_is_read() -> None:
    text = "Добрый день! " * 40
    piece = read_piece(deliver(b"", coding=8, tlvs=tlv(0x424, text.encode("utf-16-be"))))
    assert (piece.total, decode_text(piece.message, piece.data_coding)) == (1, text)


def test_a_broken_header_is_shown_as_text_rather_than_lost() -> None:
    piece = read_piece(deliver(b"\x05\x00\x09\x01\x02\x01ab", esm_class=0x40, coding=3))
    assert (piece.total, piece.message) == (1, b"\x05\x00\x09\x01\x02\x01ab")
    assert read_piece(deliver(b"\x09ab", esm_class=0x40)).message == b"\x09ab"


def test_a_header_without_its_mark_is_a_header_where_it_makes_sense() -> None:
    piece = read_piece(deliver(b"\5\0\3\x09\2\1ab"))
    assert (piece.total, piece.seq, piece.message) == (2, 1, b"ab")
    for message in (b"\5\0\3\x09\2\3ab", b"\5\0\3\x09\1\1ab", b"\5\0\3"):
        assert read_piece(deliver(message)).message == message


@pytest.mark.parametrize("total_and_seq", [(0, 0), (2, 0), (2, 3), (1, 1)])
def test_impossible_numbering_makes_a_whole_sms(total_and_seq: tuple[int, int]) -> None:
    header = b"\5\0\3\x09" + bytes(total_and_seq)
    piece = read_piece(deliver(header + b"ab", esm_class=0x40))
    assert (piece.total, piece.seq, piece.message) == (1, 1, b"ab")


# ---------------------------------------------------------------- pieces

WAYS = ["udh8", "udh16", "sar", "sar, wide"]


def body(
    way: str, message: bytes, total: int, seq: int, *, ref: int = 2, coding: int = 3, **more: Any
) -> bytes:
    """A deliver_sm with one piece."""
    place = bytes((total, seq))
    if way == "udh8":
        return deliver_body(
            b"\5\0\3" + bytes((ref,)) + place + message, esm_class=0x40, coding=coding, **more
        )
    if way == "udh16":
        header = b"\6\x08\4\1" + bytes((ref,)) + place
        return deliver_body(header + message, esm_class=0x40, coding=coding, **more)
    wide = b"\0" if way.endswith("wide") else b""
    tlvs = tlv(0x20C, bytes((0, ref))) + tlv(0x20E, wide + place[:1]) + tlv(0x20F, wide + place[1:])
    return deliver_body(message, coding=coding, tlvs=tlvs, **more)


def pieces(count: int, *, way: str = "udh8", word: bytes = b"p", **more: Any) -> list[Piece]:
    made = []
    for seq in range(1, count + 1):
        octets = body(way, word + b"%d" % seq, count, seq, **more)
        (frame,) = pdu.Framer().feed(raw(0x5, seq, octets))
        made.append(read_piece(pdu.decode_deliver(frame)))
    return made


@given(st.permutations(range(4)), st.sampled_from(WAYS))
def test_pieces_join_in_any_order_of_arrival(order: list[int], way: str) -> None:
    joiner: Joiner[int] = Joiner(10.0)
    made = pieces(4, way=way)
    ready = [joined for n in order for joined in joiner.add(made[n], n, 0.0)]
    assert [(joined.report.text, joined.tokens) for joined in ready] == [("p1p2p3p4", list(order))]
    assert joiner.deadline() is None


def test_pieces_of_two_phones_or_two_ways_of_cutting_do_not_mix() -> None:
    joiner: Joiner[int] = Joiner(10.0)
    assert joiner.add(pieces(2)[0], 1, 0.0) == []
    assert joiner.add(pieces(2, source=b"79000000002")[1], 2, 0.0) == []
    assert joiner.add(pieces(2, to=b"4321")[1], 3, 0.0) == []
    assert joiner.add(pieces(2, way="udh16")[1], 4, 0.0) == []
    assert joiner.add(pieces(3)[1], 5, 0.0) == []
    assert joiner.add(pieces(2, ref=3)[1], 6, 0.0) == []
    (joined,) = joiner.add(pieces(2)[1], 7, 0.0)
    assert (joined.report.text, joined.tokens) == ("p1p2", [1, 7])


def test_a_repeated_piece_is_one_piece_and_both_are_answered() -> None:
    joiner: Joiner[int] = Joiner(10.0)
    first, second = pieces(2)
    assert joiner.add(first, 1, 0.0) + joiner.add(first, 2, 1.0) == []
    (joined,) = joiner.add(second, 3, 2.0)
    assert (joined.report.text, joined.tokens) == ("p1p2", [1, 2, 3])


def test_a_piece_of_a_finished_text_brings_that_text_again_for_some_minutes() -> None:
    joiner: Joiner[int] = Joiner(10.0)
    first, second = pieces(2)
    joiner.add(first, 1, 0.0)
    (whole,) = joiner.add(second, 2, 0.0)
    (again,) = joiner.add(first, 3, 299.0)
    assert (again.report, again.tokens) == (whole.report, [3])
    assert joiner.deadline() is None
    assert joiner.add(first, 4, 301.0) == []
    assert joiner.deadline() == 311.0


def test_another_text_under_the_same_reference_is_another_text() -> None:
    joiner: Joiner[int] = Joiner(10.0)
    for word in (b"p", b"q"):
        ready = [j for n, one in enumerate(pieces(2, word=word)) for j in joiner.add(one, n, 0.0)]
        assert [joined.tokens for joined in ready] == [[0, 1]]


def test_unfinished_texts_are_given_up_by_time_and_by_number() -> None:
    joiner: Joiner[int] = Joiner(10.0, most=2)
    one, two, three = (pieces(2, source=b"7900000000%d" % n)[0] for n in (1, 2, 3))
    joiner.add(one, 1, 0.0)
    joiner.add(two, 2, 5.0)
    assert [j.tokens for j in joiner.add(three, 3, 6.0)] == [[1]]
    assert joiner.deadline() == 15.0
    assert [j.tokens for j in joiner.due(15.0)] == [[2]]
    assert [j.tokens for j in joiner.due(16.0)] == [[3]]


@pytest.mark.parametrize(
    ("came", "text"),
    [((1, 2), "p1p2[…]"), ((1, 4), "p1[…]p4"), ((3, 4), "[…]p3p4"), ((2,), "[…]p2[…]")],
)
def test_what_did_not_come_is_shown_as_a_gap(came: tuple[int, ...], text: str) -> None:
    joiner: Joiner[int] = Joiner(10.0)
    made = pieces(4)
    for seq in came:
        joiner.add(made[seq - 1], seq, 0.0)
    assert [joined.report.text for joined in joiner.due(10.0)] == [text]


def test_a_flood_of_pieces_holds_no_more_than_it_may() -> None:
    joiner: Joiner[int] = Joiner(10.0, most=8)
    answered: list[int] = []
    for n in range(1000):  # of every four pieces two are a whole text, and two have no fellow
        seq = n % 2 if n % 4 < 2 else 0
        phone = b"7900%07d" % (n // 4 if n % 4 < 2 else n)
        ready = joiner.add(pieces(2, source=phone)[seq], n, 0.0)
        answered += [token for joined in ready for token in joined.tokens]
        assert joiner._held <= 8
        assert len(joiner._finished) <= 4
    answered += [token for joined in joiner.due(10.0) for token in joined.tokens]
    assert sorted(answered) == list(range(1000))
    assert joiner._held == 0


@pytest.mark.parametrize("alphabet", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("mark", [False, True])
def test_a_mark_at_the_head_of_each_piece_is_no_character(alphabet: str, mark: bool) -> None:
    start = "\ufeff".encode(alphabet) if mark else b""
    halves = [start + text.encode(alphabet) for text in ("Добрый ", "день!")]
    joiner: Joiner[int] = Joiner(10.0)
    reports: list[InboundReport] = []
    for seq, octets in enumerate(halves, 1):
        (frame,) = pdu.Framer().feed(raw(0x5, seq, body("udh8", octets, 2, seq, coding=8)))
        piece = read_piece(pdu.decode_deliver(frame))
        reports += [joined.report for joined in joiner.add(piece, seq, 0.0)]
    assert [report.text for report in reports] == ["Добрый день!"]


# ---------------------------------------------------------------- over TCP


async def test_pieces_on_two_connections_and_of_two_phones_become_two_texts() -> None:
    async with Smsc() as smsc, talking(smsc) as (channel, news):
        smsc.last.deliver(
            body("sar", b"one ", 2, 1), body("sar", b"three ", 2, 1, source=b"79000000002")
        )
        smsc.last.write(raw(ENQUIRE, 77))
        await smsc.seen(ENQUIRE_RESP)
        smsc.last.cut()
        await smsc.seen(BIND_TRX, 2)
        await news.until(channel.ready)
        smsc.last.deliver(
            body("sar", b"four", 2, 2, source=b"79000000002"),
            body("sar", b"two", 2, 2),
            body("sar", b"one ", 2, 1),  # it was not answered, so it comes again
        )
        answers = await smsc.seen(DELIVER_RESP, 3)
    assert {got.status for got in answers} == {0}
    assert sorted((sms.number, sms.text) for sms in news.inbound[:2]) == [
        ("+79000000001", "one two"), ("+79000000002", "three four"),
    ]  # fmt: skip
    assert {sms.text for sms in news.inbound[2:]} <= {"one two"}


async def test_pieces_on_two_sessions_become_one_text() -> None:
    async with Smsc() as smsc, talking(smsc, sessions=2) as (_, news):
        await smsc.seen(BIND_TRX, 2)
        one, two = smsc.connections
        one.deliver(body("udh16", b"half ", 2, 1))
        one.write(raw(ENQUIRE, 77))
        await smsc.seen(ENQUIRE_RESP)
        two.deliver(body("udh16", b"and half", 2, 2))
        await smsc.seen(DELIVER_RESP, 2)
        assert [len(connection.of(DELIVER_RESP)) for connection in (one, two)] == [1, 1]
    assert [sms.text for sms in news.inbound] == ["half and half"]


async def test_an_sms_that_could_not_be_stored_is_asked_for_again() -> None:
    text = "СТОП".encode("utf-16-le")
    async with Smsc() as smsc, talking(smsc) as (_, news):
        news.broken = 1
        first = smsc.last.deliver(deliver_body(text, coding=8))
        (refused,) = await smsc.seen(DELIVER_RESP)
        assert (refused.sequence, refused.status) == (first[0], 0x64)  # a temporary error
        assert not news.inbound
        second = smsc.last.deliver(deliver_body(text, coding=8))
        _, taken = await smsc.seen(DELIVER_RESP, 2)
        assert (taken.sequence, taken.status) == (second[0], 0)
    assert [sms.text for sms in news.inbound] == ["СТОП"]


async def test_a_long_sms_that_could_not_be_stored_is_asked_for_again_whole() -> None:
    halves = [body("udh8", b"half ", 2, 1), body("udh8", b"and half", 2, 2)]
    async with Smsc() as smsc, talking(smsc) as (_, news):
        news.broken = 1
        smsc.last.deliver(*halves)
        refused = await smsc.seen(DELIVER_RESP, 2)
        assert {got.status for got in refused} == {0x64}
        smsc.last.deliver(*halves)
        taken = (await smsc.seen(DELIVER_RESP, 4))[2:]
        assert {got.status for got in taken} == {0}
    assert {sms.text for sms in news.inbound} == {"half and half"}
    assert len({sms.raw for sms in news.inbound}) == 1


async def test_an_sms_is_not_acknowledged_before_it_is_stored() -> None:
    async with Smsc() as smsc, talking(smsc) as (_, news):
        news.gate.clear()
        smsc.last.deliver(deliver_body(b"stop"))
        smsc.last.write(raw(ENQUIRE, 77))
        await smsc.seen(ENQUIRE_RESP)
        assert not smsc.of(DELIVER_RESP)
        news.gate.set()
        await smsc.seen(DELIVER_RESP)
