"""`report fill|district|visits|introduction` and `away`, from the command line."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from sms_diary.app import Base
from sms_diary.clock import ManualClock
from sms_diary.ingest.accept import Acceptor
from sms_diary.store import filling, schools, settings
from sms_diary.store.filling import Visits
from sms_diary.wake import Wakes
from tests import journals
from tests.conftest import NOW
from tests.test_admin_cli import Desk

SCHOOL = ("--school", "school-5")
CLOCK = ("--now", "2026-11-24T12:00+04:00")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    made = Desk(tmp_path)
    made.do(_filled)
    return made


async def _filled(base: Base) -> None:
    """5А had Russian and mathematics each day of a week, and marks in Russian alone."""
    clock, wakes = ManualClock(NOW), Wakes()
    async with base.database.reading() as q:
        school = await schools.by_slug(q, "school-5")
    assert school is not None
    days = [["Русский язык", "Математика"]] * 5
    marked = [journals.WEEK + timedelta(days=n) for n in range(5)]
    await journals.taken(
        Acceptor(base.database, base.tools, clock, wakes), school,
        *journals.week_of("5А", journals.WEEK, days),
        *journals.marks("p0", {"Русский язык": marked}),
    )  # fmt: skip
    async with base.database.transaction() as q:
        counted = [Visits("01.11.2026 - 23.11.2026", "Родители", 12, 7, 40)]
        await filling.add_visits(q, school.id, 1, counted, as_of="2026-11-24")


def test_the_week_is_shown_and_written_as_tables_and_for_print(desk: Desk, tmp_path: Path) -> None:
    code, said = desk("report", "fill", *SCHOOL, *CLOCK)
    assert code == 0
    assert "неделя 16.11–22.11.2026" in said
    assert "предварительная" in said
    assert "Из них не заполнено: 1" in said
    files = {"--csv": "week.csv", "--xlsx": "week.xlsx", "--print": "week.html"}
    named = [one for option, name in files.items() for one in (option, name)]
    code, said = desk("report", "fill", *SCHOOL, "--week", "2026-11-18", *named, *CLOCK)
    assert code == 0
    assert all(name in said for name in files.values())
    as_csv = (tmp_path / "week.csv").read_text("utf-8-sig")
    assert "5А;Русский язык;заполнено;20.11.2026;0;5;0" in as_csv
    assert "5А;Математика;не заполнено;нет;—;5;5" in as_csv
    book = load_workbook(io.BytesIO((tmp_path / "week.xlsx").read_bytes()))
    assert [cell.value for cell in book.worksheets[2][2]] == ["5А", "Математика", "нет", "—", 5]
    page = (tmp_path / "week.html").read_text("utf-8")
    assert "Математика" in page
    assert "size: A4" in page


def test_schools_stand_beside_each_other_and_visits_are_not_added_up(desk: Desk) -> None:
    code, said = desk("report", "district", *CLOCK)
    assert code == 0
    assert said.count("сводки нет") == 2
    code, said = desk("report", "visits", *SCHOOL, *CLOCK)
    assert code == 0
    assert "родители" in said
    assert "числа не складываются" in said
    code, said = desk("report", "introduction", *SCHOOL, *CLOCK)
    assert code == 0
    assert "Рабочий режим включён" in said
    assert "сделано" in said


def test_days_at_home_are_added_listed_and_removed(desk: Desk) -> None:
    days = ("2026-11-16", "2026-11-20")
    code, said = desk("away", "add", *SCHOOL, *days, "--why", "quarantine", "--class", "5А")
    assert (code, said) == (0, "school-5: 5А дома с 2026-11-16 по 2026-11-20\n")
    _, report = desk("report", "fill", *SCHOOL, *CLOCK)
    assert "Не считались: карантин, 5А, 16.11–20.11." in report
    assert "Из них не заполнено: 0" in report
    _, listed = desk("away", "list", *SCHOOL)
    number, rest = listed.split(" ", 1)
    assert rest == "2026-11-16 2026-11-20 5А: карантин\n"
    assert desk("away", "remove", "--school", "school-7", number)[0] == 2
    assert desk("away", "remove", *SCHOOL, number) == (0, "school-5: запись убрана\n")
    assert "Таких дней нет" in desk("away", "list", *SCHOOL)[1]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("2026-11-20", "2026-11-16"), "Последний день раньше первого"),
        (("2026-11-20", "2027-11-20"), "проверьте год"),
    ],
)
def test_days_that_cannot_be_are_refused(desk: Desk, days: tuple[str, str], said: str) -> None:
    code, answer = desk("away", "add", *SCHOOL, *days, "--why", "off")
    assert (code, said in answer) == (2, True)


def test_the_word_to_the_staff_is_a_setting(desk: Desk) -> None:
    assert desk("school", "set", "school-5", "fill_alarm=true")[0] == 0

    async def asked(base: Base) -> int:
        async with base.database.reading() as q:
            school = await schools.by_slug(q, "school-5")
            assert school is not None
            assert school.fill_alarm
            return int((await settings.read(q, school.id))["fill_alarm"])

    assert desk.do(asked) == 1
