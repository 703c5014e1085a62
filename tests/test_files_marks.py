"""Lists of marks: the sample with its traps, cells, dates and school years."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.errors import FileProblem
from sms_diary.ingest.days import SchoolYear, parse_day, school_year
from sms_diary.ingest.drafts import Draft, PupilRef
from sms_diary.ingest.files.contacts import read_contacts
from sms_diary.ingest.files.marks import COMMENT_CUT, MarkRow, Marks, read_marks
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.matching import ClassIndex, NameIndex
from sms_diary.ingest.reading.values.marks import RARE, read_cell
from sms_diary.ingest.slots import Slot, find_slot
from sms_diary.model import Kind

SAMPLES = Path(__file__).parent / "samples"
TODAY = date(2026, 11, 24)
YEAR = school_year(TODAY)
HEADING = "Дата;Класс;Ученик;Предмет;Вид работы;Отметка;Комментарий;№ урока"


def sample() -> dict[int, MarkRow]:
    table = read_csv((SAMPLES / "otmetki_5A_2026-11-16_utf8bom.csv").read_bytes())
    return {row.row: row for row in read_marks(table.rows, today=TODAY).rows}


def roster() -> list[tuple[int, str]]:
    table = read_csv((SAMPLES / "spisok_5A_cp1251.csv").read_bytes())
    names = dict.fromkeys(row.pupil for row in read_contacts(table.rows, today=TODAY).rows)
    return list(enumerate(names, 1))


def read(*lines: str, today: date = TODAY, default_class: str = "") -> Marks:
    rows = read_csv("\r\n".join(lines).encode()).rows
    return read_marks(rows, today=today, default_class=default_class)


def one(line: str, today: date = TODAY) -> MarkRow:
    (row,) = read(HEADING, line, today=today).rows
    return row


def test_the_sample_has_339_rows_and_one_is_rejected() -> None:
    rows = sample()
    assert sorted(rows) == list(range(2, 341))
    rejected = {row.row: row.reason for row in rows.values() if row.reason}
    assert list(rejected) == [340]
    assert "такой отметки нет" in rejected[340]
    assert all(len(row.drafts) == 1 for row in rows.values() if not row.reason)


def test_the_date_that_excel_made_of_a_mark_is_a_mark_again() -> None:
    rows = sample()
    warned = [row for row in rows.values() if row.warnings]
    assert [(row.row, row.drafts[0].value) for row in warned] == [(335, "5/4")]
    assert "5/4" in warned[0].warnings[0]
    assert (rows[334].drafts[0].day, rows[339].drafts[0].value) == (date(2026, 11, 17), "осв")


def test_names_of_the_sample_are_found_or_doubted_as_its_readme_says() -> None:
    pupils, classes = NameIndex(roster()), ClassIndex([(1, "5А")])
    doubts = {}
    for row in sample().values():
        for draft in row.drafts:
            assert draft.pupil is not None
            assert classes.find(draft.pupil.class_name).class_id == 1
            found = pupils.find(draft.pupil.name)
            if found.pupil_id is None:
                doubts[row.row] = len(found.candidates)
    assert doubts == {331: 2, 332: 2, 333: 0}


def test_the_sample_gives_332_entries_two_corrections_and_one_repeat() -> None:
    """What an accept stage makes of the drafts one by one, with nothing but the pure rules."""
    pupils = NameIndex(roster())
    entries: dict[tuple[object, ...], list[Slot]] = {}
    outcome: dict[str, list[int]] = {"new": [], "changed": [], "same": [], "ambiguous": []}
    kinds: Counter[Kind] = Counter()
    for row in sample().values():
        for draft in row.drafts:
            assert draft.pupil is not None
            pupil_id = pupils.find(draft.pupil.name).pupil_id
            if pupil_id is None:
                continue
            slots = entries.setdefault((draft.kind, pupil_id, draft.subject_key, draft.day), [])
            word = settle(draft, slots, row.row)
            outcome[word].append(row.row)
            kinds[draft.kind] += word == "new"
    assert len(outcome["new"]) == 332
    assert (outcome["changed"], outcome["same"], outcome["ambiguous"]) == ([334, 337], [338], [])
    assert kinds == {Kind.MARK: 303, Kind.ABSENCE: 29}


def settle(draft: Draft, slots: list[Slot], number: int) -> str:
    found = find_slot(draft, slots)
    if found.ambiguous:
        return "ambiguous"
    new = Slot(number, draft.lesson, draft.work_key, draft.ordinal, draft.value)
    if found.entry_id is None:
        slots.append(new)
        return "new"
    place = next(i for i, slot in enumerate(slots) if slot.entry_id == found.entry_id)
    if slots[place].value == draft.value:
        return "same"
    slots[place] = new
    return "changed"


def test_a_row_is_the_draft_that_the_webhook_would_make() -> None:
    row = one("24.11.2026;5 а;Авдеев\u00a0 Т.О.;Рус. яз.;К/р;5,0;Пересдача;3")
    assert row == MarkRow(
        2,
        (
            Draft(
                kind=Kind.MARK,
                pupil=PupilRef(class_name="5 а", name="Авдеев Т.О."),
                subject="Рус. яз.",
                subject_key="русский язык",
                day=date(2026, 11, 24),
                lesson=3,
                work="К/р",
                work_key="контрольная работа",
                value="5",
                body="Пересдача",
            ),
        ),
    )


def test_an_absence_beside_a_mark_makes_two_drafts() -> None:
    row = one("24.11.2026;5А;Авдеев Т.О.;Химия;Тест;УП 4;;2")
    assert [(d.kind, d.value, d.work_key, d.lesson) for d in row.drafts] == [
        (Kind.ABSENCE, "УП", "", 2),
        (Kind.MARK, "4", "тест", 2),
    ]


def test_two_marks_in_a_cell_are_two_entries() -> None:
    row = one("24.11.2026;5А;Авдеев Т.О.;Химия;Тест;5 4;;")
    assert [(d.value, d.ordinal) for d in row.drafts] == [("5", 1), ("4", 2)]


M, A = Kind.MARK, Kind.ABSENCE


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("5", [(M, "5")]),
        (" 5.0 ", [(M, "5")]),
        ("5/4", [(M, "5/4")]),
        ("4-", [(M, "4-")]),
        (".", [(M, ".")]),
        (".5", [(M, "."), (M, "5")]),
        ("5, 4", [(M, "5"), (M, "4")]),
        ("5;4;3", [(M, "5"), (M, "4"), (M, "3")]),
        ("5\n4", [(M, "5"), (M, "4")]),
        ("Зач.", [(M, "зач")]),
        ("осв", [(M, "осв")]),
        ("н", [(A, "Н")]),
        ("H", [(A, "Н")]),
        ("нб", [(A, "Н")]),
        ("ув.", [(A, "УП")]),
        ("Б", [(A, "Б")]),
        ("ОП", [(A, "ОП")]),
        ("НП", [(A, "НП")]),
        ("ОТ", [(A, "ОТ")]),
        ("н 2", [(A, "Н"), (M, "2")]),
    ],
)
def test_a_cell_is_read_as_marks_and_absences(text: str, items: list[tuple[Kind, str]]) -> None:
    cell = read_cell(text)
    assert (list(cell.items), cell.warning, cell.problem) == (items, "", "")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("05.апр", "5/4"),
        ("5 апр", "5/4"),
        ("04.май", "4/5"),
        ("03.мар", "3/3"),
        ("05.апр.2026", "5/4"),
        ("05.04.2026", "5/4"),
        ("05.04", "5/4"),
        ("2026-04-05 00:00:00", "5/4"),
    ],
)
def test_a_date_in_the_column_of_marks_is_a_double_mark(text: str, mark: str) -> None:
    cell = read_cell(text)
    assert cell.items == ((M, mark),)
    assert mark in cell.warning


@pytest.mark.parametrize(
    "text",
    ["", "6", "0", "55", "5/6", "06.апр", "05.сен", "05.06.2026", "4,5", "4.5", "хорошо", "5 хор",
     "5-апреля-мая", "5 4 3 2 5 4 3"],
)  # fmt: skip
def test_a_cell_that_is_not_surely_marks_is_refused(text: str) -> None:
    cell = read_cell(text)
    assert (cell.items, cell.problem != "") == ((), True)


def test_a_rare_mark_asks_for_a_look() -> None:
    assert read_cell("1").warning == RARE


@given(st.text(max_size=20))
def test_a_cell_is_read_or_refused_and_never_both(text: str) -> None:
    cell = read_cell(text)
    assert bool(cell.items) != bool(cell.problem)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("01.06.2026;5А;Авдеев Т.О.;Химия;;5;;", "дата вне учебного года 2026/2027"),
        ("01.09.2027;5А;Авдеев Т.О.;Химия;;5;;", "дата вне учебного года 2026/2027"),
        ("25.11.2026;5А;Авдеев Т.О.;Химия;;5;;", "дата в будущем"),
        ("31.02;5А;Авдеев Т.О.;Химия;;5;;", "дата не прочитана"),
        (";5А;Авдеев Т.О.;Химия;;5;;", "нет даты"),
        ("24.11.2026;;Авдеев Т.О.;Химия;;5;;", "не указан класс"),
        ("24.11.2026;5А;;Химия;;5;;", "не указан ученик"),
        ("24.11.2026;5А;Авдеев;Химия;;5;;", "нужны фамилия и имя"),
        ("24.11.2026;5А;Авдеев Т.О.;;;5;;", "не указан предмет"),
        ("24.11.2026;5А;Авдеев Т.О.;Химия;;;;", "нет отметки"),
        ("24.11.2026;5А;Авдеев Т.О.;Химия;;5;;третий", "номер урока"),
        (f"24.11.2026;5А;Авдеев Т.О.;{'х' * 201};;5;;", "слишком длинно: предмет"),
        (f"24.11.2026;5А;Авдеев {'х' * 201};Химия;;5;;", "слишком длинно: ученик"),
    ],
)
def test_a_row_that_cannot_be_an_entry_says_why(line: str, reason: str) -> None:
    row = one(line)
    assert row.drafts == ()
    assert reason in row.reason


def test_a_long_comment_is_cut_and_said_to_be() -> None:
    row = one(f"24.11.2026;5А;Авдеев Т.О.;Химия;;5;{'х' * 400};")
    assert (len(row.drafts[0].body), row.warnings) == (300, (COMMENT_CUT,))


def test_totals_below_are_no_rows_and_a_class_may_be_stated() -> None:
    marks = read(
        "Дата;Фамилия;Имя;Предмет;Оценка",
        "24.11;Авдеев;Тимур;Химия;5",
        ";;;;",
        "Всего: 1;;;;",
        default_class="5А",
    )
    assert [row.reason for row in marks.rows] == [""]
    assert marks.rows[0].drafts[0].pupil == PupilRef(class_name="5А", name="Авдеев Тимур")
    assert marks.dropped == (4,)


def test_marks_without_their_column_are_refused_as_a_file() -> None:
    with pytest.raises(FileProblem, match="нет столбца «Отметка»"):
        read("Дата;Класс;Ученик;Предмет", "24.11;5А;Авдеев Т.О.;Химия")


@pytest.mark.parametrize(
    ("today", "year"),
    [
        (date(2026, 9, 1), SchoolYear(date(2026, 9, 1), date(2027, 8, 31))),
        (date(2027, 8, 31), SchoolYear(date(2026, 9, 1), date(2027, 8, 31))),
        (date(2027, 1, 1), SchoolYear(date(2026, 9, 1), date(2027, 8, 31))),
    ],
)
def test_a_school_year_runs_from_september_to_august(today: date, year: SchoolYear) -> None:
    assert school_year(today) == year


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("24.11.2026", date(2026, 11, 24)),
        ("24.11.26", date(2026, 11, 24)),
        ("24.11", date(2026, 11, 24)),
        ("12.01", date(2027, 1, 12)),
        ("1.9.2026 г.", date(2026, 9, 1)),
        ("24/11/2026", date(2026, 11, 24)),
        ("24 ноября", date(2026, 11, 24)),
        ("3 мая", date(2027, 5, 3)),
        ("3 марта 2027 г.", date(2027, 3, 3)),
        ("24 ноя 26", date(2026, 11, 24)),
        ("2026-11-24", date(2026, 11, 24)),
        ("2026-11-24T00:00:00", date(2026, 11, 24)),
        ("24.11.2026 0:00:00", date(2026, 11, 24)),
        ("46350", date(2026, 11, 24)),
        ("46350.0", date(2026, 11, 24)),
        ("29.02", None),
        ("32.11.2026", None),
        ("24 мартобря", None),
        ("ноябрь", None),
        ("463500", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_every_spelling(text: str, day: date | None) -> None:
    assert parse_day(text, YEAR) == day


@given(st.dates(YEAR.first, YEAR.last))
def test_a_day_and_a_month_have_their_year_from_the_school(day: date) -> None:
    assert parse_day(f"{day:%d.%m}", YEAR) == day
    assert day in YEAR
    assert day + timedelta(days=366) not in YEAR


@given(st.text(max_size=15))
def test_no_text_is_too_odd_for_a_date(text: str) -> None:
    parse_day(text, YEAR)
