"""Lists of marks into the diary: the sample's exact outcome, and one entry by either door."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sms_diary.cli import app as commands
from sms_diary.clock import HOUR, ManualClock
from sms_diary.db import Database
from sms_diary.fanout import Fanout
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.ingest.drafts import to_draft
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.ingest.files.load_marks import load_marks
from sms_diary.ingest.files.report import MarksReport, RowReport, Word
from sms_diary.ingest.parsing import parse
from sms_diary.model import Source
from sms_diary.store.diary import NO_LESSON
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

SAMPLES = Path(__file__).parent / "samples"
CONTACTS = SAMPLES / "spisok_5A_cp1251.csv"
MARKS = SAMPLES / "otmetki_5A_2026-11-16_utf8bom.csv"
HEADING = "Дата;Класс;Ученик;Предмет;Вид работы;Отметка;Комментарий;№ урока"
AVDEEV = "Авдеев Тимур Олегович"
Load = Callable[..., Awaitable[MarksReport]]
Post = Callable[..., Awaitable[Accepted]]


@pytest.fixture
async def acceptor(db: Database, tools: Tools, clock: ManualClock, school: School) -> Acceptor:
    """The way in to a school that has the pupils of the sample, 18 of the pairs agreeing."""
    await load_contacts(
        db, tools, clock, school, CONTACTS.read_bytes(), file_name="spisok.csv",
        consent_source="форма SMS-1", by="Завуч",
    )  # fmt: skip
    return Acceptor(db, tools, clock, Wakes())


@pytest.fixture
def load(acceptor: Acceptor, tools: Tools, clock: ManualClock, school: School) -> Load:
    """Load the sample, or a list of these lines."""

    async def load_list(*lines: str, tell: bool = False, dry_run: bool = False) -> MarksReport:
        data = "\r\n".join([HEADING, *lines]).encode() if lines else MARKS.read_bytes()
        return await load_marks(
            acceptor, tools, clock, school, data, file_name="otmetki.csv", tell=tell,
            dry_run=dry_run,
        )  # fmt: skip

    return load_list


@pytest.fixture
def post(acceptor: Acceptor, tools: Tools, school: School) -> Post:
    """Post these marks as a webhook does."""

    async def post_events(*events: dict[str, Any]) -> Accepted:
        body = json.dumps(list(events)).encode()
        parsed = parse(body)
        assert not parsed.problems
        drafts = [(pos, to_draft(record)) for pos, record in parsed.records]
        [accepted] = await acceptor.accept_many(
            [Request(school.id, Source.WEBHOOK, f"msg-{tools.ids.new()}", body, drafts)]
        )
        return accepted

    return post_events


def row(
    mark: str, work: str = "", lesson: str = "", *, day: str = "17.11.2026", name: str = AVDEEV
) -> str:
    return f"{day};5А;{name};Математика;{work};{mark};;{lesson}"


def event(mark: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "mark.set",
        "pupil": {"class": "5А", "name": AVDEEV},
        "subject": "Математика",
        "date": "2026-11-17",
        "mark": mark,
    } | more


async def entries(db: Database) -> list[Any]:
    async with db.reading() as q:
        return list(
            await q.all(
                """select id, kind, who, subject_key, day, lesson, work_key, ref, value, version,
                          silence, fan from entry order by id"""
            )
        )


async def marks_now(db: Database) -> list[tuple[int, str, str, int]]:
    """(lesson, work, value, version) of each entry."""
    found = await entries(db)
    return sorted((e["lesson"], e["work_key"], e["value"], e["version"]) for e in found)


async def pupil_id(db: Database, name: str) -> int:
    async with db.reading() as q:
        found = await q.one("select id from pupil where full_name = :name", name=name)
    assert found is not None
    return int(found["id"])


def at(report: MarksReport, number: int) -> RowReport:
    return next(one for one in report.rows if one.row == number)


# ---------------------------------------------------------------- the sample


async def test_the_sample_gives_332_entries_2_corrections_and_3_questions(
    load: Load, db: Database
) -> None:
    report = await load()
    by_word = {word: [one.row for one in report.rows if one.word is word] for word in Word}
    assert len(by_word.pop(Word.ADDED)) == 332
    assert by_word == {
        Word.CHANGED: [334, 337],
        Word.UNCHANGED: [338],
        Word.QUARANTINED: [331, 332, 333],
        Word.REJECTED: [340],
        Word.WARNING: [],
    }
    assert (report.entries, report.absences) == (332, 29)
    assert [one.row for one in report.rows if one.needs_attention] == [331, 332, 333, 335, 340]
    assert "восстановлено 5/4" in at(report, 335).line()
    assert "нет такого ученика" in at(report, 333).line()
    assert "несколько учеников" in at(report, 332).line()
    kinds = Counter(entry["kind"] for entry in await entries(db))
    assert kinds == {"mark": 303, "absence": 29}


async def test_the_corrections_of_the_sample_hold(load: Load, db: Database) -> None:
    await load()
    found = await entries(db)
    ushakov = await pupil_id(db, "Ушаков Марк")
    belkina = await pupil_id(db, "Белкина Дарья Игоревна")
    ryabov = await pupil_id(db, "Рябов Никита Степанович")
    (biology,) = [e for e in found if (e["who"], e["subject_key"], e["day"]) ==
                  (ushakov, "биология", "2026-11-17")]  # fmt: skip
    assert (biology["value"], biology["version"]) == ("5", 2)
    (history,) = [e for e in found if (e["who"], e["subject_key"], e["work_key"]) ==
                  (belkina, "история", "тест") and e["day"] == "2026-11-20"]  # fmt: skip
    assert (history["value"], history["version"]) == ("5", 2)
    assert "5/4" in [e["value"] for e in found if (e["who"], e["day"]) == (ryabov, "2026-11-20")]


@pytest.mark.parametrize(
    ("full", "other"),
    [
        ("Иванова Мария Сергеевна", "Иванова Мария Андреевна"),
        ("Иванова Мария Андреевна", "Иванова Мария Сергеевна"),
    ],
)
async def test_no_namesake_gets_the_others_marks(
    load: Load, db: Database, full: str, other: str
) -> None:
    await load()
    surname, first, patronymic = full.split()
    names = {full, f"{surname} {first[0]}.{patronymic[0]}."}
    with MARKS.open(encoding="utf-8-sig", newline="") as file:
        expected = sorted(
            ("-".join(reversed(one["Дата"].split("."))), one["Отметка"].upper())
            for one in csv.DictReader(file, delimiter=";")
            if one["Ученик"] in names
        )
    assert len(expected) > 5
    own = await pupil_id(db, full)
    assert own != await pupil_id(db, other)
    found = [e for e in await entries(db) if e["who"] == own]
    assert sorted((e["day"], e["value"].upper()) for e in found) == expected


async def test_the_same_file_again_changes_nothing_and_asks_nothing_twice(
    load: Load, db: Database
) -> None:
    await load()
    before = [(e["id"], e["value"], e["version"]) for e in await entries(db)]
    async with db.reading() as q:
        asked = await q.all("select pos from quarantine where reason <> 'two-numbers'")
    assert sorted(one["pos"] for one in asked) == [331, 332, 333]
    report = await load(tell=True)
    counts = {word: report.count(word) for word in Word if report.count(word)}
    assert counts == {Word.UNCHANGED: 335, Word.REJECTED: 1, Word.QUARANTINED: 3}
    assert [(e["id"], e["value"], e["version"]) for e in await entries(db)] == before
    async with db.reading() as q:
        again = await q.one("select count(*) as n from quarantine")
    assert again is not None
    assert again["n"] == 4  # these and the two numbers of the class list


async def test_a_trial_says_the_same_and_keeps_nothing(load: Load, db: Database) -> None:
    tried = await load(dry_run=True)
    assert await entries(db) == []
    report = await load()
    assert (tried.rows, tried.entries, tried.absences) == (report.rows, report.entries, 29)
    assert next(tried.lines()) == "Проба: ничего не сохранено. Вот что было бы:"


async def lines_held(db: Database, tools: Tools, clock: ManualClock) -> int:
    fanout = Fanout(db, tools, clock, Wakes())
    while await fanout.step():
        pass
    async with db.reading() as q:
        # Their consent came on paper: the first SMS to them is yet to be delivered.
        found = await q.one("select count(*) as n from line where state = 'held'")
    assert found is not None
    return int(found["n"])


async def test_nobody_is_told_unless_asked_and_the_reason_is_kept(
    load: Load, db: Database, tools: Tools, clock: ManualClock
) -> None:
    report = await load()
    assert {(e["silence"], e["fan"]) for e in await entries(db)} == {("first-import", None)}
    assert await lines_held(db, tools, clock) == 0
    assert "Родителям не сообщается: файл загружен без --tell." in list(report.lines())


async def test_with_tell_the_agreeing_parents_are_told(
    load: Load, db: Database, tools: Tools, clock: ManualClock
) -> None:
    await load(tell=True)
    assert {e["silence"] for e in await entries(db)} == {""}
    # All but those of the 16th: that was more than a week ago.
    assert await lines_held(db, tools, clock) == 196


async def test_a_cell_of_two_things_makes_two_entries(load: Load, db: Database) -> None:
    report = await load(row("УП 4", "Тест"))
    assert (report.count(Word.ADDED), report.entries, report.absences) == (1, 2, 1)
    assert Counter(e["kind"] for e in await entries(db)) == {"mark": 1, "absence": 1}


# ---------------------------------------------------------------- two doors, one entry


@pytest.mark.parametrize("file_first", [True, False])
async def test_one_mark_by_both_doors_is_one_entry_of_one_version(
    load: Load, post: Post, db: Database, file_first: bool
) -> None:
    mark = event("5", work="Тест", lesson=3, ref="m-1", at="2026-11-17T10:00:00+04:00")
    if file_first:
        await load(row("5", "Тест"))
        await post(mark)
    else:
        await post(mark)
        report = await load(row("5", "Тест"))
        assert report.count(Word.UNCHANGED) == 1
    (entry,) = await entries(db)
    assert (entry["value"], entry["version"]) == ("5", 1)
    assert (entry["lesson"], entry["work_key"], entry["ref"]) == (3, "тест", "m-1")


async def test_the_rows_of_the_sample_posted_again_by_webhook_make_no_new_version(
    load: Load, post: Post, db: Database
) -> None:
    await load()
    before = [(e["id"], e["value"], e["version"]) for e in await entries(db)]
    with MARKS.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))[:-10]  # the last ten are the traps
    # One mark is corrected further down in the file.
    corrected = [one for one in rows if (one["Ученик"], one["Предмет"], one["Отметка"]) ==
                 ("Ушаков Марк", "Биология", "2")]  # fmt: skip
    assert len(corrected) == 1
    answered = await post(*(_posted(one) for one in rows if one not in corrected))
    assert answered.answer["unchanged"] == len(rows) - 1 == 328
    assert [(e["id"], e["value"], e["version"]) for e in await entries(db)] == before


def _posted(one: dict[str, str]) -> dict[str, Any]:
    day = "-".join(reversed(one["Дата"].split(".")))
    whose = {"pupil": {"class": one["Класс"], "name": one["Ученик"]}, "subject": one["Предмет"]}
    if one["Отметка"] in ("Н", "УП", "Б", "ОП"):
        return {"kind": "absence.set", "date": day, "code": one["Отметка"]} | whose
    work = one["Вид работы"]
    return {"kind": "mark.set", "date": day, "mark": one["Отметка"], "work": work} | whose


async def test_a_late_retry_of_an_older_mark_changes_nothing_and_still_says_the_lesson(
    load: Load, post: Post, db: Database
) -> None:
    await load(row("5"))
    await post(event("4", lesson=2, ref="m-1", at="2026-11-17T10:00:00+04:00"))
    assert await marks_now(db) == [(2, "", "5", 1)]
    # Now that the lesson is known, a mark of another lesson is another mark.
    await post(event("3", lesson=5, ref="m-2"))
    assert await marks_now(db) == [(2, "", "5", 1), (5, "", "3", 1)]


async def test_a_ref_that_names_the_lesson_of_another_entry_breaks_nothing(
    load: Load, post: Post, db: Database
) -> None:
    await load(row("4", "", "3"), row("5"))
    await post(event("5", ref="m-9"))
    answered = await post(event("2", ref="m-9", lesson=3))
    assert answered.answer["changed"] == 1
    assert await marks_now(db) == [(NO_LESSON, "", "2", 2), (3, "", "4", 1)]


# ---------------------------------------------------------------- rows of one file


@pytest.mark.parametrize("order", [1, -1])
async def test_a_bare_row_does_not_correct_the_row_with_a_work_in_the_same_file(
    load: Load, db: Database, order: int
) -> None:
    rows = [row("5", "Контрольная работа"), row("4")][::order]
    assert (await load(*rows)).count(Word.ADDED) == 2
    work = (await marks_now(db))[1][1]
    expected = [(NO_LESSON, "", "4", 1), (NO_LESSON, work, "5", 1)]
    assert await marks_now(db) == expected
    again = await load(*rows)
    assert again.count(Word.UNCHANGED) == 2
    assert await marks_now(db) == expected


async def test_a_row_with_a_lesson_and_one_with_a_work_are_two_in_one_file(
    load: Load, db: Database
) -> None:
    await load(row("5", "Тест"), row("4", "", "3"))
    assert await marks_now(db) == [(NO_LESSON, "тест", "5", 1), (3, "", "4", 1)]


async def test_rows_that_name_the_same_work_correct_each_other(load: Load, db: Database) -> None:
    report = await load(row("4", "Тест"), row("5", "Тест", "3"))
    assert [one.word for one in report.rows] == [Word.ADDED, Word.CHANGED]
    assert await marks_now(db) == [(3, "тест", "5", 2)]


async def test_two_bare_rows_are_a_mark_and_its_correction(load: Load, db: Database) -> None:
    report = await load(row("4"), row("5"))
    assert [one.word for one in report.rows] == [Word.ADDED, Word.CHANGED]
    assert await marks_now(db) == [(NO_LESSON, "", "5", 2)]


async def test_a_bare_row_still_corrects_what_the_webhook_said_of_the_only_mark(
    load: Load, post: Post, db: Database, clock: ManualClock
) -> None:
    await post(event("4", work="Тест", lesson=3))
    clock.advance(HOUR)
    await load(row("2"), row("5"))
    assert await marks_now(db) == [(3, "тест", "5", 2)]


async def test_a_mark_and_its_correction_in_a_file_are_one_change_of_what_was_there(
    load: Load, db: Database, clock: ManualClock
) -> None:
    await load(row("3", "Тест"))
    clock.advance(HOUR)
    report = await load(row("4", "Тест"), row("5", "Тест"))
    assert [one.word for one in report.rows] == [Word.UNCHANGED, Word.CHANGED]
    assert await marks_now(db) == [(NO_LESSON, "тест", "5", 2)]


async def test_webhook_events_of_one_request_correct_each_other_as_before(
    post: Post, db: Database
) -> None:
    await post(event("4", work="Тест"), event("5"))
    assert await marks_now(db) == [(NO_LESSON, "тест", "5", 2)]


# ---------------------------------------------------------------- the command


def test_the_command_loads_what_the_class_list_has_made_possible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    here = ["--school", "school-5", "--now", "2026-11-24T12:00"]
    assert runner.invoke(commands, ["init"]).exit_code == 0
    assert runner.invoke(commands, ["school", "add", "school-5"]).exit_code == 0
    loaded = runner.invoke(commands, ["import", "contacts", str(CONTACTS), *here])
    assert loaded.exit_code == 0, loaded.output
    tried = runner.invoke(commands, ["import", "marks", str(MARKS), *here, "--dry-run"])
    done = runner.invoke(commands, ["import", "marks", str(MARKS), *here, "--tell"])
    totals = "339 строк: добавлено 332, изменено 2, без изменений 1, отклонено 1, в карантин 3"
    assert totals in tried.output
    assert totals in done.output
    assert "Родителям будет сообщено." in done.output
    wrong = runner.invoke(commands, ["import", "marks", str(CONTACTS), *here])
    assert (wrong.exit_code, "нет столбца" in wrong.output) == (2, True)
