"""`sms-diary report delivery|reach|cost`: on the terminal and in files."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from sms_diary.app import Base
from sms_diary.store import schools
from tests import fates
from tests.conftest import NOW
from tests.test_admin_cli import Desk

SCHOOL = ("--school", "school-5")
CLOCK = ("--now", "2026-11-24T12:00+04:00")
ROUTE = """
[[routes]]
name = "main"
host = "127.0.0.1"
port = 2775
system_id = "school"
price = 2.5

[[routes]]
name = "spare"
host = "127.0.0.1"
port = 2776
system_id = "school"
price = 3
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "sms-diary.toml").write_text(ROUTE, encoding="utf-8")
    made = Desk(tmp_path)

    async def lived(base: Base) -> None:
        async with base.database.transaction() as q:
            school = await schools.by_slug(q, "school-5")
            assert school is not None
            people = [(one, 0) for one in made.subscribed]
            await fates.live_through(q, base.tools, school.id, people, 80, now=NOW)

    made.do(lived)
    return made


@pytest.mark.parametrize(("report", "said"), [
    ("delivery", "Почему не дошло"), ("reach", "родителей"), ("cost", "Что сберегло бы"),
])  # fmt: skip
def test_a_report_is_shown_or_written(desk: Desk, tmp_path: Path, report: str, said: str) -> None:
    code, out = desk("report", report, *SCHOOL, *CLOCK)
    assert code == 0
    assert said in out
    assert "79000" not in out
    files = ("--csv", "r.csv", "--xlsx", "r.xlsx", "--print", "r.html")
    code, out = desk("report", report, *SCHOOL, *CLOCK, *files)
    assert (code, out.strip()) == (0, "Записано: r.csv, r.xlsx, r.html")
    assert said in (tmp_path / "r.csv").read_text("utf-8-sig")
    assert "Составлено 24 ноября 2026" in (tmp_path / "r.html").read_text("utf-8")
    assert load_workbook(tmp_path / "r.xlsx").sheetnames[0] == "1. Итоги"


def test_money_is_by_the_prices_of_the_routes(desk: Desk) -> None:
    _, out = desk("report", "cost", *SCHOOL, *CLOCK)
    assert "2,50\N{NO-BREAK SPACE}₽" in out
    assert "3,00\N{NO-BREAK SPACE}₽" in out
    assert "нет цены" not in out


def test_a_code_has_the_meaning_that_its_route_knows(desk: Desk) -> None:
    _, out = desk("report", "delivery", *SCHOOL, *CLOCK)
    assert "такого номера" in out


def test_days_are_those_that_are_named(desk: Desk) -> None:
    code, out = desk("report", "delivery", *SCHOOL, *CLOCK, "--from", "2026-11-01",
                     "--to", "2026-11-10")  # fmt: skip
    assert code == 0
    assert "1 ноября – 10 ноября 2026" in out
    assert desk("report", "delivery", *SCHOOL, "--from", "вчера")[0] == 2
    code, out = desk("report", "delivery", "--school", "nobody")
    assert (code, "sms-diary school list" in out) == (2, True)
