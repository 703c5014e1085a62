"""Operators' ids: one message under hex and decimal, with and without zeros and capitals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.provider_id import candidates, canonical, reference_of

NUMBERS = st.integers(min_value=0, max_value=2**64 - 1)


@given(NUMBERS, st.integers(0, 8), st.booleans(), st.booleans())
def test_a_receipt_in_the_other_base_finds_the_part(
    number: int, zeros: int, sent_in_hex: bool, upper: bool
) -> None:
    hexadecimal, decimal = f"{number:x}", str(number)
    sent, received = (hexadecimal, decimal) if sent_in_hex else (decimal, hexadecimal)
    received = "0" * zeros + (received.upper() if upper else received)
    assert canonical(sent) in candidates(received)


@given(st.text(max_size=40).filter(str.strip))
def test_any_text_is_an_id_and_its_own_spelling_comes_first(text: str) -> None:
    assert candidates(text)[0] == canonical(text)
    assert len(candidates(text)) == len(set(candidates(text)))


@pytest.mark.parametrize("other", ["00F3a", "f3A", " f3a ", "000f3a"])
def test_zeros_capitals_and_spaces_do_not_tell_ids_apart(other: str) -> None:
    assert canonical(other) == canonical("f3a")


def test_zero_is_an_id() -> None:
    assert canonical("0000") == canonical("0") == "0"
    assert candidates("0") == ["0"]


@pytest.mark.parametrize("name", ["1_0", "+15", "-15", "٣", "g11", "f" * 32, "a-b-c", "ab12z"])
def test_what_is_no_number_has_one_reading(name: str) -> None:
    assert candidates(name) == [canonical(name)]


@pytest.mark.parametrize("nothing", ["", " ", "\t "])
def test_no_id_has_no_reading_and_is_not_zero(nothing: str) -> None:
    assert canonical(nothing) == ""
    assert candidates(nothing) == []


@given(st.text("0123456789abcdefABCDEF-", min_size=1, max_size=40), st.integers(0, 5))
def test_a_canonical_key_is_its_own_key(text: str, zeros: int) -> None:
    key = canonical(text)
    assert canonical(key) == key
    assert canonical("0" * zeros + text) == key


def test_references_of_parts_that_were_made_one_after_another_differ_and_fit_two_octets() -> None:
    # In a quiet hour each is the first of its millisecond.
    ids = [(1_000_000 + 997 * n) << 22 | 1 << 12 for n in range(1000)]
    references = {reference_of(part_id) for part_id in ids}
    assert len(references) > 980
    assert all(0 <= reference < 1 << 16 for reference in references)
