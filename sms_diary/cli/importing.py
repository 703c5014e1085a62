"""What the commands of imports share: the open database with an importer, and shown progress."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from sms_diary.cli.common import clock_of, run

if TYPE_CHECKING:
    from sms_diary.ingest.imports.planning import Importer, Progress
    from sms_diary.ingest.imports.report import Report
    from sms_diary.store.schools import School

T = TypeVar("T")
SchoolOption = Annotated[str, typer.Option("--school", help="Короткое имя школы.")]


@asynccontextmanager
async def of_school(
    slug: str, config: Path | None, now: str | None
) -> AsyncIterator[tuple[Importer, School]]:
    """An importer over the configured database, and the school of this short name."""
    from sms_diary.app import opened
    from sms_diary.config import load
    from sms_diary.errors import ConfigError
    from sms_diary.ingest.accept import Acceptor
    from sms_diary.ingest.imports.planning import Importer
    from sms_diary.store import schools
    from sms_diary.wake import Wakes

    clock = clock_of(now)
    async with opened(load(config)) as base:
        async with base.database.reading() as q:
            school = await schools.by_slug(q, slug)
        if school is None:
            raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
        # A running service finds the new entries in their table by itself.
        acceptor = Acceptor(base.database, base.tools, clock, Wakes())
        yield Importer(base.database, base.tools, clock, acceptor), school


def done(
    slug: str, config: Path | None, now: str | None,
    work: Callable[[Importer, School], Awaitable[T]],
) -> T:  # fmt: skip
    """Do the work of a command, its errors shown as one sentence."""

    async def whole() -> T:
        async with of_school(slug, config, now) as (importer, school):
            return await work(importer, school)

    return run(whole())


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A bar where a person looks on; a line a step in a log."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(what: str, at: int, of: int) -> None:
            bar.update(task, description=what, completed=at, total=of or None)

        yield tell


def _lines() -> Progress:
    said = ""

    def tell(what: str, at: int, of: int) -> None:
        nonlocal said
        line = f"{what} {at * 10 // of * 10} %" if of else what
        if line != said:
            said = line
            print(line, file=sys.stderr)

    return tell


def write_errors(report: Report, file: Path) -> None:
    """The problems of a report as a workbook; as CSV if the file is named so."""
    from sms_diary.cli.common import write_bytes
    from sms_diary.ingest.exports.book import Sheet, as_xlsx
    from sms_diary.ingest.imports.report import WIDTHS, table
    from sms_diary.ingest.tables_out import as_csv

    rows = table(report.problems)
    if file.suffix.lower() == ".csv":
        body = as_csv([[str(cell) for cell in row] for row in rows])
    else:
        body = as_xlsx([Sheet("Замечания", rows, WIDTHS)])
    write_bytes(file, body)
    print(f"Файл ошибок: {file}")


def print_lines(lines: Sequence[str] | Iterator[str]) -> None:
    for line in lines:
        print(line)
