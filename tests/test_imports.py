"""Imports of many files: a plan, its apply, its undo; counts add up, nobody is told twice."""

from __future__ import annotations

import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.errors import NotYet
from sms_diary.fanout import Fanout
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.files.report import Word
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import WORDS, Report
from sms_diary.ingest.imports.request import Options
from sms_diary.ingest.imports.undoing import undo
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

SAMPLES = Path(__file__).parent / "samples"
LIST = "spisok_5A_cp1251.csv"
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"
JOURNAL = "klassnyj_zhurnal_5a_asurso.xlsx"
GRID = "raspisanie_setka.xlsx"
NEWS = "obyavleniya.json"
SOURCE = "форма SMS-1"
Load = Callable[..., Awaitable[Report]]


@pytest.fixture
def importer(db: Database, tools: Tools, clock: ManualClock) -> Importer:
    return Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))


@pytest.fixture
def load(importer: Importer, school: School) -> Load:
    """Plan these samples (or paths) and apply them; the report of the apply."""

    async def load_files(*files: str | Path, plan_only: bool = False, **said: Any) -> Report:
        paths = [(SAMPLES / one if isinstance(one, str) else one) for one in files]
        options = Options(files=tuple(path.name for path in paths), source=SOURCE, **said)
        planned = await importer.plan(
            school, [(path, path.name) for path in paths], options, by="Завуч"
        )
        load_files.last = planned.import_id  # type: ignore[attr-defined]
        if plan_only:
            return planned.report
        return await apply(importer, school, planned.import_id, only_good=True, by="Завуч")

    return load_files


def counts(report: Report, kind: str = "") -> dict[str, int]:
    """Rows by word, of one kind or of all."""
    return {
        word.name.lower(): count
        for word in WORDS
        if (count := sum(
            one.get(word.name.lower(), 0) for name, one in report.counts.items()
            if kind in name
        ))
    }  # fmt: skip


async def number_of(db: Database, sql: str) -> int:
    async with db.reading() as q:
        row = await q.one(f"select count(*) as n from {sql}")
    assert row is not None
    return int(row["n"])


async def fan_out(db: Database, tools: Tools, clock: ManualClock) -> int:
    """Lines that are to be told."""
    fanout = Fanout(db, tools, clock, Wakes())
    while await fanout.step():
        pass
    return await number_of(db, "line where state in ('planned', 'held')")


# ---------------------------------------------------------------- the samples


async def test_the_list_comes_in_as_by_its_own_command(load: Load, db: Database) -> None:
    report = await load(LIST)
    assert counts(report) == {"added": 23, "rejected": 2, "quarantined": 1}
    assert await number_of(db, "pupil") == 24
    assert await number_of(db, "subscription") == 25
    assert await number_of(db, "consent where state = 'active'") == 18
    assert [one.row for one in report.problems if one.word == Word.REJECTED.value] == [16, 21]


async def test_list_and_marks_in_one_import_give_the_outcome_of_the_samples(
    load: Load, db: Database
) -> None:
    report = await load(MARKS, LIST)
    assert counts(report, "отметки") == {
        "added": 332, "changed": 2, "unchanged": 1, "rejected": 1, "quarantined": 3,
    }  # fmt: skip
    assert report.rows == 339 + 26
    assert await number_of(db, "entry") == 332
    refused = [one for one in report.problems if one.row == 340]
    assert [(one.column, one.said, one.word) for one in refused] == [("F", "6", "отклонено")]
    assert refused[0].expected
    assert refused[0].mend


async def test_a_plan_says_the_same_and_writes_nothing(load: Load, db: Database) -> None:
    tried = await load(LIST, MARKS, plan_only=True)
    for table in ("pupil", "entry", "number", "delivery", "quarantine", "class", "ledger"):
        assert await number_of(db, table) == 0, table
    done = await load(LIST, MARKS)
    assert tried.counts == done.counts
    assert tried.problems == done.problems
    assert tried.entries == done.entries == 332


async def test_everything_twice_is_unchanged_and_asks_nothing_again(
    load: Load, db: Database, tools: Tools, clock: ManualClock
) -> None:
    files = (LIST, MARKS, JOURNAL, GRID, NEWS)
    first = await load(*files)
    entries = await number_of(db, "entry")
    asked = await number_of(db, "quarantine")
    again = await load(*files, tell="all")
    assert set(counts(again)) <= {"unchanged", "rejected", "quarantined"}, counts(again)
    assert again.rows == first.rows
    assert await number_of(db, "entry") == entries
    assert await number_of(db, "quarantine") == asked
    assert await fan_out(db, tools, clock) == 0
    assert any("без изменений" in line for line in again.text())


async def test_a_zip_of_all_is_one_import(load: Load, tmp_path: Path, db: Database) -> None:
    packed = tmp_path / "vse.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in (LIST, MARKS, JOURNAL, GRID, NEWS):
            archive.write(SAMPLES / name, name)
    report = await load(packed)
    apart = [name for one in report.files for name in one.kinds]
    assert len(apart) == 5
    assert report.rows == sum(sum(one.values()) for one in report.counts.values())
    assert await number_of(db, "import") == 1


# ---------------------------------------------------------------- who is told


async def test_a_history_tells_nobody(
    load: Load, db: Database, tools: Tools, clock: ManualClock
) -> None:
    await load(LIST, MARKS, JOURNAL)
    assert await fan_out(db, tools, clock) == 0
    assert await number_of(db, "entry where silence = ''") == 0


async def test_the_estimate_is_what_the_fanout_then_makes(
    load: Load, db: Database, tools: Tools, clock: ManualClock
) -> None:
    await load(LIST)
    planned = await load(MARKS, plan_only=True, tell="all")
    report = await load(MARKS, tell="all")
    assert await fan_out(db, tools, clock) == planned.lines == report.lines == 196
    assert planned.guardians == await number_of(
        db, "(select distinct guardian_id from line where state in ('planned', 'held')) g"
    )


# ---------------------------------------------------------------- all or the good ones


async def test_refused_rows_hold_an_import_until_a_person_says_only_the_good(
    importer: Importer, load: Load, school: School, db: Database
) -> None:
    await load(LIST)
    await load(MARKS, plan_only=True)
    import_id = load.last  # type: ignore[attr-defined]
    with pytest.raises(NotYet, match="--only-good"):
        await apply(importer, school, import_id, only_good=False, by="Завуч")
    assert await number_of(db, "entry") == 0
    report = await apply(importer, school, import_id, only_good=True, by="Завуч")
    assert report.applied
    assert await number_of(db, "entry") == 332
    assert await number_of(db, "import_chunk where import_id = (select max(id) from import)") == 0
    again = await apply(importer, school, import_id, only_good=True, by="Завуч")
    assert again.counts == report.counts


# ---------------------------------------------------------------- undone


async def test_an_undone_import_leaves_no_pupil_number_or_mark(
    importer: Importer, load: Load, school: School, db: Database
) -> None:
    await load(LIST, MARKS)
    said = await undo(importer, school, load.last, by="Завуч")  # type: ignore[attr-defined]
    assert await number_of(db, "entry where value <> ''") == 0
    assert await number_of(db, "consent where state = 'active'") == 0
    assert await number_of(db, "quarantine where state = 'open'") == 0
    assert await number_of(db, "pupil") == 0
    assert await number_of(db, "guardian") == 0
    assert await number_of(db, "request") == 0
    assert "332" in said[0]
    again = await undo(importer, school, load.last, by="Завуч")  # type: ignore[attr-defined]
    assert again == ["Эта загрузка уже отменена."]


async def test_an_undone_correction_brings_the_former_mark_back(
    importer: Importer, load: Load, school: School, db: Database, tmp_path: Path
) -> None:
    await load(LIST)
    heading = "Дата;Класс;Ученик;Предмет;Вид работы;Отметка"
    row = "17.11.2026;5А;Авдеев Тимур Олегович;Математика;Тест;{}"
    for mark in "45":
        file = tmp_path / f"{mark}.csv"
        file.write_text(f"{heading}\r\n{row.format(mark)}\r\n", encoding="utf-8")
        await load(file)
    await undo(importer, school, load.last, by="Завуч")  # type: ignore[attr-defined]
    async with db.reading() as q:
        rows = await q.all("select value, version, silence from entry")
    found = [(row["value"], row["version"], row["silence"]) for row in rows]
    assert found == [("4", 3, "undone")]


async def test_what_a_parent_was_told_is_not_undone_and_that_is_said(
    importer: Importer,
    load: Load,
    school: School,
    db: Database,
    tools: Tools,
    clock: ManualClock,
) -> None:
    await load(LIST)
    await load(MARKS, tell="all")
    await fan_out(db, tools, clock)
    async with db.transaction() as q:
        await q.run("update line set state = 'told' where id = (select min(id) from line)")
    said = await undo(importer, school, load.last, by="Завуч")  # type: ignore[attr-defined]
    assert said[:2] == [
        "Записей дневника отменено: 331.",
        "О 1 записях родителям уже сообщено: они остаются.",
    ]
    assert await number_of(db, "entry where value <> ''") == 1
    assert await number_of(db, "line where state in ('planned', 'held')") == 0


async def test_an_apply_that_was_cut_off_goes_on_where_it_stopped(
    importer: Importer, load: Load, school: School, db: Database
) -> None:
    tried = await load(LIST, MARKS, plan_only=True)
    import_id = load.last  # type: ignore[attr-defined]

    def cut(_what: str, _done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await apply(importer, school, import_id, only_good=True, by="Завуч", progress=cut)
    assert await number_of(db, "import where state = 'applying'") == 1
    assert (await number_of(db, "pupil"), await number_of(db, "entry")) == (24, 0)
    report = await apply(importer, school, import_id, only_good=True, by="Завуч")
    assert (await number_of(db, "pupil"), await number_of(db, "entry")) == (24, 332)
    assert report.counts == tried.counts
    assert await number_of(db, "import where state = 'applied'") == 1
