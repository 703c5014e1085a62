"""What is held, read again from the request or file that it came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from sms_diary.clock import local
from sms_diary.errors import FileProblem, NotYet
from sms_diary.ingest import parsing
from sms_diary.ingest.drafts import Draft, to_draft
from sms_diary.ingest.files.contacts import ContactRow, read_contacts
from sms_diary.ingest.files.marks import read_marks
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.imports.chunks import GUARDIANS, ReadRow, numbered, unpack
from sms_diary.model import Source
from sms_diary.store.quarantine import Waiting

GONE = "Исходные данные уже удалены по сроку хранения. Загрузите файл снова или уберите вопрос."


def drafts(one: Waiting, zone: ZoneInfo) -> list[Draft]:
    """The events of the row or place that waits, with the time at which they came.

    Raises `NotYet` where the body is gone.
    """
    if one.body is None:
        raise NotYet(GONE)
    at = local(one.at, zone)
    # An answer may be long in coming: what was said since is newer.
    return [draft if draft.at else replace(draft, at=at) for draft in _drafts(one, zone)]


def _drafts(one: Waiting, zone: ZoneInfo) -> Sequence[Draft]:
    assert one.body is not None
    if one.source is not Source.FILE:
        parsed = parsing.parse(one.body, lenient=True)
        return [to_draft(record) for index, record in parsed.records if index == one.pos]
    if (rows := _chunk(one.body)) is not None:
        return rows[one.pos].drafts if one.pos < len(rows) else ()
    try:
        read = read_marks(read_csv(one.body).rows, today=local(one.at, zone).date())
    except FileProblem:
        return ()
    return next((row.drafts for row in read.rows if row.row == one.pos), ())


def contact(one: Waiting, zone: ZoneInfo) -> ContactRow:
    """The row of a class list that waits. Raises `NotYet` where the body is gone."""
    if one.body is None:
        raise NotYet(GONE)
    if (rows := _chunk(one.body)) is not None:
        found = [each.row for _, each in numbered(rows)]
    else:
        found = read_contacts(read_csv(one.body).rows, today=local(one.at, zone).date()).rows
    row = next((each for each in found if each.row == one.pos), None)
    if row is None:
        raise NotYet(GONE)
    return row


def place(one: Waiting) -> int:
    """The number of the row as Excel counts."""
    rows = _chunk(one.body) if one.body else None
    if rows is None:
        return one.pos
    at = one.pos if one.pos < len(rows) and rows[one.pos].drafts else one.pos // GUARDIANS
    return rows[at].row if at < len(rows) else 0


def _chunk(body: bytes) -> list[ReadRow] | None:
    if body[:1] != b"[":
        return None
    try:
        return unpack(body)
    except ValueError:
        return None
