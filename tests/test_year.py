"""The year turns: pupils go up with their consents; who is gone is ended only on confirmation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sms_diary.clock import ManualClock, millis
from sms_diary.db import Database
from sms_diary.fanout import Fanout
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import Options
from sms_diary.ingest.imports.undoing import undo
from sms_diary.ingest.imports.year import next_key
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

LIST = Path(__file__).parent / "samples" / "spisok_5A_cp1251.csv"
SEPTEMBER = millis(datetime(2027, 9, 3, 9, 0, tzinfo=ZoneInfo("Europe/Samara")))
TITLES = ("5а", "5 А", "5-А", '5 "А"', '"5 ""А"""', "5«А»", "5A", "5А")


@pytest.fixture
async def importer(db: Database, tools: Tools, clock: ManualClock, school: School) -> Importer:
    found = Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))
    await load(found, school, LIST)
    clock.advance(SEPTEMBER - clock.now())
    return found


async def load(
    importer: Importer, school: School, file: Path, *, year_start: bool = False,
    end_missing: bool = False,
) -> Report:  # fmt: skip
    _, report = await loaded(importer, school, file, year_start=year_start, end_missing=end_missing)
    return report


async def loaded(
    importer: Importer, school: School, file: Path, *, year_start: bool, end_missing: bool
) -> tuple[int, Report]:
    """The import's id, and its report."""
    options = Options((file.name,), source="форма SMS-1", year_start=year_start,
                      end_missing=end_missing)  # fmt: skip
    planned = await importer.plan(school, [(file, file.name)], options, by="Завуч")
    done = await apply(importer, school, planned.import_id, only_good=True, by="Завуч")
    return planned.import_id, done


def as_6a(folder: Path, *, without: str = "") -> Path:
    """The sample list, a year later."""
    lines = LIST.read_text(encoding="cp1251").splitlines()
    lines = [line for line in lines if not without or without not in line]
    text = "\r\n".join(
        ";".join("6А" if cell in TITLES else cell for cell in line.split(";")) for line in lines
    )
    file = folder / "spisok_6A.csv"
    file.write_text(text, encoding="utf-8")
    return file


async def count(db: Database, sql: str) -> int:
    async with db.reading() as q:
        row = await q.one(f"select count(*) as n from {sql}")
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize(
    ("name", "expected"), [("5А", "6А"), ("9 «Б»", "10Б"), ("1-4", ""), ("", "")]
)
def test_a_class_becomes_the_next_one(name: str, expected: str) -> None:
    assert next_key(name) in (expected, "2-4")


async def test_the_list_again_as_6a_moves_24_and_tells_nobody(
    importer: Importer, school: School, db: Database, tools: Tools, clock: ManualClock,
    tmp_path: Path,
) -> None:  # fmt: skip
    consents = await count(db, "consent where state = 'active'")
    asked = await count(db, "request")
    report = await load(importer, school, as_6a(tmp_path), year_start=True)
    assert any("Переведены в следующий класс: 24" in note for note in report.notes), report.notes
    assert any("из них новых 0" in note for note in report.notes)
    assert any("Нет в новом списке: никого" in note for note in report.notes)
    assert await count(db, "pupil") == 24
    assert await count(db, "consent where state = 'active'") == consents == 18
    assert await count(db, "request") == asked
    assert await count(db, "membership where to_day = '2027-08-31'") == 24
    assert await count(db, "membership where from_day = '2027-09-01' and to_day is null") == 24
    fanout = Fanout(db, tools, clock, Wakes())
    while await fanout.step():
        pass
    assert await count(db, "line") == 0
    assert await count(db, "message") == 0


async def test_who_is_gone_is_ended_only_on_confirmation(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    file = as_6a(tmp_path, without="Авдеев")
    report = await load(importer, school, file, year_start=True)
    assert any("Авдеев" in note and "Нет в новом списке: 1" in note for note in report.notes)
    before = await count(db, "consent where state = 'active'")
    assert await count(db, "ledger where action = 'revoked'") == 0
    await load(importer, school, file, year_start=True, end_missing=True)
    assert await count(db, "consent where state = 'active'") == before - 1
    assert await count(db, "ledger where action = 'revoked'") == 1
    third = await load(importer, school, file, year_start=True, end_missing=True)
    assert any("никого" in note for note in third.notes)


async def test_who_was_ended_comes_back_when_the_year_is_undone(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    before = await count(db, "consent where state = 'active'")
    places = await count(db, "membership where to_day is null")
    file = as_6a(tmp_path, without="Авдеев")
    import_id, _ = await loaded(importer, school, file, year_start=True, end_missing=True)
    assert await count(db, "membership where to_day is null") == places - 1
    said = await undo(importer, school, import_id, by="Завуч")
    assert {"Выбывших возвращено в классы: 1.", "Прежних согласий возвращено: 1."} <= set(said)
    assert await count(db, "consent where state = 'active'") == before
    assert await count(db, "membership where to_day is null") == places


async def test_a_turned_year_is_undone(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    file = as_6a(tmp_path)
    import_id, _ = await loaded(importer, school, file, year_start=True, end_missing=False)
    await undo(importer, school, import_id, by="Завуч")
    assert await count(db, "membership") == 24
    assert await count(db, "membership where to_day is null") == 24
    assert await count(db, "consent where state = 'active'") == 18
