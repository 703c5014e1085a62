"""`provider list|show|check|callbacks`: what is known of operators and providers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, run

if TYPE_CHECKING:
    from sms_diary.channels.spec import Provider

app = typer.Typer(help="Файлы операторов: показать, проверить.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="PROVIDER", help="Имя файла без .toml.")]


@app.command("list")
def list_providers(config: ConfigOption = None) -> None:
    """Какие файлы операторов есть и насколько им верить."""

    async def work() -> None:
        from sms_diary.channels import spec
        from sms_diary.channels.spec import VERIFIED_RU
        from sms_diary.config import load, provider_folders

        folders = provider_folders(load(config))
        for name in spec.names(folders):
            found = spec.load(name, folders)
            wire = "SMPP" if found.http is None else "HTTP"
            unfinished = found.http is not None and found.http.unfinished
            state = "не закончен" if unfinished else VERIFIED_RU[found.verified]
            print(f"{name}: {found.title}, {wire}, {state}")

    run(work())


@app.command()
def show(name: Name, config: ConfigOption = None) -> None:
    """Что известно об одном операторе и что вписать в маршрут."""

    async def work() -> None:
        from sms_diary.channels import spec
        from sms_diary.config import load, provider_folders

        for line in _shown(spec.load(name, provider_folders(load(config)))):
            print(line)

    run(work())


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Файл оператора.")],
) -> None:
    """Проверить один файл: сказать, что не так и в какой строке."""

    async def work() -> None:
        from sms_diary.channels import spec

        found = spec.read(file)
        for line in _shown(found):
            print(line)
        unfinished = found.http is not None and found.http.unfinished
        state = ", но не закончен: маршрута из него не сделать" if unfinished else ""
        print(f"Файл верен{state}.")

    run(work())


@app.command()
def callbacks(config: ConfigOption = None) -> None:
    """Адреса, которые нужно вписать в кабинетах провайдеров. Они секретны: в них токены."""

    async def work() -> None:
        from sms_diary.channels.http import profile
        from sms_diary.cli import http_routes
        from sms_diary.config import HttpRoute, load, provider_folders, route_values

        settings = load(config)
        for route in settings.routes:
            if isinstance(route, HttpRoute):
                found = profile.load(
                    route_values(route), provider_folders(settings), public_url=settings.public_url
                )
                print(f"Маршрут {route.name}, {found.provider.title}:")
                for line in http_routes.addresses(found.settings):
                    print(f"  {line}")

    run(work())


def _shown(found: Provider) -> list[str]:
    from sms_diary.channels.spec import VERIFIED_RU
    from sms_diary.cli.http_routes import SECTION_RU

    lines = [f"{found.title} ({found.name}): {VERIFIED_RU[found.verified]}."]
    if found.note:
        lines.append(found.note)
    if found.http is None:
        return lines
    if found.http.unfinished:
        lines.append(f"Не закончен. {found.http.unfinished}")
    secrets = [
        *found.http.secrets,
        *(f"{name} (можно без него)" for name in found.http.optional_secrets),
    ]
    lines.append(f"Адреса: {', '.join(found.http.base_urls) or 'впишите base_url в маршрут'}")
    lines.append(f"Секреты (secrets): {', '.join(secrets) or 'не нужны'}")
    lines += [
        f"  {SECTION_RU[one]}: {VERIFIED_RU[said]}" for one, said in found.http.verified().items()
    ]
    return lines
