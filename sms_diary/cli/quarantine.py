"""`quarantine …`: what waits for a person, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, user
from sms_diary.cli.import_files import ByOption
from sms_diary.cli.importing import SchoolOption, done

if TYPE_CHECKING:
    from sms_diary.ingest.imports.planning import Importer
    from sms_diary.store.schools import School

app = typer.Typer(
    help="Что отложено до решения: кто из тёзок, какой класс, чей номер.", no_args_is_help=True
)
IdArgument = Annotated[int, typer.Argument(help="Номер вопроса: sms-diary quarantine list.")]


def held_ru(count: int) -> str:
    """«1 строка», «3 строки»."""
    from sms_diary.ingest.files.report import plural

    return f"{count} {plural(count, 'строка', 'строки', 'строк')}"


@app.command("list")
def list_(school: SchoolOption, config: ConfigOption = None, now: NowOption = None) -> None:
    """Вопросы школы с вариантами ответов; один ответ решает всё, что ждёт того же."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.ingest.imports.resolving import shown
        from sms_diary.store import quarantine

        async with importer.database.reading() as q:
            for one in await quarantine.questions(q, found.id):
                said = await shown(importer, q, found, one)
                print(f"{one.id}: {said.about or 'без имени'} — {one.detail} ({held_ru(one.held)})")
                for candidate, title in said.candidates:
                    print(f"    {candidate}: {title}")

    done(school, config, now, work)


@app.command()
def resolve(
    number: IdArgument,
    school: SchoolOption,
    choice: Annotated[
        int,
        typer.Option(help="Номер варианта; 0 — ни один (новая запись, оба номера остаются)."),
    ],
    source: Annotated[str, typer.Option(help="На чём записано согласие, если не сказано.")] = "",
    by: ByOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Ответить на вопрос. Ответ запоминается: больше не спросим."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.ingest.imports.resolving import resolve as answered
        from sms_diary.words import OUTCOME_RU

        settled = await answered(importer, found, number, choice, by=by or user(), source=source)
        print(f"Решено: {held_ru(settled.held)}.")
        for word, count in settled.outcomes.items():
            print(f"  {OUTCOME_RU[word]}: {count}")

    done(school, config, now, work)


@app.command()
def drop(
    number: IdArgument, school: SchoolOption, by: ByOption = "", config: ConfigOption = None,
    now: NowOption = None,
) -> None:  # fmt: skip
    """Убрать вопрос: то, что его ждёт, не будет записано."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.ingest.imports.resolving import drop as dropped

        print(f"Убрано: {held_ru(await dropped(importer, found, number, by=by or user()))}.")

    done(school, config, now, work)
