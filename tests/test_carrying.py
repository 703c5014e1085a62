"""How a route carries texts: alphabet, segments and pieces agree, whatever the route."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.carrying import Carrying
from sms_diary.encoding import PART, SINGLE, Alphabet, choose, encode, segments, split

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-16", exclude_categories=["Cs"]), max_size=400),
    st.text(st.sampled_from("aZ 5{}€[]~ΔÄ@£"), max_size=700),
    st.text(st.sampled_from("aя🎉"), max_size=400),
)
ROUTES = st.builds(
    Carrying,
    latin=st.booleans(),
    lacking=st.sampled_from([frozenset(), frozenset("€Δ"), frozenset("@£{")]),
    header=st.sampled_from([0, 1]),
)


def _units(text: str, alphabet: Alphabet) -> int:
    octets = len(encode(text, alphabet))
    return octets if alphabet is Alphabet.GSM7 else octets // 2


@given(TEXTS, ROUTES)
def test_pieces_join_to_the_text_and_each_fits_one_sms(text: str, route: Carrying) -> None:
    pieces = route.pieces(text)
    assert "".join(pieces) == text
    assert len(pieces) == route.segments(text)
    alphabet = route.choose(text)
    most = SINGLE[alphabet] if len(pieces) == 1 else PART[alphabet] - route.header
    for piece in pieces:
        assert 0 < _units(piece, alphabet) <= most


@given(TEXTS)
def test_an_ordinary_route_carries_texts_as_they_are_usually_cut(text: str) -> None:
    route = Carrying()
    assert route.choose(text) is choose(text)
    assert route.pieces(text) == split(text)
    assert route.segments(text) == segments(text)


@pytest.mark.parametrize(
    ("route", "text", "alphabet", "count"),
    [
        (Carrying(latin=False), "a" * 71, Alphabet.UCS2, 2),
        (Carrying(lacking=frozenset("€")), "a" * 70 + "€", Alphabet.UCS2, 2),
        (Carrying(lacking=frozenset("€")), "a" * 160, Alphabet.GSM7, 1),
        (Carrying(header=1), "я" * 134, Alphabet.UCS2, 3),
        (Carrying(header=1), "a" * 304, Alphabet.GSM7, 2),
        (Carrying(header=1), "a" * 305, Alphabet.GSM7, 3),
        (Carrying(header=1), "я" * 70, Alphabet.UCS2, 1),
    ],
)
def test_a_route_that_carries_less_takes_more_sms(
    route: Carrying, text: str, alphabet: Alphabet, count: int
) -> None:
    assert route.choose(text) is alphabet
    assert route.segments(text) == count


def test_a_text_that_the_operator_cuts_is_handed_over_whole_and_still_counted_in_sms() -> None:
    route = Carrying(whole=True)
    assert route.pieces("я" * 300) == ["я" * 300]
    assert route.segments("я" * 300) == 5
    assert route.pieces("") == []
