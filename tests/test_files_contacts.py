"""Class lists with parents' phones: the sample with its quirks, and quirks of others."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from sms_diary.errors import FileProblem
from sms_diary.ingest.files.consents import Verdict, Worth, judge
from sms_diary.ingest.files.contacts import (
    BAD_BIRTH,
    BAD_CONSENT_DAY,
    SHARED_NUMBER,
    ContactRow,
    Contacts,
    read_contacts,
)
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.matching import ClassIndex
from sms_diary.ingest.reading.values.consents import NOT_UNDERSTOOD, consent_of

SAMPLES = Path(__file__).parent / "samples"
TODAY = date(2026, 11, 24)
SOURCE = "форма SMS-1 от 01.09.2026, папка 5А"


def sample() -> dict[int, ContactRow]:
    table = read_csv((SAMPLES / "spisok_5A_cp1251.csv").read_bytes())
    return {contact.row: contact for contact in read_contacts(table.rows, today=TODAY).rows}


def read(*lines: str, default_class: str = "") -> Contacts:
    rows = read_csv("\r\n".join(lines).encode()).rows
    return read_contacts(rows, today=TODAY, default_class=default_class)


def one(heading: str, line: str) -> ContactRow:
    (contact,) = read(heading, line).rows
    return contact


def test_the_sample_has_26_contacts_of_24_pupils() -> None:
    rows = sample()
    assert sorted(rows) == list(range(3, 29))
    assert len({contact.pupil for contact in rows.values()}) == 24
    assert {contact.pupil_problem for contact in rows.values()} == {""}
    pairs = [(contact.pupil, number) for contact in rows.values() for number in contact.numbers]
    assert (len(set(pairs)), len({number for _, number in pairs})) == (25, 24)


def test_headings_and_the_footer_of_the_sample_are_no_data() -> None:
    table = read_csv((SAMPLES / "spisok_5A_cp1251.csv").read_bytes())
    contacts = read_contacts(table.rows, today=TODAY)
    assert (contacts.header.row, contacts.header.unknown, contacts.dropped) == (2, (), (29,))


def test_every_class_of_the_sample_is_5a() -> None:
    classes = ClassIndex([(1, "5А"), (2, "5Б")])
    assert {classes.find(contact.class_name).class_id for contact in sample().values()} == {1}


def test_a_row_without_a_pupil_is_the_second_parent_of_the_one_above() -> None:
    rows = sample()
    assert [row for row, contact in rows.items() if contact.continued] == [5, 25]
    assert rows[5].pupil == rows[4].pupil == "Белкина Дарья Игоревна"
    assert (rows[5].guardian, rows[5].numbers) == ("Белкина Ольга Юрьевна", ("+79000001003",))


def test_contacts_of_the_sample_without_a_number_say_why() -> None:
    rows = sample()
    assert {row: contact.problems for row, contact in rows.items() if contact.problems} == {
        16: ("номер не указан",),
        21: ("телефон: не хватает цифры",),
    }
    assert rows[16].numbers == rows[21].numbers == ()


def test_numbers_of_the_sample_are_kept_with_their_remarks() -> None:
    rows = sample()
    assert rows[11].numbers == ("+79000001009", "+79000001010")
    assert (rows[10].numbers, rows[10].phones[0].note) == (("+79000001008",), "бабушка")
    assert rows[19].numbers == rows[20].numbers
    assert {contact.warnings for contact in rows.values()} == {()}


def test_consents_of_the_sample_are_worth_what_its_readme_says() -> None:
    rows = sample()
    dated = [row for row, contact in rows.items() if contact.consent and contact.consent_day]
    assert len(dated) == 19
    worth = {row: judge(c, today=TODAY, stated_source=SOURCE).worth for row, c in rows.items()}
    assert Counter(worth.values()) == {
        Worth.PROVEN: 18,
        Worth.REFUSED: 6,
        Worth.CHOOSE: 1,
        Worth.UNKNOWN: 1,
    }
    assert [row for row, found in worth.items() if found is Worth.CHOOSE] == [11]
    refused = [row for row, found in worth.items() if found is Worth.REFUSED and rows[row].numbers]
    assert len(refused) == 5
    assert (worth[19], worth[20]) == (Worth.REFUSED, Worth.PROVEN)


def test_without_a_source_the_sample_proves_no_consent() -> None:
    found = [judge(contact, today=TODAY) for contact in sample().values()]
    assert Worth.PROVEN not in {verdict.worth for verdict in found}
    unproven = [verdict.reason for verdict in found if verdict.worth is Worth.UNPROVEN]
    assert len(unproven) == 18
    assert all("источник" in reason for reason in unproven)


WITH_CONSENT = "ФИО;Класс;Родитель;Тел.;Согласие;Дата согласия;№ бланка"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("89000001001;да;01.09.2026;бланк 7", Verdict(Worth.PROVEN, "", "бланк 7")),
        ("89000001001;да;01.09.2026;", Verdict(Worth.PROVEN, "", "папка")),
        ("89000001001;да;24.11.2026;", Verdict(Worth.PROVEN, "", "папка")),
        (
            "89000001001;да;25.11.2026;",
            Verdict(Worth.UNPROVEN, "дата согласия в будущем", "папка"),
        ),
        ("89000001001;да;;", Verdict(Worth.UNPROVEN, "нет даты согласия", "папка")),
        ("89000001001;да;когда-то;", Verdict(Worth.UNPROVEN, "нет даты согласия", "папка")),
        ("89000001001;нет;01.09.2026;", Verdict(Worth.REFUSED, "родитель не согласен")),
        ("89000001001;;01.09.2026;", Verdict(Worth.UNKNOWN, "согласие не указано")),
        ("89000001001;наверное;01.09.2026;", Verdict(Worth.UNKNOWN, "согласие не указано")),
        (
            "нет;да;01.09.2026;",
            Verdict(Worth.UNPROVEN, "нет пригодного номера: согласие не к чему отнести"),
        ),
    ],
)
def test_a_row_proves_a_consent_only_with_yes_a_day_and_a_source(
    line: str, expected: Verdict
) -> None:
    contact = one(WITH_CONSENT, "Авдеев Тимур;5А;Авдеева Нина;" + line)
    assert judge(contact, today=TODAY, stated_source=" папка ") == expected


@pytest.mark.parametrize(
    ("cell", "worth"),
    [
        ("89000001001, 89000001002", Worth.CHOOSE),
        ("89000001001, 8900000100", Worth.CHOOSE),  # which of the two was meant is not known
        ("89000001001 (мама)", Worth.PROVEN),
        ("89000001001, 8 (846) 332-11-22", Worth.PROVEN),
        ("89000001001, 89000001001", Worth.PROVEN),
    ],
)
def test_of_several_numbers_none_has_the_consent(cell: str, worth: Worth) -> None:
    line = f'Авдеев Тимур;5А;Авдеева Нина;"{cell}";да;01.09.2026;7'
    assert judge(one(WITH_CONSENT, line), today=TODAY).worth is worth


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        *((word, True) for word in ("да", "ДА", "Да.", "+", "v", "1", "x", "Х", "согласна")),
        *((word, False) for word in ("нет", "НЕТ", "-", "—", "0", "отказ", "не согласен")),
        *((word, None) for word in ("", "да?", "да, но потом", "нет данных", "2")),
    ],
)
def test_a_consent_is_only_what_is_surely_one(word: str, meaning: bool | None) -> None:
    assert consent_of(word) is meaning


@pytest.mark.parametrize(
    "heading",
    ["Согласие ПДн", "Согласие на обработку персональных данных", "Срочное рано (согласие)"],
)
def test_a_consent_to_something_else_is_none_to_sms(heading: str) -> None:
    contact = one(f"ФИО;Класс;Телефон;{heading};Дата согласия", "Б А;5А;89000000001;да;01.09.2026")
    assert contact.consent is None


def test_what_is_not_understood_is_warned_of() -> None:
    contact = one(
        "Ученик;Класс;Телефон;Дата рожд.;Согласие;Дата согласия",
        "Авдеев Тимур;5А;89000001001;31.02.2015;может быть;вчера",
    )
    assert (contact.consent, contact.consent_day, contact.birth) == (None, None, None)
    assert contact.warnings == (BAD_BIRTH, NOT_UNDERSTOOD, BAD_CONSENT_DAY)


def test_a_number_of_two_different_parents_is_warned_of() -> None:
    contacts = read(
        "Ученик;Класс;Родитель;Телефон",
        "Авдеев Тимур;5А;Авдеева Нина;89000001001",
        "Белкина Дарья;5А;Белкин Игорь;8-900-000-10-01",
        "Авдеев Пётр;5А;АВДЕЕВА  НИНА;89000001002",
        "Авдеев Глеб;5А;Авдеева Нина;89000001002",
    )
    assert [contact.warnings for contact in contacts.rows] == [(SHARED_NUMBER,)] * 2 + [()] * 2


def test_a_pupil_may_stand_in_three_columns_and_a_phone_in_two() -> None:
    contact = one(
        "№;Фамилия;Имя;Отчество;Класс;Моб. тел. 1;Моб. тел. 2;Домашний телефон;Школа",
        "1;Авдеев;Тимур;Олегович;5А;89000001001;89000001002;3321122;№ 1",
    )
    assert contact.pupil == "Авдеев Тимур Олегович"
    assert contact.numbers == ("+79000001001", "+79000001002")


def test_columns_that_nobody_knows_are_listed() -> None:
    contacts = read(
        "№ п/п;Ученик;Класс;Телефон;Любимый цвет", "1;Авдеев Тимур;5А;89000001001;жёлтый"
    )
    assert contacts.header.unknown == ("Любимый цвет",)


def test_headings_on_every_page_and_signatures_are_no_data() -> None:
    heading = "Ученик;Класс;Телефон"
    contacts = read(
        "Школа № 1;;",
        heading,
        "Авдеев Тимур;5А;89000001001",
        ";;",
        heading,
        "Белкина Дарья;5А;89000001002",
        "Итого: 2;;",
        "Классный руководитель: Примерова О.И.;;",
    )
    assert [contact.row for contact in contacts.rows] == [3, 6]
    assert contacts.dropped == (5, 7, 8)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (";5А;89000001001", "не указан ученик, и выше его тоже нет"),
        ("Авдеев;5А;89000001001", "имя ученика не полностью: нужны фамилия и имя"),
        ("Авдеев Тимур;;89000001001", "не указан класс"),
    ],
)
def test_a_pupil_who_cannot_be_placed_is_refused(line: str, problem: str) -> None:
    assert one("Ученик;Класс;Телефон", line).pupil_problem == problem


def test_a_class_may_be_stated_for_the_file() -> None:
    (contact,) = read("Ученик;Телефон", "Авдеев Тимур;89000001001", default_class="5А").rows
    assert (contact.class_name, contact.pupil_problem) == ("5А", "")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["просто текст;без заголовков", "1;2"], "не найдена строка с заголовками"),
        (["Ученик;Класс;Предмет", "Авдеев Тимур;5А;Химия"], "строка 1: нет столбца «Телефон»"),
        (["x"] * 20 + ["Ученик;Класс;Телефон"], "не найдена строка с заголовками"),
    ],
)
def test_a_file_without_its_headings_says_what_is_missing(lines: list[str], said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        read(*lines)
