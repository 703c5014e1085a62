"""Which row holds the headings of a table and which column is what, as data.

A `Layout` is guessed by `tables`. Headings that a person has explained are read as the words that
were given for them (`imports.columns`). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.ingest.reading.book import Row, Value, letter, text_of
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.values import clean_line
from sms_diary.values import value


@value
class Column:
    """One column with a heading.

    `at` counts from 0; `letter` as Excel has it. `group` is the upper storey that this heading
    shares with its neighbours («Мать» over «ФИО» and «Телефон»), else "". `field` is the name of
    what the column means, or "" for one that is left out. `hidden`: not seen in Excel.
    """

    at: int
    heading: str
    field: str = ""
    group: str = ""
    hidden: bool = False

    @property
    def letter(self) -> str:
        return letter(self.at)


@value
class Layout:
    """The headings stand in rows `first` to `last` as Excel counts; data begins below."""

    first: int
    last: int
    columns: tuple[Column, ...]

    def of(self, name: str) -> tuple[Column, ...]:
        """The columns that mean a field, in order."""
        return tuple(column for column in self.columns if column.field == name)

    def has(self, name: str) -> bool:
        return any(column.field == name for column in self.columns)

    @property
    def unknown(self) -> tuple[Column, ...]:
        """Columns whose headings mean nothing known."""
        return tuple(column for column in self.columns if not column.field)

    def values(self, row: Row, name: str) -> tuple[Value, ...]:
        """The cells of a field in a row, one for each column of it; "" beyond the row's end."""
        return tuple(
            row.cells[column.at] if column.at < len(row.cells) else "" for column in self.of(name)
        )

    def text(self, row: Row, name: str) -> str:
        """The cleaned text of a field in a row: its filled columns, joined by a space."""
        cells = (clean_line(text_of(cell)) for cell in self.values(row, name))
        return " ".join(filter(None, cells))


def missing(layout: Layout, fields: Sequence[Field], needed: Sequence[str]) -> list[str]:
    """The titles of needed fields that no column has; a surname does for the pupil."""
    titles = {field.name: field.title for field in fields}
    return [
        titles[name]
        for name in needed
        if not (layout.has(name) or (name == "pupil" and layout.has("surname")))
    ]
