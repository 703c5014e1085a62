"""The second step: what the files were taken for, column by column, and what to do with them.

Whatever is changed here makes a new plan of the same files in the place of the old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.importing import plain
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Screen, Visit, found
from sms_diary.admin.screens.imports import work
from sms_diary.ingest.imports import seen
from sms_diary.ingest.imports.report import Report, restored
from sms_diary.ingest.imports.request import ALL, SILENT, Options
from sms_diary.ingest.imports.seen import SeenTable
from sms_diary.ingest.kinds.recognise import FileKind
from sms_diary.store import import_files, imports
from sms_diary.store.imports import State

_GONE = "Файлы этой загрузки уже удалены. Загрузите их снова."


class Choice(Form):
    """Beside these: `map-TABLE-COLUMN`, what each column is read as."""

    class_: str = Field("", alias="class", max_length=40)
    tell: bool = False
    form: Annotated[str, Field(max_length=200)] = ""
    by: Annotated[str, Field(max_length=100)] = ""
    numbers_changed: bool = False
    forget: bool = False


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
        "contacts": FileKind.CONTACTS.value in report.counts, "plain": plain,
        "options": options, "source": (form, by), "tell": options.tell == ALL,
        "remembered": any(known.choice for known in report.chosen),
        "lacking": [table for table in report.tables if table.missing],
        "read": any(one.kinds for one in report.files),
    })  # fmt: skip


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
        if options == before:
            return Redirect(f"import/{one.id}")
        bodies = await import_files.of_import(q, visit.tools, visit.school.id, one.id)
    if not bodies:
        raise Refused(_GONE)
    files = list(zip(options.files, bodies, strict=True))
    import_id = await work.plan(visit, files, options, instead_of=one.id)
    return Redirect(f"import/{import_id}")


def _options(
    before: Options, said: Choice, fields: Mapping[str, Sequence[str]], report: Report
) -> Options:
    source = f"{said.form}{_BY}{said.by}" if said.by else said.form
    chosen = dict(before.columns)
    for at, table in enumerate(report.tables):
        chosen |= _chosen(table, at, fields)
    return replace(
        before, default_class=said.class_, tell=ALL if said.tell else SILENT, source=source,
        numbers_changed=said.numbers_changed, columns=chosen,
        forget_columns=said.forget or before.forget_columns,
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
