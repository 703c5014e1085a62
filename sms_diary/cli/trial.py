"""`simulator` and `demo`: trying it without an operator."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import NowOption, clock_of, fast_loop, run

if TYPE_CHECKING:
    from sms_diary.simulator import Options
    from sms_diary.simulator.run import Played

_Int = int | None
_Float = float | None
_Str = str | None
_Strs = list[str] | None


def _says(text: str) -> object:
    """An option that `--help` explains so."""
    return typer.Option(help=text)


def register(app: typer.Typer) -> None:
    app.command()(simulator)
    app.command()(demo)


def simulator(
    host: Annotated[str, _says("Адрес.")] = "127.0.0.1",
    smpp_port: Annotated[int, _says("Порт SMPP.")] = 2775,
    web_port: Annotated[int, _says("Порт страницы с телефонами.")] = 8775,
    provider: Annotated[
        str, _says("Играть провайдера по HTTP: его файл или имя из поставки.")
    ] = "",
    http_port: Annotated[int, _says("Порт провайдера.")] = 8776,
    secret: Annotated[_Strs, _says("Секрет, который нужно знать: имя=значение.")] = None,
    receipts_to: Annotated[str, _says("Куда приносить отчёты, если адреса нет в запросе.")] = "",
    inbound_to: Annotated[str, _says("Куда приносить SMS с телефонов.")] = "",
    ledger: Annotated[Path | None, _says("Записывать принятое в файл (JSON).")] = None,
    options: Annotated[str, _says("Настройки имитатора: файл JSON или TOML либо сам JSON.")] = "",
    seed: Annotated[_Int, _says("Какой будет случайность.")] = None,
    system_id: Annotated[_Str, _says("Имя для входа (demo).")] = None,
    password: Annotated[_Str, _says("Пароль (demo).")] = None,
    max_sessions: Annotated[_Int, _says("Сколько подключений сразу.")] = None,
    cut: Annotated[_Float, _says("С какой вероятностью связь рвётся на каждом пакете.")] = None,
    mute: Annotated[_Str, _says("На что не отвечать: bind,enquire,unbind,query.")] = None,
    noise: Annotated[_Float, _says("С какой вероятностью перед пакетом идёт мусор.")] = None,
    response_delay: Annotated[_Float, _says("Через сколько секунд ответ на каждую SMS.")] = None,
    response_ids: Annotated[
        _Str, _says("Номера в ответах: decimal, padded, hex или hex-lower.")
    ] = None,
    unanswered: Annotated[_Float, _says("Какую долю SMS принять и не ответить.")] = None,
    throttle: Annotated[_Float, _says("Какой доле SMS ответить «слишком часто».")] = None,
    max_parts_per_second: Annotated[_Float, _says("Сколько SMS в секунду принимать.")] = None,
    max_window: Annotated[_Int, _says("Сколько SMS могут ждать ответа.")] = None,
    refuse: Annotated[
        _Strs, _says("Кому отказать: RMSGQFUL=0.05 или RINVDSTADR=79000000001.")
    ] = None,
    receipt_delay: Annotated[_Float, _says("Через сколько секунд отчёт.")] = None,
    receipts: Annotated[_Str, _says("Отчёты: shuffled,doubled,early,intermediate.")] = None,
    receipt_ids: Annotated[
        _Str, _says("Номера в отчётах: decimal, padded, hex или hex-lower.")
    ] = None,
    receipt_form: Annotated[
        _Str, _says("Как написаны отчёты: seconds,bare,reordered,upper, …")
    ] = None,
    lost_receipts: Annotated[_Float, _says("Какая доля отчётов не приходит.")] = None,
    outcomes: Annotated[_Strs, _says("Чем кончится: UNDELIV=0.02 или EXPIRED=79000000001.")] = None,
    inbound: Annotated[_Str, _says("SMS родителей: shuffled,doubled,repeated.")] = None,
    inbound_coding: Annotated[
        _Str, _says("Их кодировка: auto, ascii, latin1, ucs2 или ucs2-le.")
    ] = None,
    inbound_long: Annotated[
        _Str, _says("Как резать длинные: udh8, udh16, sar или payload.")
    ] = None,
) -> None:
    """Имитация оператора и телефонов родителей.

    Без настроек оператор хороший. Все его пороки описаны в docs/simulator.md; то, чего нет среди
    этих слов, задаётся через --options. Слово сильнее файла.
    """
    said = locals().copy()
    from sms_diary.simulator import Options
    from sms_diary.simulator.run import run as run_simulator

    names = {field.name for field in fields(Options)}
    given = {name: value for name, value in said.items() if name in names and value is not None}
    chosen = _read(options, given)
    fast_loop()
    played = _played(provider, http_port, secret or [], receipts_to, inbound_to)
    run(run_simulator(host, smpp_port, web_port, chosen, ledger, played))


def _played(
    provider: str, port: int, secrets: list[str], receipts: str, inbound: str
) -> Played | None:
    """The provider to be played; its file by its path, or one that ships by its name."""
    from sms_diary.errors import ConfigError
    from sms_diary.resources import providers_dir
    from sms_diary.simulator.provider import Unplayable, read
    from sms_diary.simulator.run import Played

    async def work() -> Played:
        file = (
            Path(provider) if provider.endswith(".toml") else providers_dir() / f"{provider}.toml"
        )
        pairs = dict(one.partition("=")[::2] for one in secrets)
        try:
            return Played(read(file, pairs), port, receipts, inbound)
        except Unplayable as wrong:
            raise ConfigError(str(wrong)) from wrong

    return run(work()) if provider else None


def _read(options: str, given: dict[str, object]) -> Options:
    """The simulator's options; what is wrong with them ends the command with its text."""
    from sms_diary.simulator.reading import read

    async def work() -> Options:
        return read(options, given)

    return run(work())


def demo(
    once: Annotated[bool, typer.Option("--once", help="Показать и закончить.")] = False,
    port: Annotated[int, typer.Option(help="Порт страницы с телефонами; 0 — свободный.")] = 0,
    now: NowOption = None,
) -> None:
    """Неделя вымышленной школы: сервис, оператор и телефоны родителей на этой машине."""
    from sms_diary.demo import play

    moment = None if now is None else clock_of(now).now()
    raise typer.Exit(play.main(once=once, port=port, now=moment))
