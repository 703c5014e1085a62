"""Typed tables as the older readers take them: one heading row in words that they know.

`contacts` and `marks` decide what a row means; here their input is made of any format: two-storey
heads in one row, merged cells filled, types as a person would type them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from sms_diary.ingest.files.text import Row as TextRow
from sms_diary.ingest.kinds.listed import data_rows
from sms_diary.ingest.reading.book import Row, Sheet, Table, Value, text_of
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Layout
from sms_diary.ingest.reading.tables import Part, records
from sms_diary.ingest.reading.values.classes import read_class
from sms_diary.values import value

_BLOCK = 1000


@value
class Flat:
    """`rows`: the heading, then the data; `typed` the same rows of data as they were read."""

    rows: list[TextRow]
    typed: dict[int, Row]


def flatten(table: Table, layout: Layout, fields: Sequence[Field], known: Collection[str]) -> Flat:
    """The rows of data below a heading of `fields`' titles; columns not `known` have no heading."""
    typed = {row.number: row for row in data_rows(table, layout)}
    return _flat(typed, layout, fields, known)


def blocks(
    sheet: Sheet, rows: Iterable[Row], layout: Layout, fields: Sequence[Field],
    known: Collection[str],
) -> Iterator[Flat]:  # fmt: skip
    """The same in blocks, for a long list that comes row by row; each block has its heading."""
    block: dict[int, Row] = {}
    for record in records(rows, layout, sheet.merges):
        if record.part in (Part.DATA, Part.CONTINUED):
            block[record.row.number] = record.row
        if len(block) == _BLOCK:
            yield _flat(block, layout, fields, known)
            block = {}
    if block:
        yield _flat(block, layout, fields, known)


def _flat(
    typed: dict[int, Row], layout: Layout, fields: Sequence[Field], known: Collection[str]
) -> Flat:
    titles = {field.name: field.title for field in fields if field.name in known}
    heading = [""] * max((column.at + 1 for column in layout.columns), default=0)
    for column in layout.columns:
        heading[column.at] = titles.get(column.field, "")
    places = {column.at: column.field for column in layout.columns}
    rows = [TextRow(layout.last, tuple(heading))]
    return Flat(rows + [TextRow(n, _texts(row, places)) for n, row in typed.items()], typed)


def _texts(row: Row, places: dict[int, str]) -> tuple[str, ...]:
    return tuple(_text(cell, places.get(at, "")) for at, cell in enumerate(row.cells))


def _text(cell: Value, name: str) -> str:
    if isinstance(cell, bool) and name == "consent":
        return "да" if cell else "нет"
    if isinstance(cell, date) and name == "class":
        return read_class(cell).said or text_of(cell)
    return text_of(cell)
