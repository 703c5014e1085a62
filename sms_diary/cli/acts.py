"""`person act|periods`: what was destroyed, to print, and for how long things are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, run, write_own
from sms_diary.cli.consents import Asked, SchoolOption, asked_about

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.destruction import Destruction

_SHOWN = 20
"""Acts that are listed."""


def register(app: typer.Typer) -> None:
    """Among the commands of `person`."""
    app.command()(act)
    app.command()(periods)


def known_id(typed: str) -> int:
    from sms_diary.errors import ConfigError

    if typed.isascii() and typed.isdigit() and int(typed[:20]) < 2**63:
        return int(typed)
    raise ConfigError("Номер в базе — целое число, как в /v1/… или в списке актов.")


def act(
    number: Annotated[
        str, typer.Argument(metavar="[НОМЕР]", help="Какой акт; без номера — список.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="ФАЙЛ", help="Куда записать страницу (A4).")
    ] = None,
    school: SchoolOption = "",
    config: ConfigOption = None,
) -> None:
    """Напечатать акт об уничтожении или показать последние."""

    async def work() -> list[str]:
        async with asked_about(config, school) as asked, asked.database.reading() as q:
            return [await _act(q, asked, known_id(number))] if number else await _listed(q, asked)

    shown = run(work())
    if not number:
        print("\n".join(shown) if shown else "Ничего ещё не уничтожали.")
        return
    file = out or Path(f"act-{number}.html")
    write_own(file, shown[0])
    print(f"Акт: {file}. Откройте его в браузере, напечатайте и впишите ФИО.")


async def _act(q: Queries, asked: Asked, act_id: int) -> str:
    from sms_diary.errors import ConfigError
    from sms_diary.reports import person
    from sms_diary.store import destruction, schools

    one = await destruction.one(q, act_id, asked.school_ids[0] if asked.alone else None)
    if one is None:
        raise ConfigError(f"Акта {act_id} нет. Какие есть: sms-diary person act")
    known = (await schools.by_ids(q, [one.school_id])).get(one.school_id)
    return person.act(one, asked.names, legal=known.legal if known else "")


async def _listed(q: Queries, asked: Asked) -> list[str]:
    from sms_diary.reports.person.act import KIND_RU, subject_ru
    from sms_diary.store import destruction

    def line(one: Destruction) -> str:
        about = ", ".join(filter(None, [KIND_RU[one.kind], subject_ru(one)]))
        when = asked.names.time(one.at, one.school_id)
        return f"{one.id}  {when}  {asked.names.name(one.school_id)}: {about}"

    own = asked.school_ids[0] if asked.alone else None
    return [line(one) for one in await destruction.latest(q, own, _SHOWN)]


def periods(
    school: Annotated[str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")],
    texts_days: Annotated[
        int | None,
        typer.Option("--texts-days", min=7, max=3650, help="Дней хранить тексты и запросы."),
    ] = None,
    ledger_years: Annotated[
        int | None,
        typer.Option(
            "--ledger-years", min=0, max=75, help="Лет хранить журнал согласий; 0 — всегда."
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Показать или изменить, сколько хранятся тексты и журнал согласий школы."""

    async def work() -> tuple[int, int]:
        from sms_diary.clock import DAY, SystemClock
        from sms_diary.store import settings

        async with asked_about(config, school) as asked, asked.database.transaction() as q:
            values = {}
            if texts_days is not None:
                values["retention"] = texts_days * DAY
            if ledger_years is not None:
                values["ledger_retention"] = ledger_years * 366 * DAY
            await settings.change(q, asked.school_ids[0], values, now=SystemClock().now())
            row = await settings.read(q, asked.school_ids[0])
            return row["retention"] // DAY, row["ledger_retention"] // (366 * DAY)

    days, years = run(work())
    print(f"Тексты и исходные запросы хранятся дней: {days}.")
    print(
        f"Журнал согласий хранится лет: {years}." if years else "Журнал согласий хранится всегда."
    )
