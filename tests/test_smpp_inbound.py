"""SMS from phones on the wire: every alphabet a peer declares or means, pieces, stored first.

How pieces are kept and joined is `tests/store/test_pieces.py`'s and `test_long_inbound.py`'s.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import keywords
from sms_diary.channels import pdu
from sms_diary.channels.base import Piece
from sms_diary.channels.joining import whole_text
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp.inbound import read_inbound
from sms_diary.channels.smpp.receipts import is_receipt, read_receipt
from sms_diary.channels.texts import decode_gsm7, decode_text, decode_ucs2
from sms_diary.encoding import Alphabet, choose, encode
from sms_diary.keywords import Meaning
from tests.smpp_peer import (
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
    assert read_inbound(deliver(b"a@_$"), alphabet).text == text
    piece = read_inbound(deliver(b"\5\0\3\1\2\1a@_$", esm_class=0x40), alphabet).piece
    assert piece is not None
    assert whole_text([piece]) == f"{text}[…]"


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
    sms = read_inbound(read)
    if sms.piece is not None:
        assert sms.text == ""
        assert sms.piece.total >= max(sms.piece.seq, 2)
        assert whole_text([sms.piece]).count("[…]") >= 1


def test_an_sms_in_message_payload_is_read() -> None:
    text = "Добрый день! " * 40
    sms = read_inbound(deliver(b"", coding=8, tlvs=tlv(0x424, text.encode("utf-16-be"))))
    assert (sms.piece, sms.text) == (None, text)


def test_a_broken_header_is_shown_as_text_rather_than_lost() -> None:
    sms = read_inbound(deliver(b"\x05\x00\x09\x01\x02\x01ab", esm_class=0x40, coding=3))
    assert (sms.piece, sms.text) == (None, "\x05\x00\x09\x01\x02\x01ab")
    assert read_inbound(deliver(b"\x09ab", esm_class=0x40, coding=3)).text == "\x09ab"


def test_a_header_without_its_mark_is_a_header_where_it_makes_sense() -> None:
    piece = read_inbound(deliver(b"\5\0\3\x09\2\1ab")).piece
    assert piece is not None
    assert (piece.total, piece.seq, piece.octets) == (2, 1, b"ab")
    for message in (b"\5\0\3\x09\2\3ab", b"\5\0\3\x09\1\1ab", b"\5\0\3"):
        sms = read_inbound(deliver(message, coding=3))
        assert (sms.piece, sms.text) == (None, message.decode("latin-1"))


@pytest.mark.parametrize("total_and_seq", [(0, 0), (2, 0), (2, 3), (1, 1)])
def test_impossible_numbering_makes_a_whole_sms(total_and_seq: tuple[int, int]) -> None:
    header = b"\5\0\3\x09" + bytes(total_and_seq)
    sms = read_inbound(deliver(header + b"ab", esm_class=0x40))
    assert (sms.piece, sms.text) == (None, "ab")


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


def pieces(count: int, *, way: str = "udh8", **more: Any) -> list[Piece]:
    made = []
    for seq in range(1, count + 1):
        octets = body(way, b"p%d" % seq, count, seq, **more)
        (frame,) = pdu.Framer().feed(raw(0x5, seq, octets))
        sms = read_inbound(pdu.decode_deliver(frame))
        assert sms.piece is not None
        made.append(sms.piece)
    return made


@pytest.mark.parametrize("way", WAYS)
def test_a_piece_knows_its_place_however_it_was_cut(way: str) -> None:
    [first, second] = pieces(2, way=way)
    assert (first.total, first.seq, second.total, second.seq) == (2, 1, 2, 2)
    assert (first.way, first.reference) == (second.way, second.reference)
    assert whole_text([first, second]) == "p1p2"


def test_two_ways_of_cutting_and_two_references_are_two_texts() -> None:
    known = [pieces(2, way=way)[0] for way in ("udh8", "udh16", "sar")] + [pieces(2, ref=3)[0]]
    assert len({(piece.way, piece.reference) for piece in known}) == 4


@pytest.mark.parametrize(
    ("came", "text"),
    [((1, 2), "p1p2[…]"), ((1, 4), "p1[…]p4"), ((3, 4), "[…]p3p4"), ((2,), "[…]p2[…]")],
)
def test_what_did_not_come_is_shown_as_a_gap(came: tuple[int, ...], text: str) -> None:
    made = pieces(4)
    assert whole_text([made[seq - 1] for seq in came]) == text


@pytest.mark.parametrize("alphabet", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("mark", [False, True])
def test_a_mark_at_the_head_of_each_piece_is_no_character(alphabet: str, mark: bool) -> None:
    start = "\ufeff".encode(alphabet) if mark else b""
    halves = [start + text.encode(alphabet) for text in ("Добрый ", "день!")]
    made = [Piece(octets, 8, "udh8", 1, 2, seq) for seq, octets in enumerate(halves, 1)]
    assert whole_text(made) == "Добрый день!"


def test_a_character_that_was_cut_between_two_pieces_is_read() -> None:
    octets = "Я🎉Я".encode("utf-16-be")
    made = [Piece(octets[:4], 8, "udh8", 1, 2, 1), Piece(octets[4:], 8, "udh8", 1, 2, 2)]
    assert whole_text(made) == "Я🎉Я"


# ---------------------------------------------------------------- over TCP


async def test_a_peer_that_waits_for_each_answer_gets_it_before_the_text_is_whole() -> None:
    async with Smsc() as smsc, talking(smsc) as (_, news):
        for seq in (1, 2, 3):
            smsc.last.deliver(body("udh8", b"p%d" % seq, 3, seq))
            answers = await smsc.seen(DELIVER_RESP, seq)
            assert answers[-1].status == 0
    came = [sms.piece for sms in news.inbound]
    assert whole_text([piece for piece in came if piece]) == "p1p2p3"


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


async def test_a_piece_that_could_not_be_stored_is_asked_for_again() -> None:
    half = body("udh8", b"half ", 2, 1)
    async with Smsc() as smsc, talking(smsc) as (_, news):
        news.broken = 1
        smsc.last.deliver(half)
        (refused,) = await smsc.seen(DELIVER_RESP)
        assert (refused.status, news.inbound) == (0x64, [])
        smsc.last.deliver(half)
        _, taken = await smsc.seen(DELIVER_RESP, 2)
        assert taken.status == 0
    assert [sms.piece is not None for sms in news.inbound] == [True]


async def test_whole_texts_and_pieces_are_stored_in_the_order_in_which_they_came() -> None:
    async with Smsc() as smsc, talking(smsc) as (_, news):
        smsc.last.deliver(deliver_body(b"one"), body("sar", b"two", 2, 1), deliver_body(b"three"))
        await smsc.seen(DELIVER_RESP, 3)
    assert [sms.text for sms in news.inbound] == ["one", "", "three"]


async def test_an_sms_is_not_acknowledged_before_it_is_stored() -> None:
    async with Smsc() as smsc, talking(smsc) as (_, news):
        news.gate.clear()
        smsc.last.deliver(deliver_body(b"stop"))
        smsc.last.write(raw(ENQUIRE, 77))
        await smsc.seen(ENQUIRE_RESP)
        assert not smsc.of(DELIVER_RESP)
        news.gate.set()
        await smsc.seen(DELIVER_RESP)
