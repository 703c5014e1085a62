"""The commands: import any files, decide, undo, export what imports back unchanged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from sms_diary.cli import app as commands
from sms_diary.ingest.imports.report import HEADING

SAMPLES = Path(__file__).parent / "samples"
LIST = str(SAMPLES / "spisok_5A_cp1251.csv")
MARKS = str(SAMPLES / "otmetki_5A_2026-11-16_utf8bom.csv")
HERE = ("--school", "school-5", "--now", "2026-11-24T12:00")
LATER = ("--school", "school-5", "--now", "2026-11-24T15:00")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def invoke(*args: str, code: int = 0) -> Result:
        result = runner.invoke(commands, list(args))
        assert result.exit_code == code, result.output
        return result

    invoke("init")
    invoke("school", "add", "school-5")
    return invoke


def number_of(output: str) -> str:
    found = re.search(r"import apply (\d+)", output)
    assert found, output
    return found[1]


def test_files_are_tried_first_and_applied_by_their_number(run: Run, tmp_path: Path) -> None:
    errors = tmp_path / "errors.xlsx"
    tried = run("import", LIST, MARKS, *HERE, "--source", "папка 5А", "--errors", str(errors))
    assert "Проба: ничего не сохранено" in tried.output
    totals = "339 строк: добавлено 332, изменено 2, без изменений 1, отклонено 1, в карантин 3"
    assert totals in tried.output
    assert errors.stat().st_mode & 0o077 == 0
    heading, *table = load_workbook(errors)["Замечания"].iter_rows(values_only=True)
    assert heading == HEADING
    [refused] = [line for line in table if line[2] == 340]
    assert refused[1:6] == (None, 340, "F", "отклонено", "6")
    assert all(refused[6:9])
    [mended] = [line for line in table if line[2] == 335]
    assert mended[9] == "Рябов Никита Степанович, 5А"
    assert "9000" not in str(table)
    number = number_of(tried.output)
    held = run("import", "apply", number, *HERE, code=2)
    assert "--only-good" in held.output
    done = run("import", "apply", number, *HERE, "--only-good")
    assert totals in done.output
    assert "Согласий засчитано: 18" in done.output
    assert "применено" in run("import", "list", *HERE).output
    again = run("import", LIST, MARKS, *LATER, "--only-good", "--tell")
    assert "SMS: 0." in again.output
    run("import", "show", number, *HERE, "--errors", str(tmp_path / "errors.csv"))
    assert "отклонено" in (tmp_path / "errors.csv").read_text(encoding="utf-8-sig")
    undone = run("import", "undo", number, *HERE)
    assert "Учеников убрано: 24" in undone.output


def test_a_question_is_listed_and_answered(run: Run) -> None:
    run("import", LIST, MARKS, *HERE, "--only-good")
    listed = run("quarantine", "list", *HERE).output
    assert "Иванова Мария, 5А" in listed
    question = re.search(r"(\d+): Иванова Мария, .*\n    (\d+): Иванова Мария", listed)
    assert question
    solved = run("quarantine", "resolve", question[1], "--choice", question[2], *HERE)
    assert "записано в дневник: 1" in solved.output
    stranger = re.search(r"(\d+): Петров", listed)
    assert stranger
    run("quarantine", "drop", stranger[1], *HERE)
    assert "Петров" not in run("quarantine", "list", *HERE).output
    run("quarantine", "drop", stranger[1], *HERE, code=2)


@pytest.mark.parametrize("what", ["contacts", "marks", "oneroster"])
def test_an_export_imports_back_unchanged(run: Run, tmp_path: Path, what: str) -> None:
    run("import", LIST, MARKS, *HERE, "--only-good", "--source", "папка 5А")
    written = run("export", what, "--to", str(tmp_path / "школа"), *HERE)
    [file] = tmp_path.glob("школа.*")
    assert str(file) in written.output
    assert file.stat().st_mode & 0o077 == 0
    back = run("import", str(file), *LATER, "--dry-run")
    assert "Всё это уже загружено: без изменений." in back.output


def test_columns_that_a_person_explained_are_listed_and_forgotten(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    text = "Ребёнок;Кл.;Сотка\r\nАвдеев Тимур Олегович;5А;8 900 000-10-01\r\n"
    file.write_text(text, encoding="utf-8")
    assert "Бывают: " in run("import", str(file), *HERE, "--map", "Сотка=Погода", code=2).stderr
    run("import", str(file), *HERE, "--map", "Сотка=Телефон", "--only-good")
    listed = run("import", "columns", *HERE).output
    assert "Сотка=Телефон  в таблице «Ребёнок; Кл.; Сотка»" in listed
    assert "Забыто." in run("import", "columns", *HERE, "--forget", listed[:8]).output
    assert "Ничего не запомнено" in run("import", "columns", *HERE).output
    assert "Такого номера нет" in run("import", "columns", *HERE, "--forget", listed[:8]).output


def test_what_is_no_file_of_a_school_is_refused_in_one_sentence(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "photo.xlsx"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    shown = run("import", str(bad), *HERE)
    assert "photo.xlsx — не загружено:" in shown.output
    assert "Traceback" not in shown.output
    gone = run("import", str(tmp_path / "none.csv"), *HERE, code=2)
    assert "не читается" in gone.output
