"""CSV as schools have it: bytes in, numbered rows of cells out.

Encoding and delimiter are found out by `reading.csvtext`. What the cells mean is decided by
`header`, `contacts` and `marks`. Whatever cannot be read is a `FileProblem` in Russian.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.csvtext import decode, rows, split
from sms_diary.ingest.reading.limits import Limits

MAX_BYTES = 32 * 1024 * 1024
MAX_ROWS = 300_000
MAX_COLUMNS = 256
MAX_CELL = 32_767
"""The longest cell Excel has; a longer one is a quote that was never closed."""

_NOT_TEXT = (
    (b"PK\x03\x04", "это книга Excel (XLSX), ODS или архив: сохраните лист как CSV"),
    (b"\xd0\xcf\x11\xe0", "это книга Excel старого вида (XLS): сохраните лист как CSV"),
    (b"%PDF", "это PDF: нужна таблица, сохранённая как CSV"),
)
_MARKUP = re.compile(r"\s*<(?:!|\?xml|html|table|meta|style)", re.IGNORECASE)
_LIMITS = Limits(bytes=MAX_BYTES, rows=MAX_ROWS, columns=MAX_COLUMNS, cell=MAX_CELL)


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as Excel shows it: from 1, a cell of several lines counts as one row."""

    number: int
    cells: tuple[str, ...]

    def is_blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file and how it was read."""

    rows: list[Row]
    encoding: str
    delimiter: str


def read_csv(data: bytes) -> Table:
    """All rows of a CSV file in UTF-8, UTF-16 with BOM, cp1251, KOI8-R or cp866.

    Raises `FileProblem` for what is no text, too large, or has a quote left open.
    """
    if len(data) > MAX_BYTES:
        raise FileProblem(f"файл больше {MAX_BYTES // 1024 // 1024} МБ: разделите его")
    for magic, problem in _NOT_TEXT:
        if data.startswith(magic):
            raise FileProblem(problem)
    text, encoding = decode(data)
    if not text.strip():
        raise FileProblem("файл пуст")
    if _MARKUP.match(text):
        raise FileProblem("это веб-страница или XML, а не CSV: откройте в Excel, сохраните как CSV")
    text, delimiter = split(text)
    numbered = rows(text, delimiter, _LIMITS)
    return Table([Row(number, tuple(cells)) for number, cells in numbered], encoding, delimiter)
