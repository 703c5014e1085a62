"""Which row holds the headings of a table and which column is what, as data.

A `Layout` is guessed by `tables`, shown to a person, changed by them, kept as JSON and used again
for the next file with the same headings. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

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

    def changed(self, at: int, field: str) -> Layout:
        """The same layout with the column at `at` meaning `field` ("" leaves it out)."""
        columns = tuple(
            replace(column, field=field) if column.at == at else column for column in self.columns
        )
        return Layout(self.first, self.last, columns)

    def signature(self) -> str:
        """What a school's choice is remembered by: the headings in their order, as one hash."""
        said = "\n".join(f"{column.group}\t{column.heading}".lower() for column in self.columns)
        return hashlib.sha256(said.encode()).hexdigest()

    def choice(self) -> dict[str, str]:
        """Heading to field: what is worth remembering of a layout, whatever the rows."""
        return {_title(column): column.field for column in self.columns}

    def with_choice(self, choice: Mapping[str, str]) -> Layout:
        """This layout as a person once chose for the same headings."""
        columns = tuple(
            replace(column, field=choice.get(_title(column), column.field))
            for column in self.columns
        )
        return Layout(self.first, self.last, columns)

    def as_data(self) -> dict[str, Any]:
        """Plain JSON data; `from_data` reads it back."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Layout:
        """Raises `KeyError` or `TypeError` for what `as_data` never made."""
        columns = tuple(Column(**column) for column in data["columns"])
        return cls(data["first"], data["last"], columns)


def missing(layout: Layout, fields: Sequence[Field], needed: Sequence[str]) -> list[str]:
    """The titles of needed fields that no column has; a surname does for the pupil."""
    titles = {field.name: field.title for field in fields}
    return [
        titles[name]
        for name in needed
        if not (layout.has(name) or (name == "pupil" and layout.has("surname")))
    ]


def _title(column: Column) -> str:
    return f"{column.group} / {column.heading}" if column.group else column.heading
