"""`simulator` and `demo`: trying it without an operator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sms_diary.cli.common import NowOption, clock_of, run


def register(app: typer.Typer) -> None:
    app.command()(simulator)
    app.command()(demo)


def simulator(
    host: Annotated[str, typer.Option(help="Адрес.")] = "127.0.0.1",
    smpp_port: Annotated[int, typer.Option(help="Порт SMPP.")] = 2775,
    web_port: Annotated[int, typer.Option(help="Порт страницы с телефонами.")] = 8775,
    system_id: Annotated[str, typer.Option(help="Имя для входа.")] = "demo",
    password: Annotated[str, typer.Option(help="Пароль.")] = "demo",  # noqa: S107  # of a toy
    receipt_delay: Annotated[float, typer.Option(help="Через сколько секунд отчёт.")] = 0.5,
    response_delay: Annotated[
        float, typer.Option(help="Через сколько секунд ответ на каждую SMS.")
    ] = 0.0,
    receipts_hex: Annotated[
        bool, typer.Option(help="Номера в отчётах — шестнадцатеричные.")
    ] = False,
    ledger: Annotated[Path | None, typer.Option(help="Записывать принятое в файл (JSON).")] = None,
) -> None:
    """Имитация оператора и телефонов родителей."""
    from sms_diary.simulator.options import Options
    from sms_diary.simulator.run import run as run_simulator

    options = Options(
        system_id=system_id, password=password, receipt_delay=receipt_delay,
        receipts_hex=receipts_hex, response_delay=response_delay,
    )  # fmt: skip
    run(run_simulator(host, smpp_port, web_port, options, ledger))


def demo(
    once: Annotated[bool, typer.Option("--once", help="Показать и закончить.")] = False,
    port: Annotated[int, typer.Option(help="Порт страницы с телефонами; 0 — свободный.")] = 0,
    now: NowOption = None,
) -> None:
    """Неделя вымышленной школы: сервис, оператор и телефоны родителей на этой машине."""
    from sms_diary.demo import play

    moment = None if now is None else clock_of(now).now()
    raise typer.Exit(play.main(once=once, port=port, now=moment))
