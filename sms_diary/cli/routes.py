"""`route list`, `route show`, `route try`: ways to operators, as they are really set.

What a setting means is docs/configuration.md's; the test itself is `route_try.py`'s.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_diary.cli.common import ConfigOption, run

if TYPE_CHECKING:
    from sms_diary.channels.http.profile import Profile as HttpProfile
    from sms_diary.channels.smpp.profile import Profile
    from sms_diary.channels.spec import Provider
    from sms_diary.config import HttpRoute, Route, Settings

app = typer.Typer(help="Маршруты к операторам: показать, проверить.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="ROUTE", help="Имя маршрута из настроек (name).")]
_SOURCE_RU = {"route": "маршрут", "provider": "файл оператора", "default": "по умолчанию"}
_NOT_SHOWN = frozenset({"name", "password", "vendor_codes", "of_phones"})


@app.command("list")
def list_routes(config: ConfigOption = None) -> None:
    """Маршруты: имя, оператор, адрес, отправитель, пределы."""

    async def work() -> None:
        from sms_diary.cli import http_routes
        from sms_diary.config import HttpRoute, load

        settings = load(config)
        if not settings.routes:
            print("Маршрутов нет. Впишите [[routes]] в настройки: docs/configuration.md.")
        for route in settings.routes:
            if isinstance(route, HttpRoute):
                print(http_routes.line(_http_profile(settings, route)))
            else:
                print(_line(_profile(settings, route)))

    run(work())


def _line(profile: Profile) -> str:
    own = profile.settings
    title = profile.provider.title if profile.provider else "оператор не назван"
    speed = f"{own.rate:g} SMS/с" if own.rate else "скорость не ограничена"
    return (
        f"{own.name}: {title}, {own.host}:{own.port}, отправитель {own.source or '(не задан)'}, "
        f"{speed}, окно {own.window}, соединений {own.sessions}"
    )


@app.command()
def show(name: Name, config: ConfigOption = None) -> None:
    """Все действующие настройки маршрута и откуда каждая взялась. Пароль не показывается."""

    async def work() -> None:
        from sms_diary.cli import http_routes
        from sms_diary.config import HttpRoute, load

        settings = load(config)
        route = _route(settings, name)
        if isinstance(route, HttpRoute):
            lines = http_routes.shown(_http_profile(settings, route), reply_to=route.reply_to)
        else:
            lines = _shown(_profile(settings, route), route)
        for line in [*lines, *_order(route)]:
            print(line)

    run(work())


def _order(route: Route | HttpRoute) -> list[str]:
    """What carries its texts when it is out."""
    after = f"Если маршрут не работает {route.out_after:g} с, вместо него"
    lines = [f"{after}: {', '.join(route.backup)}."] if route.backup else []
    return lines + ([f"Срочное идёт через: {', '.join(route.urgent)}."] if route.urgent else [])


def _shown(profile: Profile, route: Route) -> list[str]:
    own = profile.settings
    rows: list[tuple[str, str, str]] = [
        ("password", "задан" if own.password else "пусто", _password_source(route)),
        ("reply_to", _value(route.reply_to), _told("reply_to" in route.model_fields_set)),
    ]
    rows += [
        (name, _value(getattr(own, name)), _SOURCE_RU[profile.source(name)])
        for name in sorted(field.name for field in fields(own))
        if name not in _NOT_SHOWN
    ]
    widest = max(len(name) + len(value) for name, value, _ in rows)
    lines = [f"Маршрут {own.name}", *_about(profile.provider)]
    for name, value, source in sorted(rows):
        lines.append(f"  {name} = {value:{widest - len(name)}}  {source}")
    return lines


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "по виду отправителя"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _password_source(route: Route) -> str:
    if route.password_file is not None:
        return f"файл {route.password_file}"
    return _told("password" in route.model_fields_set)


def _told(said: bool) -> str:
    return _SOURCE_RU["route" if said else "default"]


def _about(provider: Provider | None) -> list[str]:
    from sms_diary.channels.smpp.statuses import GENERAL
    from sms_diary.channels.spec import VERIFIED_RU

    if provider is None:
        return ["Файл оператора не назван (provider)."]
    lines = [f"Оператор: {provider.title} ({provider.name}), {VERIFIED_RU[provider.verified]}."]
    if provider.note:
        lines.append(provider.note)
    for code in provider.codes:
        last = f"-0x{code.codes[-1]:X}" if len(code.codes) > 1 else ""
        lines.append(
            f"  код 0x{code.codes[0]:X}{last}: {code.failure}, "
            f"{code.reason or GENERAL[code.failure]}"
        )
    return lines


@app.command("try")
def try_route(
    name: Name,
    to: Annotated[str, typer.Option(help="Номер телефона, который у вас в руках.")],
    text: Annotated[str, typer.Option(help="Текст; без него — обычный текст проверки.")] = "",
    wait: Annotated[
        float, typer.Option(min=1, max=600, help="Сколько секунд ждать отчёта о доставке.")
    ] = 60.0,
    trace: Annotated[
        Path | None,
        typer.Option(help="Файл, куда записать обмен с оператором: его ждёт поддержка."),
    ] = None,
    trace_personal: Annotated[
        bool, typer.Option("--trace-personal", help="Писать туда и номера, и тексты, и байты.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Послать одну SMS и рассказать по шагам, что вышло. Код 0 — дошла, 1 — нет.

    В базу ничего не пишется. Если сервис работает, оператор может не пустить второй раз под тем же
    именем: тогда остановите сервис на время проверки.
    """

    async def work() -> bool:
        from sms_diary.cli.http_try import HttpTrial
        from sms_diary.cli.route_try import Trial
        from sms_diary.config import HttpRoute, load
        from sms_diary.errors import ConfigError
        from sms_diary.phone import normalise

        settings = load(config)
        route = _route(settings, name)
        number = normalise(to)
        if number is None:
            raise ConfigError("--to: это не российский мобильный номер. Пример: +79000000000.")
        if isinstance(route, HttpRoute):
            if trace is not None or trace_personal:
                raise ConfigError("--trace бывает только у маршрутов по SMPP.")
            trial = HttpTrial(_http_profile(settings, route).settings, wait=wait)
            return await trial.run(number, text or _usual_text(settings))
        profile = _profile(settings, route)
        # One connection is enough to see whether it works; the service's trace is the service's.
        one = replace(
            profile.settings,
            sessions=1,
            trace=_trace_file(trace, personal=trace_personal),
            trace_personal=trace_personal,
        )
        print("Если сервис сейчас работает, оператор может отказать во втором входе.", flush=True)
        return await Trial(one, wait=wait).run(number, text or _usual_text(settings))

    raise typer.Exit(0 if run(work()) else 1)


def _trace_file(file: Path | None, *, personal: bool) -> str:
    """The path of a trace that can be written, "" for none; said at once when it cannot."""
    from sms_diary.channels.smpp.trace import TraceFile
    from sms_diary.errors import ConfigError

    if file is None:
        if personal:
            raise ConfigError("--trace-personal нужен вместе с --trace: впишите и файл.")
        return ""
    try:
        with TraceFile(str(file)) as opened:
            opened.open()
    except OSError as wrong:
        raise ConfigError(f"--trace: файл {file} не открывается ({wrong.strerror}).") from wrong
    return str(file)


def _usual_text(settings: Settings) -> str:
    from sms_diary.resources import templates_dir

    file = (settings.templates or templates_dir()) / "route_test.txt"
    return file.read_text(encoding="utf-8").strip()


def _route(settings: Settings, name: str) -> Route | HttpRoute:
    from sms_diary.errors import ConfigError

    for route in settings.routes:
        if route.name == name:
            return route
    known = ", ".join(route.name for route in settings.routes) or "ни одного"
    raise ConfigError(f"Маршрута «{name}» нет. Какие есть: {known}.")


def _profile(settings: Settings, route: Route) -> Profile:
    from sms_diary.channels.smpp import profile
    from sms_diary.config import provider_folders, route_values

    return profile.load(route_values(route), provider_folders(settings))


def _http_profile(settings: Settings, route: HttpRoute) -> HttpProfile:
    from sms_diary.channels.http import profile
    from sms_diary.config import provider_folders, route_values

    return profile.load(
        route_values(route), provider_folders(settings), public_url=settings.public_url
    )
