"""CSV as schools have it: bytes to text, text to numbered rows of strings.

Encoding and delimiter are found out from the content. What the cells mean is for others.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Format, Piece, Row, Sheet
from sms_diary.ingest.reading.limits import Budget, Limits, too_many_columns, too_many_rows
from sms_diary.ingest.tables_out import unguarded

DELIMITERS = ";\t,"
_SAMPLE_ROWS = 20
_SAMPLE_CHARS = 64 * 1024

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_LEGACY = ("cp1251", "koi8_r", "cp866")
_SEP_LINE = re.compile(r'"?sep=([^\w\r\n"])"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_END = "\ue000"  # a private character as the last line: read alone unless a quote is open
_WIDE_SAMPLE = 2_000
_WIDE_LEAST = 8
_WIDE_HIGH = b"\x00\x04"  # the high bytes of ASCII and of Cyrillic
_WIDE_SHARE = 0.95

CUT_OFF = "файл обрывается на середине: выгрузите или скопируйте его ещё раз"


def pieces(data: bytes, files: tuple[str, ...], budget: Budget) -> Iterator[Piece]:
    """The one sheet of a CSV file, and its rows."""
    text, encoding = decode(data)
    if not text.strip():
        raise FileProblem("файл пуст: выгрузите его из журнала ещё раз")
    text, delimiter = split(text)
    height = text.count("\n") + 1
    budget.take_sheet()
    yield Sheet(files, "", Format.CSV, height=height, encoding=encoding, delimiter=delimiter)
    for number, cells in rows(text, delimiter, budget.limits):
        budget.take_row(number, cells)
        yield [Row(number, tuple(cells))]


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8, UTF-16, cp1251, KOI8-R or cp866.

    Raises `FileProblem` for what is no text or was cut off.
    """
    text, encoding = _decode(data)
    if "\x00" in text:
        raise FileProblem(
            "это не текст: в файле есть нулевые байты; откройте его в Excel и сохраните как XLSX"
        )
    return text, encoding


def decode_head(head: bytes) -> str:
    """The beginning of a file as text, for a look at it; a character may be cut at the end."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "replace")
    return head.decode(_wide(head) or "utf-8", "replace")


def _decode(data: bytes) -> tuple[str, str]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict(data[len(bom) :], encoding)
    if wide := _wide(data):
        return _strict(data, wide)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as wrong:
        before = data[: wrong.start]
        if wrong.reason == "unexpected end of data" and not before.isascii():
            raise FileProblem(CUT_OFF) from wrong
    return _legacy(data)


def _strict(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as wrong:
        raise FileProblem(
            "файл повреждён: текст обрывается или испорчен; выгрузите его ещё раз"
        ) from wrong


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: every second byte is the high one of ASCII or Cyrillic."""
    sample = data[:_WIDE_SAMPLE]
    if len(sample) < _WIDE_LEAST or b"\x00" not in sample:
        return None
    for encoding, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        usual = sum(byte in _WIDE_HIGH for byte in high)
        if usual >= _WIDE_SHARE * len(high):
            low = sample[::2] if encoding == "utf-16-le" else sample[1::2]
            return encoding if low.count(0) < len(low) // 2 else None
    return None


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


def split(text: str) -> tuple[str, str]:
    """The text without its `sep=` line, and the delimiter."""
    if sep := _SEP_LINE.match(text):
        return text[sep.end() :], sep[1]
    sample = text[:_SAMPLE_CHARS]
    return text, max(DELIMITERS, key=lambda delimiter: _regularity(sample, delimiter))


def _regularity(sample: str, delimiter: str) -> int:
    """How evenly a delimiter cuts the first rows: the best one makes many of one width."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        widths = Counter(len(cells) for cells in itertools.islice(reader, _SAMPLE_ROWS))
    except csv.Error:
        return 0
    return max(((width - 1) * count for width, count in widths.items()), default=0)


def rows(text: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """The rows with their numbers. Raises `FileProblem` for a quote left open and excess."""
    lines = itertools.chain(io.StringIO(text, newline=""), (_END,))
    reader = csv.reader(lines, delimiter=delimiter)
    has_guards = "'" in text
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if cells == [_END]:
                return
            _check(number, cells, limits)
            yield number, [unguarded(cell) for cell in cells] if has_guards else cells
    except csv.Error as wrong:
        raise FileProblem(_open_quote(number + 1)) from wrong


def _check(number: int, cells: list[str], limits: Limits) -> None:
    if number > limits.rows:
        raise too_many_rows(limits)
    if len(cells) > limits.columns:
        raise too_many_columns(number, limits)
    if cells and (cells[-1].endswith(_END) or max(map(len, cells)) > limits.cell):
        raise FileProblem(_open_quote(number))


def _open_quote(number: int) -> str:
    return (
        f"строка {number}: кавычка открыта и не закрыта или ячейка слишком длинная;"
        " исправьте эту строку"
    )
