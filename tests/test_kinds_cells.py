"""Pieces that the readers of kinds are made of, and tables that nobody foresaw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.ingest.days import school_year
from sms_diary.ingest.files.marks import FIELDS, NEEDED
from sms_diary.ingest.kinds import marks
from sms_diary.ingest.kinds.changes import Change, read_change
from sms_diary.ingest.kinds.facts import Contact
from sms_diary.ingest.kinds.lanes import class_of
from sms_diary.ingest.kinds.lessons import Taught, read_lesson, read_number, read_start
from sms_diary.ingest.kinds.listed import layout_of
from sms_diary.ingest.kinds.page_text import plain
from sms_diary.ingest.kinds.recognise import FileKind, read, recognise_all
from sms_diary.ingest.kinds.result import Context, Verdict, masked
from sms_diary.ingest.kinds.weekdays import WeekDay, read_weekday
from sms_diary.ingest.reading.book import Area, Book, Row, Value
from sms_diary.ingest.subjects import subject_key
from sms_diary.model import Kind
from tests.kind_results import issues, only, table, values, verdicts
from tests.test_layers import PACKAGE, imported, module_name

TODAY = date(2026, 11, 24)
YEAR = school_year(TODAY)
CONTEXT = Context(TODAY, classes=frozenset({"5А", "5Б", "7В"}))


@pytest.mark.parametrize(
    ("cell", "room", "said"),
    [
        ("Матем.", 24.0, [("Матем.", "24")]),
        ("", 24.0, []),
        ("—", "", []),
        ("окно", "", []),
        ("Англ. яз. (1 гр.) / Англ. яз. (2 гр.)", "41/43",
         [("Англ. яз. (1 гр.)", "41"), ("Англ. яз. (2 гр.)", "43")]),
        ("Англ.яз 1гр/Англ.яз 2гр", "41", [("Англ.яз 1гр", "41"), ("Англ.яз 2гр", "41")]),
        ("Англ.яз./2 гр. [209], Англ.яз./1 гр. [108]", "",
         [("Англ.яз./2 гр.", "209"), ("Англ.яз./1 гр.", "108")]),
        ("Труд (дев.)/Труд (мал.)", "М1/М2", [("Труд (дев.)", "М1"), ("Труд (мал.)", "М2")]),
        ("Физика\nХимия", "15\n16", [("Физика", "15 16"), ("Химия", "15 16")]),
        ("Хореография/Ритмика", "", [("Хореография/Ритмика", "")]),
        ("Химия, каб. 12а", "", [("Химия", "12а")]),
        ("Физ-ра с/з", "", [("Физ-ра", "с/з")]),
        ("Ин.яз. 2 гр.", 9, [("Ин.яз. 2 гр.", "9")]),
        ("Иностранный язык (англ.)", "", [("Иностранный язык (англ.)", "")]),
    ],
)  # fmt: skip
def test_a_cell_of_a_timetable_is_its_lessons(
    cell: Value, room: Value, said: list[tuple[str, str]]
) -> None:
    assert read_lesson(cell, room) == tuple(Taught(*one) for one in said)


@given(st.text(max_size=60), st.text(max_size=12))
def test_no_cell_of_a_timetable_is_too_strange(cell: str, room: str) -> None:
    for one in read_lesson(cell, room):
        assert one.subject.strip()


@pytest.mark.parametrize(
    ("cell", "number"),
    [(1.0, 1), ("0", 0), ("2 урок", 2), ("3-й", 3), ("", None), ("25", None), ("8:30", None),
     (time(8, 30), None), (True, None), ("Алгебра", None)],
)  # fmt: skip
def test_numbers_of_lessons(cell: Value, number: int | None) -> None:
    assert read_number(cell) == number


@pytest.mark.parametrize(
    ("cell", "start"),
    [("8:30-9:10", "8:30"), ("8.30", "8:30"), ("с 9.05 до 9.45", "9:05"), (time(10, 5), "10:05"),
     (0.5, "12:00"), (timedelta(hours=8, minutes=5), "8:05"), ("", ""), ("утро", "")],
)  # fmt: skip
def test_beginnings_of_lessons(cell: Value, start: str) -> None:
    assert read_start(cell) == start


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("ПОНЕДЕЛЬНИК", WeekDay(0)),
        ("п о н е д е л ь н и к", WeekDay(0)),
        ("Вт.", WeekDay(1)),
        ("среду", WeekDay(2)),
        ("Чт 26.11", WeekDay(3, date(2026, 11, 26))),
        ("27 ноября, пятница", WeekDay(4, date(2026, 11, 27))),
        (datetime.fromisoformat("2026-11-28"), WeekDay(5, date(2026, 11, 28))),
        ("Алгебра", None),
        ("5А", None),
        ("", None),
        (1.0, None),
    ],
)
def test_days_of_the_week(cell: Value, day: WeekDay | None) -> None:
    assert read_weekday(cell, YEAR) == day


@pytest.mark.parametrize(
    ("cell", "title"),
    [("5 «А»", "5А"), ("7B", "7В"), ("5Б / каб.", "5Б"), ("10Б (хим-бил)", "10Б (хим-бил)"),
     ("11 класс", "11"), ("5", ""), ("Матем.", ""), ("№", ""), ("12 каб", ""), ("1 смена", ""),
     (5.0, "")],
)  # fmt: skip
def test_headings_that_are_classes(cell: Value, title: str) -> None:
    assert class_of(cell, CONTEXT.classes) == title


@pytest.mark.parametrize(
    ("note", "change"),
    [
        ("замена: каб. 31 → 22", Change(room="22", old_room="31")),
        ("каб. 31 на каб. 22", None),
        ("5А: история вместо биологии", Change("5А", None, "история", "биологии")),
        ("вместо биологии - история, каб. 8", Change("", None, "история", "биологии", "8")),
        ("25.11 география → русский язык", Change("", date(2026, 11, 25), "русский язык",
                                                  "география")),
        ("6 ур. отменён", Change(cancelled=True, lesson=6)),
        ("урока нет", Change(cancelled=True)),
        ("дежурный класс", None),
        ("", None),
    ],
)  # fmt: skip
def test_notes_of_a_timetable(note: str, change: Change | None) -> None:
    assert read_change(note, YEAR) == change


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<p>Раз</p><p>Два&nbsp;<b>три</b></p>", "Раз Два три"),
        ("Строка<br>другая", "Строка другая"),
        ('Подробнее: <a href="https://example.invalid">ссылка</a>', ""),
        ("Собрание в 18:00. Подробнее: https://example.invalid/x", "Собрание в 18:00."),
        ("5 < 6 и 7 > 3", "5 < 6 и 7 > 3"),
        ("<style>p{}</style>Текст<script>x()</script>", "Текст"),
        ("Смотрите доску объявлений", "Смотрите доску объявлений"),
    ],
)
def test_markup_and_links_are_dropped(text: str, said: str) -> None:
    assert plain(text) == said


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("8 900 000-10-01", "***01"), (89000001003.0, "***03"),
     ("2026-11-24T10:00", "2026-11-24T10:00"),
     ("05.апр", "05.апр"), ("x" * 100, "x" * 59 + "…"), (date(2026, 11, 24), "24.11.2026")],
)  # fmt: skip
def test_a_shown_cell_is_short_and_has_no_phone(cell: Value, shown: str) -> None:
    assert masked(cell) == shown


def test_one_language_has_one_key_however_it_is_cut() -> None:
    names = ("Иностр. язык (англ.) 1 гр.", "Иностранный язык (английский)", "Англ. яз. (2 гр.)",
             "Ин. яз. (англ.)")  # fmt: skip
    assert {subject_key(name) for name in names} == {"иностранный язык (английский)"}


# --- small journals and timetables ------------------------------------------------------------

HEAD: tuple[tuple[Value, ...], ...] = (
    ("Класс: 5А", "Предмет: История"),
    ("Ученик", "Ноябрь", "", "2 четв."),
    ("", 9.0, 16.0, ""),
)
MONTHS = (Area(2, 1, 2, 2), Area(2, 0, 3, 0))


def test_a_journal_without_a_class_is_refused_with_the_way_to_mend_it() -> None:
    rows = (("Предмет: История",), *HEAD[1:], ("Авдеев Тимур", 5.0, "", ""))
    found, (row,) = only(table(*rows, merges=MONTHS), Context(TODAY))
    assert (found.kind, row.verdict) == (FileKind.JOURNAL, Verdict.REFUSED)
    assert row.issues[0].text == "не указан класс"
    _, (row,) = only(table(*rows, merges=MONTHS), Context(TODAY, default_class="5А"))
    assert values(row) == ["09.11 5"]


def test_a_class_that_may_be_two_is_a_question_in_every_row() -> None:
    rows = (("Класс: 5B", "Предмет: История"), *HEAD[1:], ("Авдеев Тимур", 5.0, "", ""))
    _, (row,) = only(table(*rows, merges=MONTHS), Context(TODAY))
    assert (row.verdict, row.issues[0].candidates) == (Verdict.QUARANTINED, ("5В", "5Б"))
    _, (row,) = only(table(*rows, merges=MONTHS), CONTEXT)
    assert row.verdict is Verdict.READ


def test_two_names_in_a_cell_are_a_question() -> None:
    rows = (*HEAD, ("Авдеев Тимур, Белкина Дарья", 5.0, "", ""))
    _, (row,) = only(table(*rows, merges=MONTHS), CONTEXT)
    assert (row.drafts, row.verdict) == ((), Verdict.QUARANTINED)
    assert row.issues[0].candidates == ("Авдеев Тимур", "Белкина Дарья")


def test_two_absences_of_a_day_are_the_first_of_them() -> None:
    rows = (HEAD[0], HEAD[1], ("", 9.0, 9.0, ""), ("Авдеев Тимур", "Н", "ОП", ""))
    _, (row,) = only(table(*rows, merges=MONTHS), CONTEXT)
    assert values(row, Kind.ABSENCE) == ["09.11 Н"]
    assert [one.level for one in row.issues] == ["warning"]


CELLS = st.one_of(
    st.sampled_from(
        ["", 5.0, "5", "УП 4", "5 4", "54", "Н", "H", ".", "05.апр", "6", "зач", "?", "2,5",
         datetime.fromisoformat("2026-05-04"), "-", "осв", "5/4", "н/а", 0.5, True]
    ),
    st.text(max_size=8),
)  # fmt: skip


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5))
def test_every_pupil_of_a_journal_is_answered_for(cells: list[tuple[Value, Value, Value]]) -> None:
    pupils = [(f"Авдеев Тимур{'ю' * at}", *row) for at, row in enumerate(cells)]
    _, results = only(table(*HEAD, *pupils, merges=MONTHS), CONTEXT)
    assert [one.row for one in results] == list(range(4, 4 + len(cells)))
    for one, row in zip(results, cells, strict=True):
        filled = sum(not isinstance(cell, str) or bool(cell.strip("-–— \u00a0")) for cell in row)
        assert bool(one.drafts or one.issues) <= bool(filled)
        assert one.verdict is not Verdict.NOTHING or not one.drafts


WORDS = st.sampled_from(
    ["Ученик", "ФИО", "Класс", "Предмет", "Дата", "Отметка", "Телефон", "Ноябрь", "Понедельник",
     "Вторник", "5А", "5 «Б»", "№", "Время", "каб", "Примечание", "замена: каб. 1 → 2", "Текст",
     "Кому", "Действие", "Роль", "Посещений", "1 период", "2 период", "Год", "Тема", "Д/з", "Итого",
     "Авдеев Тимур", "Матем.", "8:30", "09.11.26", "Класс: 5А", "Тип задания", "Мать", "Отец",
     "sourcedId", "postDate", "description", "Согласие", "да", "2 смена", "Начало", "№ урока"]
)  # fmt: skip
ANY = st.one_of(
    WORDS,
    st.just(""),
    st.integers(0, 40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2040-01-01")),
    st.times(),
    st.booleans(),
    st.text(max_size=10),
)
MERGES = st.lists(
    st.builds(
        lambda top, left, down, right: Area(top, left, top + down, left + right),
        st.integers(1, 6), st.integers(0, 5), st.integers(0, 3), st.integers(0, 3),
    ),
    max_size=3,
)  # fmt: skip


@given(st.lists(st.lists(ANY, max_size=7).map(tuple), max_size=9), MERGES)
def test_no_table_is_too_strange(rows: list[tuple[Value, ...]], merges: list[Area]) -> None:
    strange = table(*rows, merges=tuple(merges))
    for found in recognise_all(Book((strange,)), CONTEXT):
        assert bool(found.problem) == (found.kind is None)
        results = list(read(found, CONTEXT))
        places = [one.row for one in results]
        assert len(set(places)) == len(places)
        for one in results:
            assert one.verdict in (Verdict.READ, Verdict.NOTHING) or one.issues


def test_a_grid_without_a_day_is_refused_and_says_what_is_missing() -> None:
    rows = (("№", "5А", "5Б"), (1.0, "Матем.", "Химия"), (2.0, "История", ""), ("Среда",),
            (1.0, "Физика", ""), (2.0, "Химия", "Физика"), (3.0, "Музыка", ""))  # fmt: skip
    found, results = only(table(*rows, name="Расписание"), CONTEXT)
    assert found.kind is FileKind.TIMETABLE
    assert verdicts(results) == {"refused": 2, "read": 3}
    assert issues(results[0]) == ["refused «»: не видно, какой это день недели"]


def test_a_timetable_holds_for_each_week_that_is_asked_for() -> None:
    rows = (("№", "Понедельник", "Вторник"), (1.0, "Матем.", "Химия"), (2.0, "История", "Физика"))
    weeks = Context(TODAY, weeks=(date(2026, 11, 26), date(2026, 12, 1)))
    _, results = only(table(*rows, name="5А"), weeks)
    days = [draft.day for one in results for draft in one.drafts]
    assert days == [date(2026, 11, 23), date(2026, 11, 30), date(2026, 11, 24), date(2026, 12, 1)]


def test_readers_of_kinds_touch_no_database_and_no_file() -> None:
    paths = {module_name(path, PACKAGE): path for path in PACKAGE.rglob("*.py")}
    allowed = ("ingest.kinds", "ingest.reading.book", "ingest.reading.headings",
               "ingest.reading.layout", "ingest.reading.tables", "ingest.reading.values",
               "ingest.files.contacts", "ingest.files.marks", "ingest.files.text",
               "ingest.days", "ingest.drafts", "ingest.matching", "ingest.parsing",
               "ingest.records", "ingest.subjects", "ingest.values", "ingest", "model", "phone",
               "values")  # fmt: skip
    for name, path in paths.items():
        if name.startswith("ingest.kinds"):
            for target in imported(path, PACKAGE, set(paths)):
                assert any(target == one or target.startswith(f"{one}.") for one in allowed), name


def test_a_heading_that_comes_again_has_dates_and_a_subject_of_its_own() -> None:
    again = (("Предмет: Физика",), ("Ученик", "Октябрь", "", ""), ("", 9.0, 16.0, ""))
    pupil = ("Авдеев Тимур", 5.0, "", "")
    rows = (*HEAD, pupil, ("Средний балл", 4.1, 3.9, ""), *again, pupil)
    merges = (*MONTHS, Area(7, 1, 7, 2), Area(7, 0, 8, 0))
    _, results = only(table(*rows, merges=merges), CONTEXT)
    assert [(one.row, values(one)) for one in results] == [(4, ["09.11 5"]), (9, ["09.10 5"])]
    assert [one.drafts[0].subject for one in results] == ["История", "Физика"]


def test_a_storey_of_weekdays_below_the_dates_is_no_pupil() -> None:
    rows = (*HEAD, ("", "пн", "пн", ""), ("Авдеев Тимур", 5.0, "", ""))
    _, results = only(table(*rows, merges=MONTHS), CONTEXT)
    assert [(one.row, values(one)) for one in results] == [(5, ["09.11 5"])]


@pytest.mark.parametrize(
    ("whom", "verdict"),
    [("Учителя", "nothing"), ("5а: учителя", "nothing"), ("5а: родители, учителя", "read"),
     ("5-7 классы", "read"), ("1-4 классы", "quarantined"), ("Родители 5а", "read"),
     ("кому-то", "quarantined")],
)  # fmt: skip
def test_whom_an_announcement_is_for(whom: str, verdict: str) -> None:
    _, results = only(table(("Текст", "Кому", "Дата"), ("Субботник", whom, "24.11.26")), CONTEXT)
    assert verdicts(results) == {verdict: 1}


def test_a_topic_about_a_pupil_is_no_heading() -> None:
    topics: tuple[tuple[Value, ...], ...] = (
        ("Дата", "Тема", "", "Д/з"),
        ("09.11.26", "Роман «Ученик чародея»", "", "читать"),
    )
    rows = (*HEAD, ("Авдеев Тимур", 5.0, "", ""), *topics)
    _, results = only(table(*rows, merges=MONTHS), CONTEXT)
    assert [(one.row, one.verdict) for one in results] == [(4, "read"), (6, "read")]
    assert results[1].drafts[0].day == date(2026, 11, 16)


def test_a_long_list_of_marks_is_read_as_it_comes() -> None:
    head = ("Ученик", "Класс", "Дата", "Предмет", "Отметка")
    layout = layout_of(table(head), FIELDS, NEEDED)
    assert layout is not None
    seen = 0

    def rows() -> Iterator[Row]:
        nonlocal seen
        yield Row(1, head)
        for number in range(2, 5002):
            seen = number
            yield Row(number, ("Авдеев Тимур", "5А", "16.11.26", "Химия", 5.0))

    results = marks.stream(table(head).sheet, layout, rows(), CONTEXT)
    first = next(results)
    assert (first.row, values(first)) == (2, ["16.11 5"])
    assert seen < 2000, "the list was read to its end before the first row was given"
    assert 1 + sum(1 for _ in results) == 5000


def test_topics_in_a_table_of_their_own_belong_to_the_page_before() -> None:
    page = table(*HEAD, ("Авдеев Тимур", 5.0, "", ""), merges=MONTHS)
    topics = table(("Дата", "Тема урока", "Домашнее задание"), ("09.11.26", "Тема", "§5"))
    (found,) = recognise_all(Book((page, topics)), CONTEXT)
    *_, homework = read(found, CONTEXT)
    (draft,) = homework.drafts
    assert (homework.row, draft.subject, draft.day) == (2, "История", date(2026, 11, 16))


def test_lessons_with_times_and_no_numbers_are_counted_from_the_first_of_the_day() -> None:
    rows = (("День", "Время", "7В", "каб."), ("Понедельник", "8:00-8:40", "Алгебра", 1.0),
            ("", "8:50", "Физика", 2.0), ("Вторник", "8:00", "Химия", 3.0))  # fmt: skip
    _, results = only(table(*rows, name="Расписание"), CONTEXT)
    said = [json.loads(draft.body) for one in results for draft in one.drafts]
    assert [[one["lesson"] for one in day] for day in said] == [[1, 2], [1]]
    assert said[0][1] == {"lesson": 2, "subject": "Физика", "room": "2", "start": "8:50"}


def test_a_list_with_dates_of_consents_is_no_journal() -> None:
    rows = (("№", "Фамилия", "Имя", "Тел. мамы", "ФИО мамы", "Тел. папы", "ФИО папы",
             "Согласие мамы", "Дата согласия мамы", "Согласие папы", "Дата согласия папы"),
            (1.0, "Алёшин", "Фёдор", "8 900 000-10-01", "Алёшина Е.", "89000001002", "Алёшин И.",
             "да", "15.09.26", "нет", "16.09.26"))  # fmt: skip
    found, (row,) = only(table(*rows, name="7В"), CONTEXT)
    assert found.kind is FileKind.CONTACTS
    said = [(one.row.guardian, one.row.relation, one.row.consent, one.row.consent_day)
            for one in row.records if isinstance(one, Contact)]  # fmt: skip
    assert said == [
        ("Алёшина Е.", "мать", True, date(2026, 9, 15)),
        ("Алёшин И.", "отец", False, date(2026, 9, 16)),
    ]


def test_visits_with_dates_beside_the_role_of_a_pupil_are_no_journal() -> None:
    rows = (("Пользователь", "Роль", "Посещений", "Первое", "Последнее"),
            ("Тайнов Глеб", "Ученик", 3.0, "16.11.26", "17.11.26"),
            ("Тайнова Вера", "Родитель", 2.0, "16.11.26", "18.11.26"))  # fmt: skip
    found, _ = only(table(*rows), CONTEXT)
    assert found.kind is FileKind.VISITS


@pytest.mark.parametrize(
    ("period", "verdict"),
    [("2 четверть (09.11.2026 - 30.12.2026)", "read"), ("2 четверть (2025/2026)", "refused"),
     ("1 полугодие", "read")],
)  # fmt: skip
def test_a_journal_of_another_year_is_not_read_as_this_years(period: str, verdict: str) -> None:
    head = ((*HEAD[0], f"Учебный период: {period}"), *HEAD[1:])
    _, results = only(table(*head, ("Авдеев Тимур", 5.0, "", ""), merges=MONTHS), CONTEXT)
    assert verdicts(results) == {verdict: 1}
    assert {draft.subject for one in results for draft in one.drafts} <= {"История"}
