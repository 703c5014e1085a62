"""Who looks like one child written twice, and what stands against it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from itertools import permutations
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import consent
from sms_diary.ingest import doubles
from sms_diary.ingest.doubles import Pair, Written, fuller
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, ConsentState

FULL = "Королёв Артём Сергеевич"
S = ConsentState


def written(id_: int, name: str, birth: str = "", external: str = "", title: str = "5А") -> Written:
    return Written(id_, name, birth, external, title)


def likely(
    pupils: Iterable[Written], guardians: Mapping[int, Set[int]] = MappingProxyType({})
) -> list[Pair]:
    return doubles.likely(doubles.possible(pupils), guardians)


@pytest.mark.parametrize(
    "other",
    [
        written(2, "КОРОЛЕВ АРТЕМ СЕРГЕЕВИЧ"),
        written(2, "Королев  Артём"),
        written(2, "Королёв А. С."),
        written(2, "Королёв А."),
        written(2, FULL, external="s-17"),
        written(2, FULL, title="5Б"),
        written(2, FULL, title=""),
        written(2, FULL, birth="2015-02-01"),
    ],
    ids=str,
)
def test_what_contradicts_in_nothing_is_likely_one_child(other: Written) -> None:
    first = written(1, FULL)
    assert likely([first, other]) == likely([other, first]) == [(first, other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (written(1, FULL), written(2, "Королёв Антон Сергеевич")),
        (written(1, FULL), written(2, "Королёв Артём Ильич")),
        (written(1, FULL), written(2, "Королёва Артём Сергеевич")),
        (written(1, FULL), written(2, "Королёв")),
        (written(1, FULL, "2015-02-01"), written(2, FULL, "2015-02-02")),
        (written(1, FULL, external="s-17"), written(2, FULL, external="s-18")),
        (written(1, FULL), written(2, FULL, title="9Б")),
        (written(1, FULL), written(2, "Королёв А. С.", title="5Б")),
    ],
    ids=str,
)
def test_what_contradicts_in_anything_is_two(one: Written, other: Written) -> None:
    assert likely([one, other]) == []


def test_one_birth_date_is_stronger_than_the_journals_ids_and_than_classes() -> None:
    one = written(1, FULL, "2015-02-01", "s-17")
    other = written(2, FULL, "2015-02-01", "s-18", "6Б")
    assert likely([one, other]) == [(one, other)]


@pytest.mark.parametrize(
    "other", [written(2, "Королёв Артём", title="9Б"), written(2, "Королёв А. С.", title="5Б")]
)
def test_one_guardian_is_stronger_than_classes_and_no_more(other: Written) -> None:
    first = written(1, FULL)
    assert likely([first, other], {1: {7, 8}, 2: {8}}) == [(first, other)]
    assert likely([first, other], {1: {7}, 2: {8}}) == []
    brother = written(2, "Королёв Антон Сергеевич", title="9Б")
    assert likely([first, brother], {1: {7}, 2: {7}}) == []
    born = written(2, FULL, birth="2014-01-30")
    assert likely([written(1, FULL, "2015-02-01"), born], {1: {7}, 2: {7}}) == []


def test_a_crowd_of_one_name_is_looked_through_only_so_far() -> None:
    crowd = [written(n, "Иванов Иван", title="5А") for n in range(1_000)]
    assert len(likely(crowd)) == 2_000


_names = st.sampled_from(
    [FULL, "Королев Артем", "Королёв А.", "Королёв А. С.", "Королёва Анна", "Королев Артём Ильич"]
)
_pupils = st.lists(
    st.tuples(
        _names,
        st.sampled_from(["", "2015-02-01", "2015-02-02"]),
        st.sampled_from(["", "x"]),
        st.sampled_from(["5А", "5Б", "9В", ""]),
    ),
    max_size=8,
)


@given(_pupils)
def test_a_pair_has_never_two_birth_dates_and_is_found_once(
    drawn: list[tuple[str, str, str, str]],
) -> None:
    pupils = [
        written(n, name, birth, external and f"{external}{n}", title)
        for n, (name, birth, external, title) in enumerate(drawn)
    ]
    pairs = likely(pupils)
    assert sorted((a.id, b.id) for a, b in pairs) == sorted({(a.id, b.id) for a, b in pairs})
    for one, other in pairs:
        assert one.id < other.id
        assert len({one.birth, other.birth} - {""}) < 2
        told_apart = one.external_id and other.external_id
        assert not told_apart or (one.birth and one.birth == other.birth)


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ("Королёв Артём", FULL, FULL),
        (FULL, "Королев А. С.", FULL),
        ("Королёв Артём", "Королев Артем", "Королёв Артём"),
    ],
)
def test_the_fuller_name_is_kept(one: str, other: str, kept: str) -> None:
    assert fuller(one, other) == kept


# ---------------------------------------------------------------- of two consents, the stricter


@pytest.mark.parametrize(("one", "other"), list(permutations(S, 2)), ids=str)
def test_what_was_said_against_it_holds_and_no_consent_is_made(one: S, other: S) -> None:
    held = consent.stricter({ALL_TOPICS: one}, {ALL_TOPICS: other})[ALL_TOPICS]
    against = {one, other} - {S.ACTIVE, *consent.SAYS_NOTHING}
    assert held in against if against else held is one


@pytest.mark.parametrize(
    ("one", "other", "held"),
    [
        ({}, {}, {"*": S.UNKNOWN}),
        ({"*": S.ACTIVE}, {}, {"*": S.ACTIVE}),
        ({}, {"*": S.ACTIVE}, {"*": S.UNKNOWN}),
        ({"*": S.ACTIVE, "marks": S.STOPPED}, {"*": S.ACTIVE}, {"*": S.ACTIVE, "marks": S.STOPPED}),
        ({"*": S.ACTIVE}, {"*": S.ACTIVE}, {"*": S.ACTIVE}),
        (
            {"*": S.ACTIVE},
            {"*": S.ACTIVE, "marks": S.STOPPED},
            {"*": S.ACTIVE, "marks": S.STOPPED},
        ),
        (
            {"*": S.ACTIVE, "marks": S.ACTIVE},
            {"*": S.STOPPED},
            {"*": S.STOPPED, "marks": S.STOPPED},
        ),
        (
            {"*": S.ACTIVE, URGENT: S.ACTIVE, PERSONAL_DATA: S.ACTIVE},
            {"*": S.ACTIVE, PERSONAL_DATA: S.REFUSED},
            {"*": S.ACTIVE, URGENT: S.ACTIVE, PERSONAL_DATA: S.REFUSED},
        ),
    ],
)
def test_the_stricter_state_holds_topic_by_topic(
    one: dict[str, S], other: dict[str, S], held: dict[str, S]
) -> None:
    assert consent.stricter(one, other) == held
