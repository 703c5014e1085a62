"""The samples of a school: what kind each is, and the outcome that their README calls for."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from sms_diary.ingest.files.consents import Worth, judge
from sms_diary.ingest.files.contacts import read_contacts
from sms_diary.ingest.files.marks import read_marks
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.kinds.facts import Contact
from sms_diary.ingest.kinds.recognise import FileKind, Recognised, read, recognise_all
from sms_diary.ingest.kinds.result import Context, RowResult, Verdict
from sms_diary.ingest.reading import process
from sms_diary.ingest.records import AnnouncementPosted
from sms_diary.model import Kind
from tests.kind_results import issues, kinds, values, verdicts

SAMPLES = Path(__file__).parent / "samples"
LIST = "spisok_5A_cp1251.csv"
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"
GRID = "raspisanie_setka.xlsx"
JOURNAL = "klassnyj_zhurnal_5a_asurso.xlsx"
NEWS = "obyavleniya.json"
TODAY = date(2026, 11, 24)
CONTEXT = Context(TODAY)


async def sample(name: str) -> tuple[Recognised, list[RowResult]]:
    (found,) = recognise_all(await process.read(SAMPLES / name), CONTEXT)
    return found, list(read(found, CONTEXT))


@pytest.mark.parametrize(
    ("name", "kind", "sheets", "words"),
    [
        (LIST, FileKind.CONTACTS, 1, {"read": 26}),
        (MARKS, FileKind.MARKS, 1, {"read": 338, "refused": 1}),
        (JOURNAL, FileKind.JOURNAL, 4, {"read": 100, "nothing": 5}),
        (GRID, FileKind.TIMETABLE, 2, {"read": 36, "nothing": 6}),
        (NEWS, FileKind.ANNOUNCEMENTS, 1, {"read": 5}),
    ],
)
async def test_each_sample_is_recognised_and_every_row_is_answered_for_once(
    name: str, kind: FileKind, sheets: int, words: dict[str, int]
) -> None:
    found, results = await sample(name)
    assert (found.kind, len(found.tables)) == (kind, sheets)
    assert found.confidence > 0.8
    assert verdicts(results) == words
    places = [(result.sheet.name, result.row) for result in results]
    assert len(set(places)) == len(places)


async def test_the_list_means_what_it_always_meant() -> None:
    _, results = await sample(LIST)
    contacts = [record for result in results for record in result.records]
    before = read_contacts(read_csv((SAMPLES / LIST).read_bytes()).rows, today=TODAY)
    assert [one.row for one in contacts if isinstance(one, Contact)] == before.rows
    worth = Counter(judge(row, today=TODAY, stated_source="папка 1").worth for row in before.rows)
    assert (worth[Worth.PROVEN], worth[Worth.CHOOSE]) == (18, 1)
    assert {result.row: issues(result) for result in results if result.issues} == {
        16: ["refused G «»: номер не указан"],
        21: ["refused G «»: телефон: не хватает цифры"],
    }


async def test_marks_in_rows_mean_what_they_always_meant() -> None:
    _, results = await sample(MARKS)
    before = read_marks(read_csv((SAMPLES / MARKS).read_bytes()).rows, today=TODAY)
    assert [(one.row, one.drafts) for one in results] == [
        (row.row, row.drafts) for row in before.rows
    ]
    said = {result.row: result for result in results}
    assert issues(said[340]) == ["refused F «6»: такой отметки нет"]
    assert said[340].issues[0].mend
    assert values(said[335]) == ["20.11 5/4"]
    assert [one.level for one in said[335].issues] == ["warning"]


async def test_the_journal_gives_marks_absences_and_homework_of_four_subjects() -> None:
    _, results = await sample(JOURNAL)
    assert kinds(results) == {"mark": 310, "absence": 65, "homework": 19}
    subjects = Counter(d.subject_key for r in results for d in r.drafts if d.kind is Kind.MARK)
    assert subjects == {
        "математика": 129, "русский язык": 127, "иностранный язык (английский)": 22, "история": 32,
    }  # fmt: skip
    first = results[0]
    assert first.row == 11
    assert values(first) == [
        "10.11 4", "11.11 5", "12.11 3", "16.11 5", "17.11 5", "17.11 4 №2", "19.11 4", "23.11 3",
    ]  # fmt: skip
    assert values(first, Kind.ABSENCE) == ["10.11 УП"]
    assert not any(result.verdict is Verdict.REFUSED for result in results)
    assert max(d.day for r in results for d in r.drafts if d.day and d.value) <= TODAY


async def test_homework_of_the_journal_is_for_the_next_lesson_unless_said_otherwise() -> None:
    found, results = await sample(JOURNAL)
    homework = [draft for r in results for draft in r.drafts if draft.kind is Kind.HOMEWORK]
    assert [(one.day, one.body) for one in homework[:2]] == [
        (date(2026, 11, 10), "§7, № 100, 102 (устно)"),
        (date(2026, 11, 11), "§8, № 103, 105 (устно)"),
    ]
    same = Context(TODAY, due_same_day=True)
    days = [d.day for r in read(found, same) for d in r.drafts if d.kind is Kind.HOMEWORK]
    assert (days[0], len(days)) == (date(2026, 11, 9), 21)


async def test_the_timetable_gives_each_class_each_day_and_the_change_of_a_room() -> None:
    _, results = await sample(GRID)
    days = [d for r in results for d in r.drafts if d.kind is Kind.TIMETABLE]
    assert Counter(one.class_name for one in days) == {"5А": 6, "5Б": 6, "6А": 6}
    monday = json.loads(days[0].body)
    assert days[0].day == date(2026, 11, 23)
    assert monday[0] == {
        "lesson": 1, "subject": "Разг. о важном", "room": "12", "start": "8:30",
    }  # fmt: skip
    assert [(one["lesson"], one["subject"], one["room"]) for one in monday[4:6]] == [
        (5, "Англ. яз. (1 гр.)", "41"),
        (5, "Англ. яз. (2 гр.)", "43"),
    ]
    (change,) = [d for r in results for d in r.drafts if d.kind is Kind.TIMETABLE_CHANGE]
    assert (change.class_name, change.day, change.lesson) == ("5А", date(2026, 11, 23), 4)
    assert json.loads(change.body) == {"room": "22"}
    assert [result.into for result in results[:7]] == [0, 7, 7, 7, 7, 7, 0]


async def test_announcements_lose_their_markup_and_keep_whom_they_are_for() -> None:
    _, results = await sample(NEWS)
    news = [one for r in results for one in r.records if isinstance(one, AnnouncementPosted)]
    assert [(one.audience.school, one.audience.classes) for one in news] == [
        (None, ["5а"]), (True, None), (None, ["5а"]), (True, None), (None, ["5а", "5б"]),
    ]  # fmt: skip
    assert [one.urgent for one in news] == [False, True, False, False, False]
    assert [one.until for one in news] == [
        date(2026, 11, 26), None, date(2026, 11, 25), date(2027, 1, 11), date(2026, 11, 27),
    ]  # fmt: skip
    assert [one.day for one in news] == [
        date(2026, 11, 26), date(2026, 11, 24), date(2026, 11, 25), None, date(2026, 11, 27),
    ]  # fmt: skip
    assert news[4].text == "Сдайте согласия на прививку классному руководителю до пт 27.11."
    assert "→" in news[2].text
    assert not any("<" in one.text or "&" in one.text or "http" in one.text for one in news)
    assert str(news[0].at) == "2026-11-20 16:42:10.990000"
