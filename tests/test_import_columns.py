"""Columns that a person explains: read so, remembered for the same headings, forgotten again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.errors import FileProblem
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.columns import Columns, parse
from sms_diary.ingest.imports.gather import (
    HEAD,
    FileSaid,
    Order,
    Source,
    gather,
    packed_frame,
    unpacked_frame,
)
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import Options
from sms_diary.store import columns
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.seeding import live_school

LIST = "Список\r\nРебёнок;Кл.;Сотка\r\nАвдеев Тимур Олегович;5А;8 900 000-10-{:02}\r\n"
OTHER = "Кл.;Ребёнок;Сотка\r\n5А;Белов Ян Ильич;8 900 000-10-09\r\n"
MAP = {"сотка": "Телефон"}


@pytest.fixture
def importer(db: Database, tools: Tools, clock: ManualClock) -> Importer:
    return Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))


@pytest.fixture
async def other_school(db: Database, tools: Tools) -> School:
    async with db.transaction() as q:
        return await live_school(q, tools, "gymnasium")


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


async def planned(
    importer: Importer, school: School, file: Path, text: str, *,
    said: Mapping[str, str] | None = None, forget: bool = False, carry_out: bool = False,
) -> Report:  # fmt: skip
    write(file, text)
    options = Options((file.name,), columns=said or {}, forget_columns=forget)
    plan = await importer.plan(school, [(file, file.name)], options, by="Завуч")
    if carry_out:
        return await apply(importer, school, plan.import_id, only_good=True, by="Завуч")
    return plan.report


async def kept(importer: Importer, school: School) -> list[tuple[str, Mapping[str, str], str]]:
    async with importer.database.reading() as q:
        found = await columns.of_school(q, school.id)
    return [(one.title, one.choice, one.by) for one in found]


async def test_a_choice_is_used_kept_on_applying_and_used_for_the_next_file_of_the_form(
    importer: Importer, school: School, tmp_path: Path
) -> None:
    file = tmp_path / "список.csv"
    assert (await planned(importer, school, file, LIST.format(1))).rows == 0
    tried = await planned(importer, school, file, LIST.format(1), said=MAP)
    assert tried.counts == {"список класса с телефонами": {"added": 1}}
    assert any("«сотка» — как «Телефон»" in line for line in tried.text())
    assert any("запомнится" in line for line in tried.text())
    assert await kept(importer, school) == []
    await planned(importer, school, file, LIST.format(1), said=MAP, carry_out=True)
    assert await kept(importer, school) == [("Ребёнок; Кл.; Сотка", MAP, "Завуч")]
    later = await planned(importer, school, file, LIST.format(2))
    assert later.rows == 1
    assert any("как запомнено" in line for line in later.text())
    assert (await planned(importer, school, file, OTHER)).rows == 0


async def test_a_choice_is_changed_by_the_next_one_and_forgotten(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    file = tmp_path / "список.csv"
    await planned(importer, school, file, LIST.format(1), said=MAP, carry_out=True)
    more = {"Кл.": "Класс", "сотка": "Контакты"}
    await planned(importer, school, file, LIST.format(1), said=more, carry_out=True)
    [(_, choice, _)] = await kept(importer, school)
    assert choice == {"сотка": "Контакты", "Кл.": "Класс"}
    said = await planned(importer, school, file, LIST.format(1), forget=True, carry_out=True)
    assert said.rows == 0
    assert any("больше не запоминается" in line for line in said.text())
    assert await kept(importer, school) == []


async def test_what_one_school_has_chosen_is_nothing_to_another(
    importer: Importer, school: School, other_school: School, tmp_path: Path
) -> None:
    file = tmp_path / "список.csv"
    await planned(importer, school, file, LIST.format(1), said=MAP, carry_out=True)
    assert (await planned(importer, other_school, file, LIST.format(1))).rows == 0


async def test_columns_that_are_not_read_are_told(
    importer: Importer, school: School, tmp_path: Path
) -> None:
    text = LIST.format(1).replace("Сотка", "Телефон;Рост").replace("10-01", "10-01;140")
    report = await planned(importer, school, tmp_path / "a.csv", text)
    assert any("не читаются столбцы: «Рост»" in line for line in report.text())


async def test_a_column_may_be_left_out(importer: Importer, school: School, tmp_path: Path) -> None:
    text = (
        LIST.format(1)
        .replace("Сотка", "Телефон;Тел. бабушки")
        .replace("10-01", "10-01;8 900 000-10-02")
    )
    said = {"Тел. бабушки": ""}
    report = await planned(importer, school, tmp_path / "a.csv", text, said=said, carry_out=True)
    assert any("«Тел. бабушки» — не читать" in line for line in report.text())
    async with importer.database.reading() as q:
        row = await q.one("select count(*) as n from subscription")
    assert row is not None
    assert row["n"] == 1


@pytest.mark.parametrize("line", ["Телефон", "=Телефон", "Сотка=Погода"])
def test_what_is_no_choice_is_refused_in_a_sentence(line: str) -> None:
    with pytest.raises(FileProblem):
        parse([line])


def test_a_choice_is_a_line_for_each_column() -> None:
    assert parse(["Моб. связь = Телефон", "", "Рост="]) == {"Моб. связь": "Телефон", "Рост": ""}


async def test_what_was_chosen_comes_through_the_reading_process(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    write(file, LIST.format(1))
    order = Order((Source(str(file), "a.csv"),), date(2026, 11, 24), columns=Columns(MAP))
    frames = [frame async for frame in gather(order)]
    again = [unpacked_frame(packed_frame(frame)[HEAD:]) for frame in frames]
    assert again == frames
    assert isinstance(frames[0], FileSaid)
    assert frames[0].chosen[0].choice == MAP
