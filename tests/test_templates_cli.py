"""`templates list|show|preview|check|export`: what a deputy head sees of the texts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_diary.cli import app
from sms_diary.resources import templates_dir


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration of the checkout is read."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["templates", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def own(nowhere: Path) -> Path:
    """A folder of a school's own, named in its configuration."""
    folder = nowhere / "own"
    shutil.copytree(templates_dir(), folder)
    (nowhere / "sms-diary.toml").write_text('templates = "own"\n', encoding="utf-8")
    return folder


def test_the_list_says_what_each_text_is_about() -> None:
    code, said = command("list")
    assert code == 0
    rows = dict(row.split(maxsplit=1) for row in said.splitlines())
    assert (rows["mark"], rows["works"]) == ("одна отметка", "словарь: виды работ")
    assert rows.keys() == {path.stem for path in templates_dir().glob("*.txt")}


def test_a_text_is_shown_with_the_values_it_gets() -> None:
    code, said = command("show", "marks_day")
    assert code == 0
    assert said.splitlines()[0] == "{{ имя }} {{ дата }}: {{ отметки }}"
    assert "  {{ имя }}  имя ребёнка: «Дарья Б.», обязательно" in said
    assert "  {{ дата }}  дата: «24.11»\n" in said


def test_an_unknown_text_is_said_to_be_unknown() -> None:
    for name in ("show", "preview", "export"):
        code, said = command(name, "mrak")
        assert (code, said) == (
            2, "Шаблона «mrak» нет. Какие есть: sms-diary templates list\n"
        )  # fmt: skip


def test_a_preview_tells_characters_segments_price_and_what_latin_would_save() -> None:
    code, said = command("preview", "homework", "--price", "2,5")
    assert code == 0
    usual, longest = said.split("Самые длинные значения\n")
    assert usual.splitlines() == [
        "homework: домашнее задание",
        "Обычные значения",
        "  «5А на 25.11: русский язык упр.215; математика №412,413»",
        "    1 SMS, 2,50 ₽ · 54 знака из 70 · кириллица, UCS-2 · уровень полный (full)",
        "    UCS-2, 70 знаков в SMS, из-за: русские буквы, №",
    ]
    assert longest.splitlines()[-1] == "  Латиницей вышло бы дешевле на 2 SMS, 5,00 ₽"


def test_a_preview_at_a_level_and_in_latin() -> None:
    code, said = command("preview", "marks_day", "--level", "минимальный", "--latin")
    assert code == 0
    assert "«Darya B. 24.11: rus 5; mat 4; fiz-ra zach»" in said
    assert "1 SMS · 41 знак из 160 · латиница, GSM-7 · уровень минимальный (minimal)\n" in said
    assert "Латиницей" not in said


def test_a_preview_of_a_text_that_is_only_a_file_yet(nowhere: Path) -> None:
    file = nowhere / "new.txt"
    file.write_text("{{ имя }}, {{ предмет }}: [{{ отметка }}]", encoding="utf-8")
    code, said = command("preview", "mark", "--file", str(file))
    assert code == 0
    assert "  «Дарья Б., математика: [4]»" in said
    file.write_text("{{ имя }", encoding="utf-8")
    code, said = command("preview", "mark", "--file", str(file))
    assert (code, said) == (2, "шаблон mark, строка 1, столбец 8: лишнее «}»\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--level", "краткая"), "Уровня «краткая» нет. Есть: full (полный), medium (средний)"),
        (("--price", "два"), "Не понята цена «два»"),
        (("--price", "-1"), "Не понята цена «-1»"),
        (("--price", "nan"), "Не понята цена «nan»"),
        (("--file", "nowhere.txt"), "Файл «nowhere.txt» не читается"),
    ],
)
def test_what_is_not_understood_is_explained(arguments: tuple[str, ...], said: str) -> None:
    code, output = command("preview", "mark", *arguments)
    assert code == 2
    assert output.startswith(said)


def test_a_table_of_words_is_no_text_to_be_tried() -> None:
    code, said = command("preview", "subjects")
    assert (code, said) == (2, "Шаблона «subjects» нет. Какие есть: sms-diary templates list\n")


def test_the_shipped_texts_are_right() -> None:
    code, said = command("check")
    assert code == 0
    assert said.startswith("Ошибок нет. Проверено: ")


def test_mistakes_are_told_with_their_place_and_code_1(own: Path) -> None:
    (own / "mark.txt").write_text("{{ имя }} {{ предмет }}\n{{ отметка.x }}", encoding="utf-8")
    (own / "stopped.txt").write_text("{% for x in y %}", encoding="utf-8")
    code, said = command("check")
    assert code == 1
    mark, stopped = said.splitlines()
    assert mark.startswith("mark: строка 2, столбец 11: к частям значения обращаться нельзя")
    assert stopped.startswith("stopped: строка 1, столбец ")


def test_a_folder_that_lacks_a_text_or_has_a_wrong_table_is_not_right(own: Path) -> None:
    (own / "mark.txt").unlink()
    assert command("check") == (2, "нет шаблонов SMS: mark\n")
    shutil.copy(templates_dir() / "mark.txt", own)
    with (own / "subjects.txt").open("a", encoding="utf-8") as table:
        table.write("химия | х | х | х\n")
    code, said = command("check")
    assert code == 2
    assert "«химия» уже есть выше" in said


def test_a_file_is_checked_by_its_name(nowhere: Path) -> None:
    file = nowhere / "absence.txt"
    file.write_text("{{ имя }}: {{ пропуски }}", encoding="utf-8")
    assert command("check", str(file)) == (0, "Ошибок нет. Проверено: 1.\n")
    other = nowhere / "abscence.txt"
    other.write_text("{{ имя }}", encoding="utf-8")
    code, said = command("check", str(other))
    assert code == 1
    assert said.startswith("abscence: такого шаблона нет; есть: ")


def test_an_export_prints_the_same_skeletons_each_time() -> None:
    code, said = command("export", "mark_removed", "absence", "--operand", "<N>")
    assert code == 0
    assert said == (
        "mark_removed\t<12>: отметка снята (было <2>)\nmark_removed\t<12>: отметка снята\n"
        "absence\t<4>: <20>. Причина? Тел. школы <4>\nabsence\t<4>: <20>\n"
        "absence\t<24>. Причина? Тел. школы <4>\nabsence\t<24>\n"
    )
    assert command("export") == command("export")
    assert "%w{1,12}: otmetka snyata\n" in command("export", "mark_removed", "--latin")[1]
