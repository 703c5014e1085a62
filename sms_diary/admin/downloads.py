"""Lists as files: CSV and XLSX in which nothing is taken for a formula."""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.admin.screen import Download
from sms_diary.ingest.exports.book import XLSX, Sheet, as_xlsx, fitted
from sms_diary.ingest.tables_out import as_csv


def csv(name: str, rows: Sequence[Sequence[str]]) -> Download:
    """The rows, headings first, as Excel opens them by a double click."""
    return Download(f"{name}.csv", as_csv(rows), "text/csv")


def xlsx(name: str, title: str, rows: Sequence[Sequence[str]]) -> Download:
    """The same as a workbook of one sheet, headings frozen; every cell is text."""
    body = as_xlsx([Sheet(title, rows, fitted(rows), heading=True)])
    return Download(f"{name}.xlsx", body, XLSX)
