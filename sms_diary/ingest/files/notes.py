"""Rows of a list that are no data: totals, signatures, repeated headings."""

from __future__ import annotations

from sms_diary.ingest.files.header import Header
from sms_diary.ingest.files.text import Row
from sms_diary.ingest.reading.tables import is_footer
from sms_diary.ingest.values import clean_line


def is_note(row: Row, header: Header, heading: Row) -> bool:
    """Whether a row below the headings is none of the list's own."""
    first = next((text for cell in row.cells if (text := clean_line(cell))), "")
    return is_footer(first) or is_footer(header.pupil(row)) or _same(row, heading)


def _same(row: Row, heading: Row) -> bool:
    return list(map(clean_line, row.cells)) == list(map(clean_line, heading.cells))
