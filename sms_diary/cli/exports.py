"""`export KIND`: a school's data as files that import back unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, write_bytes
from sms_diary.cli.importing import SchoolOption, done
from sms_diary.ingest.exports import EXPORTS_RU, ExportKind

if TYPE_CHECKING:
    from sms_diary.ingest.imports.planning import Importer
    from sms_diary.store.schools import School

_KINDS = "; ".join(f"{kind.value} — {words}" for kind, words in EXPORTS_RU.items())


def export(
    kind: Annotated[ExportKind, typer.Argument(help=f"Что выгрузить: {_KINDS}.")],
    school: SchoolOption,
    to: Annotated[Path, typer.Option("--to", help="Куда записать. Номера: храните как бумаги.")],
    class_name: Annotated[
        str, typer.Option("--class", metavar="5А", help="Только один класс.")
    ] = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Выгрузить данные школы файлом, который можно загрузить обратно."""
    from sms_diary.ingest.exports.kinds import Wanted
    from sms_diary.ingest.exports.kinds import export as made

    async def work(importer: Importer, found: School) -> None:
        wanted = Wanted(found, importer.clock.now(), class_name)
        async with importer.database.reading() as q:
            out = await made(q, importer.tools, kind, wanted)
        file = to if to.suffix.lower() == out.ending else to.with_name(to.name + out.ending)
        write_bytes(file, out.body)
        print(f"Записано строк: {out.rows}. Файл: {file}")
        for line in out.left_out:
            print(f"Не вошло. {line}")

    done(school, config, now, work)
