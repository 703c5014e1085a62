"""Lists as files: CSV and XLSX in which nothing is taken for a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence

from xlsxwriter import Workbook

from sms_diary.admin.screen import Download
from sms_diary.ingest.tables_out import as_csv

_LONGEST_SHEET_NAME = 31
_NARROW, _WIDE = 10, 60


def csv(name: str, rows: Sequence[Sequence[str]]) -> Download:
    """The rows, headings first, as Excel opens them by a double click."""
    return Download(f"{name}.csv", as_csv(rows), "text/csv")


def xlsx(name: str, title: str, rows: Sequence[Sequence[str]]) -> Download:
    """The same as a workbook of one sheet, headings frozen; every cell is text."""
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet(title[:_LONGEST_SHEET_NAME])
        bold = book.add_format({"bold": True})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, bold if number == 0 else None)
        for column, width in enumerate(_widths(rows)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Download(f"{name}.xlsx", out.getvalue(), kind)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    columns = max(map(len, rows), default=0)
    return [
        min(max(_NARROW, *(len(row[n]) + 2 for row in rows if n < len(row))), _WIDE)
        for n in range(columns)
    ]
