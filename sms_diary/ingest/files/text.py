"""CSV as schools have it: bytes in, numbered rows of cells out.

Encoding and delimiter are found out from the content. What the cells mean is decided by
`header`, `contacts` and `marks`. Whatever cannot be read is a `FileProblem` in Russian.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sms_diary.errors import FileProblem

MAX_BYTES = 32 * 1024 * 1024
MAX_ROWS = 300_000
MAX_COLUMNS = 256
MAX_CELL = 32_767
"""The longest cell Excel has; a longer one is a quote that was never closed."""

DELIMITERS = ";\t,"
_SAMPLE_ROWS = 20
_SAMPLE_CHARS = 64 * 1024

_NOT_TEXT = (
    (b"PK\x03\x04", "это книга Excel (XLSX), ODS или архив: сохраните лист как CSV"),
    (b"\xd0\xcf\x11\xe0", "это книга Excel старого вида (XLS): сохраните лист как CSV"),
    (b"%PDF", "это PDF: нужна таблица, сохранённая как CSV"),
)
_MARKUP = re.compile(r"\s*<(?:!|\?xml|html|table|meta|style)", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_LEGACY = ("cp1251", "koi8_r", "cp866")
_SEP_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_END = "\ue000"  # a private character as the last line: read alone unless a quote is open


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
    text, encoding = _decode(data)
    if not text.strip():
        raise FileProblem("файл пуст")
    if "\x00" in text:
        raise FileProblem("это не текст: в файле есть нулевые байты")
    if _MARKUP.match(text):
        raise FileProblem("это веб-страница или XML, а не CSV: откройте в Excel, сохраните как CSV")
    sep = _SEP_LINE.match(text)
    if sep:
        text = text[sep.end() :]
    delimiter = sep[1] if sep else _delimiter(text)
    return Table(list(_rows(text, delimiter)), encoding, delimiter)


def _decode(data: bytes) -> tuple[str, str]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data[len(bom) :].decode(encoding), encoding
            except UnicodeDecodeError as wrong:
                raise FileProblem("файл повреждён: текст обрывается или испорчен") from wrong
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _legacy(data)


def _legacy(data: bytes) -> tuple[str, str]:
    """The one-byte encoding in which the text looks most like Russian."""
    sample = data[:_SAMPLE_CHARS]
    best = max(_LEGACY, key=lambda name: _likeness(sample.decode(name, "replace")))
    return data.decode(best, "replace"), best


_PERCENT = {
    "о": 10.97, "е": 8.45, "а": 8.01, "и": 7.35, "н": 6.7, "т": 6.26, "с": 5.47, "р": 4.73,
    "в": 4.54, "л": 4.4, "к": 3.49, "м": 3.21, "д": 2.98, "п": 2.81, "у": 2.62, "я": 2.01,
    "ы": 1.9, "ь": 1.74, "г": 1.7, "з": 1.65, "б": 1.59, "ч": 1.44, "й": 1.21, "х": 0.97,
    "ж": 0.94, "ш": 0.73, "ю": 0.64, "ц": 0.48, "щ": 0.36, "э": 0.32, "ф": 0.26, "ъ": 0.04,
    "ё": 0.04,
}  # fmt: skip
_WEIGHTS = {letter: math.log(percent) for letter, percent in _PERCENT.items()}
_COMMON_SIGNS = frozenset("№«»—– ")
_SIGN, _ODD, _CASE_JUMP = -3.0, -6.0, -3.0


def _likeness(text: str) -> float:
    """Mean log frequency of the letters; a capital after a small letter counts against it."""
    total, count, before = 0.0, 0, ""
    for char in text:
        if not char.isascii():
            count += 1
            other = _SIGN if char in _COMMON_SIGNS else _ODD
            total += _WEIGHTS.get(char.lower(), other)
            total += _CASE_JUMP if char.isupper() and before.islower() else 0.0
        before = char
    return total / max(count, 1)


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first rows into one and the same number of cells."""
    sample = text[:_SAMPLE_CHARS]
    return max(DELIMITERS, key=lambda delimiter: _regularity(sample, delimiter))


def _regularity(sample: str, delimiter: str) -> int:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        widths = Counter(len(cells) for cells in itertools.islice(reader, _SAMPLE_ROWS))
    except csv.Error:
        return 0
    return max(((width - 1) * count for width, count in widths.items()), default=0)


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    lines = itertools.chain(io.StringIO(text, newline=""), (_END,))
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if cells == [_END]:
                return
            _check(number, cells)
            yield Row(number, tuple(cells))
    except csv.Error as wrong:
        raise FileProblem(_open_quote(number + 1)) from wrong


def _check(number: int, cells: list[str]) -> None:
    if number > MAX_ROWS:
        raise FileProblem(f"в файле больше {MAX_ROWS} строк: разделите его")
    if len(cells) > MAX_COLUMNS:
        raise FileProblem(f"в строке {number} больше {MAX_COLUMNS} столбцов: это не список")
    if cells and (cells[-1].endswith(_END) or max(map(len, cells)) > MAX_CELL):
        raise FileProblem(_open_quote(number))


def _open_quote(number: int) -> str:
    return f"строка {number}: кавычка открыта и не закрыта или ячейка слишком длинная"
