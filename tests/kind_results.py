"""Tables for the readers of kinds, and what they say of each row, easy to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sms_diary.ingest.drafts import Draft
from sms_diary.ingest.kinds.recognise import Recognised, recognise_all
from sms_diary.ingest.kinds.recognise import read as read_kind
from sms_diary.ingest.kinds.result import Context, RowResult
from sms_diary.ingest.reading.book import Area, Book, Format, Row, Sheet, Table, Value
from sms_diary.model import Kind


def table(
    *rows: tuple[Value, ...], name: str = "", file: str = "f.xlsx", merges: tuple[Area, ...] = (),
    caption: tuple[str, ...] = (),
) -> Table:  # fmt: skip
    """A sheet of these rows, numbered from 1; blank ones are left out, as a reader may do."""
    sheet = Sheet((file,), name, Format.XLSX, merges=merges, caption=caption)
    return Table(sheet, tuple(Row(at, cells) for at, cells in enumerate(rows, 1) if cells))


def only(one: Table, context: Context) -> tuple[Recognised, list[RowResult]]:
    """What one sheet is, and its rows."""
    (found,) = recognise_all(Book((one,)), context)
    return found, list(read_kind(found, context))


def verdicts(results: Iterable[RowResult]) -> dict[str, int]:
    return dict(Counter(result.verdict.value for result in results))


def kinds(results: Iterable[RowResult]) -> dict[str, int]:
    return dict(Counter(draft.kind.value for result in results for draft in result.drafts))


def values(result: RowResult, kind: Kind = Kind.MARK) -> list[str]:
    """«24.02 5 №1»: day, value and ordinal of a row's drafts of a kind."""
    return [_value(draft) for draft in result.drafts if draft.kind is kind]


def _value(draft: Draft) -> str:
    day = f"{draft.day:%d.%m}" if draft.day else draft.work
    return f"{day} {draft.value}" + (f" №{draft.ordinal}" if draft.ordinal > 1 else "")


def issues(result: RowResult) -> list[str]:
    """«refused C «6»: такой отметки нет…», one line an issue."""
    return [
        f"{one.level.value} {one.column} «{one.said}»: {one.text}".replace("  ", " ")
        for one in result.issues
    ]
