"""Starts the simulator: the SMSC and its page, until a signal or cancellation.

What lives here: life and the lines that are printed. What does not: the command line, which hands
over plain values.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sms_diary.simulator import provider
from sms_diary.simulator.options import Options
from sms_diary.simulator.page import make_app
from sms_diary.simulator.smsc import Smsc


@asynccontextmanager
async def serving_page(smsc: Smsc, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the page of a started SMSC while the block lasts; yields its address.

    `port` 0 takes a free one. Raises OSError when the address is taken.
    """
    runner = web.AppRunner(make_app(smsc), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield f"http://{_shown(host)}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Played:
    """A provider to be played on `port`; `receipts` and `inbound` are addresses of the client."""

    definition: provider.Definition
    port: int = 0
    receipts: str = ""
    inbound: str = ""


async def run(
    host: str, smpp_port: int, web_port: int, options: Options, ledger_file: Path | None,
    played: Played | None = None,
) -> None:  # fmt: skip
    """Run SMSC and page, print where they are, and clean up after SIGTERM, SIGINT or cancel.

    With `played` the client is a provider's, over HTTP. Raises OSError when an address is taken or
    the ledger's file cannot be opened, Unplayable for a provider that cannot be played.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    pushes = None if played is None else _pushes(played, options)
    smsc = Smsc(options, ledger_file=ledger_file, carrier=pushes)
    for number in signals:
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    try:
        await smsc.start(host, smpp_port)
        async with AsyncExitStack() as stack:
            if played is None or pushes is None:
                _say(f"Имитатор SMSC: {_shown(host)}:{smsc.port}, имя {options.system_id}")
            else:
                of_http = provider.serving(played.definition, smsc, pushes, host, played.port)
                where = await stack.enter_async_context(of_http)
                _say(f"Имитатор провайдера {played.definition.title}: {where}")
            address = await stack.enter_async_context(serving_page(smsc, host, web_port))
            _say(f"Телефоны родителей: {address}")
            if ledger_file is not None:
                _say(f"Журнал принятых SMS: {ledger_file}")
            _say("Остановить: Ctrl-C")
            await stop.wait()
    finally:
        await smsc.stop()
        for number in signals:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
    _say("Имитатор остановлен.")


def _pushes(played: Played, options: Options) -> provider.Pushes:
    return provider.Pushes(
        played.definition, options, receipts=played.receipts, inbound=played.inbound
    )


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the command's own output


def _shown(host: str) -> str:
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
