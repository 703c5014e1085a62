"""What a text becomes in a submit_sm: octets and coding, the ties of a long one, validity."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sms_diary.channels.smpp.content import carrying
from sms_diary.channels.smpp.submit import SubmitBuilder, absolute_time
from sms_diary.encoding import Alphabet, choose, split
from sms_diary.errors import PduError
from sms_diary.simulator import gsm7
from tests.smpp_peer import Submitted, part, read_submit, settings

TOO_LONG = 1
GSM, UCS = Alphabet.GSM7, Alphabet.UCS2


def built(route: dict[str, Any] | None = None, *, wall: float = 0.0, **changes: Any) -> Submitted:
    builder = SubmitBuilder(settings(1, **(route or {})), wall=lambda: wall)
    return read_submit(builder.build(part(**changes)))


def tlvs(sent: Submitted) -> dict[int, bytes]:
    def read() -> Iterator[tuple[int, bytes]]:
        rest = sent.rest
        while rest:
            tag, length = struct.unpack(">HH", rest[:4])
            assert len(rest) >= 4 + length
            yield tag, rest[4 : 4 + length]
            rest = rest[4 + length :]

    return dict(read())


# --- the alphabet of data_coding 0


@pytest.mark.parametrize(
    ("route", "coding", "octets"),
    [
        ({}, 0, b"a\0b \x1b\x285\x1b\x29"),
        ({"default_alphabet": "latin1"}, 0, b"a@b {5}"),
        ({"default_alphabet": "ascii"}, 0, b"a@b {5}"),
        ({"latin_coding": 3}, 3, b"a@b {5}"),
        ({"latin_coding": 3, "default_alphabet": "ascii"}, 3, b"a@b {5}"),
        ({"default_alphabet": "ucs2-only"}, 8, "a@b {5}".encode("utf-16-be")),
        ({"default_alphabet": "ucs2-only", "latin_coding": 3}, 8, "a@b {5}".encode("utf-16-be")),
    ],
)
def test_a_latin_text_is_written_as_the_smsc_reads_it(
    route: dict[str, Any], coding: int, octets: bytes
) -> None:
    sent = built(route, text="a@b {5}", alphabet=GSM)
    assert (sent.coding, sent.message) == (coding, octets)


@pytest.mark.parametrize("alphabet", ["gsm7", "latin1", "ascii", "ucs2-only"])
def test_a_cyrillic_text_is_ucs2_everywhere(alphabet: str) -> None:
    sent = built({"default_alphabet": alphabet}, text="Ура", alphabet=UCS)
    assert (sent.coding, sent.message) == (8, "Ура".encode("utf-16-be"))


@pytest.mark.parametrize(
    ("route", "text", "coding"),
    [
        ({"default_alphabet": "latin1"}, "Ä£", 0),
        ({"default_alphabet": "latin1"}, "5€", 8),
        ({"default_alphabet": "latin1"}, "Δ", 8),
        ({"latin_coding": 3}, "Δ", 8),
        ({"default_alphabet": "ascii"}, "Ä", 8),
        ({"default_alphabet": "ascii"}, "A", 0),
        ({}, "Δ€", 0),
    ],
)
def test_a_character_that_the_coding_lacks_makes_a_short_text_ucs2(
    route: dict[str, Any], text: str, coding: int
) -> None:
    assert built(route, text=text, alphabet=GSM).coding == coding


PART_OF_TWO = {"total": 2, "seq": 2, "udh_ref": 1}


@pytest.mark.parametrize(
    ("fits", "too_long", "changes"),
    [
        ("a" * 160, "a" * 161, {"alphabet": GSM}),
        ("{" * 80, "{" * 81, {"alphabet": GSM}),  # 81 octets of Latin-1, 162 septets on the air
        ("a" * 153, "a" * 154, {"alphabet": GSM, **PART_OF_TWO}),
        ("a" * 69 + "€", "a" * 70 + "€", {"alphabet": GSM}),
        ("a" * 66 + "€", "a" * 67 + "€", {"alphabet": GSM, **PART_OF_TWO}),
        ("я" * 70, "я" * 71, {"alphabet": UCS}),
        ("я" * 67, "я" * 68, {"alphabet": UCS, **PART_OF_TWO}),
    ],
)
def test_what_does_not_fit_one_sms_is_refused_by_its_length(
    fits: str, too_long: str, changes: dict[str, Any]
) -> None:
    route = {"default_alphabet": "latin1"}
    built(route, text=fits, **changes)
    with pytest.raises(PduError) as refused:
        built(route, text=too_long, **changes)
    assert refused.value.status == TOO_LONG


# --- whatever compose asks of the route, the builder can keep

CODECS = {("latin1", 0): "latin-1", ("ascii", 0): "ascii"}
ROUTES = st.fixed_dictionaries({
    "default_alphabet": st.sampled_from(["gsm7", "latin1", "ascii", "ucs2-only"]),
    "latin_coding": st.sampled_from([0, 3]),
    "long": st.sampled_from(["udh8", "udh16", "sar", "payload"]),
})  # fmt: skip
TEXTS = st.one_of(
    st.text(st.sampled_from("aZ 5{}€[]ΔÄ@£"), min_size=1, max_size=500),
    st.text(st.sampled_from("aя🎉{"), min_size=1, max_size=300),
)


def decoded(route: dict[str, Any], sent: Submitted) -> str:
    octets = sent.message or tlvs(sent)[0x0424]
    if sent.esm_class & 0x40:
        octets = octets[1 + octets[0] :]
    if sent.coding == 8:
        return octets.decode("utf-16-be")
    if sent.coding == 3:
        return octets.decode("latin-1")
    codec = CODECS.get((route["default_alphabet"], sent.coding))
    return octets.decode(codec) if codec else gsm7.decode(octets)


@given(ROUTES, TEXTS)
@example({"default_alphabet": "gsm7", "latin_coding": 0, "long": "udh16"}, "я" * 200)
@example({"default_alphabet": "gsm7", "latin_coding": 0, "long": "udh16"}, "a" * 400)
@example({"default_alphabet": "ucs2-only", "latin_coding": 0, "long": "sar"}, "a" * 200)
def test_what_is_cut_as_the_route_says_is_built_and_reads_as_the_text(
    route: dict[str, Any], text: str
) -> None:
    way = carrying(settings(1, **route))
    pieces, alphabet = way.pieces(text), way.choose(text)
    sent = [
        built(
            route, text=piece, alphabet=alphabet, total=len(pieces),
            seq=0 if way.whole else seq, udh_ref=77,
        )
        for seq, piece in enumerate(pieces, 1)
    ]  # fmt: skip
    assert "".join(decoded(route, one) for one in sent) == text
    # The alphabet that was counted with is the one that is paid for.
    assert {one.coding == 8 for one in sent} == {alphabet is UCS}
    for one in sent:
        assert len(one.message) <= (140 if one.coding == 8 else 160)


# --- the ties of a long text


def test_a_16_bit_header_is_16_bit_whatever_the_reference() -> None:
    sent = built({"long": "udh16"}, text="я" * 66, total=3, seq=2, udh_ref=7)
    assert sent.message[:7] == b"\6\x08\4\0\7\3\2"
    assert sent.esm_class == 0x40
    with pytest.raises(PduError):
        built({"long": "udh16"}, text="я" * 67, total=3, seq=2, udh_ref=7)


def test_parts_by_sar_have_no_header_and_three_parameters() -> None:
    sent = built({"long": "sar"}, text="я" * 67, total=3, seq=2, udh_ref=260)
    assert (sent.esm_class, sent.message) == (0, ("я" * 67).encode("utf-16-be"))
    assert tlvs(sent) == {0x020C: b"\x01\x04", 0x020E: b"\3", 0x020F: b"\2"}
    with pytest.raises(PduError):  # no room for the header that the SMSC will make
        built({"long": "sar"}, text="я" * 68, total=3, seq=2, udh_ref=260)


def test_a_text_alone_has_no_ties_on_any_route() -> None:
    for long in ("udh8", "udh16", "sar", "payload"):
        sent = built({"long": long}, text="Ура")
        assert (sent.esm_class, sent.message, sent.rest) == (0, "Ура".encode("utf-16-be"), b"")


@pytest.mark.parametrize(
    ("text", "alphabet", "coding", "octets"),
    [
        ("я" * 500, UCS, 8, ("я" * 500).encode("utf-16-be")),
        ("a@" * 200, GSM, 0, b"a\0" * 200),
    ],
)
def test_a_whole_text_travels_as_message_payload_beside_an_empty_short_message(
    text: str, alphabet: Alphabet, coding: int, octets: bytes
) -> None:
    sent = built({"long": "payload"}, text=text, alphabet=alphabet, seq=0)
    assert (sent.coding, sent.message, sent.esm_class) == (coding, b"", 0)
    assert tlvs(sent) == {0x0424: octets}


def test_a_whole_text_that_fits_one_sms_is_a_short_message() -> None:
    sent = built({"long": "payload"}, text="я" * 70, seq=0)
    assert (len(sent.message), sent.rest) == (140, b"")


def test_a_payload_longer_than_its_length_field_can_say_is_refused() -> None:
    built({"long": "payload"}, text="я" * 32_767, seq=0)
    with pytest.raises(PduError):
        built({"long": "payload"}, text="я" * 32_768, seq=0)


def test_what_was_cut_before_the_route_took_whole_texts_still_goes_in_parts() -> None:
    texts = split("я" * 100)
    sent = built({"long": "payload"}, text=texts[0], total=2, seq=1, udh_ref=9)
    assert (sent.esm_class, sent.message[:6]) == (0x40, b"\5\0\3\x09\2\1")


def test_the_reference_stands_beside_the_other_parameters() -> None:
    route = {"send_reference": True}
    assert tlvs(built(route, part_id=7 * 65_521 + 0x5678)) == {0x0204: b"\x56\x78"}
    whole = built({**route, "long": "payload"}, text="я" * 71, seq=0, part_id=5)
    assert set(tlvs(whole)) == {0x0424, 0x0204}
    assert set(tlvs(built({**route, "long": "sar"}, total=2))) == {0x0204, 0x020C, 0x020E, 0x020F}
    assert tlvs(built(part_id=5)) == {}


# --- validity and receipts

MOMENT = 1_795_521_600  # 2026-11-24 12:00:00 UTC


@pytest.mark.parametrize(
    ("zone", "period"),
    [
        ("UTC", b"261124130000000+"),
        ("+03:00", b"261124160000012+"),
        ("-03:30", b"261124093000014-"),
        ("Europe/Samara", b"261124170000016+"),
        ("Asia/Kathmandu", b"261124184500023+"),
        ("+00:07", b"261124130000000+"),  # no whole quarters: told as UTC
    ],
)
def test_an_absolute_validity_is_in_the_routes_zone(zone: str, period: bytes) -> None:
    route = {"validity": "absolute", "receipt_zone": zone}
    assert built(route, wall=MOMENT, seconds_left=3600).validity == period


def test_an_absolute_validity_is_kept_within_bounds_too() -> None:
    route = {"validity": "absolute"}
    assert built(route, wall=MOMENT, seconds_left=1).validity == b"261124120100000+"
    assert built(route, wall=MOMENT, seconds_left=10**9).validity == b"261126120000000+"
    assert len(absolute_time(MOMENT, settings(1).zone())) == 16


def test_a_route_without_validity_tells_none() -> None:
    assert built({"validity": "none"}).validity == b""


@pytest.mark.parametrize("asked", [0, 1, 2, 17])
def test_receipts_are_asked_for_as_the_route_says(asked: int) -> None:
    assert built({"registered_delivery": asked}).registered == asked


def test_a_latin_alphabet_is_what_composing_chose_and_not_guessed_again() -> None:
    assert choose("5") is GSM
    assert built(text="5", alphabet=UCS).coding == 8
