"""Kannel, a real third party: our HTTP channel → Kannel → our SMSC, and receipts all the way back.

Needs Debian's package `kannel`: bearerbox and smsbox in the path.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from sms_diary.api import server
from sms_diary.api.callbacks import CallbackDoor
from sms_diary.api.problem import answering
from sms_diary.channels.base import Outcome
from sms_diary.channels.http import HttpChannel, HttpSettings, profile
from sms_diary.resources import providers_dir
from sms_diary.simulator.options import Options
from sms_diary.simulator.rules import Rule
from sms_diary.simulator.smsc import Smsc
from tests.http_peer import News, part

pytestmark = [pytest.mark.kannel, pytest.mark.timeout(300)]
TOKEN = "0123456789abcdef"
CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {box}
box-allow-ip = 127.0.0.1
dlr-storage = internal
log-file = {folder}/bearerbox.log
log-level = 0

group = smsc
smsc = smpp
smsc-id = simulator
host = 127.0.0.1
port = {smpp}
smsc-username = demo
smsc-password = demo
system-type = ""
transceiver-mode = true
source-addr-autodetect = true
max-pending-submits = 100

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {http}
log-file = {folder}/smsbox.log
log-level = 0

group = sendsms-user
username = school
password = secret
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{inbound}?from=%p&to=%P&text=%b&coding=%c"
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@asynccontextmanager
async def box(name: str, configuration: Path) -> AsyncIterator[None]:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert program is not None, f"{name} is not here: install Debian's package kannel"
    process = await asyncio.create_subprocess_exec(
        program, str(configuration), stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            await writer.wait_closed()
            return


class Line:
    """Everything between our channel and a phone."""

    def __init__(self, smsc: Smsc, settings: HttpSettings, news: News) -> None:
        self.smsc = smsc
        self.settings = settings
        self.news = news


@asynccontextmanager
async def line(folder: Path, options: Options) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        smsc, news, http = Smsc(options), News(), free_port()
        await smsc.start()
        stack.push_async_callback(smsc.stop)
        pushed: dict[str, HttpSettings] = {}
        reports = news.reports()
        door = CallbackDoor(pushed, reports.receipts, reports.inbound)
        app = server.application(
            middlewares=[answering(lambda _path, _status: None)], routes=door.routes()
        )
        runner, address = await server.start(app, "127.0.0.1", 0)
        stack.push_async_callback(runner.cleanup)
        own = {
            "name": "main", "provider": "kannel", "source": "SHKOLA", "callback_token": TOKEN,
            "secrets": {"username": "school", "password": "secret"},
            "base_url": f"http://127.0.0.1:{http}/cgi-bin",
        }  # fmt: skip
        settings = profile.load(own, (providers_dir(),), public_url=address).settings
        pushed["main"] = settings
        configuration = folder / "kannel.conf"
        boxes = free_port()
        configuration.write_text(
            CONFIGURATION.format(
                folder=folder, smpp=smsc.port, admin=free_port(), box=boxes, http=http,
                inbound=settings.callback("inbound"),
            ),
            encoding="utf-8",
        )  # fmt: skip
        await stack.enter_async_context(box("bearerbox", configuration))
        await listening(boxes)
        await stack.enter_async_context(box("smsbox", configuration))
        await listening(http)
        async with asyncio.timeout(30):
            while not smsc.sessions:
                await asyncio.sleep(0.1)
        yield Line(smsc, settings, news)


async def test_a_thousand_messages_go_through_kannel_and_every_state_comes_back_right(
    tmp_path: Path,
) -> None:
    total = 1000
    options = Options(outcomes=(Rule("UNDELIV", share=0.1),), receipt_delay=0.1)
    async with line(tmp_path, options) as own:
        channel, news = HttpChannel(own.settings), own.news
        await channel.start(news.reports())
        text = {n: f"Оценка {n}, «5»" if n % 2 else f"Mark {n}" for n in range(1, total + 1)}
        waiting = [part(n, text[n]) for n in text]
        while waiting:
            batch, waiting = waiting[: channel.room()], waiting[channel.room() :]
            await channel.send(batch)
            await news.until(lambda: channel.room() > 0)
        await news.until(lambda: len(news.results) == total)
        assert {one.outcome for one in news.results.values()} == {Outcome.ACCEPTED}

        def ends() -> dict[int, str]:
            return {
                one.part_id: str(one.state)
                for one in news.receipts
                if one.part_id is not None and one.state in ("delivered", "undelivered")
            }

        async with asyncio.timeout(120):
            while len(ends()) < total:
                await asyncio.sleep(0.1)
        await channel.stop()
        taken = {int(one.number[-7:]): one for one in own.smsc.ledger}
        assert Counter(int(one.number[-7:]) for one in own.smsc.ledger) == Counter(text.keys())
        assert {n: one.fragment.text for n, one in taken.items()} == text
        said = {"DELIVRD": "delivered", "UNDELIV": "undelivered"}
        assert ends() == {n: said[one.outcome] for n, one in taken.items()}
        assert len(set(ends().values())) == 2


@pytest.mark.parametrize("text", ["СТОП", "STOP 5", "Ответ №1: да, «согласна»"])
async def test_an_sms_from_a_phone_comes_through_kannel_as_it_was_written(
    tmp_path: Path, text: str
) -> None:
    async with line(tmp_path, Options()) as own:
        await own.smsc.inbound("79000000001", text, "3456")
        await own.news.until(lambda: bool(own.news.inbound))
    [sms] = own.news.inbound
    assert (sms.number, sms.to, sms.text) == ("+79000000001", "3456", text)
