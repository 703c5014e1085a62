"""`forms …`: papers for the parents of a class, as pages to print (A4)."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, about_key, clock_of, run, write_own

if TYPE_CHECKING:
    from datetime import date

    from sms_diary.clock import Clock
    from sms_diary.config import Settings
    from sms_diary.db import Queries
    from sms_diary.reports.paper import Sheet
    from sms_diary.store.paper import PaperPupil
    from sms_diary.store.people import ClassRow
    from sms_diary.store.schools import School
    from sms_diary.store.tools import Tools

app = typer.Typer(
    help="Бумаги для родителей: памятка, бланки согласий, реестр бланков.", no_args_is_help=True
)
SchoolOption = Annotated[str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")]
ClassOption = Annotated[str, typer.Option("--class", metavar="5А", help="Класс.")]
OutOption = Annotated[
    Path, typer.Option("--out", metavar="ПУТЬ", help="Файл страницы или папка для неё.")
]
_HERE = Path()


class Only(StrEnum):
    """One of the two forms, where the school needs no other."""

    SMS = "sms"
    PERSONAL_DATA = "pd"


@app.command()
def memo(
    school: SchoolOption,
    class_name: ClassOption = "",
    out: OutOption = _HERE,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Памятка для родителей: какие SMS приходят, сколько стоит ответ, слова, права."""
    from sms_diary.reports import paper

    clock = clock_of(now)

    async def work() -> Sheet:
        from sms_diary.ingest.matching import class_key

        # Parents are told before there is a list of the class: none is needed.
        async with _desk(config, school, clock) as desk:
            return await desk.sheet(class_key(class_name))

    sheet = run(work())
    file = _write(out, "memo", sheet, paper.memo(sheet))
    print(f"Памятка: {file}. Откройте её в браузере и напечатайте.")
    if not sheet.reception:
        print(
            "Маршрут школы не принимает SMS (reply_to не задан): памятка не просит отвечать.",
            file=sys.stderr,
        )


@app.command()
def consents(
    school: SchoolOption,
    class_name: ClassOption,
    only: Annotated[
        Only | None, typer.Option("--only", help="Только один бланк: SMS или персональные данные.")
    ] = None,
    with_numbers: Annotated[
        bool, typer.Option("--with-numbers", help="Впечатать номера, которые школа уже знает.")
    ] = False,
    out: OutOption = _HERE,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Бланки согласий на каждого ученика: персональные данные и SMS, каждый на своём листе."""
    from sms_diary.reports import paper
    from sms_diary.reports.paper import Form

    sheet, pupils = run(
        _class(config, school, class_name, clock_of(now), with_numbers=with_numbers)
    )
    forms = {None: [Form.PERSONAL_DATA, Form.SMS], Only.SMS: [Form.SMS],
             Only.PERSONAL_DATA: [Form.PERSONAL_DATA]}[only]  # fmt: skip
    file = _write(out, "consents", sheet, paper.consents(sheet, pupils, forms))
    print(f"Бланки: {file}, учеников: {len(pupils)}. Печатайте на одной стороне листа.")
    if not sheet.school.legal:
        print(
            "Полное название и адрес школы не указаны: в бланках для них оставлено место.",
            file=sys.stderr,
        )
    if only is None and sheet.school.proof == "sms":
        print(
            "Программа ждёт от родителей этой школы только согласия на SMS. Если согласие на "
            "обработку данных школа уже взяла, печатайте один бланк: --only sms",
            file=sys.stderr,
        )


@app.command()
def register(
    school: SchoolOption,
    class_name: ClassOption,
    out: OutOption = _HERE,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Реестр бланков класса: номера, место для даты, подписи и того, кто принял."""
    from sms_diary.reports import paper

    sheet, pupils = run(_class(config, school, class_name, clock_of(now)))
    file = _write(out, "register", sheet, paper.register(sheet, pupils))
    print(f"Реестр: {file}, учеников: {len(pupils)}. Печатается на листе поперёк.")


# ---------------------------------------------------------------- what they are filled in with


@dataclass(frozen=True, slots=True)
class _Desk:
    """An open database, one school of it and the day there."""

    q: Queries
    tools: Tools
    settings: Settings
    school: School
    today: date

    async def sheet(self, class_title: str) -> Sheet:
        from sms_diary.ingest.days import school_year
        from sms_diary.reports.paper import Sheet
        from sms_diary.store import paper

        sender, reception = _ways(self.settings, self.school)
        return Sheet(
            school=self.school, hours=await paper.hours(self.q, self.school.id),
            class_title=class_title, year=school_year(self.today).first.year, day=self.today,
            sender=sender, reception=reception,
        )  # fmt: skip

    async def class_of(self, title: str) -> ClassRow:
        """The class of this school year that `title` means."""
        from sms_diary.errors import ConfigError
        from sms_diary.ingest.days import school_year
        from sms_diary.ingest.matching import ClassIndex
        from sms_diary.store import people

        year = school_year(self.today)
        known = await people.classes(self.q, self.school.id, year.first.year)
        match = ClassIndex((one.id, one.name) for one in known).find(title)
        for one in known:
            if one.id == match.class_id:
                return one
        raise ConfigError(
            f"Класс «{title}», {year} учебный год: {match.reason}. Список класса загружает "
            "sms-diary import contacts."
        )

    async def pupils(self, known: ClassRow, *, with_numbers: bool) -> list[PaperPupil]:
        """Who is in the class today; at least one."""
        from sms_diary.errors import ConfigError
        from sms_diary.store import paper

        found = await paper.pupils(
            self.q, self.tools, self.school.id, known.id, self.today.isoformat(),
            with_numbers=with_numbers,
        )  # fmt: skip
        if not found:
            raise ConfigError(
                f"В классе {known.name} сейчас никого нет. Список класса загружает "
                "sms-diary import contacts."
            )
        return found


@asynccontextmanager
async def _desk(config: Path | None, slug: str, clock: Clock) -> AsyncIterator[_Desk]:
    from sms_diary.app import opened
    from sms_diary.clock import local
    from sms_diary.config import load
    from sms_diary.errors import ConfigError
    from sms_diary.store import schools

    settings = load(config)
    async with opened(settings) as base:
        if base.key_made:
            print(about_key(settings), file=sys.stderr)
        async with base.database.reading() as q:
            school = await schools.by_slug(q, slug)
            if school is None:
                raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
            yield _Desk(q, base.tools, settings, school, local(clock.now(), school.zone).date())


async def _class(
    config: Path | None, slug: str, title: str, clock: Clock, *, with_numbers: bool = False
) -> tuple[Sheet, list[PaperPupil]]:
    async with _desk(config, slug, clock) as desk:
        known = await desk.class_of(title)
        pupils = await desk.pupils(known, with_numbers=with_numbers)
        return await desk.sheet(known.key), pupils


def _ways(settings: Settings, school: School) -> tuple[str, str]:
    """What the school's SMS come from, and the number that answers go to; "" for none.

    A school's own sender takes the place of its route's; a name cannot be answered.
    """
    routes = [one for one in settings.routes if school.route in {"", one.name}]
    if not routes:
        return school.sender, ""
    sender = school.sender or routes[0].source
    if routes[0].reply_to != "sender":
        return sender, routes[0].reply_to
    return sender, sender if sender.removeprefix("+").isdecimal() else ""


def _write(out: Path, kind: str, sheet: Sheet, page: str) -> Path:
    """The file that was written: `out`, or one in it if it is a folder."""
    title = re.sub(r"[^\w-]+", "-", sheet.class_title).strip("-")
    file = out / f"{'-'.join(filter(None, [kind, title]))}.html" if out.is_dir() else out
    write_own(file, page)
    return file
