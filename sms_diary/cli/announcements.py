"""`announcement …`: whom a text would reach at what cost, which ones run, stopping one."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.held import SchoolOption
from sms_diary.cli.schools import in_database, school_of
from sms_diary.cli.templates import PriceOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sms_diary.announcing import Estimate
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
    parallels: Annotated[
        list[int] | None, typer.Option("--parallel", min=1, max=12, help="Параллель: 5.")
    ] = None,
    pupils: Annotated[
        list[str] | None, typer.Option("--pupil", help="Ученик: его id в журнале.")
    ] = None,
    price: PriceOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Сколько родителей получит объявление, сколько это SMS и рублей; ничего не шлётся."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary import announcing
        from sms_diary.cli.previews import of_school
        from sms_diary.cli.templates import rubles
        from sms_diary.clock import local
        from sms_diary.ingest.days import school_year
        from sms_diary.store import announcements

        own = await school_of(q, school)
        day = local(clock_of(now).now(), own.zone).date()
        year = school_year(day).first.year
        found = await _classes(q, own, classes or [], parallels or [], year)
        children = await _pupils(q, own, pupils or [])
        ids = sorted(found) if found or children else None
        reach = await announcements.reach(
            q, own, ids, day=day.isoformat(), pupil_ids=sorted(children)
        )
        hand = await of_school(q, own, config)
        whom = [*found.values(), *children.values()]
        to = whom[0] if len(whom) == 1 else ""
        would_be = announcing.estimate(reach, hand.renderer, hand.style, text, to)
        for line in _said(reach, would_be, rubles(price) or hand.price):
            print(line)

    in_database(config, work)


async def _classes(
    q: Queries, school: School, titles: list[str], parallels: list[int], year: int
) -> dict[int, str]:
    """Class -> its title, of those that are named."""
    from sms_diary.errors import ConfigError
    from sms_diary.ingest.matching import ClassIndex
    from sms_diary.store import people

    names = {row.id: row.name for row in await people.classes(q, school.id, year)}
    index = ClassIndex(names.items())
    found = {title: index.find(title).class_id for title in titles}
    of_number = {number: index.parallel(number) for number in parallels}
    if missing := [title for title, class_id in found.items() if class_id is None]:
        raise ConfigError(f"Таких классов в школе нет: {', '.join(missing)}")
    if missing := [str(number) for number, ids in of_number.items() if not ids]:
        raise ConfigError(f"Классов с такими номерами в школе нет: {', '.join(missing)}")
    ids = {*found.values(), *chain.from_iterable(of_number.values())}
    return {class_id: names[class_id] for class_id in ids if class_id is not None}


async def _pupils(q: Queries, school: School, external_ids: list[str]) -> dict[int, str]:
    """Pupil -> how the school calls it in SMS, of those that are named."""
    from sms_diary.errors import ConfigError
    from sms_diary.plan import short_name
    from sms_diary.store import people

    known = await people.by_external_ids(q, {(school.id, one) for one in external_ids})
    if missing := [one for one in external_ids if (school.id, one) not in known]:
        raise ConfigError(f"Учеников с такими id в школе нет: {', '.join(missing)}")
    names = await people.pupil_names(q, known.values())
    return {i: short_name(name, school.naming) for i, name in names.items()}


def _said(reach: Reach, found: Estimate, price: Decimal | None) -> Iterator[str]:
    from sms_diary.cli.sights import money
    from sms_diary.model import Silence
    from sms_diary.render.words import plural
    from sms_diary.words import REASON_RU

    people = plural(reach.told, "родитель", "родителя", "родителей")
    yield f"Получат: {reach.told} {people}"
    for one in found.versions:
        letters = "латиницей" if one.latin else "русскими буквами"
        yield f"  {letters}: {one.guardians}, каждому по {one.each} SMS"
        yield from (f"    «{text.text}»" for text in one.texts)
    total = found.segments
    yield f"Всего: {total} SMS" + (f", {money(total * price)}" if price else "")
    if not price:
        yield "Сколько это рублей: добавьте --price 2.50 или price в настройки маршрута."
    if reach.duplicates:
        yield f"У кого несколько детей, получит одно: лишних не уйдёт {reach.duplicates}"
    for reason, count in sorted(reach.silent.items()):
        yield f"Не получат: {count} — {REASON_RU[Silence(reason)]}"


@app.command("list")
def list_running(school: SchoolOption, config: ConfigOption = None) -> None:
    """Показать объявления, которые ещё не разошлись."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.model import LineState
        from sms_diary.store import announcements
        from sms_diary.words import LINE_RU

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
