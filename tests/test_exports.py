"""Exports: what a school takes out comes back by the importer unchanged, and tells nobody."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from sms_diary.clock import ManualClock, millis
from sms_diary.db import Database
from sms_diary.errors import NotYet
from sms_diary.fanout import Fanout
from sms_diary.ingest.accept import Acceptor, Request
from sms_diary.ingest.drafts import to_draft
from sms_diary.ingest.exports import ExportKind
from sms_diary.ingest.exports.book import Exported, Sheet, as_xlsx
from sms_diary.ingest.exports.kinds import Wanted, export
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import ALL, Options
from sms_diary.ingest.reading.process import read
from sms_diary.ingest.records import RECORDS
from sms_diary.ingest.tables_out import as_csv, guarded, unguarded
from sms_diary.model import Source
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests import school_files

SAMPLES = Path(__file__).parent / "samples"
SAMARA = ZoneInfo("Europe/Samara")
OUR_SAMPLES = (
    "spisok_5A_cp1251.csv", "otmetki_5A_2026-11-16_utf8bom.csv", "klassnyj_zhurnal_5a_asurso.xlsx",
    "raspisanie_setka.xlsx", "obyavleniya.json",
)  # fmt: skip
TERMS = """<p>Ученик: Белкина Дарья Игоревна</p><p>Класс: 5А</p><table>
<tr><th>Предмет</th><th>1 период</th><th>2 период</th><th>3 период</th><th>4 период</th></tr>
<tr><td>Математика</td><td>4</td><td></td><td></td><td></td></tr>
<tr><td>Физ-ра</td><td>зач</td><td></td><td></td><td></td></tr></table>"""


@pytest.fixture
def importer(db: Database, tools: Tools, clock: ManualClock) -> Importer:
    return Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))


async def loaded(importer: Importer, school: School, *paths: Path, tell: str = "") -> Report:
    """Plan and apply; the report of the apply."""
    options = Options(tuple(path.name for path in paths), "форма SMS-1", tell=tell)
    files = [(path, path.name) for path in paths]
    planned = await importer.plan(school, files, options, by="Завуч")
    return await apply(importer, school, planned.import_id, only_good=True, by="Завуч")


ORIGINS = "образцы", "лицей"


@pytest.fixture(params=ORIGINS)
async def filled(
    request: pytest.FixtureRequest, importer: Importer, school: School, clock: ManualClock,
    tmp_path: Path,
) -> str:  # fmt: skip
    """A school with all that the files of one origin say."""
    if request.param == "образцы":
        terms = tmp_path / "StudentTotalMarks.xls"
        terms.write_text(TERMS, encoding="utf-8")
        await loaded(importer, school, *(SAMPLES / name for name in OUR_SAMPLES), terms)
        return str(request.param)
    clock.advance(millis(datetime.combine(school_files.TODAY, time(12), SAMARA)) - clock.now())
    roster = tmp_path / "roster.zip"
    roster.write_bytes(school_files.oneroster())
    whole = tmp_path / "vse.zip"
    whole.write_bytes(school_files.everything())
    await loaded(importer, school, roster)
    await loaded(importer, school, whole)
    return str(request.param)


async def made(importer: Importer, school: School, kind: ExportKind, **said: Any) -> Exported:
    async with importer.database.reading() as q:
        return await export(q, importer.tools, kind, Wanted(school, importer.clock.now(), **said))


def words(report: Report) -> set[str]:
    return {word for counts in report.counts.values() for word in counts}


async def entries(db: Database) -> list[Any]:
    async with db.reading() as q:
        rows = await q.all(
            """select id, kind, who, subject_key, day, lesson, work_key, ordinal, value, version,
                      urgent, until from entry order by id"""
        )
    return [dict(row) for row in rows]


HELD = {
    ExportKind.JOURNAL: ("mark", "absence", "term_mark", "homework"),
    ExportKind.TERM_MARKS: ("term_mark",),
    ExportKind.TIMETABLE: ("timetable", "timetable_change"),
    ExportKind.ANNOUNCEMENTS: ("announcement",),
    ExportKind.ONEROSTER: ("mark", "term_mark"),
}
"""What each export would say all of, but for what it says that it leaves out."""


async def named(db: Database) -> set[int]:
    """Entries of which the last import has spoken."""
    async with db.reading() as q:
        rows = await q.all(
            """select distinct entry_id from event where entry_id is not null
               and delivery_id in (select id from delivery where request_id like (
                   select 'import-' || max(id) || '-%' from import))"""
        )
    return {row["entry_id"] for row in rows}


@pytest.mark.parametrize(
    ("database_url", "filled"),
    [
        ("sqlite", ORIGINS[0]),
        ("postgresql", ORIGINS[1]),
        pytest.param("sqlite", ORIGINS[1], marks=pytest.mark.long),
        pytest.param("postgresql", ORIGINS[0], marks=pytest.mark.long),
    ],
    indirect=True,
)
@pytest.mark.parametrize("kind", ExportKind)
async def test_what_is_exported_comes_back_unchanged_and_tells_nobody(
    filled: str, kind: ExportKind, importer: Importer, school: School, db: Database, tools: Tools,
    clock: ManualClock, tmp_path: Path,
) -> None:  # fmt: skip
    before = await entries(db)
    out = await made(importer, school, kind)
    file = tmp_path / f"back{out.ending}"
    file.write_bytes(out.body)
    report = await loaded(importer, school, file, tell=ALL)
    assert words(report) == {"unchanged"}, (list(report.text()), out.left_out)
    assert report.rows >= out.rows
    assert await entries(db) == before
    lost = sum(int(found) for found in re.findall(r": (\d+)\.", " ".join(out.left_out)))
    if kind in HELD:
        whole = {row["id"] for row in before if row["kind"] in HELD[kind]}
        assert len(await named(db)) == len(whole) - lost
    fanout = Fanout(db, tools, clock, Wakes())
    while await fanout.step():
        pass
    async with db.reading() as q:
        line = await q.one("select count(*) as n from line where state in ('planned', 'held')")
    assert line is not None
    assert line["n"] == 0


# ---------------------------------------------------------------- what files of schools do not have


async def said(importer: Importer, school: School, *events: dict[str, Any]) -> None:
    """Events as a journal posts them."""
    body = json.dumps(events).encode()
    drafts = [(at, to_draft(record)) for at, record in enumerate(RECORDS.validate_json(body))]
    request = Request(school.id, Source.WEBHOOK, str(importer.tools.ids.new()), body, drafts)
    [accepted] = await importer.acceptor.accept_many([request])
    assert {one.word for one in accepted.outcomes} == {"created"}


def lesson(number: int, subject: str, start: str = "", room: str = "") -> dict[str, Any]:
    more = {"start": start} if start else {}
    return {"lesson": number, "subject": subject, **more, **({"room": room} if room else {})}


def day_of(name: str, day: str, *lessons: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "timetable.set", "class": name, "date": day, "lessons": list(lessons)}


def changed(name: str, day: str, number: int, **said_of_it: Any) -> dict[str, Any]:
    return {"kind": "timetable.changed", "class": name, "date": day, "lesson": number, **said_of_it}


SHIFTS = (
    day_of("5А", "2026-11-23", lesson(1, "Алгебра", "8:30", "12"), lesson(2, "Химия")),
    day_of("5Б", "2026-11-23", lesson(1, "Физика", "14:00"), lesson(1, "Химия", "14:00", "7")),
    day_of("5А", "2026-11-24"),
    day_of("5Б", "2026-12-02", lesson(0, "Труд (дев.)", "", "М1"), lesson(0, "Труд (мал.)")),
    changed("5А", "2026-11-23", 1, cancelled=True),
    changed("5А", "2026-11-23", 2, subject="История", instead_of="Химия", room="31"),
    changed("5Б", "2026-11-23", 1, room="9"),
)


@pytest.fixture
async def two_classes(importer: Importer, school: School, db: Database, tools: Tools) -> None:
    rows = [
        "Ученик;Класс;Дата рождения;Телефон",
        "Авдеев Тимур Олегович;5А;;8 900 000-10-01",
        "Белов Ян Ильич;5Б;;8 900 000-10-02",
        "Иванова Мария;5Б;01.02.2015;8 900 000-10-03",
        "Иванова Мария;5Б;03.04.2015;8 900 000-10-04",
    ]
    await load_contacts(db, tools, importer.clock, school, "\r\n".join(rows).encode(),
                        file_name="x.csv")  # fmt: skip


async def back(importer: Importer, school: School, out: Exported, tmp_path: Path) -> Report:
    file = tmp_path / f"back{out.ending}"
    file.write_bytes(out.body)
    return await loaded(importer, school, file)


@pytest.mark.usefixtures("two_classes")
async def test_shifts_days_without_lessons_and_changes_come_back(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    await said(importer, school, *SHIFTS)
    before = await entries(db)
    out = await made(importer, school, ExportKind.TIMETABLE)
    assert out.left_out == ()
    assert words(await back(importer, school, out, tmp_path)) == {"unchanged"}
    assert await entries(db) == before
    assert len(await named(db)) == len(SHIFTS)


@pytest.mark.usefixtures("two_classes")
async def test_a_lesson_that_the_grid_would_misread_is_left_out_and_said(
    importer: Importer, school: School
) -> None:
    await said(importer, school, day_of("5А", "2026-11-23", lesson(1, "Окно")), SHIFTS[1],
               changed("5А", "2026-11-23", 1, subject="История"))  # fmt: skip
    out = await made(importer, school, ExportKind.TIMETABLE)
    assert out.left_out == (
        "Дней расписания, которые сеткой не записать: 1.",
        "Замен, которые примечанием не записать: 1.",
    )


@pytest.mark.usefixtures("two_classes")
async def test_several_classes_are_an_archive_and_one_class_is_a_book(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    mark = {"kind": "mark.set", "subject": "Химия", "date": "2026-11-20", "mark": "5"}
    await said(
        importer, school,
        {**mark, "pupil": {"class": "5А", "name": "Авдеев Тимур Олегович"}, "lesson": 3},
        {**mark, "pupil": {"class": "5Б", "name": "Белов Ян Ильич"}, "work": "К"},
    )  # fmt: skip
    before = await entries(db)
    whole = await made(importer, school, ExportKind.JOURNAL)
    assert zipfile.ZipFile(io.BytesIO(whole.body)).namelist() == ["5А.xlsx", "5Б.xlsx"]
    assert whole.left_out == ("Учеников, которых по имени не различить (допишите отчество): 2.",)
    assert words(await back(importer, school, whole, tmp_path)) == {"unchanged"}
    listed = await made(importer, school, ExportKind.MARKS)
    assert (listed.rows, listed.left_out) == (2, whole.left_out)
    one = await made(importer, school, ExportKind.JOURNAL, class_name="5 б")
    assert load_workbook(io.BytesIO(one.body)).sheetnames == ["Химия"]
    assert words(await back(importer, school, one, tmp_path)) == {"unchanged"}
    assert await entries(db) == before


async def test_where_there_is_nothing_a_sentence_says_so(
    importer: Importer, school: School
) -> None:
    for kind in ExportKind:
        with pytest.raises(NotYet, match="Выгружать нечего"):
            await made(importer, school, kind)
    with pytest.raises(NotYet, match="Класса «9Я»"):
        await made(importer, school, ExportKind.JOURNAL, class_name="9Я")


# ---------------------------------------------------------------- formulas

EVIL = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "'=1", "''@x", "=", "'")
PLAIN = ("-", "+79000001001", "+7 900 000-10-01", "4-", "5", "О'Нил", "'завтра'", "-5")


@pytest.mark.parametrize("cell", EVIL[:-1])
def test_what_begins_like_a_formula_is_guarded(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [*PLAIN, "'"])
def test_phones_marks_and_dashes_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) == unguarded(cell) == cell


@given(st.one_of(st.text(), st.from_regex(r"'*[=+@-].*", fullmatch=True)))
def test_a_guard_is_undone_whatever_the_cell_says(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell


async def test_a_guarded_table_is_read_back_as_it_was() -> None:
    cells = [cell for cell in (*EVIL, *PLAIN) if "\t" not in cell]
    body = as_csv([("Ученик", "Класс"), *((cell, "5А") for cell in cells)])
    text = body.decode("utf-8-sig").split("\r\n")
    assert not any(line.startswith(("=", "@", '"=')) for line in text)
    book = await read(body, "x.csv")
    assert [row.cells[0] for row in book.tables[0].rows[1:]] == cells
    assert [row.cells[0] for row in read_csv(body).rows[1:]] == cells


async def test_a_cell_of_a_book_is_text_whatever_it_begins_with() -> None:
    body = as_xlsx([Sheet("=1", [(cell,) for cell in EVIL]), Sheet("=1", [("x",)])])
    sheets = load_workbook(io.BytesIO(body))
    assert sheets.sheetnames == ["=1", "=1 2"]
    assert {row[0].data_type for row in sheets["=1"].iter_rows()} == {"s"}
    assert [row[0].value for row in sheets["=1"].iter_rows()] == list(EVIL)
