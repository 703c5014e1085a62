"""Tables with a heading and a row of data each: the layout, and the rows that are data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sms_diary.ingest.reading.book import Row, Table, Value
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Layout, missing
from sms_diary.ingest.reading.tables import Part, guess, records


def layout_of(table: Table, fields: Sequence[Field], needed: Sequence[str]) -> Layout | None:
    """The layout of a table that has all the needed columns, else None."""
    found = guess(table.rows, table.sheet, fields)
    return None if found is None or missing(found, fields, needed) else found


def sureness(tables: Sequence[Table], fields: Sequence[Field], needed: Sequence[str]) -> float:
    """How surely all of these have the needed columns: more known columns are more sure."""
    layouts = [layout_of(table, fields, needed) for table in tables]
    if not layouts or None in layouts:
        return 0.0
    known = min(sum(bool(one.field) for one in layout.columns) for layout in layouts if layout)
    return min(0.5 + known / 10, 0.95)


def data_rows(table: Table, layout: Layout) -> Iterator[Row]:
    """The rows below the headings without totals, signatures and blank ones."""
    for record in records(table.rows, layout, table.sheet.merges):
        if record.part in (Part.DATA, Part.CONTINUED):
            yield record.row


def cell_of(row: Row, layout: Layout, name: str) -> tuple[int, Value]:
    """The first filled cell of a field with its column; the first column where none is filled."""
    columns = layout.of(name)
    for column in columns:
        if column.at < len(row.cells) and row.cells[column.at] != "":
            return column.at, row.cells[column.at]
    return (columns[0].at, "") if columns else (0, "")
