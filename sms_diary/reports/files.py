"""A report as a file: CSV and XLSX in which nothing is taken for a formula, and a page to print."""

from __future__ import annotations

import io
from collections.abc import Iterator

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sms_diary.ingest.tables_out import as_csv
from sms_diary.reports import bars, page
from sms_diary.reports.tables import Cell, Money, Report, Share, Table, is_number, plain, shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NARROW, _WIDE, _LONGEST_NAME = 10, 50, 31


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
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        formats: dict[type, Format] = {
            Share: book.add_format({"num_format": "0.0%"}),
            Money: book.add_format({"num_format": "0.00"}),
        }
        bold = book.add_format({"bold": True})
        first = Table("Итоги", (report.title, report.about), report.facts)
        for number, table in enumerate((first, *report.tables), 1):
            name = f"{number}. {table.title}"[:_LONGEST_NAME]
            _fill(book.add_worksheet(name), table, formats, bold)
    return out.getvalue()


def _fill(sheet: Worksheet, table: Table, formats: dict[type, Format], bold: Format) -> None:
    for column, head in enumerate(table.heads):
        sheet.write_string(0, column, head, bold)
        sheet.set_column(column, column, min(max(_NARROW, len(head) + 2), _WIDE))
    for number, row in enumerate(table.rows, 1):
        for column, cell in enumerate(row):
            said, look = plain(cell), formats.get(type(cell))
            if isinstance(said, str):
                sheet.write_string(number, column, said)
            else:
                sheet.write_number(number, column, said, look)
    sheet.freeze_panes(1, 0)


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
