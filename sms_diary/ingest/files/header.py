"""Which row holds the headings and which column is what.

A heading is known by the beginnings of its words, so that «Моб. тел.», «Телефон» and
«Контактный телефон» are one field. What the cells below say is read elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sms_diary.errors import FileProblem
from sms_diary.ingest.files.text import Row
from sms_diary.ingest.reading.headings import NUMBERING, Field, field_of
from sms_diary.ingest.values import clean_line

LOOK_AT = 20
"""The headings stand within this many first rows."""

KNOWN_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Header:
    """Where the headings stand and what each column is; a field may have several columns."""

    row: int
    index: int
    columns: dict[str, tuple[int, ...]]
    unknown: tuple[str, ...]

    def has(self, name: str) -> bool:
        return name in self.columns

    def text(self, row: Row, name: str) -> str:
        """The cleaned text of a field in a row: its non-empty columns, joined by a space."""
        return " ".join(filter(None, self.cells(row, name)))

    def cells(self, row: Row, name: str) -> list[str]:
        """The cleaned cells of a field in a row, one for each column of it."""
        places = self.columns.get(name, ())
        return [clean_line(row.cells[at]) for at in places if at < len(row.cells)]

    def pupil(self, row: Row) -> str:
        """The pupil's name, from one column or from «Фамилия», «Имя», «Отчество»."""
        if self.has("pupil"):
            return self.text(row, "pupil")
        names = (self.text(row, name) for name in ("surname", "first", "patronymic"))
        return " ".join(filter(None, names))


def find_header(rows: Sequence[Row], fields: Sequence[Field], needed: Sequence[str]) -> Header:
    """The row among the first `LOOK_AT` with most known headings, at least two.

    `needed` are fields without which the file cannot be read. Raises `FileProblem` that
    names what is missing.
    """
    best: Header | None = None
    for index, row in enumerate(rows[:LOOK_AT]):
        header = _header(index, row, fields)
        if len(header.columns) > (len(best.columns) if best else KNOWN_ENOUGH - 1):
            best = header
    if best is None:
        titles = ", ".join(f"«{field.title}»" for field in fields if field.name in needed)
        raise FileProblem(f"не найдена строка с заголовками столбцов; нужны: {titles}")
    _check_needed(best, fields, needed)
    return best


def _header(index: int, row: Row, fields: Sequence[Field]) -> Header:
    columns: dict[str, tuple[int, ...]] = {}
    unknown: list[str] = []
    for at, cell in enumerate(row.cells):
        heading = clean_line(cell)
        if name := field_of(heading, fields):
            columns[name] = (*columns.get(name, ()), at)
        elif heading and not NUMBERING.fullmatch(heading):
            unknown.append(heading)
    return Header(row.number, index, columns, tuple(unknown))


def _check_needed(header: Header, fields: Sequence[Field], needed: Sequence[str]) -> None:
    has_pupil = header.has("pupil") or header.has("surname")
    titles = {field.name: field.title for field in fields}
    missing = [
        f"«{titles[name]}»"
        for name in needed
        if not (has_pupil if name == "pupil" else header.has(name))
    ]
    if missing:
        raise FileProblem(f"строка {header.row}: нет столбца {', '.join(missing)}")
