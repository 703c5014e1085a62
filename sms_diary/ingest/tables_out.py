"""Tables for Excel as CSV in which nothing is taken for a formula, and the way back.

What begins like a formula gets an apostrophe (OWASP, CSV injection), and whoever reads a CSV takes
it away again (`reading.csvtext`), so that a table which was exported comes back as it was.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What Excel takes for the beginning of a formula, with apostrophes before it or not."""
_NUMBER = re.compile(r"[+-][0-9 -]*")
"""A phone, a mark, a dash: these are none."""


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as Excel opens them by a double click: a BOM, `sep=;`."""
    return ("\ufeffsep=;\r\n" + _text(rows, ";")).encode()


def guarded_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as RFC 4180 has them, UTF-8 and commas, for programs; guarded all the same."""
    return _text(rows, ",").encode()


def _text(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([[guarded(cell) for cell in row] for row in rows])
    return out.getvalue()


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what begins like a formula; `unguarded` undoes it."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that keeps it from being a formula."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
