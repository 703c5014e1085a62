"""`school …` and `staff …`: schools, their secrets and tokens, who gets SMS in test mode."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_diary.cli.common import ConfigOption, about_key, run

if TYPE_CHECKING:
    from sms_diary.api.schools import Change
    from sms_diary.db import Queries
    from sms_diary.store.schools import School
    from sms_diary.store.tools import Tools

app = typer.Typer(help="Школы: добавить, показать, включить.", no_args_is_help=True)
staff = typer.Typer(
    help="Сотрудники, которым SMS приходят в проверочном режиме.", no_args_is_help=True
)
Slug = Annotated[str, typer.Argument(help="Короткое имя школы латиницей, например school-5.")]


def in_database(config: ConfigOption, work: Callable[[Queries, Tools], Awaitable[None]]) -> None:
    """Do the work in one transaction of the configured database."""

    async def whole() -> None:
        from sms_diary.app import opened
        from sms_diary.config import load

        settings = load(config)
        async with opened(settings) as base:
            if base.key_made:
                print(about_key(settings), file=sys.stderr)
            async with base.database.transaction() as q:
                await work(q, base.tools)

    run(whole())


async def school_of(q: Queries, slug: str) -> School:
    """The school of this short name. ConfigError where there is none."""
    from sms_diary.errors import ConfigError
    from sms_diary.store import schools

    school = await schools.by_slug(q, slug)
    if school is None:
        raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
    return school


@app.command()
def add(
    slug: Slug,
    name: Annotated[str, typer.Option(help="Полное название.")] = "",
    short: Annotated[str, typer.Option(help="Краткое название для SMS, до 20 знаков.")] = "",
    zone: Annotated[str, typer.Option(help="Часовой пояс.")] = "Europe/Samara",
    settle: Annotated[
        int, typer.Option(min=0, help="Сколько секунд ждать исправления, прежде чем сообщить.")
    ] = 10,
    budget: Annotated[int, typer.Option(min=1, max=10, help="Частей в одном сообщении.")] = 2,
    live: Annotated[bool, typer.Option("--live", help="Сразу в рабочем режиме.")] = False,
    config: ConfigOption = None,
) -> None:
    """Добавить школу; показать её секрет вебхука и токен (один раз)."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import SystemClock
        from sms_diary.errors import ConfigError
        from sms_diary.model import SchoolMode
        from sms_diary.store import schools

        _check(slug, zone)
        if await schools.by_slug(q, slug):
            raise ConfigError(f"Школа «{slug}» уже есть.")
        now = SystemClock().now()
        school = await schools.add(
            q, tools, slug=slug, name=name or slug, short_name=short or name[:20] or slug,
            zone=zone, settle=settle * 1000, budget=budget, now=now,
        )  # fmt: skip
        if live:
            await schools.set_mode(q, school.id, SchoolMode.LIVE)
        secret, token = await schools.add_credentials(q, tools, school.id, now=now)
        print(f"Школа добавлена: {slug}")
        print(f"webhook_secret={secret}")
        print(f"token={token}")
        print("Секрет и токен показаны один раз: сохраните их.")
        if not live:
            print(
                "Школа в проверочном режиме: SMS получают только номера сотрудников "
                f"(sms-diary staff add {slug}). Включить: sms-diary school mode {slug} live"
            )

    in_database(config, work)


def _check(slug: str, zone: str) -> None:
    import re
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from sms_diary.errors import ConfigError

    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", slug):
        raise ConfigError(
            "Короткое имя школы — латинские строчные буквы, цифры и дефис, до 40 знаков."
        )
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"Нет часового пояса «{zone}». Например: Europe/Samara") from None


@app.command(name="list")
def list_(config: ConfigOption = None) -> None:
    """Показать школы."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import schools

        found = await schools.every(q)
        for school in found:
            mode = {"live": "рабочий", "test": "проверочный"}[school.mode]
            print(f"{school.slug}\t{school.name}\t{school.zone.key}\tрежим: {mode}")
        if not found:
            print("Школ ещё нет. Добавить: sms-diary school add ИМЯ")

    in_database(config, work)


@app.command()
def mode(
    slug: Slug,
    value: Annotated[str, typer.Argument(metavar="test|live", help="Режим.")],
    config: ConfigOption = None,
) -> None:
    """Перевести школу в рабочий (live) или проверочный (test) режим."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.errors import ConfigError
        from sms_diary.model import SchoolMode
        from sms_diary.store import schools

        if value not in set(SchoolMode):
            raise ConfigError("Режим бывает test (проверочный) или live (рабочий).")
        school = await school_of(q, slug)
        await schools.set_mode(q, school.id, SchoolMode(value))
        print(f"{slug}: режим {value}")

    in_database(config, work)


@app.command(name="set")
def set_(
    slug: Slug,
    values: Annotated[
        list[str],
        typer.Argument(metavar="ПОЛЕ=ЗНАЧЕНИЕ…", help="Например: budget=3 paused=true."),
    ],
    config: ConfigOption = None,
) -> None:
    """Изменить настройки школы; поля те же, что в docs/api.md."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.api import schools as endpoint
        from sms_diary.clock import SystemClock
        from sms_diary.errors import ConfigError
        from sms_diary.store import settings

        school = await school_of(q, slug)
        row = await settings.read(q, school.id, lock=True)
        now = SystemClock().now()
        columns = endpoint.changes(_change(values), row, now=now)
        if wrong := endpoint.crossed({**row} | columns):
            raise ConfigError(wrong)
        await settings.change(q, school.id, columns, now=now)
        print(f"{slug}: записано; что ещё не ушло, уйдёт уже по-новому")

    in_database(config, work)


def _change(values: list[str]) -> Change:
    """`field=value` pairs, read as the endpoint reads its JSON."""
    import json

    from pydantic import ValidationError

    from sms_diary.api.schools import Change
    from sms_diary.errors import ConfigError
    from sms_diary.ingest import parsing

    said = dict(value.partition("=")[::2] for value in values)
    shapes = Change.model_json_schema()["properties"]
    body = json.dumps({name: _json(text, shapes.get(name, {})) for name, text in said.items()})
    try:
        return Change.model_validate_json(body)
    except ValidationError as wrong:
        found = parsing.of_object(body.encode(), wrong)[0]
        raise ConfigError(f"{found.pointer.lstrip('/')}: {found.message}.") from None


def _json(text: str, shape: dict[str, Any]) -> Any:
    """Text where the field is text; else the number, list, true or false that it spells."""
    import json

    plain = {"boolean", "integer", "array"}.isdisjoint(
        one.get("type") for one in shape.get("anyOf", ())
    )
    if plain:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


@app.command()
def secret(
    slug: Slug,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Прежние секреты и токены перестают действовать.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Выдать школе ещё один секрет вебхука и токен; без --revoke прежние действуют."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import SystemClock
        from sms_diary.store import schools

        school = await school_of(q, slug)
        now = SystemClock().now()
        ended = await schools.revoke_credentials(q, school.id, now=now) if revoke else 0
        made = await schools.add_credentials(q, tools, school.id, now=now)
        print(f"webhook_secret={made[0]}")
        print(f"token={made[1]}")
        if ended:
            print(f"Прежние отозваны ({ended}): перестанут действовать за секунду.")

    in_database(config, work)


@staff.command(name="add")
def add_staff(slug: Slug, config: ConfigOption = None) -> None:
    """Добавить номер сотрудника; номер спрашивается, чтобы не попасть в историю команд."""
    typed = typer.prompt("Номер") if sys.stdin.isatty() else sys.stdin.readline()

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import SystemClock
        from sms_diary.errors import ConfigError
        from sms_diary.phone import mask, normalise
        from sms_diary.store import numbers, schools

        number = normalise(typed.strip())
        if number is None:
            raise ConfigError("Это не номер мобильного: нужно вида +7 900 000-10-01.")
        school = await school_of(q, slug)
        known = await numbers.ensure(q, tools, [number], now=SystemClock().now())
        await schools.add_staff(q, school.id, known[number].id)
        print(
            f"{mask(number)}: будет получать SMS школы {slug} и в проверочном режиме, "
            "если он в списке родителей"
        )

    in_database(config, work)
