"""The second step: what the files were taken for, column by column, and what to do with them.

Whatever is changed here makes a new plan of the same files in the place of the old one.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.importing import plain
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Screen, Visit, found
from sms_diary.admin.screens.imports import switches, work
from sms_diary.ingest.imports import seen
from sms_diary.ingest.imports.report import Report, restored
from sms_diary.ingest.imports.request import ALL, SILENT, Options
from sms_diary.ingest.imports.seen import SeenTable
from sms_diary.ingest.kinds.recognise import FileKind
from sms_diary.store import import_files, imports
from sms_diary.store.imports import State

_ONCE = ("Класс", "Ученик (ФИО)", "Дата рождения", "Дата", "Предмет", "Отметка", "Текст")
_GONE = "Файлы этой загрузки уже удалены. Загрузите их снова."


class Choice(Form):
    """Beside these: `map-TABLE-COLUMN`, what each column is read as, and those of `switches`.

    `again` comes back to this step, to see how the files are read now.
    """

    class_: str = Field("", alias="class", max_length=40)
    tell: bool = False
    form: Annotated[str, Field(max_length=200)] = ""
    by: Annotated[str, Field(max_length=100)] = ""
    numbers_changed: bool = False
    year_start: bool = False
    end_missing: bool = False
    forget: bool = False
    again: bool = False


async def show(visit: Visit) -> Answer:
    one = await work.look(visit)
    if isinstance(one, Page):
        return one
    if one.state is not State.PLANNED or one.report is None:
        return Redirect(f"import/{one.id}")
    report, options = restored(one.report), Options.from_data(one.options)
    form, _, by = options.source.partition(_BY)
    return Page("import-columns.html", {
        "one": one, "files": report.files, "tables": list(enumerate(report.tables)),
        "titles": {kind.value: seen.titles(kind.value) for kind in seen.LISTED},
        "texts": switches.texts(report, options), "pages": switches.pages(report, options),
        "encodings": switches.ENCODING_CHOICES, "delimiters": switches.DELIMITER_CHOICES,
        "contacts": FileKind.CONTACTS.value in report.counts, "plain": plain,
        "options": options, "source": (form, by), "tell": options.tell == ALL,
        "remembered": any(known.choice for known in report.chosen),
        "doubled": [(table, twice) for table in report.tables if (twice := _doubled(table))],
        "lacking": [table for table in report.tables if table.missing],
        "read": any(one.kinds for one in report.files),
    })  # fmt: skip


def _doubled(table: SeenTable) -> list[str]:
    """What several columns are read as although one is enough: their cells would be joined."""
    titles = [column.title for column in table.columns]
    return [title for title in _ONCE if titles.count(title) > 1]


_BY = "; согласия принял(а): "


async def act(visit: Visit) -> Answer:
    """Check the files anew if anything is said otherwise; on to the third step."""
    form = visit.form(Choice)
    if form.read is None:
        raise Refused("Слишком длинно: класс до 40 знаков, документ до 200, имя до 100.")
    async with visit.desk.database.reading() as q:
        one = found(await imports.find(q, visit.tools, visit.school.id, visit.id))
        if one.state is not State.PLANNED or one.report is None:
            return Redirect(f"import/{one.id}")
        before = Options.from_data(one.options)
        options = _options(before, form.read, visit.posted.fields, restored(one.report))
        onward = "/columns" if form.read.again else ""
        if options == before:
            return Redirect(f"import/{one.id}{onward}")
    with tempfile.TemporaryDirectory(prefix="sms-diary-") as folder:
        paths = await _again(visit, one.id, Path(folder))
        if not paths:
            raise Refused(_GONE)
        import_id = await work.plan(visit, paths, options, instead_of=one.id)
    return Redirect(f"import/{import_id}{onward}")


async def _again(visit: Visit, import_id: int, folder: Path) -> list[Path]:
    """The kept files on disk, one after the other; none once they are gone."""
    paths: list[Path] = []
    async with visit.desk.database.reading() as q:
        async for body in import_files.of_import(q, visit.tools, visit.school.id, import_id):
            paths.append(folder / str(len(paths)))
            await asyncio.to_thread(paths[-1].write_bytes, body)
    return paths


def _options(
    before: Options, said: Choice, fields: Mapping[str, Sequence[str]], report: Report
) -> Options:
    source = f"{said.form}{_BY}{said.by}" if said.by else said.form
    chosen = dict(before.columns)
    for at, table in enumerate(report.tables):
        chosen |= _chosen(table, at, fields)
    return replace(
        before, default_class=said.class_, tell=ALL if said.tell else SILENT, source=source,
        numbers_changed=said.numbers_changed, year_start=said.year_start,
        end_missing=said.year_start and said.end_missing, columns=chosen,
        forget_columns=said.forget or before.forget_columns,
        read_as=switches.chosen(report, before, fields),
    )  # fmt: skip


def _chosen(table: SeenTable, at: int, fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The columns that are to be read otherwise than they are; "" leaves one out."""
    known = {"", *seen.titles(table.likely)} if table.likely else set()
    found = {}
    for place, column in enumerate(table.columns):
        [*_, said] = ["", *fields.get(f"map-{at}-{place}", (column.title,))]
        if said in known and said != column.title:
            found[column.heading] = said
    return found


SCREENS = (
    Screen(
        path="import/{id}/columns", title="Что в файлах", right=Right.IMPORT, show=show, act=act,
        persons=True, own_transactions=True,
    ),
)  # fmt: skip
