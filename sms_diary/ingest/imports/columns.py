"""How a person wants a table's columns read: a heading that we do not know, as one that we know.

A choice is kept by the whole row of headings, so it holds for the next file of the same form and
for no other. It is carried out before anything is recognised: the heading is read as the words that
the person gave. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, field, replace
from typing import Any

from sms_diary.errors import FileProblem
from sms_diary.ingest.files.contacts import FIELDS as CONTACT_ROW
from sms_diary.ingest.files.marks import FIELDS as MARKS
from sms_diary.ingest.kinds import announcements, contacts, journal_access, term_marks, visits
from sms_diary.ingest.reading.book import Book, Row, Table, text_of
from sms_diary.ingest.reading.headings import Field, field_of
from sms_diary.ingest.reading.tables import LOOK_AT
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

_KNOWN: tuple[Sequence[Field], ...] = (
    contacts.FIELDS, CONTACT_ROW, MARKS, announcements.FIELDS, journal_access.FIELDS,
    visits.FIELDS, term_marks.FIELDS,
)  # fmt: skip
_SHOWN = 200
NOT_PARSED = "Не понято «{}»: нужно вида «Моб. связь=Телефон», или «Моб. связь=», чтобы не читать."
UNKNOWN = "Столбца «{}» мы не знаем. Бывают: {}."
Choice = Mapping[str, str]
"""A heading as it stands → the words to read it as; "" leaves the column out."""


@value
class Known:
    """A choice for one row of headings; `is_new`: said now, else remembered; empty: forgotten."""

    headings: str
    """The fingerprint of the row."""
    title: str
    choice: Choice
    is_new: bool

    def line(self) -> str:
        """What the report says of it."""
        if not self.choice:
            return "как читать столбцы, больше не запоминается"
        said = ", ".join(
            f"«{heading}» — как «{words}»" if words else f"«{heading}» — не читать"
            for heading, words in self.choice.items()
        )
        why = "как указано, запомнится" if self.is_new else "как запомнено"
        return f"столбцы ({why}): {said}"

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Known:
        return cls(**data)


@value
class Columns:
    """What was said now, and what is remembered by fingerprint; `forget` drops the latter."""

    said: Choice = field(default_factory=dict)
    kept: Mapping[str, Choice] = field(default_factory=dict)
    forget: bool = False

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Columns:
        return cls(**data)

    def read(self, book: Book) -> tuple[Book, dict[tuple[str, ...], tuple[Known, ...]]]:
        """The book with its headings as they are to be read; what was chosen, by file."""
        if not (self.said or self.kept):
            return book, {}
        chosen: dict[tuple[str, ...], tuple[Known, ...]] = {}
        tables = []
        for table in book.tables:
            found, known = self._table(table)
            tables.append(found)
            if known is not None and known not in chosen.get(table.sheet.files, ()):
                chosen[table.sheet.files] = (*chosen.get(table.sheet.files, ()), known)
        return replace(book, tables=tuple(tables)), chosen

    def _table(self, table: Table) -> tuple[Table, Known | None]:
        for at, row in enumerate(table.rows[:LOOK_AT]):
            texts = [_folded(text_of(cell)) for cell in row.cells]
            now = {heading: words for heading, words in self.said.items()
                   if _folded(heading) in texts}  # fmt: skip
            print_ = fingerprint(row)
            before = self.kept.get(print_, {})
            if now or before:
                choice = now if self.forget else {**before, **now}
                known = Known(print_, _title(row), choice, is_new=choice != before)
                read = _renamed(row, choice)
                return replace(table, rows=(*table.rows[:at], read, *table.rows[at + 1 :])), known
        return table, None


def fingerprint(row: Row) -> str:
    """What a row of headings is known by again: its words in their order."""
    words = "\t".join(_folded(text_of(cell)) for cell in row.cells).rstrip("\t")
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def parse(lines: Iterable[str]) -> dict[str, str]:
    """«Моб. связь=Телефон» as a choice; «Моб. связь=» leaves the column out.

    Raises `FileProblem` for what is none of that, or for words that no table knows.
    """
    choice: dict[str, str] = {}
    for line in filter(None, map(clean_line, lines)):
        heading, sign, words = (part.strip() for part in line.rpartition("="))
        if not sign or not heading:
            raise FileProblem(NOT_PARSED.format(line))
        if words and not is_known(words):
            raise FileProblem(UNKNOWN.format(words, ", ".join(known_titles())))
        choice[heading] = words
    return choice


def is_known(words: str) -> bool:
    """Whether some kind of table has a column that is called so."""
    return any(field_of(words, fields) is not None for fields in _KNOWN)


def known_titles() -> list[str]:
    """What columns may be called, for who chooses."""
    return list(dict.fromkeys(one.title for fields in _KNOWN for one in fields))


def _folded(text: str) -> str:
    return clean_line(text).lower()


def _title(row: Row) -> str:
    said = filter(None, (clean_line(text_of(cell)) for cell in row.cells))
    return "; ".join(said)[:_SHOWN]


def _renamed(row: Row, choice: Choice) -> Row:
    words = {_folded(heading): said for heading, said in choice.items()}
    cells = tuple(words.get(_folded(text_of(cell)), cell) if cell != "" else cell
                  for cell in row.cells)  # fmt: skip
    return replace(row, cells=cells)
