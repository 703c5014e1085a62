"""Rows of a list that are no data: totals, signatures, repeated headings."""

from __future__ import annotations

import re

from sms_diary.ingest.files.header import Header
from sms_diary.ingest.files.text import Row
from sms_diary.ingest.values import clean_line

_FOOTER = re.compile(
    r"(?:всего|итого|классный руководитель|кл\.? ?рук\w*|директор|зам\.? ?директора|завуч"
    r"|составил\w*|исполнитель|подпись|примечани\w+|условные обозначения|легенда)\b",
    re.IGNORECASE,
)


def is_note(row: Row, header: Header, heading: Row) -> bool:
    """Whether a row below the headings is none of the list's own."""
    first = next((text for cell in row.cells if (text := clean_line(cell))), "")
    return bool(_FOOTER.match(first) or _FOOTER.match(header.pupil(row))) or _same(row, heading)


def _same(row: Row, heading: Row) -> bool:
    return list(map(clean_line, row.cells)) == list(map(clean_line, heading.cells))
