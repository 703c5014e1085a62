"""Files of another school than the samples': quirks of its own, in one archive, read at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from sms_diary.ingest.kinds.facts import ClassFact, Contact, FillRecord, VisitsFact
from sms_diary.ingest.kinds.recognise import FileKind, Recognised, read, recognise_all
from sms_diary.ingest.kinds.result import Context, Level, RowResult, Verdict
from sms_diary.ingest.reading import process
from sms_diary.ingest.reading.book import Book, Table
from sms_diary.ingest.records import AnnouncementPosted
from sms_diary.model import Kind, Topic
from tests import school_files
from tests.kind_results import issues, kinds, only, table, values, verdicts

CONTEXT = Context(school_files.TODAY, classes=frozenset({"7А", "7В", "10Б"}))


Files = list[Recognised]


@pytest.fixture(scope="module")
def book() -> Book:
    return asyncio.run(process.read(school_files.everything(), "all.zip"))


@pytest.fixture(scope="module")
def files(book: Book) -> Files:
    return recognise_all(book, CONTEXT)


def of_file(files: Files, name: str) -> tuple[Recognised, list[RowResult]]:
    (found,) = [one for one in files if one.tables[0].sheet.files[-1] == name]
    return found, list(read(found, CONTEXT))


def by_row(results: list[RowResult], sheet: str = "") -> dict[int, RowResult]:
    return {one.row: one for one in results if not sheet or one.sheet.name == sheet}


def lessons(results: list[RowResult]) -> dict[tuple[str, date], list[dict[str, Any]]]:
    """The timetable of each class and day."""
    drafts = [draft for one in results for draft in one.drafts if draft.kind is Kind.TIMETABLE]
    return {(d.class_name, d.day): json.loads(d.body) for d in drafts if d.day}


def changes(result: RowResult) -> list[tuple[str, int | None, dict[str, Any]]]:
    return [
        (draft.class_name, draft.lesson, json.loads(draft.body))
        for draft in result.drafts
        if draft.kind is Kind.TIMETABLE_CHANGE
    ]


def test_one_archive_holds_files_of_all_kinds_and_each_is_told_apart(files: Files) -> None:
    assert {one.tables[0].sheet.files[-1]: one.kind for one in files} == {
        "zhurnal_7v.xlsx": FileKind.JOURNAL,
        "raspisanie_7v.xlsx": FileKind.TIMETABLE,
        "raspisanie_nedelja.xlsx": FileKind.TIMETABLE,
        "svodnoe.xlsx": FileKind.TIMETABLE,
        "kontakty.xlsx": FileKind.CONTACTS,
        "otmetki.xlsx": FileKind.MARKS,
        "StudentTotal.xls": FileKind.STUDENT_TOTAL,
        "StudentGrades.xls": FileKind.STUDENT_GRADES,
        "StudentTotalMarks.xls": FileKind.TERM_MARKS,
        "JournalAccess.xls": FileKind.JOURNAL_ACCESS,
        "Poseshenija.xls": FileKind.VISITS,
        "objavlenija.csv": FileKind.ANNOUNCEMENTS,
        "announcements.json": FileKind.ANNOUNCEMENTS,
        "menu.csv": None,
    }
    assert all(one.confidence > 0.5 for one in files if one.kind)


def test_an_unknown_table_is_told_with_what_was_looked_for(files: Files) -> None:
    found, results = of_file(files, "menu.csv")
    assert found.problem.startswith("«all.zip / menu.csv»: не понятно, что это за таблица")
    assert all(kind.value in found.problem for kind in FileKind)
    assert results == []


def test_what_is_hidden_is_read_and_told(files: Files) -> None:
    journal, _ = of_file(files, "zhurnal_7v.xlsx")
    marks, results = of_file(files, "otmetki.xlsx")
    assert journal.notes == ("лист «Алгебра»: скрытые столбцы I; они тоже прочитаны",)
    assert marks.notes == ("лист «Отметки»: скрытые строки 5; они тоже прочитаны",)
    assert 5 in by_row(results)


def test_no_row_is_lost_or_told_twice(files: Files) -> None:
    for found in files:
        results = list(read(found, CONTEXT))
        places = [(result.sheet, result.row) for result in results]
        assert len(set(places)) == len(places)
        for result in results:
            says = bool(result.records or result.ready or result.into)
            assert says == (result.verdict is Verdict.READ), (found.kind, result)
            if result.verdict in (Verdict.REFUSED, Verdict.QUARANTINED):
                assert all(one.text for one in result.issues)
                assert any(one.mend for one in result.issues), result


# --- the class journal --------------------------------------------------------------------------


def test_cells_of_the_journal_say_all_that_teachers_put_into_them(files: Files) -> None:
    _, results = of_file(files, "zhurnal_7v.xlsx")
    rows = by_row(results, "Алгебра")
    assert values(rows[6]) == ["24.02 5", "03.03 4", "03.03 5 №7", "17.03 5/4"]
    assert values(rows[6], Kind.ABSENCE) == ["26.02 Н"]
    assert values(rows[6], Kind.TERM_MARK) == ["3 четверть 5"]
    assert values(rows[7]) == [
        "24.02 4", "26.02 .", "03.03 5 №7", "03.03 4 №8", "03.03 3 №9", "17.03 4/5",
    ]  # fmt: skip
    assert values(rows[7], Kind.ABSENCE) == ["24.02 УП"]
    assert values(rows[8]) == ["26.02 зач", "03.03 осв"]
    pupils = {draft.pupil for draft in rows[6].drafts}
    assert [(one.name, one.class_name) for one in pupils if one] == [("Алёшин Фёдор", "7 «В»")]


def test_a_bad_cell_of_the_journal_is_named_and_the_others_stay(files: Files) -> None:
    _, results = of_file(files, "zhurnal_7v.xlsx")
    rows = by_row(results, "Алгебра")
    assert issues(rows[6]) == [
        "warning G «05.апр»: Excel превратил отметку в дату: восстановлено 5/4"
    ]
    (bad,) = rows[8].issues
    assert (bad.column, bad.said, bad.level) == ("C", "6", Level.REFUSED)
    assert "зач" in bad.expected
    assert issues(rows[9]) == ["refused H «5»: отметка в будущем: 24.03.2027"]
    assert issues(rows[11]) == ["refused B «»: отметки есть, а имени ученика нет"]
    assert [rows[at].verdict for at in (9, 10, 11)] == ["refused", "nothing", "refused"]


def test_the_second_lesson_of_a_day_keeps_its_place_when_the_first_is_filled(
    files: Files,
) -> None:
    _, results = of_file(files, "zhurnal_7v.xlsx")
    rows = by_row(results, "Алгебра")
    second = [draft.ordinal for draft in rows[6].drafts if draft.value == "5"][1]
    alone = next(draft.ordinal for draft in rows[7].drafts if draft.day == date(2027, 3, 3))
    assert second == alone == 7


def test_topics_below_the_journal_are_homework_for_the_next_lesson(files: Files) -> None:
    _, results = of_file(files, "zhurnal_7v.xlsx")
    homework = [d for r in results for d in r.drafts if d.kind is Kind.HOMEWORK]
    assert [(one.day, one.body) for one in homework] == [
        (date(2027, 2, 26), "п. 14, №№ 301-303"),
        (date(2027, 3, 17), "№ 310\nповторить п. 14"),
        (date(2027, 3, 24), "п. 15"),
    ]
    assert by_row(results, "Алгебра")[16].verdict is Verdict.NOTHING


def test_sheets_of_other_layouts_are_pages_of_the_same_journal(files: Files) -> None:
    _, results = of_file(files, "zhurnal_7v.xlsx")
    subgroup, history = by_row(results, "Ин.яз. 2 гр."), by_row(results, "История")
    assert values(subgroup[4]) == ["14.01 5"]
    assert values(subgroup[4], Kind.ABSENCE) == ["04.02 Н"]
    assert values(subgroup[5]) == ["14.01 3-", "21.01 4+"]
    assert {draft.subject_key for draft in subgroup[5].drafts} == {"ин яз"}
    assert values(history[3]) == ["10.03 4", "17.03 5"]
    assert values(history[3], Kind.TERM_MARK) == ["3 четверть 5"]
    assert list(history) == [3]


# --- timetables ---------------------------------------------------------------------------------


def test_days_across_with_rooms_in_brackets_and_bells_of_the_second_shift(
    files: Files,
) -> None:
    _, results = of_file(files, "raspisanie_7v.xlsx")
    days = lessons(results)
    assert [day.isoweekday() for _, day in days] == [1, 2, 3, 4, 5]
    assert days["7В", date(2027, 3, 16)] == [
        {"lesson": 0, "subject": "Разговоры о важном", "start": "13:10"},
        {"lesson": 1, "subject": "Англ.яз./1 гр.", "room": "108", "start": "14:00"},
        {"lesson": 1, "subject": "Англ.яз./2 гр.", "room": "209", "start": "14:00"},
        {"lesson": 2, "subject": "Физ-ра", "room": "с/з", "start": "14:50"},
    ]
    assert [(one["subject"], one.get("room")) for one in days["7В", date(2027, 3, 15)]] == [
        ("Алгебра", "301"), ("Труд (дев.)", "М1"), ("Труд (мал.)", "М2"),
    ]  # fmt: skip
    assert [one["subject"] for one in days["7В", date(2027, 3, 18)]] == [
        "Хореография/Ритмика", "Физика", "Химия",
    ]  # fmt: skip
    assert days["7В", date(2027, 3, 19)] == []


def test_a_class_over_subject_and_room_and_a_week_named_in_the_title(files: Files) -> None:
    _, results = of_file(files, "raspisanie_nedelja.xlsx")
    days = lessons(results)
    assert set(days) == {
        (name, date(2027, 3, day)) for name in ("7В", "10Б (хим-бил)") for day in (22, 23)
    }
    assert [(one["room"], one["start"]) for one in days["7В", date(2027, 3, 22)]] == [
        ("301", "8:00"), ("8", "8:50"), ("15а", "9:45"), ("12", "10:40"),
    ]  # fmt: skip


def test_notes_change_lessons_of_the_class_that_they_fit(files: Files) -> None:
    rows = by_row(of_file(files, "raspisanie_nedelja.xlsx")[1])
    assert changes(rows[5]) == [("7В", 1, {"subject": "геометрия", "instead_of": "Алгебра"})]
    assert changes(rows[6]) == [
        ("10Б (хим-бил)", 2, {"subject": "химия", "instead_of": "Биология"})
    ]
    assert changes(rows[7]) == [("7В", 3, {"cancelled": True})]


def test_a_note_that_may_be_about_two_classes_is_a_question(files: Files) -> None:
    rows = by_row(of_file(files, "raspisanie_nedelja.xlsx")[1])
    (question,) = rows[8].issues
    assert (question.level, question.column) == (Level.QUESTION, "G")
    assert question.candidates == ("7В", "10Б (хим-бил)")
    assert changes(rows[8]) == []
    assert issues(rows[9]) == ["refused «»: нет номера урока"]


def test_classes_down_with_the_lessons_of_each_day_across(files: Files) -> None:
    _, results = of_file(files, "svodnoe.xlsx")
    said = {place: [(one["lesson"], one["subject"]) for one in day]
            for place, day in lessons(results).items()}  # fmt: skip
    assert said == {
        ("7В", date(2027, 3, 15)): [(1, "Алгебра"), (2, "История")],
        ("7В", date(2027, 3, 16)): [(1, "Физика")],
        ("10Б (хим-бил)", date(2027, 3, 15)): [(1, "Химия")],
        ("10Б (хим-бил)", date(2027, 3, 16)): [(1, "Химия"), (2, "Биология")],
    }


def _of_two_days(lesson: str, *rows: tuple[str | int, ...]) -> Table:
    """Two columns for each day, what they are in the second row; `lesson` heads the numbers."""
    days = ("Понедельник", "Понедельник", "Вторник", "Вторник")
    return table((lesson, *days), *rows)


def test_classes_below_each_day_are_lanes_of_their_own() -> None:
    found, results = only(_of_two_days(
        "Урок",
        ("", "7В", "10Б", "7В", "10Б"),
        (1, "Алгебра", "Физика", "История", "-"),
        (2, "Химия", "", "Музыка", "Химия"),
    ), CONTEXT)  # fmt: skip
    assert found.kind is FileKind.TIMETABLE
    said = {(name, day.isoweekday()): [one["subject"] for one in taught]
            for (name, day), taught in lessons(results).items()}  # fmt: skip
    assert said == {
        ("7В", 1): ["Алгебра", "Химия"], ("10Б", 1): ["Физика"],
        ("7В", 2): ["История", "Музыка"], ("10Б", 2): ["Химия"],
    }  # fmt: skip


def test_one_class_and_its_rooms_below_each_day() -> None:
    _, results = only(_of_two_days(
        "№",
        ("", "7В", "каб.", "7В", ""),
        (1, "Алгебра", "21", "История", "31"),
        (2, "Химия", "22", "Музыка", "М1"),
    ), CONTEXT)  # fmt: skip
    rooms = [[one["room"] for one in taught] for taught in lessons(results).values()]
    assert rooms == [["21", "22"], ["31", "М1"]]


# --- lists --------------------------------------------------------------------------------------


def contacts(result: RowResult) -> list[Contact]:
    return [one for one in result.records if isinstance(one, Contact)]


def test_mother_and_father_in_one_row_are_two_contacts(files: Files) -> None:
    rows = by_row(of_file(files, "kontakty.xlsx")[1])
    said = [(one.row.guardian, one.row.relation, one.row.numbers) for one in contacts(rows[4])]
    assert said == [
        ("Белых А.", "мать", ("+79000002002",)),
        ("Рощин П.", "отец", ("+79000002003",)),
    ]
    assert {one.row.pupil for one in contacts(rows[4])} == {"Белых-Рощина Зоя"}
    assert {one.row.class_name for one in contacts(rows[4])} == {"7В"}


def test_what_is_wrong_with_the_second_guardian_is_told_in_that_column() -> None:
    _, (result,) = only(
        table(
            ("Ученик", "Класс", "Тел. матери", "Согласие матери", "Тел. отца", "Согласие отца"),
            ("Гусев Артём", "7В", "89000002005", "✅", "8(8464)33-22-11", "может быть"),
        ),
        CONTEXT,
    )  # fmt: skip
    assert [(one.level, one.column) for one in result.issues] == [
        (Level.REFUSED, "E"), (Level.WARNING, "F"),
    ]  # fmt: skip
    assert contacts(result)[0].row.consent is True


def test_one_yes_beside_two_guardians_is_nobodys_until_a_person_says_whose(
    files: Files,
) -> None:
    rows = by_row(of_file(files, "kontakty.xlsx")[1])
    assert [one.row.consent for one in contacts(rows[3])] == [True]
    assert [one.row.consent for one in contacts(rows[5])] == [None, None]
    (question,) = [one for one in rows[5].issues if one.level is Level.QUESTION]
    assert question.candidates == ("Гурова Н.", "Гуров П.")
    assert [(one.urgent, one.personal_data) for one in contacts(rows[4])] == [(None, None)] * 2
    assert [one.personal_data for one in contacts(rows[5])] == [False, False]


def test_topics_urgent_hours_and_personal_data_are_read_as_they_are_ticked(
    files: Files,
) -> None:
    rows = by_row(of_file(files, "kontakty.xlsx")[1])
    (first,), (last,) = contacts(rows[3]), contacts(rows[6])
    assert (first.topics, first.urgent, first.personal_data) == (
        (Topic.MARKS, Topic.ABSENCES), False, True,
    )  # fmt: skip
    assert (last.topics, last.urgent, last.personal_data) == (None, None, None)
    assert contacts(rows[4])[0].topics == tuple(Topic)
    assert contacts(rows[5])[0].topics == (Topic.HOMEWORK,)
    assert "warning J «ДЗ и погода»: тема не понята: погода" in issues(rows[5])


def test_a_consent_to_personal_data_is_never_one_to_sms(files: Files) -> None:
    rows = by_row(of_file(files, "kontakty.xlsx")[1])
    assert contacts(rows[4])[0].row.consent is None
    assert contacts(rows[6])[0].row.consent is False


def test_no_phone_stands_in_an_issue(files: Files) -> None:
    for found in files:
        for result in read(found, CONTEXT):
            said = " ".join(one.said + one.text for one in result.issues)
            assert "900000" not in said.replace(" ", "").replace("-", "")


def test_marks_in_rows_of_a_workbook(files: Files) -> None:
    rows = by_row(of_file(files, "otmetki.xlsx")[1])
    assert [values(rows[at]) for at in (3, 4, 5)] == [["15.03 5"], ["16.03 5/4"], ["19.03 4"]]
    assert values(rows[5], Kind.ABSENCE) == ["19.03 УП"]
    assert issues(rows[6]) == ["refused D «20.03.2027»: дата в будущем"]
    assert issues(rows[7]) == ["refused A «Ежов»: нужны фамилия и имя ученика"]


def test_rows_of_announcements(files: Files) -> None:
    _, results = of_file(files, "objavlenija.csv")
    news = [one for r in results for one in r.records if isinstance(one, AnnouncementPosted)]
    assert [(one.text, one.urgent) for one in news] == [
        ("Субботник 20.03 в 10:00", False), ("Карантин с 22.03", True), ("Пусто", False),
    ]  # fmt: skip
    assert news[0].audience.classes == ["7 «В»", "10Б"]
    assert (news[0].day, news[0].until) == (date(2027, 3, 20), date(2027, 3, 20))


@pytest.mark.parametrize("name", ["objavlenija.csv", "announcements.json"])
def test_an_announcement_for_nobody_is_a_question_and_not_for_the_whole_school(
    files: Files, name: str
) -> None:
    _, results = of_file(files, name)
    (held,) = [one for one in results if one.verdict is Verdict.QUARANTINED]
    assert held.records == ()
    assert held.issues[0].candidates == ("Вся школа", "10Б", "7А", "7В")


# --- reports of the journal ---------------------------------------------------------------------


def test_the_report_of_a_pupil_has_marks_glued_together(files: Files) -> None:
    rows = by_row(of_file(files, "StudentTotal.xls")[1])
    assert values(rows[3]) == ["24.02 5", "24.02 4 №2", "03.03 4", "04.03 ."]
    assert values(rows[3], Kind.ABSENCE) == ["03.03 УП"]
    assert values(rows[3], Kind.TERM_MARK) == ["2 четверть 4", "3 четверть 5"]
    assert values(rows[4]) == ["03.03 5/4"]
    assert [one.column for one in rows[4].issues] == ["E"]
    assert (rows[5].verdict, set(rows)) == (Verdict.REFUSED, {3, 4, 5})


def test_marks_of_a_subject_keep_their_kind_of_work(files: Files) -> None:
    rows = by_row(of_file(files, "StudentGrades.xls")[1])
    drafts = [draft for row in rows.values() for draft in row.drafts]
    assert [(one.work, one.value, one.ordinal) for one in drafts] == [
        ("Контрольная работа", "5", 1), ("Ответ на уроке", "4", 1), ("Ответ на уроке", "3", 2),
    ]  # fmt: skip
    assert {draft.subject for draft in drafts} == {"Алгебра"}
    assert (rows[5].verdict, max(rows)) == (Verdict.REFUSED, 5)


def test_term_marks_are_named_by_the_number_of_periods(files: Files) -> None:
    rows = by_row(of_file(files, "StudentTotalMarks.xls")[1])
    assert values(rows[2], Kind.TERM_MARK) == ["1 триместр 5", "2 триместр 4"]
    assert values(rows[3], Kind.TERM_MARK) == ["1 триместр зач", "3 триместр 5", "год 5"]
    assert [one.level for one in rows[3].issues] == [Level.REFUSED, Level.WARNING]
    assert {draft.pupil.name for draft in rows[2].drafts if draft.pupil} == {"Алёшин Фёдор"}


def test_the_log_of_filling_drops_who_filled(files: Files) -> None:
    _, results = of_file(files, "JournalAccess.xls")
    assert verdicts(results) == {"read": 2, "refused": 2}
    assert results[0].records == (
        FillRecord("7В", "Алгебра", date(2027, 3, 17), date(2027, 3, 16), "3 четверть",
                   "Выставление отметок"),
    )  # fmt: skip
    said = str([(one.records, one.issues) for one in results])
    assert not any(name in said for name in ("Лесная", "Речной"))


def test_statistics_of_visits_are_counts_by_role_without_a_name(files: Files) -> None:
    _, results = of_file(files, "Poseshenija.xls")
    facts = [one for result in results for one in result.records]
    assert facts == [VisitsFact("Родитель", 2, 1, 12), VisitsFact("Ученик", 1, 1, 3)]
    assert [one.into for one in results] == [4, 4, 0, 0]
    said = str([(one.records, one.issues) for one in results])
    assert "Тайнов" not in said
    assert "Скрытн" not in said


# --- OneRoster ----------------------------------------------------------------------------------


async def roster(**changed: Sequence[tuple[str, ...]]) -> list[RowResult]:
    book = await process.read(school_files.oneroster(**changed), "roster.zip")
    (found,) = recognise_all(book, CONTEXT)
    assert found.kind is FileKind.ONEROSTER
    return list(read(found, CONTEXT))


def in_file(results: list[RowResult], name: str) -> dict[int, RowResult]:
    return {one.row: one for one in results if one.sheet.files[-1] == f"{name}.csv"}


async def test_every_row_of_a_roster_is_answered_for() -> None:
    results = await roster()
    expected = sum(len(rows) - 1 for rows in school_files.ROSTER.values())
    assert len(results) == expected
    assert verdicts(results) == {"read": 14, "nothing": 17, "refused": 6}


async def test_a_roster_gives_pupils_with_their_guardians_and_classes() -> None:
    results = await roster()
    users = in_file(results, "users")
    said = [(one.row.pupil, one.row.class_name, one.row.guardian, one.row.numbers, one.ref)
            for one in contacts(users[2])]  # fmt: skip
    assert said == [
        ("Алёшин Фёдор Ильич", "7В", "Алёшина Елена", ("+79000003001",), "u1"),
        ("Алёшин Фёдор Ильич", "7В", "Алёшин Илья", (), "u1"),
    ]
    assert [one.row.guardian for one in contacts(users[3])] == [""]
    assert [users[at].verdict.value for at in (4, 5, 7, 8)] == [
        "refused", "read", "refused", "nothing",
    ]  # fmt: skip
    assert in_file(results, "classes")[2].records == (ClassFact("7В", "c1"),)
    assert not any(one.row.consent for row in users.values() for one in contacts(row))


async def test_results_of_a_roster_are_marks() -> None:
    results = in_file(await roster(), "results")
    assert kinds(results.values()) == {"mark": 3, "term_mark": 1}
    (mark,) = results[2].drafts
    assert (mark.subject, mark.day, mark.work, mark.value, mark.body) == (
        "Алгебра", date(2027, 3, 12), "Контрольная работа", "4", "молодец",
    )  # fmt: skip
    assert [results[at].drafts[0].value for at in (3, 4)] == ["осв", "."]
    assert values(results[5], Kind.TERM_MARK) == ["3 четверть 5"]
    assert [issues(results[at])[0] for at in (6, 8, 9)] == [
        "refused «»: шкала до 100, а не до 5",
        "refused «»: работы нет в lineItems.csv",
        "refused F «graded»: такого scoreStatus нет",
    ]
    assert results[7].verdict is Verdict.NOTHING


async def test_a_roster_with_a_header_of_another_case_is_refused_row_by_row() -> None:
    rows = [("sourcedId", "title", "ClassType"), ("c1", "7В", "homeroom")]
    classes = in_file(await roster(classes=rows), "classes")
    assert [one.verdict for one in classes.values()] == [Verdict.REFUSED]
    assert classes[2].issues[0].text == "в classes.csv нет столбца classType"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("file.users", "delta"), "это выгрузка изменений (delta)"),
        (("oneroster.version", "1.2"), "версия OneRoster 1.2"),
    ],
)
async def test_a_roster_that_is_no_bulk_of_1_1_is_refused(line: tuple[str, str], said: str) -> None:
    manifest = [("propertyName", "value"), line]
    users = in_file(await roster(manifest=manifest), "users")
    assert {one.issues[0].text for one in users.values()} == {said}
