"""A watched folder: what came to rest is imported once and put away with its report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.watch import Watch
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

SAMPLES = Path(__file__).parent / "samples"
LIST = "spisok_5A_cp1251.csv"
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "school-5"
    made.mkdir()
    return made


@pytest.fixture
def watch(db: Database, tools: Tools, clock: ManualClock, school: School, folder: Path) -> Watch:
    importer = Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))
    return Watch(db, importer, {school.slug: folder})


def names(folder: Path, where: str) -> list[str]:
    return sorted(path.name for path in (folder / where).glob("*"))


async def twice(watch: Watch) -> None:
    """One look sees a file, the next one finds it at rest."""
    await watch.step()
    await watch.step()


async def count(db: Database, sql: str) -> int:
    async with db.reading() as q:
        row = await q.one(f"select count(*) as n from {sql}")
    assert row is not None
    return int(row["n"])


async def test_files_at_rest_are_imported_and_put_away_with_their_report(
    watch: Watch, folder: Path, db: Database
) -> None:
    shutil.copy(SAMPLES / LIST, folder / LIST)
    await watch.step()
    assert (folder / LIST).exists()
    assert await count(db, "pupil") == 0
    await watch.step()
    assert await count(db, "pupil") == 24
    assert names(folder, "done") == [
        f"2026-11-24_12-00-00_{LIST}", f"2026-11-24_12-00-00_{LIST}.txt",
    ]  # fmt: skip
    report = (folder / "done" / f"2026-11-24_12-00-00_{LIST}.txt").read_text(encoding="utf-8")
    assert "26 строк" in report
    shutil.copy(SAMPLES / MARKS, folder / MARKS)
    await twice(watch)
    assert await count(db, "entry") == 332
    await twice(watch)
    assert len(names(folder, "done")) == 4


async def test_a_file_that_still_grows_or_is_half_copied_waits(
    watch: Watch, folder: Path, db: Database
) -> None:
    body = (SAMPLES / LIST).read_bytes()
    (folder / LIST).write_bytes(body[:500])
    await watch.step()
    (folder / LIST).write_bytes(body)
    (folder / "next.csv.part").write_bytes(body)
    await watch.step()
    assert await count(db, "import") == 0
    await watch.step()
    assert await count(db, "pupil") == 24
    assert (folder / "next.csv.part").exists()


async def test_what_is_no_file_of_a_school_goes_to_failed(watch: Watch, folder: Path) -> None:
    (folder / "photo.xlsx").write_bytes(b"\x89PNG" + bytes(100))
    (folder / "menu.csv").write_text("Меню;Цена\r\nКаша;40\r\n", encoding="utf-8")
    await twice(watch)
    assert len(names(folder, "failed")) == 4
    said = (folder / "failed" / "2026-11-24_12-00-00_photo.xlsx.txt").read_text(encoding="utf-8")
    assert "photo.xlsx" in said
    assert not (folder / "photo.xlsx").exists()
