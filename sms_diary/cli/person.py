"""`person export|erase|purge`: what is held on a number, and its destruction (152-ФЗ)."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli import acts, doubles
from sms_diary.cli.acts import known_id
from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run, write_own
from sms_diary.cli.consents import Asked, SchoolOption, asked_about, asked_number

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.destruction import Order
    from sms_diary.store.persons.erase import Erased
    from sms_diary.store.persons.preview import Work

app = typer.Typer(
    help="Права человека: что о нём хранится, уничтожить, напечатать акт.", no_args_is_help=True
)
acts.register(app)
doubles.register(app)
_WORD = "УНИЧТОЖИТЬ"


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="ФАЙЛ", help="Куда записать (JSON).")],
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="ФАЙЛ", help="Записать и страницу для печати (A4)."),
    ] = None,
    school: SchoolOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Выписать всё, что хранится о номере; номер будет спрошен."""
    clock = clock_of(now)

    async def work() -> tuple[str, str]:
        from sms_diary.errors import ConfigError
        from sms_diary.phone import mask
        from sms_diary.reports import page, person
        from sms_diary.store.persons import held

        number = asked_number()
        async with asked_about(config, school) as asked, asked.database.reading() as q:
            found = await held.on_number(
                q, asked.tools, number, asked.school_ids, whole=not asked.alone
            )
        if found is None:
            raise ConfigError(f"О номере {mask(number)} ничего не хранится.")
        shown = person.as_json(found, asked.names, now=clock.now())
        return (
            json.dumps(shown, ensure_ascii=False, indent=2),
            page.html(person.as_page(found, asked.names, now=clock.now())),
        )

    as_json, as_page = run(work())
    write_own(out, as_json + "\n")
    if html is not None:
        write_own(html, as_page)
    files = str(out) if html is None else f"{out} и {html}"
    print(f"Записано: {files}. Там номер, имена и тексты: передайте только самому человеку.")


# ---------------------------------------------------------------- destruction


@app.command()
def erase(
    by: Annotated[str, typer.Option("--by", metavar="КТО", help="Кто уничтожает: ФИО.")],
    ground: Annotated[
        str, typer.Option("--ground", metavar="ПРИЧИНА", help="Например: отзыв согласия.")
    ],
    document: Annotated[
        str, typer.Option("--document", metavar="№", help="Номер заявления или приказа.")
    ] = "",
    pupil: Annotated[
        str, typer.Option("--pupil", metavar="ID", help="Не номер, а ученик школы, который выбыл.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Только показать, что будет уничтожено.")
    ] = False,
    school: SchoolOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Уничтожить данные номера (в одной школе или везде) или ученика; нужно подтверждение."""
    clock = clock_of(now)

    async def work() -> None:
        from sms_diary.errors import ConfigError
        from sms_diary.store.destruction import Order
        from sms_diary.store.persons.preview import preview

        if pupil and not school:
            raise ConfigError("Ученик есть только у одной школы: назовите её, --school ИМЯ.")
        order = Order(by, ground, document)
        async with asked_about(config, school) as asked:
            doing = (
                _pupil(asked, known_id(pupil), order, clock.now())
                if pupil
                else _number(asked, asked_number(), order, clock.now())
            )
            found = await preview(asked.database, doing)
            if found is None:
                raise ConfigError("Ничего не найдено: уничтожать нечего.")
            print("Будет уничтожено:")
            print("\n".join(_lines(found, asked)))
            if dry_run:
                print("Это просмотр: ничего не изменено.")
            elif _confirmed():
                await _for_good(asked, doing)
            else:
                raise ConfigError("Не подтверждено: ничего не изменено.")

    run(work())


def _number(asked: Asked, number: str, order: Order, now: int) -> Work:
    async def work(q: Queries) -> list[Erased] | None:
        from sms_diary.store.persons import erase as erasing

        return await erasing.number(
            q, asked.tools, number, asked.school_ids, order, whole=not asked.alone, now=now
        )

    return work


def _pupil(asked: Asked, pupil_id: int, order: Order, now: int) -> Work:
    async def work(q: Queries) -> list[Erased] | None:
        from sms_diary.store.persons.pupil import pupil

        done = await pupil(q, asked.tools, asked.school_ids[0], pupil_id, order, now=now)
        return None if done is None else [done]

    return work


async def _for_good(asked: Asked, work: Work) -> None:
    from sms_diary.store.persons.erase import TOUCHED

    async with asked.database.transaction() as q:
        done = await work(q)
    for one in done or []:
        print(f"Уничтожено. Акт № {one.id}, напечатать: sms-diary person act {one.id} --out АКТ")
    if not await asked.database.purge(TOUCHED):
        print(
            "Журнал базы (файл -wal) ещё занят сервисом: в нём есть старые страницы. Повторите: "
            "sms-diary person purge",
            file=sys.stderr,
        )
    print("В резервных копиях, сделанных раньше, данные остаются до их удаления (docs/rights.md).")


@app.command()
def purge(config: ConfigOption = None) -> None:
    """Убрать из файлов базы страницы, которые остались после уничтожения."""

    async def work() -> bool:
        from sms_diary.store.persons.erase import TOUCHED

        async with asked_about(config, "") as asked:
            return await asked.database.purge(TOUCHED)

    if not run(work()):
        print("База занята: повторите через минуту или остановите сервис.", file=sys.stderr)
        raise typer.Exit(1)
    print("Готово: старых страниц в файлах базы нет.")


def _confirmed() -> bool:
    asking = f"Вернуть это будет нельзя. Чтобы уничтожить, введите слово {_WORD}"
    if sys.stdin.isatty():
        typed: str = typer.prompt(asking)
    else:
        print(asking)
        typed = sys.stdin.readline()
    return typed.strip() == _WORD


def _lines(found: Sequence[Erased], asked: Asked) -> list[str]:
    from sms_diary.reports.person.act import WHAT_RU
    from sms_diary.store.destruction import What

    said = []
    for one in found:
        said.append(f"{asked.names.name(one.school_id)}:")
        counts = [(what, one.counts[what]) for what in What if one.counts.get(what)]
        said += [f"  {WHAT_RU[what]}: {count}" for what, count in counts] or ["  ничего"]
    return said
