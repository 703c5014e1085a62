"""`export …`: a school's data as tables that import back unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, write_bytes
from sms_diary.cli.import_files import SchoolOption
from sms_diary.cli.importing import done

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.ingest.imports.planning import Importer
    from sms_diary.store.schools import School

    Rows = Callable[[Queries, Importer, School, int, str], AsyncIterator[Sequence[str]]]

app = typer.Typer(
    help="Выгрузить данные школы таблицей для Excel (CSV); её можно загрузить обратно.",
    no_args_is_help=True,
)
OutArgument = Annotated[Path, typer.Argument(help="Куда записать: файл CSV.")]


@app.command()
def contacts(
    out: OutArgument, school: SchoolOption, config: ConfigOption = None, now: NowOption = None
) -> None:
    """Списки классов с номерами и согласиями. В файле номера: храните его как бумаги."""
    from sms_diary.store import exports

    def rows(
        q: Queries, importer: Importer, found: School, year: int, day: str
    ) -> AsyncIterator[Sequence[str]]:
        return exports.contacts(q, importer.tools, found.id, found.zone, year=year, day=day)

    _export(out, school, exports.CONTACTS, rows, config, now)


@app.command()
def marks(
    out: OutArgument, school: SchoolOption, config: ConfigOption = None, now: NowOption = None
) -> None:
    """Отметки и пропуски этого учебного года, по строкам."""
    from sms_diary.store import exports

    def rows(
        q: Queries, importer: Importer, found: School, year: int, day: str
    ) -> AsyncIterator[Sequence[str]]:
        return exports.marks(q, importer.tools, found.id, year=year, day=day)

    _export(out, school, exports.MARKS, rows, config, now)


def _export(
    out: Path, slug: str, heading: Sequence[str], rows: Rows, config: Path | None, now: str | None
) -> None:
    async def work(importer: Importer, school: School) -> None:
        from sms_diary.clock import local
        from sms_diary.ingest.days import school_year
        from sms_diary.ingest.tables_out import as_csv

        today = local(importer.clock.now(), school.zone).date()
        async with importer.database.reading() as q:
            year = school_year(today).first.year
            found = [row async for row in rows(q, importer, school, year, today.isoformat())]
        write_bytes(out, as_csv([heading, *found]))
        print(f"Записано строк: {len(found)}. Файл: {out}")

    done(slug, config, now, work)
