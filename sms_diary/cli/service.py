"""`init`, `check`, `serve`, `health`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, about_key, clock_of, fast_loop, run

if TYPE_CHECKING:
    from sms_diary.app import Role
    from sms_diary.clock import Clock
    from sms_diary.config import Settings


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(check)
    app.command()(serve)
    app.command()(health)


def init(
    file: Annotated[Path, typer.Argument(help="Куда записать настройки.")] = Path("sms-diary.toml"),
) -> None:
    """Создать первый файл настроек."""
    from sms_diary.config import EXAMPLE

    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(EXAMPLE)
    except FileExistsError:
        print(f"Файл {file} уже есть, он не тронут.", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"Записано: {file}")
    print("Дальше: впишите маршрут к оператору, проверьте (sms-diary check),")
    print("добавьте школу (sms-diary school add) и запустите (sms-diary serve).")


def check(config: ConfigOption = None) -> None:
    """Проверить настройки, базу, ключ и шаблоны; сказать, что не так и где."""
    from sms_diary.config import load

    async def work() -> None:
        from sms_diary.app import opened
        from sms_diary.channels import spec
        from sms_diary.config import provider_folders
        from sms_diary.render import Renderer
        from sms_diary.resources import templates_dir

        settings = load(config)
        folders = provider_folders(settings)
        _check_routes(settings)
        if not settings.routes:
            print("маршрутов нет: сообщения будут копиться, пока не впишете [[routes]]")
        for provider in spec.names(folders):
            spec.load(provider, folders)
        print("файлы операторов: верны")
        Renderer.from_folder(settings.templates or templates_dir())
        print("шаблоны: верны")
        async with opened(settings) as base:
            print(f"база: {base.database.engine}, открывается; ключ подходит")
            if base.key_made:
                print(about_key(settings))

    run(work())


def _check_routes(settings: Settings) -> None:
    """Say of each route that it is right; raises ConfigError for the first that is not."""
    from sms_diary.channels.smpp import profile, trace
    from sms_diary.cli import http_routes
    from sms_diary.config import HttpRoute, provider_folders, route_values

    for route in settings.routes:
        if isinstance(route, HttpRoute):
            for line in http_routes.checked(settings, route):
                print(line)
            continue
        own = profile.load(route_values(route), provider_folders(settings)).settings
        print(f"маршрут {own.name}: {own.host}:{own.port}, настройки верны")
        if own.trace and own.trace_personal:
            print(f"маршрут {own.name}: {trace.PERSONAL_RU} ({own.trace})")


def serve(
    role: Annotated[
        list[str] | None,
        typer.Option(
            help="Что делает этот процесс: web — приём событий и запросы, fanout — кому и что "
            "сообщить, send — отправка и приём SMS, all — всё (так и без --role). Можно несколько: "
            "--role fanout,send. Только с PostgreSQL, процессов может быть сколько угодно."
        ),
    ] = None,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Запустить сервис: дверь для журнала, отправку и приём SMS."""
    from sms_diary.config import load
    from sms_diary.errors import ConfigError

    clock = clock_of(now)
    try:
        roles = _roles(role or ["all"])
        settings = load(config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    fast_loop()
    run(_serve(settings, clock, roles))


def _roles(given: list[str]) -> frozenset[Role]:
    from sms_diary.app import ALL, Role
    from sms_diary.errors import ConfigError

    names = {name.strip() for words in given for name in words.split(",")}
    if not names <= {*Role, "all"}:
        raise ConfigError("--role бывает web, fanout, send или all; несколько — через запятую.")
    return ALL if "all" in names else frozenset(map(Role, names))


async def _serve(settings: Settings, clock: Clock, roles: frozenset[Role]) -> None:
    import asyncio
    import signal

    from sms_diary import logs
    from sms_diary.app import running

    logs.set_up(settings.log)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Its usual meaning, to read the settings again, would need a restart here; to die of it would
    # be the worst of all.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _no_reload)
    async with running(settings, clock, roles) as service:
        gc.freeze()  # what is loaded by now is never garbage
        # Rows and texts of a batch die by themselves; looking for cycles among them is in vain.
        gc.set_threshold(20_000, 20, 20)
        if service.base.key_made:
            print(about_key(settings), flush=True)
        print(f"Сервис работает: {service.address} (остановить: Ctrl-C)", flush=True)
        await stop.wait()
        print("Останавливаюсь: дожидаюсь ответов оператора.", flush=True)


def _no_reload() -> None:
    import structlog

    structlog.get_logger(__name__).warning("settings are read at start only: restart to change")


def health(
    url: Annotated[str, typer.Option(help="Адрес сервиса.")] = "http://127.0.0.1:8080",
) -> None:
    """Спросить сервис, жив ли он: код 0 — да. Для Docker и systemd."""
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310  # our own address
            print(answer.read().decode())
    except (urllib.error.URLError, OSError) as error:
        print(f"Сервис не отвечает: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
