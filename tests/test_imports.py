"""Imports of many files: a plan, its apply, its undo; counts add up, nobody is told twice."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
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
from sms_diary.ingest.imports.words import _of_several
from sms_diary.store import ledger
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests import school_files

SAMPLES = Path(__file__).parent / "samples"
LIST = "spisok_5A_cp1251.csv"
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"
JOURNAL = "klassnyj_zhurnal_5a_asurso.xlsx"
GRID = "raspisanie_setka.xlsx"
NEWS = "obyavleniya.json"
SOURCE = "форма SMS-1"


@dataclass
class Load:
    """Plan these samples (or paths) and apply them; the report of the apply."""

    importer: Importer
    school: School
    last: int = 0
    """The id of the import."""

    async def __call__(self, *files: str | Path, plan_only: bool = False, **said: Any) -> Report:
        paths = [(SAMPLES / one if isinstance(one, str) else one) for one in files]
        options = Options(files=tuple(path.name for path in paths), source=SOURCE, **said)
        planned = await self.importer.plan(
            self.school, [(path, path.name) for path in paths], options, by="Завуч"
        )
        self.last = planned.import_id
        if plan_only:
            return planned.report
        return await apply(self.importer, self.school, self.last, only_good=True, by="Завуч")


@pytest.fixture
def importer(db: Database, tools: Tools, clock: ManualClock) -> Importer:
    return Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))


@pytest.fixture
def load(importer: Importer, school: School) -> Load:
    return Load(importer, school)


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


async def test_the_estimate_counts_welcomes_and_what_waits_for_them(
    load: Load, db: Database, tools: Tools, clock: ManualClock
) -> None:
    listed = await load(LIST, plan_only=True)
    await load(LIST)
    welcomes = await number_of(db, "request where kind = 'welcome' and state = 'waiting'")
    assert listed.welcomes == welcomes > 0
    assert f"Приветственных SMS: {welcomes}, по одному на номер" in "\n".join(listed.text())
    planned = await load(MARKS, plan_only=True, tell="all")
    await load(MARKS, tell="all")
    await fan_out(db, tools, clock)
    assert planned.waiting == await number_of(db, "line where state = 'held'") > 0
    assert "подождут, пока дойдёт приветствие" in "\n".join(planned.text())
    assert planned.welcomes == 0


async def test_the_estimate_counts_what_is_held_as_a_flood(
    load: Load, db: Database, tools: Tools, clock: ManualClock, school: School
) -> None:
    await load(LIST)
    async with db.transaction() as q:
        await q.run("update guardian set welcomed_at = 1")
        for day, lines in (("2026-11-19", 9), ("2026-11-20", 9), ("2026-11-23", 9),
                           ("2026-11-24", 6)):  # fmt: skip
            await q.run(
                "insert into told_day (school_id, day, lines) values (:id, :day, :lines)",
                id=school.id, day=day, lines=lines,
            )  # fmt: skip
    planned = await load(MARKS, plan_only=True, tell="all")
    await load(MARKS, tell="all")
    await fan_out(db, tools, clock)
    assert planned.held == await number_of(db, "line where reason = 'flood'") == 196 + 6 - 27
    assert "задержатся до вашего решения" in "\n".join(planned.text())


# ---------------------------------------------------------------- all or the good ones


async def test_refused_rows_hold_an_import_until_a_person_says_only_the_good(
    importer: Importer, load: Load, school: School, db: Database
) -> None:
    await load(LIST)
    await load(MARKS, plan_only=True)
    import_id = load.last
    with pytest.raises(NotYet, match="--only-good"):
        await apply(importer, school, import_id, only_good=False, by="Завуч")
    assert await number_of(db, "entry") == 0
    report = await apply(importer, school, import_id, only_good=True, by="Завуч")
    assert report.applied
    assert await number_of(db, "entry") == 332
    assert await number_of(db, "import_chunk where import_id = (select max(id) from import)") == 0
    again = await apply(importer, school, import_id, only_good=True, by="Завуч")
    assert again.counts == report.counts


async def test_an_import_of_questions_alone_can_be_applied_and_asks_them(
    load: Load, db: Database, tmp_path: Path
) -> None:
    news = tmp_path / "news.csv"
    news.write_text("Текст;Для кого\nСбор макулатуры;\n", encoding="utf-8")
    tried = await load(news, plan_only=True)
    assert counts(tried) == {"quarantined": 1}
    assert not tried.unchanged
    await load(news)
    assert await number_of(db, "quarantine") == 1


async def test_every_row_of_a_roster_is_counted_in_the_file_where_it_stands(
    load: Load, tmp_path: Path
) -> None:
    packed = tmp_path / "roster.zip"
    packed.write_bytes(school_files.oneroster())
    report = await load(packed, plan_only=True)
    assert report.rows == sum(len(rows) - 1 for rows in school_files.ROSTER.values())
    refused = {(one.sheet, one.row) for one in report.problems if one.word == Word.REJECTED.value}
    assert {("results.csv", 6), ("results.csv", 8), ("users.csv", 4)} < refused
    assert report.count(Word.REJECTED) == 10


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ((Word.REJECTED, Word.UNCHANGED), Word.REJECTED),
        ((Word.REJECTED, Word.ADDED), Word.ADDED),
        ((Word.UNCHANGED, Word.UNCHANGED), Word.UNCHANGED),
        ((Word.ADDED, Word.QUARANTINED), Word.QUARANTINED),
    ],
)
def test_a_row_of_two_guardians_is_called_by_what_became_of_either(
    said: tuple[Word, ...], word: Word
) -> None:
    assert _of_several(said) is word


# ---------------------------------------------------------------- undone


async def test_an_undone_import_leaves_no_pupil_number_or_mark(
    importer: Importer, load: Load, school: School, db: Database
) -> None:
    await load(LIST, MARKS)
    said = await undo(importer, school, load.last, by="Завуч")
    assert await number_of(db, "entry where value <> ''") == 0
    assert await number_of(db, "consent where state = 'active'") == 0
    assert await number_of(db, "quarantine where state = 'open'") == 0
    assert await number_of(db, "pupil") == 0
    assert await number_of(db, "guardian") == 0
    assert await number_of(db, "request") == 0
    assert "332" in said[0]
    again = await undo(importer, school, load.last, by="Завуч")
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
    await undo(importer, school, load.last, by="Завуч")
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
    said = await undo(importer, school, load.last, by="Завуч")
    assert said[:2] == [
        "Записей дневника отменено: 331.",
        "О 1 записях родителям уже сообщено: они остаются.",
    ]
    assert await number_of(db, "entry where value <> ''") == 1
    assert await number_of(db, "line where state in ('planned', 'held')") == 0


LISTED = "Ученик;Класс;Телефон;ФИО родителя;Согласие на SMS;Дата согласия\r\n"
MOTHER = "Авдеев Тимур Олегович;5А;{};Авдеева Ольга;{};15.09.2026\r\n"


async def moved_number(load: Load, tmp_path: Path, consent: str = "") -> None:
    """The mother's number is changed by a list."""
    for name, number, said in (("a.csv", "8 900 000-10-01", "да"),
                               ("b.csv", "8 900 000-10-02", consent)):  # fmt: skip
        file = tmp_path / name
        file.write_text(LISTED + MOTHER.format(number, said), encoding="utf-8")
        await load(file, numbers_changed=True)


async def held(db: Database, tools: Tools) -> list[tuple[str, str, str]]:
    """Each guardian's number with its state and the consent to all topics."""
    async with db.reading() as q:
        rows = await q.all(
            """select n.id, n.sealed, n.state, c.state as consent from guardian g
               join number n on n.id = g.number_id join subscription s on s.guardian_id = g.id
               left join consent c on c.subscription_id = s.id and c.topic = '*'"""
        )
    return [
        (tools.vault.text(row["sealed"], "number.sealed", row["id"]), row["state"], row["consent"])
        for row in rows
    ]


@pytest.mark.parametrize("consent", ["", "да"])
async def test_a_number_that_was_changed_comes_back_with_its_consent(
    importer: Importer, load: Load, school: School, db: Database, tools: Tools, tmp_path: Path,
    consent: str,
) -> None:  # fmt: skip
    await moved_number(load, tmp_path, consent)
    state = "active" if consent else "unknown"
    assert await held(db, tools) == [("+79000001002", "open", state)]
    said = await undo(importer, school, load.last, by="Завуч")
    assert await held(db, tools) == [("+79000001001", "open", "active")]
    assert {"Прежних номеров возвращено: 1.", "Прежних согласий возвращено: 1."} <= set(said)
    async with db.reading() as q:
        rows = await q.all(
            """select e.ledger_id, e.sealed from consent c
               join evidence e on e.ledger_id = c.ledger_id"""
        )
        assert await ledger.first_broken(q, school.id) is None
    proof = tools.vault.open(rows[0]["sealed"], "evidence.sealed", rows[0]["ledger_id"])
    assert json.loads(proof)["source"] == SOURCE
    assert json.loads(proof)["number"] == "+79000001001"


@pytest.mark.parametrize(
    "meanwhile",
    [
        "update number set stopped_at = stopped_at + 1 where state = 'stopped'",
        "update guardian set number_id = number_id, welcomed_at = 1",
    ],
)
async def test_a_number_that_was_closed_since_stays_changed_and_that_is_said(
    importer: Importer, load: Load, school: School, db: Database, tools: Tools, tmp_path: Path,
    meanwhile: str,
) -> None:  # fmt: skip
    await moved_number(load, tmp_path)
    async with db.transaction() as q:
        await q.run(meanwhile)
    said = await undo(importer, school, load.last, by="Завуч")
    closed = "stopped" in meanwhile
    number = "+79000001002" if closed else "+79000001001"
    assert [one[0] for one in await held(db, tools)] == [number]
    assert any("Новых номеров остаётся: 1." in line for line in said) is closed


async def test_a_consent_does_not_come_back_to_a_parent_who_wrote_meanwhile(
    importer: Importer, load: Load, school: School, db: Database, tools: Tools,
    clock: ManualClock, tmp_path: Path,
) -> None:  # fmt: skip
    await moved_number(load, tmp_path)
    async with db.transaction() as q:
        row = await q.one("select id from number order by id limit 1")
        assert row is not None
        await q.run(
            """insert into inbound (id, route, number_id, reception, digest, state, at)
               values (1, 'r', :number_id, '', :digest, 'done', :at)""",
            number_id=row["id"], digest=b"x", at=clock.now() + 1,
        )  # fmt: skip
    said = await undo(importer, school, load.last, by="Завуч")
    assert await held(db, tools) == [("+79000001001", "open", "unknown")]
    assert any("Согласий не возвращено: 1." in line for line in said)


async def test_what_was_sent_before_an_import_keeps_nothing_of_it(
    importer: Importer, load: Load, school: School, db: Database, tmp_path: Path, clock: ManualClock
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(LISTED + MOTHER.format("8 900 000-10-01", "да"), encoding="utf-8")
    await load(file)
    async with db.transaction() as q:
        await q.run(
            """insert into message (id, school_id, guardian_id, number_id, ground, alphabet, parts,
                                    level, state, created_at, expires)
               select 1, school_id, id, number_id, 'request', 'ucs2', 1, '', 'delivered', :at, :at
               from guardian""",
            at=clock.now() - 1,
        )
    second = MOTHER.format("8 900 000-10-01", "да").replace("Тимур", "Глеб")
    file.write_text(LISTED + second, encoding="utf-8")
    clock.advance(1)
    await load(file)
    assert await number_of(db, "consent where state = 'active'") == 2
    await undo(importer, school, load.last, by="Завуч")
    assert await number_of(db, "consent where state = 'active'") == 1
    assert await number_of(db, "pupil") == 1


async def test_an_apply_that_was_cut_off_goes_on_where_it_stopped(
    importer: Importer, load: Load, school: School, db: Database
) -> None:
    tried = await load(LIST, MARKS, plan_only=True)
    import_id = load.last

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
