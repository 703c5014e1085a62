"""`report …`: where reports go, and those of delivery, reach and cost. Of the journal's filling and
visits are `report_fill` and `report_visits`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run, write_bytes
from sms_diary.cli.schools import school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.reports.asked import Asked
    from sms_diary.reports.tables import Report
    from sms_diary.store.tools import Tools

    Work = Callable[[Queries, Tools, Asked], Awaitable[Report]]

app = typer.Typer(help="Отчёты: на экран, в таблицу, на печать.", no_args_is_help=True)
School = Annotated[str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Записать таблицей CSV.")]
Xlsx = Annotated[Path | None, typer.Option("--xlsx", help="Записать книгой Excel.")]
Print = Annotated[
    Path | None, typer.Option("--print", help="Записать страницей для печати (HTML, A4).")
]
FromOption = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=["%Y-%m-%d"], metavar="2026-11-01",
        help="С какого дня; не сказано: последние тридцать дней.",
    ),
]  # fmt: skip
ToOption = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], metavar="2026-11-30", help="По какой день."),
]


class Out:
    """The files that a report goes to; with none, the terminal."""

    def __init__(self, csv: Path | None, xlsx: Path | None, page: Path | None) -> None:
        self._csv, self._xlsx, self._page = csv, xlsx, page

    def write(self, report: Report, made: str) -> None:
        """`made`: when and of what, for the printed page."""
        from sms_diary.reports import files

        if self._csv:
            write_bytes(self._csv, files.csv(report))
        if self._xlsx:
            write_bytes(self._xlsx, files.xlsx(report))
        if self._page:
            write_bytes(self._page, files.printed(report, made).encode())
        written = [str(one) for one in (self._csv, self._xlsx, self._page) if one]
        print("Записано: " + ", ".join(written) if written else files.text(report))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What all three are asked for, as typed."""

    school: str
    since: datetime | None
    until: datetime | None
    config: Path | None
    now: str | None


async def _delivery(q: Queries, _tools: Tools, asked: Asked) -> Report:
    from sms_diary.reports import delivery

    return await delivery.report(q, asked)


async def _reach(q: Queries, _tools: Tools, asked: Asked) -> Report:
    from sms_diary.reports import reach

    return await reach.report(q, asked)


async def _cost(q: Queries, tools: Tools, asked: Asked) -> Report:
    from sms_diary.reports import cost

    return await cost.report(q, tools, asked)


def _register(name: str, says: str, work: Work) -> None:
    @app.command(name, help=says)
    def command(
        school: School, since: FromOption = None, until: ToOption = None,
        csv: Csv = None, xlsx: Xlsx = None, page: Print = None,
        config: ConfigOption = None, now: NowOption = None,
    ) -> None:  # fmt: skip
        report, day = _made(work, Wanted(school, since, until, config, now))
        Out(csv, xlsx, page).write(report, day)


_register(
    "delivery", "Доставка: сколько дошло, что не дошло и почему, как быстро доходит.", _delivery
)
_register(
    "reach", "Охват: сколько родителей подписаны, получают SMS, недоступны, отключили.", _reach
)
_register("cost", "Стоимость: SMS и рубли, бюджет месяца, что сберегло бы.", _cost)


def _made(work: Work, wanted: Wanted) -> tuple[Report, str]:
    """The report, and when it was made, in words."""

    async def whole() -> tuple[Report, str]:
        from sms_diary.app import opened
        from sms_diary.config import load
        from sms_diary.web.words import Times

        now = clock_of(wanted.now).now()
        async with opened(load(wanted.config)) as base, base.database.reading() as q:
            asked = await _asked(q, wanted, now)
            report = await work(q, base.tools, asked)
        return report, f"Составлено {Times(asked.school.zone, now).date(now)}"

    return run(whole())


async def _asked(q: Queries, wanted: Wanted, now: int) -> Asked:
    from sms_diary.app.meanings import Meanings
    from sms_diary.app.routes import of_settings, prices
    from sms_diary.clock import local
    from sms_diary.config import load
    from sms_diary.reports.asked import Asked, span

    school = await school_of(q, wanted.school)
    since, until = (one and one.date() for one in (wanted.since, wanted.until))
    first, last = span(local(now, school.zone).date(), since, until)
    routes = of_settings(load(wanted.config))
    known = Meanings(routes)
    return Asked(
        school, first, last, now, explain=known.refusal, explain_receipt=known.receipt,
        prices=prices(routes),
    )  # fmt: skip
