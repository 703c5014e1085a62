"""`simulator` and `demo`: trying it without an operator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import NowOption, clock_of, fast_loop, run

if TYPE_CHECKING:
    from sms_diary.simulator import Options
    from sms_diary.simulator.run import Played


def register(app: typer.Typer) -> None:
    app.command()(simulator)
    app.command()(demo)


def simulator(
    host: Annotated[str, typer.Option(help="Адрес.")] = "127.0.0.1",
    smpp_port: Annotated[int, typer.Option(help="Порт SMPP.")] = 2775,
    web_port: Annotated[int, typer.Option(help="Порт страницы с телефонами.")] = 8775,
    provider: Annotated[
        str, typer.Option(help="Играть провайдера по HTTP: его файл или имя из поставки.")
    ] = "",
    http_port: Annotated[int, typer.Option(help="Порт провайдера.")] = 8776,
    secret: Annotated[
        list[str] | None, typer.Option(help="Секрет, который нужно знать: имя=значение.")
    ] = None,
    receipts_to: Annotated[
        str, typer.Option(help="Куда приносить отчёты, если адреса нет в запросе.")
    ] = "",
    inbound_to: Annotated[str, typer.Option(help="Куда приносить SMS с телефонов.")] = "",
    ledger: Annotated[Path | None, typer.Option(help="Записывать принятое в файл (JSON).")] = None,
    options: Annotated[
        str, typer.Option(help="Настройки имитатора: файл JSON или TOML либо сам JSON.")
    ] = "",
    seed: Annotated[int | None, typer.Option(help="Какой будет случайность.")] = None,
    system_id: Annotated[str | None, typer.Option(help="Имя для входа (demo).")] = None,
    password: Annotated[str | None, typer.Option(help="Пароль (demo).")] = None,
    max_sessions: Annotated[int | None, typer.Option(help="Сколько подключений сразу.")] = None,
    cut: Annotated[
        float | None, typer.Option(help="С какой вероятностью связь рвётся на каждом пакете.")
    ] = None,
    mute: Annotated[
        str | None, typer.Option(help="На что не отвечать: bind,enquire,unbind,query.")
    ] = None,
    noise: Annotated[
        float | None, typer.Option(help="С какой вероятностью перед пакетом идёт мусор.")
    ] = None,
    response_delay: Annotated[
        float | None, typer.Option(help="Через сколько секунд ответ на каждую SMS.")
    ] = None,
    response_ids: Annotated[
        str | None, typer.Option(help="Номера в ответах: decimal, padded, hex или hex-lower.")
    ] = None,
    unanswered: Annotated[
        float | None, typer.Option(help="Какую долю SMS принять и не ответить.")
    ] = None,
    throttle: Annotated[
        float | None, typer.Option(help="Какой доле SMS ответить «слишком часто».")
    ] = None,
    max_parts_per_second: Annotated[
        float | None, typer.Option(help="Сколько SMS в секунду принимать.")
    ] = None,
    max_window: Annotated[int | None, typer.Option(help="Сколько SMS могут ждать ответа.")] = None,
    refuse: Annotated[
        list[str] | None,
        typer.Option(help="Кому отказать: RMSGQFUL=0.05 или RINVDSTADR=79000000001."),
    ] = None,
    receipt_delay: Annotated[float | None, typer.Option(help="Через сколько секунд отчёт.")] = None,
    receipts: Annotated[
        str | None, typer.Option(help="Отчёты: shuffled,doubled,early,intermediate.")
    ] = None,
    receipt_ids: Annotated[
        str | None, typer.Option(help="Номера в отчётах: decimal, padded, hex или hex-lower.")
    ] = None,
    receipt_form: Annotated[
        str | None, typer.Option(help="Как написаны отчёты: seconds,bare,reordered,upper, …")
    ] = None,
    lost_receipts: Annotated[
        float | None, typer.Option(help="Какая доля отчётов не приходит.")
    ] = None,
    outcomes: Annotated[
        list[str] | None,
        typer.Option(help="Чем кончится: UNDELIV=0.02 или EXPIRED=79000000001."),
    ] = None,
    inbound: Annotated[
        str | None, typer.Option(help="SMS родителей: shuffled,doubled,repeated.")
    ] = None,
    inbound_coding: Annotated[
        str | None, typer.Option(help="Их кодировка: auto, ascii, latin1, ucs2 или ucs2-le.")
    ] = None,
    inbound_long: Annotated[
        str | None, typer.Option(help="Как резать длинные: udh8, udh16, sar или payload.")
    ] = None,
) -> None:
    """Имитация оператора и телефонов родителей.

    Без настроек оператор хороший. Все его пороки описаны в docs/simulator.md; то, чего нет среди
    этих слов, задаётся через --options. Слово сильнее файла.
    """
    from sms_diary.simulator.run import run as run_simulator

    given = {
        "seed": seed, "system_id": system_id, "password": password, "max_sessions": max_sessions,
        "cut": cut, "mute": mute, "noise": noise, "response_delay": response_delay,
        "response_ids": response_ids, "unanswered": unanswered, "throttle": throttle,
        "max_parts_per_second": max_parts_per_second, "max_window": max_window, "refuse": refuse,
        "receipt_delay": receipt_delay, "receipts": receipts, "receipt_ids": receipt_ids,
        "receipt_form": receipt_form, "lost_receipts": lost_receipts, "outcomes": outcomes,
        "inbound": inbound, "inbound_coding": inbound_coding, "inbound_long": inbound_long,
    }  # fmt: skip
    chosen = _read(options, {name: value for name, value in given.items() if value is not None})
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
