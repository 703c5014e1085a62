"""`announcement …`: whom a text would reach at what cost, which ones run, stopping one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.held import SchoolOption
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from pathlib import Path

    from sms_diary.db import Queries
    from sms_diary.store.announcements import Reach
    from sms_diary.store.schools import School
    from sms_diary.store.tools import Tools

app = typer.Typer(help="Объявления: прикинуть, показать идущие, остановить.", no_args_is_help=True)


@app.command()
def estimate(
    school: SchoolOption,
    text: Annotated[str, typer.Option("--text", help="Текст объявления.")],
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Класс; без него — вся школа.")
    ] = None,
    parallel: Annotated[
        list[int] | None, typer.Option("--parallel", min=1, max=11, help="Параллель: 5.")
    ] = None,
    price: Annotated[str, typer.Option("--price", help="Цена одной части, рублей.")] = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Сколько родителей получит объявление, сколько это частей SMS и рублей; ничего не шлётся."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.cli.templates import rubles
        from sms_diary.clock import local
        from sms_diary.ingest.days import school_year
        from sms_diary.store import announcements

        own = await school_of(q, school)
        day = local(clock_of(now).now(), own.zone).date()
        ids = await _classes(q, own, classes or [], parallel or [], school_year(day).first.year)
        reach = await announcements.reach(q, own, ids, day=day.isoformat())
        for line in _said(own, reach, text, rubles(price), config):
            print(line)

    in_database(config, work)


async def _classes(
    q: Queries, school: School, titles: list[str], parallels: list[int], year: int
) -> list[int] | None:
    from sms_diary.errors import ConfigError
    from sms_diary.ingest.matching import class_key
    from sms_diary.store import people

    if not titles and not parallels:
        return None
    known = await people.classes(q, school.id, year)
    by_key = {row.key: row.id for row in known}
    if missing := [title for title in titles if class_key(title) not in by_key]:
        raise ConfigError(f"Таких классов в школе нет: {', '.join(missing)}")
    wanted = {str(one) for one in parallels}
    of_parallel = [row.id for row in known if _year_of(row.key) in wanted]
    return sorted({*(by_key[class_key(title)] for title in titles), *of_parallel})


def _year_of(key: str) -> str:
    """«10а» -> «10»."""
    return key[: len(key) - len(key.lstrip("0123456789"))]


def _said(
    school: School, reach: Reach, text: str, price: Decimal | None, config: Path | None
) -> list[str]:
    from sms_diary.model import REASON_RU, Silence

    segments = {latin: _segments(school, text, config, latin=latin) for latin in (False, True)}
    total = segments[False] * (reach.told - reach.told_latin) + segments[True] * reach.told_latin
    lines = [
        f"Получат родителей: {reach.told}; кириллицей частей в SMS: {segments[False]}",
        f"Всего частей SMS: {total}",
    ]
    if reach.told_latin:
        lines.insert(1, f"Из них латиницей: {reach.told_latin}; частей: {segments[True]}")
    if reach.duplicates:
        lines.append(
            f"У кого несколько детей, получит одно SMS; лишних не будет: {reach.duplicates}"
        )
    if price is not None:
        lines.append(f"Стоимость: {total * price:.2f} руб.")
    lines += [
        f"Не получат: {count} — {REASON_RU[Silence(reason)]}"
        for reason, count in sorted(reach.silent.items())
    ]
    return lines


def _segments(school: School, text: str, config: Path | None, *, latin: bool) -> int:
    from sms_diary.cli.templates import folder
    from sms_diary.ingest.values import clean_text
    from sms_diary.model import Kind, Told
    from sms_diary.render import Renderer, Style

    told = Told(1, Kind.ANNOUNCEMENT, "", "", None, value="x", body=clean_text(text))
    style = Style(school.short_name, school.budget, latin, school.phone)
    renderer = Renderer.from_folder(folder(config))
    return sum(one.segments for one in renderer.tell([told], style))


@app.command("list")
def list_running(school: SchoolOption, config: ConfigOption = None) -> None:
    """Показать объявления, которые ещё не разошлись."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.model import LINE_RU, LineState
        from sms_diary.store import announcements

        own = await school_of(q, school)
        found = await announcements.running(q, tools, own.id)
        for one in found:
            said = ", ".join(f"{LINE_RU[LineState(s)]}: {n}" for s, n in sorted(one.states.items()))
            print(f"{one.id}\t{'срочное, ' if one.urgent else ''}{said or 'ещё не начато'}")
            print(f"\t{one.text[:60]}")
        if not found:
            print("Таких объявлений нет.")

    in_database(config, work)


@app.command()
def stop(
    announcement: Annotated[int, typer.Argument(metavar="НОМЕР", help="Из «announcement list».")],
    school: SchoolOption,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Больше никому не сообщать; что уже ушло, не вернуть."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.errors import ConfigError
        from sms_diary.store import announcements

        own = await school_of(q, school)
        spared = await announcements.stop(q, own.id, announcement, now=clock_of(now).now())
        if spared is None:
            raise ConfigError(
                f"Объявления {announcement} нет. Какие идут: sms-diary announcement list "
                f"--school {school}"
            )
        print(f"Остановлено. Не получат те, кому ещё не ушло: {spared}.")

    in_database(config, work)
