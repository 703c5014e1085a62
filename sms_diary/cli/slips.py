"""`slips …`: logins on paper for the parent's page, for families whom no code by SMS reaches."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run, user, write_own
from sms_diary.cli.forms import ClassOption, OutOption, SchoolOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sms_diary.config import Settings
    from sms_diary.db import Queries
    from sms_diary.reports.paper import Slip
    from sms_diary.store.parent.slips import Holder
    from sms_diary.store.parent.slips import Slip as SlipRow
    from sms_diary.store.people import ClassRow
    from sms_diary.store.schools import School

app = typer.Typer(
    help="Листки с логином и разовым паролем для страницы родителя.", no_args_is_help=True
)
_HERE = Path()


@app.command(name="print")
def print_(
    school: SchoolOption,
    class_name: ClassOption,
    pupil: Annotated[
        str, typer.Option(metavar="ФАМИЛИЯ", help="Только этому ученику; прежний листок закроется.")
    ] = "",
    out: OutOption = _HERE,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Напечатать листки класса. Кто уже вошёл и сменил пароль, того не трогает."""
    clock = clock_of(now)

    async def work() -> tuple[School, str, Sequence[Slip], str]:
        from sms_diary.app import opened
        from sms_diary.config import load
        from sms_diary.store.parent import slips
        from sms_diary.web import passwords

        settings = load(config)
        async with opened(settings) as base:
            async with base.database.reading() as q:
                found, known, day = await _class(q, school, class_name, clock.now())
                wanted = await _wanted(q, found, known, day.isoformat(), pupil)
            printed = [slips.new_password() for _ in wanted]
            hashes = await asyncio.gather(*map(passwords.hashed, printed))
            async with base.database.transaction() as q:
                made = zip(wanted, hashes, strict=True)
                logins = await slips.make_all(
                    q, base.tools, found.id, made, by=user(), now=clock.now()
                )
            return found, known.name, _made(wanted, logins, printed), _address(settings)

    found, title, made, address = run(work())
    from sms_diary.reports import paper

    name = re.sub(r"[^\w-]+", "-", title).strip("-")
    file = out / f"slips-{name}.html" if out.is_dir() else out
    write_own(file, paper.slips(found.name, title, address, made))
    print(f"Листки: {file}, штук: {len(made)}. Напечатайте, разрежьте, файл удалите.")


@app.command(name="list")
def list_(
    school: SchoolOption,
    class_name: ClassOption,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Показать, у кого есть листок и сменён ли на нём пароль. Паролей здесь нет."""
    clock = clock_of(now)

    async def work() -> list[str]:
        from sms_diary.app import opened
        from sms_diary.config import load
        from sms_diary.store.parent import slips

        async with opened(load(config)) as base, base.database.reading() as q:
            found, known, day = await _class(q, school, class_name, clock.now())
            own = await slips.holders(q, found.id, known.id, day.isoformat())
            names = {one.pupil_id: one.pupil for one in own}
            return [
                f"{one.login}\t{names[one.pupil_id]}\t{_state(one, clock.now())}"
                for one in await slips.of_pupils(q, found.id, names)
            ]

    for line in run(work()):
        print(line)


@app.command()
def revoke(
    login: Annotated[str, typer.Argument(metavar="ЛОГИН")],
    school: SchoolOption,
    config: ConfigOption = None,
) -> None:
    """Закрыть вход по листку: сеансы кончаются сразу."""

    async def work() -> bool:
        from sms_diary.app import opened
        from sms_diary.cli.schools import school_of
        from sms_diary.clock import SystemClock
        from sms_diary.config import load
        from sms_diary.store.parent import slips

        async with opened(load(config)) as base, base.database.transaction() as q:
            found = await school_of(q, school)
            return await slips.revoke(q, found.id, login, now=SystemClock().now())

    if not run(work()):
        said = "Листка с таким логином у школы нет. Какие есть: sms-diary slips list"
        print(said, file=sys.stderr)
        raise typer.Exit(2)
    print("Вход по этому листку закрыт.")


async def _class(q: Queries, slug: str, title: str, now: int) -> tuple[School, ClassRow, date]:
    """The school, its class of this school year, and the day there."""
    from sms_diary.cli.schools import school_of
    from sms_diary.clock import local
    from sms_diary.errors import ConfigError
    from sms_diary.ingest.days import school_year
    from sms_diary.ingest.matching import ClassIndex
    from sms_diary.store import people

    found = await school_of(q, slug)
    day = local(now, found.zone).date()
    known = await people.classes(q, found.id, school_year(day).first.year)
    match = ClassIndex((one.id, one.name) for one in known).find(title)
    for one in known:
        if one.id == match.class_id:
            return found, one, day
    raise ConfigError(f"Класс «{title}»: {match.reason}.")


async def _wanted(
    q: Queries, school: School, known: ClassRow, day: str, surname: str
) -> list[Holder]:
    """For whom slips are printed: who has none in use, or everybody of the pupil that is named."""
    from sms_diary.errors import ConfigError
    from sms_diary.store.parent import slips

    own = await slips.holders(q, school.id, known.id, day)
    if surname:
        wanted = [one for one in own if one.pupil.casefold().startswith(surname.casefold())]
        if not wanted:
            raise ConfigError("В классе нет ученика с такой фамилией.")
        return wanted
    return await slips.to_print(q, school.id, own)


def _made(wanted: Sequence[Holder], logins: Sequence[str], printed: Sequence[str]) -> list[Slip]:
    from sms_diary.reports.paper import Slip

    return [Slip(*one) for one in zip(wanted, logins, printed, strict=True)]


def _address(settings: Settings) -> str:
    base = settings.public_url or f"http://{settings.web.host}:{settings.web.port}"
    return f"{base}/my"


def _state(one: SlipRow, now: int) -> str:
    if one.changed_at is not None:
        return "в ходу, пароль свой"
    return "ждёт первого входа" if one.stands(now) else "просрочен"
