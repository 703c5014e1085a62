"""Alphabets, segments, cleaning and transliteration."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.encoding import (
    PART,
    SINGLE,
    Alphabet,
    Scheme,
    beyond_gsm7,
    choose,
    clean,
    encode,
    in_gsm7,
    segments,
    split,
    transliterate,
    units,
)

FIXTURE = Path(__file__).parent / "fixtures" / "segments.json"

GSM_CHARS = "abcABC019 @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ§¿äöñüà\n\r\f^{}\\[~]|€"
TEXTS = st.one_of(
    st.text(GSM_CHARS, max_size=700),
    st.text("абвЁё «»№—\u00a0x9€[]😀🎓𝄞", max_size=400),
    st.text(max_size=200),
)


def counted() -> list[tuple[str, Alphabet, int]]:
    rows = json.loads(FIXTURE.read_text(encoding="utf-8"))
    return [(_join(pieces), Alphabet(alphabet), count) for pieces, alphabet, count in rows]


def _join(pieces: list[str | int]) -> str:
    text = ""
    before = ""
    for piece in pieces:
        if isinstance(piece, int):
            text += before * (piece - 1)
        else:
            text += piece
            before = piece
    return text


def test_segments_are_counted_as_an_independent_calculator_counts_them() -> None:
    rows = counted()
    assert len(rows) >= 2_000
    assert {count for _, _, count in rows} >= {1, 2, 3, 4, 5}
    ours = [(text, choose(text), segments(text)) for text, _, _ in rows]
    assert [row for row, other in zip(ours, rows, strict=True) if row != other] == []


@given(TEXTS)
def test_parts_join_to_the_text_and_each_fits_its_segment(text: str) -> None:
    parts = split(text)
    assert "".join(parts) == text
    assert len(parts) == segments(text)
    alphabet = choose(text)
    limit = SINGLE[alphabet] if len(parts) == 1 else PART[alphabet]
    width = 1 if alphabet is Alphabet.GSM7 else 2
    assert all(0 < len(encode(part, alphabet)) <= limit * width for part in parts)


@given(TEXTS)
def test_units_are_what_the_encoded_text_takes(text: str) -> None:
    alphabet = choose(text)
    width = 1 if alphabet is Alphabet.GSM7 else 2
    assert units(text) == len(encode(text, alphabet)) // width


@given(st.text(GSM_CHARS, max_size=300))
def test_gsm7_octets_read_back_as_the_same_text(text: str) -> None:
    assert gsm0338.Codec().decode(encode(text, Alphabet.GSM7))[0] == text


@given(TEXTS)
def test_no_more_parts_than_a_part_fuller_by_one_character_would_need(text: str) -> None:
    parts = split(text)
    alphabet = choose(text)
    for part, following in pairwise(parts):
        width = 1 if alphabet is Alphabet.GSM7 else 2
        assert len(encode(part + following[0], alphabet)) > PART[alphabet] * width


def test_every_boundary_in_both_alphabets() -> None:
    assert [segments("д" * n) for n in (1, 70, 71, 134, 135, 201, 202)] == [1, 1, 2, 2, 3, 3, 4]
    assert [segments("d" * n) for n in (1, 160, 161, 306, 307, 459, 460)] == [1, 1, 2, 2, 3, 3, 4]
    assert segments("") == 0
    assert split("") == []


def test_a_surrogate_pair_is_not_cut_in_two() -> None:
    assert split("д" * 66 + "😀" + "д" * 10) == ["д" * 66, "😀" + "д" * 10]


def test_an_escape_is_not_cut_from_its_character() -> None:
    assert split("d" * 152 + "€" + "d" * 20) == ["d" * 152, "€" + "d" * 20]


def test_an_emoji_costs_two_units_and_a_bracket_two_septets() -> None:
    assert segments("д" * 68 + "😀") == 1
    assert segments("д" * 69 + "😀") == 2
    assert segments("d" * 158 + "[") == 1
    assert segments("d" * 159 + "[") == 2
    assert units("[]") == 4
    assert units("[д]") == 3


@pytest.mark.parametrize("char", list("№«»—–…’“`ç\u00a0д😀"))
def test_one_character_from_outside_gsm7_makes_the_text_ucs2(char: str) -> None:
    assert choose("Darya B. 24.11: mat 4") is Alphabet.GSM7
    assert choose("Darya B. 24.11: mat 4" + char) is Alphabet.UCS2


def test_gsm7_codes_of_the_standard() -> None:
    assert encode("@§€[à", Alphabet.GSM7) == b"\x00\x5f\x1b\x65\x1b\x3c\x7f"
    with pytest.raises(UnicodeEncodeError):
        encode("д", Alphabet.GSM7)


def test_ucs2_is_big_endian_without_a_mark() -> None:
    assert encode("Я😀", Alphabet.UCS2) == b"\x04\x2f\xd8\x3d\xde\x00"


def test_a_lone_surrogate_does_not_break_the_channel() -> None:
    assert encode("д\ud83d", Alphabet.UCS2) == b"\x04\x34\x00?"
    assert clean("д\ud83dа") == "да"


def test_cleaning_leaves_one_line_of_visible_characters() -> None:
    typed = "  Дарья\u00a0Б.\r\n\t24.11:\x00 мат\u200b 4\u2028\u202e "
    assert clean(typed) == "Дарья Б. 24.11: мат 4"
    assert clean("без изменений") == "без изменений"
    assert clean("😀 №5 «а»") == "😀 №5 «а»"
    assert clean(" \n ") == ""


@given(st.text(max_size=60))
def test_a_clean_text_has_no_controls_and_no_double_space(text: str) -> None:
    result = clean(text)
    assert "  " not in result
    assert result == result.strip()
    assert result.replace("\u200d", "").isprintable()
    assert clean(result) == result


@pytest.mark.parametrize(
    ("russian", "latin"),
    [
        ("Дарья Б. 24.11: рус 5,4; физ-ра зач", "Darya B. 24.11: rus 5,4; fiz-ra zach"),
        ("Фёдор М. 2 четв: англ 5", "Fedor M. 2 chetv: angl 5"),
        ("Отключить: СТОП. Помощь: ПОМОЩЬ", "Otklyuchit: STOP. Pomosch: POMOSCH"),
        ("мат №412,413; геогр §14", "mat N412,413; geogr §14"),
        ("«Юность» — …\u00a0да", '"Yunost" - ... da'),
        ("ЮЛЯ Ю. Щукина", "YULYA Yu. Schukina"),
        ("Мария ß, Ļida, 李", "Mariya ß, Lida, ?"),
        ("молодец 😀 так держать 😀", "molodets tak derzhat"),
    ],
)
def test_transliteration_reads_well(russian: str, latin: str) -> None:
    assert transliterate(russian) == latin


@pytest.mark.parametrize("scheme", Scheme)
@given(TEXTS)
def test_a_transliterated_text_is_gsm7(scheme: str, text: str) -> None:
    assert choose(transliterate(text, scheme)) is Alphabet.GSM7


@pytest.mark.parametrize("scheme", Scheme)
def test_no_letter_is_lost_in_any_scheme(scheme: str) -> None:
    letters = "абвгдеёжзийклмнопрстуфхцчшщыэюя"
    assert "?" not in transliterate(letters + letters.upper(), scheme)
    assert transliterate("ПОМОЩЬ", scheme).isupper()


@pytest.mark.parametrize(
    ("text", "plainer"),
    [
        ("Room №5 — “A”…", 'Room N5 - "A"...'),
        ("Room 5", "Room 5"),
        ("Каб. №5", None),
        ("Room 李", None),
    ],
)
def test_signs_are_made_plain_where_that_makes_the_text_gsm7(
    text: str, plainer: str | None
) -> None:
    assert in_gsm7(text) == plainer


def test_what_forces_ucs2_is_named_once_in_order() -> None:
    assert beyond_gsm7("№5 а — №6 [а]") == "№а—"
    assert beyond_gsm7("Room 5 [€]") == ""
