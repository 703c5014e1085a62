"""`import FILE…`: any files of a school, planned first; `import list|show|apply|undo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from sms_diary.cli import import_columns
from sms_diary.cli.common import ConfigOption, NowOption, user
from sms_diary.cli.import_columns import chosen_columns
from sms_diary.cli.importing import (
    SchoolOption,
    done,
    print_lines,
    shown_progress,
    write_errors,
)

if TYPE_CHECKING:
    from sms_diary.ingest.imports.planning import Importer, Planned
    from sms_diary.ingest.imports.report import Report
    from sms_diary.store.schools import School

ByOption = Annotated[str, typer.Option(help="Кто это делает, для журнала согласий.")]
IdArgument = Annotated[int, typer.Argument(help="Номер загрузки: sms-diary import list.")]
ErrorsOption = Annotated[
    Path | None, typer.Option("--errors", help="Записать все замечания таблицей для Excel (XLSX).")
]


class FilesByDefault(TyperGroup):
    """`import a.xlsx …` means `import files a.xlsx …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["files", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Put the commands where the others of `import` are."""
    app.command("files", hidden=True)(files)
    app.command("list")(list_)
    app.command("show")(show)
    app.command("apply")(apply)
    app.command("undo")(undo)
    app.command("columns")(import_columns.columns)


def files(
    file: Annotated[list[Path], typer.Argument(help="Файлы или ZIP: XLSX, XLS, ODS, CSV, HTML.")],
    school: SchoolOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Только показать, что было бы.")
    ] = False,
    apply_: Annotated[
        bool, typer.Option("--apply", help="Применить, если ни одна строка не отклонена.")
    ] = False,
    only_good: Annotated[
        bool, typer.Option("--only-good", help="Применить верные строки, отклонённые оставить.")
    ] = False,
    tell: Annotated[
        bool, typer.Option("--tell", help="Сообщить родителям; иначе только записать в дневник.")
    ] = False,
    source: Annotated[
        str,
        typer.Option("--source", "--consent-source",
                     help="На чём записаны согласия: «форма SMS-1 от 01.09.2026, папка 5А»."),
    ] = "",
    class_name: Annotated[
        str, typer.Option("--class", metavar="5А", help="Класс для строк, где он не указан.")
    ] = "",
    numbers_changed: Annotated[
        bool, typer.Option("--numbers-changed", help="Другой номер родителя заменяет прежний.")
    ] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="ЗАГОЛОВОК=СТОЛБЕЦ",
                     help="Как читать столбец: «Моб. связь=Телефон»; «Моб. связь=» — не читать. "
                          "Запомнится для таких же таблиц."),
    ] = None,
    forget_columns: Annotated[
        bool, typer.Option("--forget-map", help="Не читать столбцы так, как запомнено; забыть.")
    ] = False,
    by: ByOption = "",
    errors: ErrorsOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:  # fmt: skip
    """Загрузить файлы школы: сначала проверка, потом запись."""
    from sms_diary.ingest.imports.request import ALL, SILENT, Options

    options = Options(
        tuple(one.name for one in file), source, class_name, ALL if tell else SILENT,
        numbers_changed=numbers_changed, columns=chosen_columns(columns or ()),
        forget_columns=forget_columns,
    )  # fmt: skip
    carry_out(file, school, options, dry_run=dry_run, write=apply_ or only_good,
              only_good=only_good, by=by, errors=errors, config=config, now=now)  # fmt: skip


def carry_out(
    paths: list[Path], slug: str, options: Any, *, dry_run: bool, write: bool, only_good: bool,
    by: str, errors: Path | None, config: Path | None, now: str | None,
) -> None:  # fmt: skip
    """Plan, show, and apply if that was said, or a person at the keyboard says so now."""

    async def work(importer: Importer, school: School) -> None:
        with shown_progress() as progress:
            planned = await importer.plan(
                school, [(one, one.name) for one in paths], options, by=by or user(),
                progress=progress,
            )  # fmt: skip
        _show(planned.report, "Проба: ничего не сохранено. Вот что было бы:", errors)
        if dry_run or not (write or _agrees(planned)):
            if not planned.report.unchanged:
                print(f"Применить: sms-diary import apply {planned.import_id} --school {slug}")
            return
        from sms_diary.ingest.imports.applying import apply as carried_out

        with shown_progress() as progress:
            report = await carried_out(
                importer, school, planned.import_id, only_good=only_good or not write,
                by=by or user(), progress=progress,
            )  # fmt: skip
        _show(report, f"Применено (загрузка {planned.import_id}):", None)

    done(slug, config, now, work)


def _agrees(planned: Planned) -> bool:
    if planned.report.unchanged or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return typer.confirm("Применить верные строки?")


def _show(report: Report, first: str, errors: Path | None) -> None:
    print(first)
    print_lines(report.text())
    if errors:
        write_errors(report, errors)


def list_(school: SchoolOption, config: ConfigOption = None, now: NowOption = None) -> None:
    """Последние загрузки школы."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.clock import local
        from sms_diary.store import imports
        from sms_diary.store.imports import STATE_RU

        async with importer.database.reading() as q:
            page = await imports.page(q, importer.tools, found.id)
        for one in page:
            when = f"{local(one.at, found.zone):%d.%m.%Y %H:%M}"
            names = ", ".join(one.options.get("files", ()))
            print(f"{one.id}  {when}  {STATE_RU[one.state]}  {names}  {one.by}".rstrip())
        if not page:
            print("Загрузок ещё не было.")

    done(school, config, now, work)


def show(
    number: IdArgument, school: SchoolOption, errors: ErrorsOption = None,
    config: ConfigOption = None, now: NowOption = None,
) -> None:  # fmt: skip
    """Отчёт загрузки."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.ingest.imports.applying import known
        from sms_diary.ingest.imports.report import restored
        from sms_diary.store.imports import STATE_RU

        one = await known(importer, found, number)
        assert one.report is not None
        _show(restored(one.report), f"Загрузка {one.id}: {STATE_RU[one.state]}.", errors)

    done(school, config, now, work)


def apply(
    number: IdArgument,
    school: SchoolOption,
    only_good: Annotated[
        bool, typer.Option("--only-good", help="Применить верные строки, отклонённые оставить.")
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Применить проверенную загрузку."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.ingest.imports.applying import apply as carried_out

        with shown_progress() as progress:
            report = await carried_out(
                importer, found, number, only_good=only_good, by=by or user(), progress=progress
            )
        _show(report, f"Применено (загрузка {number}):", None)

    done(school, config, now, work)


def undo(
    number: IdArgument, school: SchoolOption, by: ByOption = "", config: ConfigOption = None,
    now: NowOption = None,
) -> None:  # fmt: skip
    """Отменить загрузку, пока о ней никому не сообщено."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.ingest.imports.undoing import undo as taken_back

        print_lines(await taken_back(importer, found, number, by=by or user()))

    done(school, config, now, work)
