"""Tables for Excel: CSV with a BOM and `sep=;`, in which nothing is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What Excel takes for the beginning of a formula (OWASP, CSV injection)."""


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as Excel opens them by a double click."""
    out = io.StringIO()
    out.write("\ufeffsep=;\r\n")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _harmless(cell: str) -> str:
    """The cell with an apostrophe before what begins like a formula; phones and marks are none."""
    plain = cell[1:].replace(" ", "").replace("-", "")
    if cell.startswith(_FORMULA) and len(cell) > 1 and not (cell[0] in "+-" and plain.isdigit()):
        return f"'{cell}"
    return cell
