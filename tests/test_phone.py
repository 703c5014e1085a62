"""Numbers as schools write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.phone import Found, Problem, is_mobile, mask, normalise, parse_cell


def numbers(cell: str) -> list[str | None]:
    return [found.number for found in parse_cell(cell)]


def only(cell: str) -> Found:
    (found,) = parse_cell(cell)
    return found


@pytest.mark.parametrize(
    "spelling",
    [
        "8 (900) 000-10-01",
        "+7 900 000-10-01",
        "89000001001",
        "+7(900)000-10-01",
        "8-900-000-10-01",
        "900 000 10 01",
        "7 900 0001001",
        "9000001001",
        "+79000001001",
        "8.900.000.10.01",
        "8\u00a0900\u00a0000\u00a010\u00a001",
        "8‐900‑000‒10–01",
        "8—900―000-10-01",
        "89000001001.0",
        "89000001001,0",
        "9000001001.0",
        "8.9000001001E+10",
        "8,9000001001E+10",
        "8 9ОО ООО-1О-О1",
        "8 9oo ooo-10-01",
        "тел. 89000001001",
        "моб.: 8 900 000 10 01",
    ],
)
def test_any_spelling_of_a_mobile_number_gives_its_e164_form(spelling: str) -> None:
    assert only(spelling) == Found(raw=only(spelling).raw, number="+79000001001")
    assert normalise(spelling) == "+79000001001"


def test_every_number_set_aside_for_tests_is_a_valid_mobile() -> None:
    assert all(is_mobile(f"+7900000{tail:04d}") for tail in range(10_000))


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("8 900 000-10-2", Problem.SHORT),
        ("7900000102", Problem.SHORT),
        ("900000102", Problem.SHORT),
        ("8 900 000", Problem.VERY_SHORT),
        ("8(846)332-11-22", Problem.CITY),
        ("846 332-11-22", Problem.CITY),
        ("332-11-22", Problem.CITY),
        ("8 800 555 35 35", Problem.NOT_MOBILE),
        ("+7-701-123-45-67", Problem.FOREIGN),
        ("+375 29 123-45-67", Problem.FOREIGN),
        ("890000010011", Problem.LONG),
        ("8 000 000 00 00", Problem.WRONG),
        ("8.9E+10", Problem.PRECISION),
        ("8,9E+10", Problem.PRECISION),
        ("8.9000001E+10", Problem.PRECISION),
        ("112", Problem.UNREADABLE),
        ("нет", Problem.NONE),
        ("НЕТ", Problem.NONE),
        ("-", Problem.NONE),
        ("—", Problem.NONE),
        ("нет телефона", Problem.NONE),
    ],
)
def test_what_is_no_mobile_number_says_why_in_russian(cell: str, problem: Problem) -> None:
    assert only(cell).number is None
    assert only(cell).problem is problem
    assert normalise(cell) is None


def test_the_reasons_are_sentences_a_school_understands() -> None:
    assert str(only("8 900 000-10-2").problem) == "не хватает цифры"
    assert str(only("8(846)332-11-22").problem) == "городской номер, SMS не дойдёт"


def test_an_empty_cell_is_no_number_and_no_problem() -> None:
    assert parse_cell("") == []
    assert parse_cell(" \u00a0\n") == []


@pytest.mark.parametrize(
    "cell",
    [
        "8(900)0001009, 8(900)0001010",
        "89000001009; 89000001010",
        "89000001009/89000001010",
        "89000001009\n89000001010",
        "89000001009 и 89000001010",
        "89000001009 или +7 900 000-10-10",
        "89000001009 89000001010",
        "+7 (900) 000-10-09 +7 (900) 000-10-10",
        "9000001009 9000001010",
        "89000001009, 89000001010, 8 900 000 10 09",
    ],
)
def test_two_numbers_in_a_cell_are_two(cell: str) -> None:
    assert numbers(cell) == ["+79000001009", "+79000001010"]
    assert normalise(cell) is None


@pytest.mark.parametrize(
    ("cell", "notes"),
    [
        ("8 (900) 000-10-08 бабушка", ["бабушка"]),
        ("8 900 000-10-08 (мама)", ["мама"]),
        ("мама: 89000001008", ["мама"]),
        ("мама, 89000001008", ["мама"]),
        ("89000001008 (мама), 89000001009 (папа)", ["мама", "папа"]),
        ("89000001008 мама 89000001009 папа", ["мама", "папа"]),
        ("89000001008, звонить после 18", ["звонить после 18"]),
        ("89000001008 Анна Петровна", ["Анна Петровна"]),
        ("8-900-000-10-08, доб. 5", ["доб. 5"]),
        ("8-900-000-10-08 доб. 5 (мама)", ["мама, доб. 5"]),
    ],
)
def test_words_beside_a_number_are_its_note(cell: str, notes: list[str]) -> None:
    found = parse_cell(cell)
    assert found[0].number == "+79000001008"
    assert [item.note for item in found] == notes


def test_a_good_number_beside_a_bad_one_is_not_lost() -> None:
    first, second = parse_cell("8(846)332-11-22, 8-900-000-10-01")
    assert (first.number, first.problem) == (None, Problem.CITY)
    assert second.number == "+79000001001"


def test_a_mask_tells_numbers_apart_and_cannot_be_rung() -> None:
    assert mask("+79000001001") == "+7900***1001"
    assert mask("112") == "***"
    assert mask("") == "***"


@given(st.text("0123456789 +-(),;./ОоEeнетмамаи\n\u00a0", max_size=40))
def test_whatever_is_typed_gives_mobile_numbers_or_reasons(cell: str) -> None:
    for found in parse_cell(cell):
        assert (found.number is None) == (found.problem is not None)
        assert found.number is None or is_mobile(found.number)


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(cell: str) -> None:
    parse_cell(cell)
    mask(cell)
    assert normalise(cell) is None or is_mobile(str(normalise(cell)))
