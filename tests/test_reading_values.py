"""Single cells: dates, marks, names, classes, phones, consents, typed by a library or as text."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.ingest.days import school_year
from sms_diary.ingest.matching import NOT_A_NAME, name_key
from sms_diary.ingest.reading.book import Value
from sms_diary.ingest.reading.values.classes import AMBIGUOUS, read_class
from sms_diary.ingest.reading.values.consents import NOT_UNDERSTOOD, read_consent
from sms_diary.ingest.reading.values.dates import (
    NOT_READ,
    read_date,
    read_day,
    read_day_of_month,
    read_month,
)
from sms_diary.ingest.reading.values.marks import RESTORED, read_glued, read_mark
from sms_diary.ingest.reading.values.names import NOT_LETTERS, SEVERAL, read_name
from sms_diary.ingest.reading.values.phones import read_phone, read_phones

TODAY = date(2026, 11, 24)
YEAR = school_year(TODAY)
MOMENT = datetime.fromisoformat("2026-11-24T08:30")

anything = st.one_of(
    st.text(max_size=30), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(), st.dates(), st.datetimes(), st.times(), st.timedeltas(),
)  # fmt: skip


# --- dates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "24.11.2026", "24.11.26", "24.11", "24 ноября", "24 ноября 2026 г.", "24-ноя-26",
        "2026-11-24", "2026-11-24T16:42:10.99", "24/11/2026", "24.11.2026 0:00", " 24.11.\u00a0",
        TODAY, MOMENT, 46350.0, 46350, "46350",
    ],
)  # fmt: skip
def test_a_date_is_read_in_every_form(cell: Value) -> None:
    assert read_date(cell, YEAR).said == TODAY


@pytest.mark.parametrize(
    ("cell", "day"),
    [("01.09", date(2026, 9, 1)), ("31 августа", date(2027, 8, 31)), ("5 мая", date(2027, 5, 5))],
)
def test_the_school_year_gives_the_year(cell: str, day: date) -> None:
    assert read_date(cell, YEAR).said == day


def test_a_number_of_days_counts_from_1904_in_a_book_that_says_so() -> None:
    assert read_date(44888.0, YEAR, date1904=True).said == TODAY
    assert read_date(TODAY, YEAR, date1904=True).said == TODAY
    assert read_date("24.11.2026", YEAR, date1904=True).said == TODAY


@pytest.mark.parametrize("cell", ["31.02.2026", "вчера", "24", True, time(8, 30), 5.5])
def test_what_is_no_date_is_said(cell: Value) -> None:
    assert read_date(cell, YEAR).problem == NOT_READ


def test_a_day_and_month_that_became_a_number_are_a_question() -> None:
    assert read_date(24.11, YEAR).candidates == (TODAY,)
    assert read_date(24.1, YEAR).candidates == (date(2027, 1, 24), date(2026, 10, 24))
    assert read_date(46350.354, YEAR).said == TODAY


def test_a_month_before_the_day_is_a_question() -> None:
    outcome = read_date("11/24/2026", YEAR)
    assert (outcome.said, outcome.candidates) == (None, (TODAY,))
    assert outcome.is_ambiguous


SWAPPED = "; возможно, день и месяц переставлены"
AHEAD, OUTSIDE = "дата в будущем", "дата вне учебного года 2026/2027"


@pytest.mark.parametrize(
    ("cell", "problem", "candidates"),
    [
        ("25.11.2026", AHEAD, ()),
        ("24.11.2025", OUTSIDE, ()),
        (date(2027, 1, 9), AHEAD, ()),
        (date(2026, 12, 9), AHEAD + SWAPPED, (date(2026, 9, 12),)),
        (date(2026, 3, 10), OUTSIDE + SWAPPED, (date(2026, 10, 3),)),
    ],
)
def test_a_day_that_was_lies_in_the_year_and_not_ahead(
    cell: Value, problem: str, candidates: tuple[date, ...]
) -> None:
    outcome = read_day(cell, YEAR, TODAY)
    assert (outcome.said, outcome.problem, outcome.candidates) == (None, problem, candidates)


def test_a_day_of_the_year_is_read() -> None:
    assert read_day("24.11", YEAR, TODAY).said == TODAY
    assert read_day("", YEAR, TODAY) == read_date("", YEAR)


@pytest.mark.parametrize(
    ("heading", "month"),
    [
        ("Ноябрь", date(2026, 11, 1)),
        ("январь", date(2027, 1, 1)),
        ("НОЯБРЬ 2025 г.", date(2025, 11, 1)),
        ("Нояб.", date(2026, 11, 1)),
        (TODAY, date(2026, 11, 1)),
        ("Ср. балл", None),
        ("", None),
        (11.0, None),
    ],
)
def test_a_heading_names_a_month(heading: Value, month: date | None) -> None:
    assert read_month(heading, YEAR) == month


def test_a_bare_day_stands_under_its_month() -> None:
    november = date(2026, 11, 1)
    assert read_day_of_month(9.0, november).said == date(2026, 11, 9)
    assert read_day_of_month("09", november).said == date(2026, 11, 9)
    assert read_day_of_month(MOMENT, november).said == TODAY
    assert read_day_of_month(31, november).problem == "в этом месяце нет дня 31"
    assert read_day_of_month("9.5", november).problem == NOT_READ
    assert read_day_of_month("", november).said is None


# --- marks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (5.0, ["5"]), (5, ["5"]), ("5,0", ["5"]), ("4-", ["4-"]), (".", ["."]), ("5/4", ["5/4"]),
        ("УП 4", ["УП", "4"]), ("5 4", ["5", "4"]), ("5, 4", ["5", "4"]), ("H", ["Н"]),
        ("н", ["Н"]), ("нб", ["Н"]), ("ув", ["УП"]), ("зачёт", ["зач"]), (".5", [".", "5"]),
    ],
)  # fmt: skip
def test_marks_of_a_cell_are_read(cell: Value, said: list[str]) -> None:
    cell_read = read_mark(cell)
    assert [value for _, value in cell_read.items] == said
    assert not cell_read.problem


@pytest.mark.parametrize(
    "cell",
    [date(2026, 4, 5), datetime.fromisoformat("2026-04-05"), "05.апр", "05.04.2026", "5-апр",
     "2026-04-05", 46117.0, "46117"],
)  # fmt: skip
def test_a_mark_that_became_a_date_is_a_mark_again_and_says_so(cell: Value) -> None:
    read = read_mark(cell)
    assert [value for _, value in read.items] == ["5/4"]
    assert read.warning == RESTORED.format(mark="5/4")


@pytest.mark.parametrize("cell", ["6", 0, 6.0, 4.5, "4,12", TODAY, True, time(5, 4), "#DIV/0!", ""])
def test_what_is_no_mark_is_refused(cell: Value) -> None:
    assert read_mark(cell).problem
    assert not read_mark(cell).items


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("54", ["5", "4"]), ("5 4", ["5", "4"]), ("5/4", ["5/4"]), ("54.н", ["5", "4", ".", "Н"]),
        ("УП4", ["УП", "4"]), ("5/4УП", ["5/4", "УП"]), ("ОП5-", ["ОП", "5-"]), ("зач", ["зач"]),
    ],
)  # fmt: skip
def test_marks_glued_together_come_apart(text: str, said: list[str]) -> None:
    assert [value for _, value in read_glued(text).items] == said


def test_what_is_glued_of_other_things_is_refused() -> None:
    assert read_glued("56").problem
    assert read_glued("5?").problem


# --- names, classes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "shown", "full"),
    [
        ("КОРОЛЁВ\u00a0 СТЕПАН  ВИКТОРОВИЧ", "Королёв Степан Викторович", True),
        ("Иванов И.И.", "Иванов И. И.", False),
        ("Иванов И. И", "Иванов И. И.", False),
        ("Иванов Иван", "Иванов Иван", False),
        ("Салтыков – Щедрин Иван Ильич", "Салтыков-Щедрин Иван Ильич", True),
        ("Мамедов Эльдар Рашид оглы", "Мамедов Эльдар Рашид оглы", True),
        ("Иванов, Иван", "Иванов Иван", False),
        ("И. И. Иванов", "И. И. Иванов", False),
    ],
)
def test_a_name_is_shown_in_one_way(cell: str, shown: str, full: bool) -> None:
    said = read_name(cell).said
    assert said is not None
    assert (said.shown, said.full) == (shown, full)
    assert said.key == name_key(said.shown)


def test_a_remark_beside_a_name_is_kept() -> None:
    said = read_name("Иванова Мария (староста)").said
    assert said is not None
    assert (said.shown, said.remark) == ("Иванова Мария", "староста")


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("Иванов", NOT_A_NAME),
        ("Иванов 5А", NOT_LETTERS),
        ("8 900", NOT_LETTERS),
        ("И.", NOT_A_NAME),
    ],
)
def test_half_a_name_is_no_name(cell: str, problem: str) -> None:
    assert read_name(cell).problem == problem


def test_two_names_in_a_cell_are_a_question() -> None:
    outcome = read_name("Иванов Иван, Петрова Анна")
    assert (outcome.said, outcome.problem) == (None, SEVERAL)
    assert [name.shown for name in outcome.candidates] == ["Иванов Иван", "Петрова Анна"]


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ("5а", "5А"), ("5 А", "5А"), ("5-А", "5А"), ("5«А»", "5А"), ('5 "А"', "5А"), ("5A", "5А"),
        ("05А", "5А"), ("V А", "5А"), (5.0, "5"), (11, "11"), ("1-4", "1-4"),
        (date(2026, 4, 1), "1-4"),
    ],
)  # fmt: skip
def test_a_class_has_one_title(cell: Value, title: str) -> None:
    assert read_class(cell).said == title


def test_a_latin_b_is_a_question_unless_the_school_answers() -> None:
    outcome = read_class("5B")
    assert (outcome.said, outcome.problem) == (None, AMBIGUOUS)
    assert outcome.candidates == ("5В", "5Б")
    assert read_class("5B", known={"5А", "5Б"}).said == "5Б"
    assert read_class("5B", known={"5Б", "5В"}).candidates == ("5В", "5Б")
    assert read_class(date(2026, 4, 5)).problem


# --- phones, consents --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["8 (900) 000-10-01", 89000001001.0, 89000001001, "+7‑900‑000‑10‑01", 9000001001.0]
)
def test_a_phone_is_read_from_text_and_number(cell: Value) -> None:
    assert read_phone(cell).said == "+79000001001"


def test_two_phones_are_a_question_and_none_has_a_reason() -> None:
    outcome = read_phone("8 900 000-10-01, мама 8 900 000-10-02")
    assert (outcome.said, outcome.candidates) == (None, ("+79000001001", "+79000001002"))
    assert read_phone("нет").problem == "номер не указан"
    assert read_phone("8 900 000-10-01 бабушка").note == "бабушка"
    assert read_phone("").said is None
    assert [found.number for found in read_phones("8.9E+10")] == [None]


@pytest.mark.parametrize(
    ("cell", "said"),
    [("да", True), ("Да.", True), ("+", True), (1.0, True), (True, True), ("✓", True),
     ("нет", False), ("-", False), (0, False), (False, False), ("—", False), ("", None)],
)  # fmt: skip
def test_a_consent_is_yes_no_or_nothing(cell: Value, said: bool | None) -> None:
    outcome = read_consent(cell)
    assert (outcome.said, outcome.problem) == (said, "")


def test_a_consent_is_not_read_into_a_text() -> None:
    outcome = read_consent("да, но не по вечерам")
    assert (outcome.said, outcome.problem, outcome.candidates) == (None, NOT_UNDERSTOOD, (True,))
    assert read_consent("спросить").candidates == ()
    assert read_consent("данные уточнить").candidates == ()


@given(anything)
def test_any_cell_gives_a_value_or_a_reason(cell: Value) -> None:
    for outcome in (
        read_date(cell, YEAR), read_day(cell, YEAR, TODAY), read_name(cell), read_class(cell),
        read_phone(cell), read_consent(cell), read_day_of_month(cell, TODAY),
    ):  # fmt: skip
        assert outcome.said is None or not outcome.problem
        assert outcome.problem or not outcome.candidates
    marks = read_mark(cell)
    assert bool(marks.items) != bool(marks.problem)
