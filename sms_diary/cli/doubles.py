"""`person doubles|join`: pupils who are likely written twice, and two records made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.acts import known_id
from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.ingest.doubles import Written
    from sms_diary.store.tools import Tools

SchoolOption = Annotated[str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")]
PupilArgument = Annotated[str, typer.Argument(metavar="ID", help="Номер ученика в базе.")]


def register(app: typer.Typer) -> None:
    """Among the commands of `person`."""
    app.command()(doubles)
    app.command()(join)


def doubles(school: SchoolOption, config: ConfigOption = None, now: NowOption = None) -> None:
    """Показать учеников, которые, похоже, записаны дважды."""
    clock = clock_of(now)

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.clock import local
        from sms_diary.store.desk import doubles as store

        own = await school_of(q, school)
        day = local(clock.now(), own.zone).date().isoformat()
        found = await store.likely(q, own.id, day=day, classes=None)
        for one, other in found:
            print(f"{_line(one)}  и  {_line(other)}")
        if found:
            print(f"Объединить: sms-diary person join --school {school} --by КТО ID ID")
        else:
            print("Записанных дважды не видно.")

    in_database(config, work)


def _line(one: Written) -> str:
    return ", ".join(filter(None, [f"{one.id} {one.name}", one.class_name, one.birth]))


def join(
    one: PupilArgument,
    other: PupilArgument,
    school: SchoolOption,
    by: Annotated[str, typer.Option("--by", metavar="КТО", help="Кто объединяет: ФИО.")],
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Сделать из двух записей ученика одну; разделить их потом нельзя."""
    clock = clock_of(now)

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import local
        from sms_diary.errors import ConfigError, NotYet
        from sms_diary.store.persons import merging

        own = await school_of(q, school)
        try:
            done = await merging.merge(
                q, tools, own.id, known_id(one), known_id(other),
                today=local(clock.now(), own.zone).date(), by=by, now=clock.now(),
            )  # fmt: skip
        except NotYet as against:
            raise ConfigError(str(against)) from against
        if done is None:
            raise ConfigError("В школе нет двух учеников с такими номерами.")
        print(
            f"Осталась запись {done.pupil_id}. Подписок перешло: {done.moved}, объединено: "
            f"{done.joined}; SMS выключены у родителей: {done.told_less}."
        )

    in_database(config, work)
