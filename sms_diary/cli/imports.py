"""`import …`: a school's files into the database, with a report by row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli import import_files
from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run, user

if TYPE_CHECKING:
    from sms_diary.app import Base
    from sms_diary.ingest.files.report import FileReport
    from sms_diary.store.schools import School

app = typer.Typer(
    cls=import_files.FilesByDefault,
    help="Загрузить файлы школы: sms-diary import ФАЙЛ… --school ИМЯ. Что в них, видно само.",
    no_args_is_help=True,
)
FileArgument = Annotated[Path, typer.Argument(help="Файл CSV, как его сохраняет Excel.")]
SchoolOption = Annotated[str, typer.Option("--school", help="Короткое имя школы.")]
ClassOption = Annotated[
    str, typer.Option("--class", metavar="5А", help="Класс для строк, где он не указан.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Показать, что было бы, и ничего не сохранить.")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Показать все строки, а не только важные.")
]


@app.command()
def contacts(
    file: FileArgument,
    school: SchoolOption,
    consent_source: Annotated[
        str,
        typer.Option(help="На чём записаны согласия: «форма SMS-1 от 01.09.2026, папка 5А»."),
    ] = "",
    by: Annotated[
        str, typer.Option(help="Кто загружает, для журнала согласий (обычно имя пользователя).")
    ] = "",
    class_name: ClassOption = "",
    numbers_changed: Annotated[
        bool,
        typer.Option(
            "--numbers-changed",
            help="Если у родителя в списке другой номер: он сменился, на прежний не писать.",
        ),
    ] = False,
    dry_run: DryRunOption = False,
    verbose: VerboseOption = False,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Загрузить список класса с телефонами родителей и согласиями."""
    clock = clock_of(now)

    async def load(base: Base, found: School, data: bytes) -> FileReport:
        from sms_diary.ingest.files.load_contacts import load_contacts

        return await load_contacts(
            base.database, base.tools, clock, found, data, file_name=file.name,
            consent_source=consent_source, by=by or user(), default_class=class_name,
            numbers_changed=numbers_changed, dry_run=dry_run,
        )  # fmt: skip

    _import(file, school, config, load, verbose=verbose)


@app.command()
def marks(
    file: FileArgument,
    school: SchoolOption,
    tell: Annotated[
        bool, typer.Option("--tell", help="Сообщить родителям; иначе только записать в дневник.")
    ] = False,
    class_name: ClassOption = "",
    dry_run: DryRunOption = False,
    verbose: VerboseOption = False,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Загрузить список отметок и пропусков."""
    clock = clock_of(now)

    async def load(base: Base, found: School, data: bytes) -> FileReport:
        from sms_diary.ingest.accept import Acceptor
        from sms_diary.ingest.files.load_marks import load_marks
        from sms_diary.wake import Wakes

        # A running service finds the new entries in their table by itself.
        acceptor = Acceptor(base.database, base.tools, clock, Wakes())
        return await load_marks(
            acceptor, base.tools, clock, found, data, file_name=file.name, tell=tell,
            default_class=class_name, dry_run=dry_run,
        )  # fmt: skip

    _import(file, school, config, load, verbose=verbose)


def _import(
    file: Path,
    slug: str,
    config: Path | None,
    load: Callable[[Base, School, bytes], Awaitable[FileReport]],
    *,
    verbose: bool,
) -> None:
    async def work() -> FileReport:
        import asyncio

        from sms_diary.app import opened
        from sms_diary.config import load as load_settings
        from sms_diary.errors import ConfigError, FileProblem
        from sms_diary.store import schools

        try:
            data = await asyncio.to_thread(file.read_bytes)
        except OSError:
            raise FileProblem(f"Файл «{file}» не читается: проверьте имя и права.") from None
        async with opened(load_settings(config)) as base:
            async with base.database.reading() as q:
                found = await schools.by_slug(q, slug)
            if found is None:
                raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
            return await load(base, found, data)

    for line in run(work()).lines(verbose=verbose):
        print(line)


import_files.register(app)
