"""`report fill|district|introduction`: how journals are filled, and how far a school has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.reports import Csv, Out, Print, School, Xlsx
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools

WeekOption = Annotated[
    datetime | None,
    typer.Option("--week", formats=["%Y-%m-%d"], metavar="ГГГГ-ММ-ДД",
                 help="Неделя с этим днём; без него — прошлая."),
]  # fmt: skip


def register(app: typer.Typer) -> None:
    app.command("fill")(fill)
    app.command("district")(district)
    app.command("introduction")(introduction)


def fill(
    school: School, week: WeekOption = None, csv: Csv = None, xlsx: Xlsx = None,
    page: Print = None, config: ConfigOption = None, now: NowOption = None,
) -> None:  # fmt: skip
    """Сводка школы за неделю: где журнал заполнен, где нет. Составленная раньше не меняется."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.reports import filling
        from sms_diary.store import fill_weeks

        own, at = await school_of(q, school), clock_of(now).now()
        first = fill_weeks.week_of(own, week.date() if week else None, now=at)
        found = await fill_weeks.reported(q, tools, own, first, now=at)
        whole = bool(csv or xlsx)
        Out(csv, xlsx, page).write(filling.weekly(own, found, now=at, whole=whole), "")

    in_database(config, work)


def district(
    week: WeekOption = None, csv: Csv = None, xlsx: Xlsx = None,
    page: Print = None, config: ConfigOption = None, now: NowOption = None,
) -> None:  # fmt: skip
    """Все школы рядом: сводки за неделю."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.reports import filling
        from sms_diary.store import fill_weeks, schools

        every, at = await schools.every(q), clock_of(now).now()
        if not every:
            print("Школ ещё нет. Добавить: sms-diary school add ИМЯ")
            return
        first = fill_weeks.week_of(every[0], week.date() if week else None, now=at)
        sums = await fill_weeks.of_week(q, [one.id for one in every], first)
        report = filling.district(every, sums, first, now=at, last_day=first + timedelta(days=6))
        Out(csv, xlsx, page).write(report, "")

    in_database(config, work)


def introduction(
    school: School, csv: Csv = None, xlsx: Xlsx = None,
    page: Print = None, config: ConfigOption = None, now: NowOption = None,
) -> None:  # fmt: skip
    """План введения журнала и SMS-дневника: какие шаги сделаны."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.clock import local
        from sms_diary.ingest.days import school_year
        from sms_diary.reports import introduction as words
        from sms_diary.store import introducing

        own = await school_of(q, school)
        today = local(clock_of(now).now(), own.zone).date()
        year = school_year(today).first.year
        classes = await introducing.by_class(q, own.id, year, day=today)
        steps = await introducing.progress(q, own, classes, today=today)
        report = words.report(own, steps, classes, today=today, guards=False)
        Out(csv, xlsx, page).write(report, "")

    in_database(config, work)
