"""`year start`: the lists of a new school year, with who was moved, is new, or is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption
from sms_diary.cli.import_files import ByOption, ErrorsOption, carry_out
from sms_diary.cli.importing import SchoolOption

app = typer.Typer(help="Начало учебного года.", no_args_is_help=True)


@app.callback()
def year() -> None:
    """Начало учебного года."""


@app.command()
def start(
    file: Annotated[list[Path], typer.Argument(help="Списки классов нового учебного года.")],
    school: SchoolOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Только показать.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Применить верные строки сразу после проверки.")
    ] = False,
    end_missing: Annotated[
        bool,
        typer.Option("--end-missing", help="Кого нет в новых списках, те выбыли: закончить им."),
    ] = False,
    source: Annotated[str, typer.Option(help="На чём записаны новые согласия.")] = "",
    class_name: Annotated[
        str, typer.Option("--class", metavar="6А", help="Класс для строк, где он не указан.")
    ] = "",
    numbers_changed: Annotated[
        bool, typer.Option("--numbers-changed", help="Другой номер родителя заменяет прежний.")
    ] = False,
    by: ByOption = "",
    errors: ErrorsOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Перевести классы по новым спискам: согласия остаются с учениками."""
    from sms_diary.ingest.imports.request import Options

    options = Options(
        tuple(one.name for one in file), source, class_name, numbers_changed=numbers_changed,
        year_start=True, end_missing=end_missing,
    )  # fmt: skip
    carry_out(file, school, options, dry_run=dry_run, write=apply, only_good=True, by=by,
              errors=errors, config=config, now=now)  # fmt: skip
