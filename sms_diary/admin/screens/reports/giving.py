"""A report as a page or as a file, whichever was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from sms_diary.admin.screen import Answer, Download, Page
from sms_diary.reports import bars, files
from sms_diary.reports.tables import Report, is_number, shown

File = Literal["csv", "xlsx"] | None


async def given(
    report: Report, file: File, template: str, values: Mapping[str, Any], *, status: int = 200
) -> Answer:
    if file == "csv":
        return Download(f"{report.name}.csv", files.csv(report), "text/csv")
    if file == "xlsx":
        body = await asyncio.to_thread(files.xlsx, report)
        return Download(f"{report.name}.xlsx", body, files.XLSX)
    more = {"report": report, "shown": shown, "is_number": is_number, "bar": bars.bar}
    return Page(template, {**more, **values}, status=status)
