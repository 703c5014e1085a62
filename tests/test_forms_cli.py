"""`forms memo|consents|register`: which page is written, where, and what is said beside it."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_diary.app import opened
from sms_diary.cli import app as commands
from sms_diary.config import load
from tests import seeding
from tests.seeding import phone

NOW = ("--now", "2026-11-28T10:00+04:00")
ROUTE = """
[[routes]]
name = "{name}"
host = "127.0.0.1"
port = 2775
system_id = "school"
source = "{source}"
reply_to = "{reply_to}"
"""


class Desk:
    """A school with one class beside a file of settings; the routes are added by a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "sms-diary.toml"
        self.config.write_text(
            f'database = "sqlite:{folder / "diary.db"}"\nkey_file = "{folder / "key"}"\n',
            encoding="utf-8",
        )

    async def fill(self) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            school = await seeding.live_school(q, base.tools, "school-5")
            class_id, _ = await seeding.classes(q, base.tools, school, "5А", "6Б")
            found = await seeding.pupils(q, base.tools, school, class_id, 3)
            await seeding.subscribe(
                q, base.tools, school, [(one, phone(n)) for n, one in enumerate(found[:2])]
            )

    async def set(self, column: str, value: str) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            await q.run(f"update school set {column} = :value", value=value)

    def route(self, *, source: str = "SHKOLA5", reply_to: str = "", name: str = "main") -> None:
        with self.config.open("a", encoding="utf-8") as out:
            out.write(ROUTE.format(source=source, reply_to=reply_to, name=name))


def run(desk: Desk, *arguments: str, school: str = "school-5", code: int = 0) -> str:
    """All that is printed; the page goes to `page.html` unless `--out` says otherwise."""
    out = () if "--out" in arguments else ("--out", str(desk.folder / "page.html"))
    result = CliRunner().invoke(
        commands, ["forms", *arguments, "--school", school, *out, "-c", str(desk.config), *NOW]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    assert result.exit_code == code, result.output
    return result.output


def page(desk: Desk) -> str:
    return (desk.folder / "page.html").read_text(encoding="utf-8")


@pytest.fixture
async def filled(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    await desk.fill()
    return desk


@pytest.fixture
def desk(filled: Desk) -> Desk:
    """For tests without a loop: a command starts one of its own."""
    return filled


def test_a_memo_needs_no_list_of_the_class_and_names_the_reception_number(desk: Desk) -> None:
    desk.route(reply_to="+79000009999")
    said = run(desk, "memo", "--class", "7 в")
    assert said == (
        f"Памятка: {desk.folder / 'page.html'}. Откройте её в браузере и напечатайте.\n"
    )
    assert "памятка родителям 7В" in page(desk)
    assert "+7 900 000-99-99" in page(desk)
    assert "SHKOLA5" in page(desk)
    run(desk, "memo")
    assert "<h1>SMS-дневник: памятка родителям</h1>" in page(desk)


def test_a_route_that_cannot_receive_makes_a_memo_that_asks_for_no_answer(desk: Desk) -> None:
    desk.route()
    assert "памятка не просит отвечать" in run(desk, "memo", "--class", "5А")
    assert "СТОП" not in page(desk)
    assert "SHKOLA5" in page(desk)


def test_without_a_route_nothing_asks_for_an_answer(desk: Desk) -> None:
    assert "памятка не просит отвечать" in run(desk, "memo")
    assert "СТОП" not in page(desk)


@pytest.mark.parametrize(
    ("column", "value", "shown", "hidden"),
    [
        ("route", "second", ["7022"], ["7011", "СТОП на номер 7011"]),
        ("route", "", ["7011"], ["7022"]),
        ("route", "gone", [], ["7011", "7022", "СТОП"]),
        ("sender", "7033", ["7033"], ["7011"]),
        ("sender", "SHKOLA", ["SHKOLA"], ["7011", "СТОП"]),
    ],
)
async def test_the_way_back_is_that_of_the_schools_route_and_sender(
    filled: Desk, column: str, value: str, shown: list[str], hidden: list[str]
) -> None:
    filled.route(source="7011", reply_to="sender")
    filled.route(source="SECOND", reply_to="7022", name="second")
    await filled.set(column, value)
    # In a thread, because the command starts a loop of its own.
    await asyncio.to_thread(run, filled, "memo")
    assert [one for one in shown if one not in page(filled)] == []
    assert [one for one in hidden if one in page(filled)] == []


def test_forms_are_written_for_every_pupil_and_kept_from_other_users(desk: Desk) -> None:
    said = run(desk, "consents", "--class", "5 а")
    assert "учеников: 3. Печатайте на одной стороне листа." in said
    assert "Полное название и адрес школы не указаны" in said
    assert "--only sms" in said
    for number in ("SMS-5А-2026-001", "ПД-5А-2026-001", "SMS-5А-2026-003", "ПД-5А-2026-003"):
        assert page(desk).count(f"<b>Бланк {number}</b>") == 1
    assert "900 000-00" not in page(desk)
    assert stat.S_IMODE((desk.folder / "page.html").stat().st_mode) == 0o600


def test_numbers_are_printed_when_they_are_asked_for(desk: Desk) -> None:
    run(desk, "consents", "--class", "5А", "--with-numbers")
    assert "+7 900 000-00-00" in page(desk)
    assert "+7 900 000-00-01" in page(desk)


@pytest.mark.parametrize(("only", "kept", "left"), [("sms", "SMS", "ПД"), ("pd", "ПД", "SMS")])
def test_one_of_the_two_forms_is_printed_alone(desk: Desk, only: str, kept: str, left: str) -> None:
    said = run(desk, "consents", "--class", "5А", "--only", only)
    assert f"Бланк {kept}-5А-2026-001" in page(desk)
    assert f"Бланк {left}-" not in page(desk)
    assert "--only" not in said


async def test_a_school_that_told_who_it_is_hears_nothing_of_it(filled: Desk) -> None:
    await filled.set("legal", "Бюджетное учреждение «Школа № 5», г. Примерный")
    await filled.set("proof", "sms+pd")
    said = await asyncio.to_thread(run, filled, "consents", "--class", "5А")
    assert len(said.splitlines()) == 1
    assert "г. Примерный" in page(filled)


def test_a_folder_gets_a_file_named_for_the_paper_and_the_class(desk: Desk) -> None:
    folder = desk.folder / "papers"
    folder.mkdir()
    for kind in ("memo", "consents", "register"):
        assert str(folder) in run(desk, kind, "--class", "5А", "--out", str(folder))
    run(desk, "memo", "--out", str(folder))
    assert sorted(one.name for one in folder.iterdir()) == [
        "consents-5А.html", "memo-5А.html", "memo.html", "register-5А.html",
    ]  # fmt: skip


def test_the_register_lists_the_class(desk: Desk) -> None:
    assert "учеников: 3" in run(desk, "register", "--class", "5А")
    assert "SMS-5А-2026-002" in page(desk)
    assert "Белкина Дарья 0" in page(desk)


def test_a_list_that_is_loaded_is_numbered_by_name(desk: Desk) -> None:
    listed = desk.folder / "list.csv"
    listed.write_text(
        "ФИО ученика;Класс;Телефон\nЮсупов Данияр Рустам оглы;7А;\nУшаков Марк;7А;\n"
        "Авдеев Тимур Олегович;7А;\nЁжикова Анна;7А;\n",
        encoding="utf-8",
    )
    loaded = CliRunner().invoke(
        commands,
        ["import", "contacts", str(listed), "--school", "school-5", "-c", str(desk.config), *NOW],
    )
    assert loaded.exit_code == 0, loaded.output
    run(desk, "register", "--class", "7А")
    rows = re.findall(r"<td>([^<]+)</td>.*?SMS-7А-2026-(\d+)", page(desk))
    assert rows == [
        ("Авдеев Тимур Олегович", "001"), ("Ёжикова Анна", "002"), ("Ушаков Марк", "003"),
        ("Юсупов Данияр Рустам оглы", "004"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["consents", "register"])
def test_a_class_that_is_not_there_or_empty_is_said_with_what_to_do(desk: Desk, kind: str) -> None:
    for title, said in (("9Г", "Класс «9Г», 2026/2027 учебный год"),
                        ("6Б", "В классе 6Б сейчас никого нет")):  # fmt: skip
        printed = run(desk, kind, "--class", title, code=2)
        assert said in printed
        assert "sms-diary import contacts" in printed
    assert not (desk.folder / "page.html").exists()


def test_a_school_that_is_not_there_is_said(desk: Desk) -> None:
    for arguments in (("memo",), ("register", "--class", "5А")):
        assert "Школы «school-9» нет" in run(desk, *arguments, school="school-9", code=2)


def test_a_page_that_cannot_be_written_is_said(desk: Desk) -> None:
    gone = desk.folder / "no" / "page.html"
    printed = run(desk, "register", "--class", "5А", "--out", str(gone), code=2)
    assert f"Файл «{gone}» не записан" in printed
