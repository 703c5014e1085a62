"""Imports of the size that schools have: a year of marks, all journals at once. Figures printed.

Limits are of processor time, of the service and its children: their steps follow each other, so on
a machine of its own the clock says no more, and on a shared one it says anything.
"""

from __future__ import annotations

import csv
import io
import resource
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import openpyxl
import pytest

from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import Options
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

SUBJECTS = (
    "Математика", "Русский язык", "Литература", "История", "Биология", "География", "Физика",
    "Химия", "Английский язык", "Информатика", "Обществознание", "Технология",
)  # fmt: skip
CLASSES = [f"{number}{letter}" for number in range(5, 11) for letter in "АБВГДЕ"]
SURNAMES = ("Авдеев", "Белкин", "Воронцов", "Гаврилов", "Дёмин", "Ежов", "Зыков", "Карпов",
            "Лаптев", "Мельник", "Назаров", "Орлов", "Пчёлкин", "Рябов", "Сомов", "Титов",
            "Ушаков", "Фомин", "Хохлов", "Цветков", "Чижов", "Шилов", "Щукин", "Юдин",
            "Яшин")  # fmt: skip
FIRST = date(2026, 9, 1)


def pupils(title: str) -> Iterator[str]:
    """25 of a class; in one class there are two of a name, told apart by nobody."""
    for surname in SURNAMES:
        yield f"{surname} Пётр {'Олегович' if title != '5А' else 'Ильич'}"
    if title == "5А":
        yield "Авдеев Пётр Олегович"


def school_list() -> bytes:
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";")
    rows.writerow(["Класс", "Ученик (ФИО)", "Телефон"])
    number = 0
    for title in CLASSES:
        for name in pupils(title):
            number += 1
            rows.writerow([title, name, f"8 900 000-{number // 100:02}-{number % 100:02}"])
    return out.getvalue().encode()


@pytest.fixture
def importer(db: Database, tools: Tools, clock: ManualClock) -> Importer:
    return Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))


def worked_so_far() -> float:
    """Seconds of processor time of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


async def load(importer: Importer, school: School, path: Path) -> Report:
    planned = await importer.plan(school, [(path, path.name)], Options((path.name,)), by="Завуч")
    return await apply(importer, school, planned.import_id, only_good=True, by="Завуч")


async def enrolled(importer: Importer, school: School, folder: Path) -> None:
    path = folder / "list.csv"
    path.write_bytes(school_list())
    await load(importer, school, path)


def journal(title: str) -> bytes:
    """A class's journal: a sheet a subject, pupils down, two months of dates across."""
    book = openpyxl.Workbook(write_only=True)
    days = [FIRST + timedelta(days=at) for at in range(0, 60, 5)]
    for subject in SUBJECTS:
        sheet = book.create_sheet(subject)
        sheet.append([f"Класс: {title}"])
        sheet.append([f"Предмет: {subject}"])
        sheet.append(["№", "Ученик", *("Сентябрь" if d.month == 9 else "Октябрь" for d in days)])
        sheet.append(["", "", *(day.day for day in days)])
        for at, name in enumerate(pupils(title), 1):
            shown = " ".join(name.split()[:2])
            sheet.append([at, shown, *((at + day.day) % 4 + 2 for day in days)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_all_journals_of_a_school_in_one_archive_are_one_report_of_few_decisions(
    importer: Importer, school: School, tmp_path: Path
) -> None:
    await enrolled(importer, school, tmp_path)
    path = tmp_path / "zhurnaly.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for title in CLASSES:
            archive.writestr(f"Журнал {title}.xlsx", journal(title))
    began, worked = time.monotonic(), worked_so_far()
    report = await load(importer, school, path)
    took, worked = time.monotonic() - began, worked_so_far() - worked
    sys.stdout.write(
        f"\n{len(CLASSES)} journals of {len(SUBJECTS)} subjects: {report.entries} entries, "
        f"{len(report.decisions)} decisions, {took:.1f} s, {worked:.1f} s of CPU"
    )
    assert report.rows == len(SUBJECTS) * sum(len(list(pupils(one))) for one in CLASSES)
    assert len(report.files) == len(CLASSES)
    assert 0 < len(report.decisions) <= 10
    assert report.entries == (report.rows - 2 * len(SUBJECTS)) * 12
    assert worked < 120


def marks() -> Iterator[list[str]]:
    everybody = [(title, name) for title in CLASSES for name in pupils(title)]
    for day in (FIRST + timedelta(days=at) for at in range(80)):
        for subject in SUBJECTS:
            for at, (title, name) in enumerate(everybody):
                yield [f"{day:%d.%m.%Y}", title, name, subject, "Ответ", str(at % 4 + 2)]


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_year_of_marks_comes_in_within_a_minute_and_the_memory_stays_flat(
    importer: Importer, school: School, tmp_path: Path
) -> None:
    await enrolled(importer, school, tmp_path)
    path = tmp_path / "otmetki.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["Дата", "Класс", "Ученик", "Предмет", "Вид работы", "Отметка"])
        rows.writerows(islice(marks(), 200_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, worked = time.monotonic(), worked_so_far()
    report = await load(importer, school, path)
    took, worked = time.monotonic() - began, worked_so_far() - worked
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    sys.stdout.write(
        f"\n200000 rows of marks: {took:.1f} s, {worked:.1f} s of CPU, "
        f"memory of the service + {grown} MiB"
    )
    assert report.rows == 200_000
    # Two connections keep up to 64 MiB of SQLite's pages each; nothing else may stay.
    assert grown < 200
    assert worked < 60
