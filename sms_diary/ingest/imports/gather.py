"""Files into chunks: read, recognised, and every row of data said once. No database.

As a process of its own (`python -m`) it takes an order as JSON from standard input and says frames:
so a school's year of marks never stands in the memory of the service.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sms_diary.errors import FileProblem
from sms_diary.ingest.files.contacts import CELLS
from sms_diary.ingest.files.contacts import FIELDS as CONTACT_FIELDS
from sms_diary.ingest.files.contacts import NEEDED as CONTACT_NEEDED
from sms_diary.ingest.imports import seen
from sms_diary.ingest.imports.chunks import CONTACTS, EVENTS, Chunk, ReadRow, pack
from sms_diary.ingest.imports.columns import Columns, Known
from sms_diary.ingest.imports.reading_as import ReadAs
from sms_diary.ingest.imports.seen import LISTED, SeenTable
from sms_diary.ingest.kinds.facts import Contact, FillRecord, VisitsFact
from sms_diary.ingest.kinds.listed import layout_of
from sms_diary.ingest.kinds.recognise import FileKind, Recognised, read, recognise_all
from sms_diary.ingest.kinds.result import Context, RowResult
from sms_diary.ingest.matching import class_key
from sms_diary.ingest.reading import process
from sms_diary.ingest.reading.book import Book
from sms_diary.ingest.subjects import subject_key
from sms_diary.values import value

_SHOWN = 12
_MOST_TABLES = 20
"""Tables of one file that are told of column by column."""
ROWS = 4_000
"""Rows of a chunk, about: what is written in one transaction."""


@value
class Source:
    """A file on disk and what people call it."""

    path: str
    name: str


@value
class Order:
    sources: tuple[Source, ...]
    today: date
    default_class: str = ""
    weeks: tuple[date, ...] = ()
    due_same_day: bool = False
    columns: Columns = Columns()
    read_as: ReadAs = ReadAs()

    @property
    def context(self) -> Context:
        return Context(
            self.today, self.default_class, weeks=self.weeks, due_same_day=self.due_same_day
        )


@value
class FileSaid:
    """One file (of an archive: one member): what it was taken for, or why it was not read."""

    name: str
    kinds: tuple[str, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    chosen: tuple[Known, ...] = ()
    """The columns of its tables as a person chose them, now or before."""
    tables: tuple[SeenTable, ...] = ()


Frame = FileSaid | Chunk
Group = tuple[str, str, str]


class Gathered:
    """The rows of all files, by what they are about."""

    def __init__(self) -> None:
        self._groups: dict[Group, list[ReadRow]] = {}
        self._at: dict[tuple[int, str, int], Group] = {}

    def add(self, kind: FileKind, file: int, result: RowResult, cells: dict[str, str]) -> None:
        contacts = tuple(one for one in result.records if isinstance(one, Contact))
        row = ReadRow(
            kind.value, file, _sheet(kind, result), result.row, result.verdict.value, result.issues,
            result.drafts, contacts, cells if contacts else None, result.into,
            tuple(one for one in result.records if isinstance(one, FillRecord | VisitsFact)),
        )  # fmt: skip
        group = self._at.get((file, row.sheet, row.into)) if row.into else None
        group = group or _group(row, kind)
        self._at[(file, row.sheet, row.row)] = group
        self._groups.setdefault(group, []).append(row)

    def chunks(self) -> Iterator[Chunk]:
        """All of them, contacts first: the others may speak of whom they bring."""
        waiting: list[ReadRow] = []
        for group in sorted(self._groups):
            rows = self._groups.pop(group)
            if group[0] == _FIRST:
                yield Chunk(CONTACTS, pack(rows))
                continue
            if waiting and len(waiting) + len(rows) > ROWS:
                yield Chunk(EVENTS, pack(waiting))
                waiting = []
            waiting += rows
        if waiting:
            yield Chunk(EVENTS, pack(waiting))


_FIRST, _THEN = "0", "1"


def _sheet(kind: FileKind, result: RowResult) -> str:
    """The sheet's name; of a roster, which is one file of many, the name of its table."""
    sheet = result.sheet
    return sheet.files[-1] if kind is FileKind.ONEROSTER else sheet.name


def _group(row: ReadRow, kind: FileKind) -> Group:
    if row.contacts or kind is FileKind.CONTACTS:
        return (_FIRST, "", "")
    if not row.drafts:
        fill = next((one for one in row.facts if isinstance(one, FillRecord)), None)
        names = (class_key(fill.class_name), subject_key(fill.subject)) if fill else ("", "")
        return (_THEN, *names)
    first = row.drafts[0]
    title = first.pupil.class_name if first.pupil else first.class_name
    return (_THEN, class_key(title), first.subject_key)


async def gather(order: Order) -> AsyncIterator[Frame]:
    """What each file is, then the chunks. Raises `FileProblem` when none of them can be read."""
    gathered = Gathered()
    files = 0
    for source in order.sources:
        try:
            body = await asyncio.to_thread(order.read_as.source, Path(source.path), source.name)
            book = await process.read(body, source.name)
        except FileProblem as problem:
            yield FileSaid(source.name, problem=str(problem))
            files += 1
            continue
        said = await asyncio.to_thread(_sort_out, book, order, gathered, files)
        for one in said:
            yield one
        files += len(said)
    for chunk in gathered.chunks():
        yield chunk


def _sort_out(book: Book, order: Order, gathered: Gathered, first: int) -> list[FileSaid]:
    """Put a book's rows into groups; what to say of each file in it."""
    context = order.context
    book, skipped = order.read_as.kept(book)
    before_choice = book
    book, chosen = order.columns.read(book)
    said = {name: FileSaid(name, notes=notes) for name, notes in skipped.items()}
    for files, known in chosen.items():
        notes = (*skipped.get(_name(files), ()), *(one.line() for one in known))
        said[_name(files)] = FileSaid(_name(files), notes=notes, chosen=known)
    for refused in book.refused:
        said[_name(refused.files)] = FileSaid(_name(refused.files), problem=refused.reason)
    for found in recognise_all(book, context):
        name = _name(found.tables[0].sheet.files[:1] if found.kind is FileKind.ONEROSTER
                     else found.tables[0].sheet.files)  # fmt: skip
        before = said.get(name, FileSaid(name))
        said[name] = _more(before, found, before_choice)
        if found.kind is not None:
            cells = _cells(found)
            place = first + list(said).index(name)
            for result in read(found, context):
                key = (result.sheet.files, result.sheet.name, result.row)
                gathered.add(found.kind, place, result, cells.get(key, {}))
    return list(said.values())


def _more(before: FileSaid, found: Recognised, book: Book) -> FileSaid:
    kinds = (*before.kinds, found.kind.value) if found.kind else before.kinds
    problem = "; ".join(filter(None, (before.problem, found.problem)))
    notes = (*before.notes, *found.notes, *_unread(found))
    tables = (*before.tables, *seen.tables(found, before.name, book))[:_MOST_TABLES]
    return replace(before, kinds=kinds, problem=problem, notes=notes, tables=tables)


def _unread(found: Recognised) -> Iterator[str]:
    """Columns whose headings say nothing that we know: a person may say what they are."""
    for table in found.tables if found.kind in LISTED else ():
        layout = layout_of(table, *LISTED[found.kind]) if found.kind else None
        if layout is not None and layout.unknown:
            named = ", ".join(f"«{column.heading}»" for column in layout.unknown[:_SHOWN])
            yield f"не читаются столбцы: {named} (нужны? --map «заголовок=столбец»)"


def _name(files: Sequence[str]) -> str:
    return " / ".join(files)


def _cells(found: Recognised) -> dict[tuple[tuple[str, ...], str, int], dict[str, str]]:
    """Of a class list, what a consent rests on, row by row, as it was written."""
    if found.kind is not FileKind.CONTACTS:
        return {}
    cells = {}
    for table in found.tables:
        layout = layout_of(table, CONTACT_FIELDS, CONTACT_NEEDED)
        for row in table.rows if layout else ():
            assert layout is not None
            said = {name: text for name in CELLS if (text := layout.text(row, name))}
            cells[table.sheet.files, table.sheet.name, row.number] = said
    return cells


# ---------------------------------------------------------------- as a process


def packed_order(order: Order) -> bytes:
    """The order as the process takes it."""
    return json.dumps(
        {
            "sources": [[one.path, one.name] for one in order.sources],
            "today": order.today.isoformat(),
            "default_class": order.default_class,
            "weeks": [day.isoformat() for day in order.weeks],
            "due_same_day": order.due_same_day,
            "columns": order.columns.as_data(),
            "read_as": order.read_as.as_data(),
        }
    ).encode()


def _order(said: dict[str, Any]) -> Order:
    sources = tuple(Source(path, name) for path, name in said["sources"])
    weeks = tuple(map(date.fromisoformat, said["weeks"]))
    today = date.fromisoformat(said["today"])
    return Order(
        sources, today, said["default_class"], weeks, said["due_same_day"],
        Columns.from_data(said["columns"]), ReadAs.from_data(said["read_as"]),
    )  # fmt: skip


HEAD = 4


def packed_frame(frame: Frame) -> bytes:
    """A frame's bytes: its length, a letter for its kind, and its content."""
    if isinstance(frame, Chunk):
        body = frame.kind[:1].encode() + frame.body
    else:
        chosen = [one.as_data() for one in frame.chosen]
        tables = [one.as_data() for one in frame.tables]
        said = [frame.name, frame.kinds, frame.problem, frame.notes, chosen, tables]
        body = b"f" + json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
    return len(body).to_bytes(HEAD, "big") + body


def unpacked_frame(body: bytes) -> Frame:
    """The frame of these bytes, without the length."""
    if body[:1] == b"f":
        name, kinds, problem, notes, chosen, tables = json.loads(body[1:])
        known = tuple(map(Known.from_data, chosen))
        looked = tuple(map(SeenTable.from_data, tables))
        return FileSaid(name, tuple(kinds), problem, tuple(notes), known, looked)
    return Chunk(CONTACTS if body[:1] == b"c" else EVENTS, body[1:])


async def _main() -> None:
    # Millions of rows, none of them in a circle, and then the process ends.
    gc.disable()
    order = _order(json.loads(sys.stdin.buffer.read()))
    async for frame in gather(order):
        sys.stdout.buffer.write(packed_frame(frame))
        sys.stdout.buffer.flush()
    sys.stdout.buffer.write(bytes(HEAD))  # an end that is no accident
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(_main())
