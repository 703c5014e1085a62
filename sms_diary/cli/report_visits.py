"""`report visits`: how often people come to the journal, to the parent's page and by SMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.reports import Csv, Out, Print, School, Xlsx
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools


def register(app: typer.Typer) -> None:
    app.command("visits")(visits)


def visits(
    school: School, csv: Csv = None, xlsx: Xlsx = None,
    page: Print = None, config: ConfigOption = None, now: NowOption = None,
) -> None:  # fmt: skip
    """Посещаемость: журнал по его статистике, страница родителей, вопросы по SMS."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.clock import local
        from sms_diary.reports import visits as words
        from sms_diary.store import visiting

        own = await school_of(q, school)
        today = local(clock_of(now).now(), own.zone).date()
        journal = await visiting.journal(q, own.id)
        months = await visiting.months(q, own.id, today)
        Out(csv, xlsx, page).write(words.report(own, journal, months, guarded=False), "")

    in_database(config, work)
