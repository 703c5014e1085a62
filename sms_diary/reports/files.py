"""A report as a file: CSV and XLSX in which nothing is taken for a formula, and a page to print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sms_diary.ingest.exports.book import XLSX, Figure, Sheet, as_xlsx, fitted
from sms_diary.ingest.tables_out import as_csv
from sms_diary.reports import bars, page
from sms_diary.reports.tables import Cell, Money, Report, Share, Table, is_number, plain, shown

__all__ = ["XLSX", "csv", "printed", "text", "xlsx"]
_LOOKS: Mapping[type, str] = {Share: "0.0%", Money: "0.00"}
"""How Excel shows what is more than a number."""


def csv(report: Report) -> bytes:
    """All of it, one table below the other, as Excel opens it by a double click."""
    return as_csv([[_text(cell) for cell in row] for row in _rows(report)])


def _rows(report: Report) -> Iterator[tuple[Cell, ...]]:
    yield (report.title,)
    yield (report.about,)
    yield from report.facts
    for table in report.tables:
        yield ()
        yield (table.title,)
        yield table.heads
        yield from table.rows


def _text(cell: Cell) -> str:
    said = plain(cell)
    return said if isinstance(said, str) else f"{said}".replace(".", ",")


def xlsx(report: Report) -> bytes:
    """A workbook: what sums it up, then a sheet for each table, with numbers as numbers."""
    first = Table("Итоги", (report.title, report.about), report.facts)
    return as_xlsx(
        _sheet(f"{number}. {table.title}", table)
        for number, table in enumerate((first, *report.tables), 1)
    )


def _sheet(name: str, table: Table) -> Sheet:
    rows = [table.heads, *([_figure(cell) for cell in row] for row in table.rows)]
    return Sheet(name, rows, fitted(rows), heading=True)


def _figure(cell: Cell) -> str | float | Figure:
    said, look = plain(cell), _LOOKS.get(type(cell))
    return said if look is None or isinstance(said, str) else Figure(said, look)


def printed(report: Report, made: str) -> str:
    """A page with its style inside: it can be printed on any machine (A4)."""
    return page.template("report.html").render(
        report=report, made=made, shown=shown, is_number=is_number, bar=bars.bar
    )


def text(report: Report) -> str:
    """For a terminal."""
    lines = [report.title, report.about, ""]
    lines += [f"  {name}: {shown(cell)}" for name, cell in report.facts]
    for table in report.tables:
        lines += ["", table.title, *_columns(table), *([table.note] if table.note else [])]
    return "\n".join([*lines, *(("", *report.notes) if report.notes else ())])


def _columns(table: Table) -> list[str]:
    if not table.rows:
        return [f"  {table.empty}"]
    rows = [table.heads, *(tuple(map(shown, row)) for row in table.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.heads))]
    right = [is_number(cell) for cell in table.rows[0]]
    return [
        "  " + "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]  # fmt: skip
