"""`import columns`: how a school's tables are read by a person's choice, shown and forgotten."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption
from sms_diary.cli.importing import SchoolOption, done

if TYPE_CHECKING:
    from sms_diary.ingest.imports.planning import Importer
    from sms_diary.store.schools import School

_SHOWN = 8
"""Letters of a fingerprint that people see and type."""


def chosen_columns(said: Sequence[str]) -> dict[str, str]:
    """What `--map` says, or the command ends with a sentence."""
    from sms_diary.errors import FileProblem
    from sms_diary.ingest.imports.columns import parse

    try:
        return parse(said)
    except FileProblem as wrong:
        print(wrong, file=sys.stderr)
        raise typer.Exit(2) from None


def columns(
    school: SchoolOption,
    forget: Annotated[
        str, typer.Option("--forget", metavar="НОМЕР", help="Забыть: номер из списка.")
    ] = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Как запомнено читать столбцы таблиц (--map)."""

    async def work(importer: Importer, found: School) -> None:
        from sms_diary.clock import local
        from sms_diary.store import columns as kept

        if forget:
            async with importer.database.transaction() as q:
                gone = await kept.forget(q, found.id, forget)
            print("Забыто." if gone else "Такого номера нет: sms-diary import columns")
            return
        async with importer.database.reading() as q:
            known = await kept.of_school(q, found.id)
        for one in known:
            said = "; ".join(f"{heading}={words}" for heading, words in one.choice.items())
            when = f"{local(one.at, found.zone):%d.%m.%Y}"
            print(f"{one.headings[:_SHOWN]}  {when}  {said}  в таблице «{one.title}»  {one.by}")
        if not known:
            print("Ничего не запомнено: все столбцы понимаются по заголовкам.")

    done(school, config, now, work)
