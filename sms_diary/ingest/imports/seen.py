"""What a table was taken for, column by column, so that a person can say it better.

Only tables of a row of headings and rows of data are told of: in a grid (a journal, a timetable)
nothing can be chosen. Headings are as the file has them, whatever they were read as. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sms_diary.ingest.files.contacts import NEEDED as CONTACT_NEEDED
from sms_diary.ingest.files.marks import FIELDS as MARK_FIELDS
from sms_diary.ingest.files.marks import NEEDED as MARK_NEEDED
from sms_diary.ingest.kinds import announcements, contacts
from sms_diary.ingest.kinds.recognise import FileKind, Recognised
from sms_diary.ingest.kinds.result import masked
from sms_diary.ingest.reading.book import Book, Row, Table, text_of
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Column, Layout, missing
from sms_diary.ingest.reading.tables import LOOK_AT, guess
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

LISTED: Mapping[FileKind, tuple[Sequence[Field], Sequence[str]]] = {
    FileKind.CONTACTS: (contacts.FIELDS, CONTACT_NEEDED),
    FileKind.MARKS: (MARK_FIELDS, MARK_NEEDED),
    FileKind.ANNOUNCEMENTS: (announcements.FIELDS, announcements.NEEDED),
}
"""Kinds whose columns a person may choose, each with its fields and those that it must have."""
_MOST_COLUMNS = 60
_SAMPLES = 2


@value
class Seen:
    """One column: `title` is of the field that it is read as, "" for none; `samples` masked."""

    letter: str
    heading: str
    title: str
    samples: tuple[str, ...]


@value
class SeenTable:
    """`kind` is a word of `FileKind`, "" for an unknown table; `likely` what it looks most like.

    `missing` are titles of columns without which nothing can be read of it.
    """

    file: str
    sheet: str
    format: str
    encoding: str
    kind: str
    likely: str
    rows: int
    columns: tuple[Seen, ...]
    missing: tuple[str, ...]
    delimiter: str = ""
    """Of a CSV."""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> SeenTable:
        columns = tuple(
            Seen(one["letter"], one["heading"], one["title"], tuple(one["samples"]))
            for one in data["columns"]
        )
        return cls(**{**data, "columns": columns, "missing": tuple(data["missing"])})


def titles(kind: str) -> list[str]:
    """What the columns of a table of this kind may be read as."""
    return [field.title for field in LISTED[FileKind(kind)][0]]


def tables(found: Recognised, file: str, before: Book) -> Iterator[SeenTable]:
    """The tables of one recognised file; `before`: the book with its own headings."""
    own = {(table.sheet.files, table.sheet.name): table for table in before.tables}
    for table in found.tables:
        layout, likely = _layout(found.kind, table)
        if found.kind is not None and found.kind not in LISTED:
            yield _table(found, file, table, (), "", ())
        else:
            known = LISTED[likely]
            same = own.get((table.sheet.files, table.sheet.name), table)
            columns = tuple(_columns(layout, table, same, known[0]))[:_MOST_COLUMNS]
            lacking = missing(layout, *known) if layout else [_title(known[0], n) for n in known[1]]
            yield _table(found, file, table, columns, likely.value, tuple(lacking))


def _layout(kind: FileKind | None, table: Table) -> tuple[Layout | None, FileKind]:
    """Of an unknown table: by the kind that knows most of its headings."""
    best: tuple[Layout | None, FileKind] = (None, FileKind.CONTACTS)
    for one in (kind,) if kind in LISTED else tuple(LISTED):
        assert one is not None
        layout = guess(table.rows, table.sheet, LISTED[one][0])
        if layout is not None and _known(layout) > _known(best[0]):
            best = (layout, one)
    return best if best[0] or kind not in LISTED else (None, kind or FileKind.CONTACTS)


def _known(layout: Layout | None) -> int:
    return sum(bool(one.field) for one in layout.columns) if layout else -1


def _columns(
    layout: Layout | None, table: Table, own: Table, fields: Sequence[Field]
) -> Iterator[Seen]:
    if layout is None:
        first = next((row for row in own.rows[:LOOK_AT] if not row.is_blank()), None)
        columns = [Column(at, "") for at, cell in enumerate(first.cells if first else ()) if cell]
        layout = Layout(first.number if first else 1, first.number if first else 1, tuple(columns))
    below = [row for row in table.rows if row.number > layout.last]
    for column in layout.columns:
        heading = _heading(own, layout, column)
        if heading:
            title = _title(fields, column.field) if column.field else ""
            yield Seen(column.letter, heading, title, _samples(below, column.at))


def _heading(own: Table, layout: Layout, column: Column) -> str:
    """As the file has it: the lowest storey that says anything."""
    for row in reversed([one for one in own.rows if layout.first <= one.number <= layout.last]):
        if column.at < len(row.cells) and (text := clean_line(text_of(row.cells[column.at]))):
            return text
    return column.heading


def _samples(rows: Sequence[Row], at: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in rows:
        if at < len(row.cells) and (text := masked(row.cells[at])):
            found[text] = None
        if len(found) == _SAMPLES:
            break
    return tuple(found)


def _title(fields: Sequence[Field], name: str) -> str:
    return next(field.title for field in fields if field.name == name)


def _table(
    found: Recognised, file: str, table: Table, columns: tuple[Seen, ...], likely: str,
    lacking: tuple[str, ...],
) -> SeenTable:  # fmt: skip
    sheet = table.sheet
    rows = sum(not row.is_blank() for row in table.rows)
    kind = found.kind.value if found.kind else ""
    return SeenTable(
        file, sheet.name, sheet.format.value, sheet.encoding, kind, likely, rows, columns, lacking,
        sheet.delimiter,
    )  # fmt: skip
