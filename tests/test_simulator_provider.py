"""A provider's file played backwards: our channel and the player meet over the file alone."""

from __future__ import annotations

import asyncio
import re
import shutil
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sms_diary.api import server
from sms_diary.api.callbacks import CallbackDoor
from sms_diary.api.problem import answering
from sms_diary.channels.base import Asked, Outcome
from sms_diary.channels.http import HttpChannel, HttpSettings, profile
from sms_diary.cli import app
from sms_diary.resources import providers_dir
from sms_diary.simulator.options import Options
from sms_diary.simulator.provider import Pushes, Unplayable, read, serving
from sms_diary.simulator.smsc import Smsc
from tests.http_peer import DEFINITIONS, News, part

TOKEN = "0123456789abcdef"
FOLDERS = (DEFINITIONS, providers_dir())
FILES = {
    file.stem: http
    for file in sorted([*providers_dir().glob("*.toml"), *DEFINITIONS.glob("*.toml")])
    if (http := tomllib.loads(file.read_text("utf-8")).get("http")) and "unfinished" not in http
}
PLAYED = tuple(FILES)
PUSHING = tuple(name for name, http in FILES.items() if "push" in http.get("receipts", {}))
ASKED = tuple(name for name, http in FILES.items() if "poll" in http.get("receipts", {}))
LOOKED_UP = tuple(name for name, http in FILES.items() if "lookup" in http)
BRINGS_SMS = tuple(name for name, http in FILES.items() if "push" in http.get("inbound", {}))
SIGNED = tuple(
    (name, secret)
    for name in PUSHING
    for proof in FILES[name]["receipts"]["push"].get("verify", ())
    for secret in re.findall(r"\{secret\.(\w+)\}", proof["over"] + proof.get("key", ""))
)
TEXT = "Дарья Б. 24.11 алгебра: 5 & «Ё»"


@dataclass
class Line:
    channel: HttpChannel
    smsc: Smsc
    news: News
    settings: HttpSettings
    pushes: Pushes


def file_of(folder: Path, name: str) -> Path:
    """The provider's file, as one's own gateway: it may be on this machine."""
    found = next(one for one in FOLDERS if (one / f"{name}.toml").exists())
    text = (found / f"{name}.toml").read_text(encoding="utf-8")
    if "self_hosted" not in text:
        text = text.replace("[http]\n", "[http]\nself_hosted = true\n", 1)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder / f"{name}.toml"


def door_of(name: str) -> str:
    """To which of our doors parents' SMS come."""
    return str(FILES[name].get("inbound", {}).get("push", {}).get("door", "inbound"))


@asynccontextmanager
async def line(folder: Path, name: str, **options: Any) -> AsyncIterator[Line]:
    file = file_of(folder, name)
    async with AsyncExitStack() as stack:
        pushed: dict[str, HttpSettings] = {}
        news = News()
        reports = news.reports()
        door = CallbackDoor(pushed, reports.receipts, reports.inbound)
        application = server.application(
            middlewares=[answering(lambda _path, _status: None)], routes=door.routes()
        )
        runner, public = await server.start(application, "127.0.0.1", 0)
        stack.push_async_callback(runner.cleanup)
        definition = read(file, {})
        names = [*definition.http["secrets"], *definition.http.get("optional_secrets", ())]
        secrets = {one: f"secret-{one}" for one in names}
        definition = read(file, secrets)
        own = Options(**{"receipt_delay": 0.05, "redelivery_delay": 0.05} | options)
        address = f"{public.rstrip('/')}/callbacks/main/{TOKEN}"
        pushes = Pushes(
            definition, own, receipts=f"{address}/receipts",
            inbound=f"{address}/{door_of(name)}",
        )  # fmt: skip
        smsc = Smsc(own, carrier=pushes)
        await smsc.start()
        stack.push_async_callback(smsc.stop)
        where = await stack.enter_async_context(serving(definition, smsc, pushes))
        route = {
            "name": "main", "provider": name, "source": "SHKOLA", "callback_token": TOKEN,
            "secrets": secrets, "base_url": where.rstrip("/"),
        }  # fmt: skip
        settings = profile.load(route, (folder,), public_url=public).settings
        pushed["main"] = settings
        channel = HttpChannel(settings)
        await channel.start(news.reports())
        stack.push_async_callback(channel.stop)
        yield Line(channel, smsc, news, settings, pushes)


async def sent(own: Line, *parts: Any) -> None:
    waiting = list(parts)
    while waiting:
        room = own.channel.room()
        await own.channel.send(waiting[:room])
        waiting = waiting[room:]
        await own.news.until(lambda: own.channel.room() > 0)
    await own.news.until(lambda: len(own.news.results) == len(parts))


@pytest.mark.parametrize("name", PLAYED)
async def test_what_the_channel_sends_is_on_the_phone_and_accepted(
    tmp_path: Path, name: str
) -> None:
    async with line(tmp_path, name) as own:
        await sent(own, part(1, TEXT), part(2, TEXT))
        assert {one.outcome for one in own.news.results.values()} == {Outcome.ACCEPTED}
        taken = [(one.number, one.fragment.text, one.sender) for one in own.smsc.ledger]
        assert sorted(taken) == [(f"7900000000{n}", TEXT, "SHKOLA") for n in (1, 2)]
        assert [phone.number for phone in own.smsc.phones.latest()][-1] == "79000000001"


@pytest.mark.parametrize("name", PUSHING)
async def test_its_receipts_come_signed_and_are_believed(tmp_path: Path, name: str) -> None:
    async with line(tmp_path, name, outcomes=("UNDELIV=79000000002",)) as own:
        await sent(own, part(1, TEXT), part(2, TEXT))
        await own.news.until(lambda: len(own.news.receipts) == 2)
        ends = {str(one.state) for one in own.news.receipts}
        assert ends == {"delivered", "undelivered"}
        async with asyncio.timeout(5):
            while own.smsc.waiting:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(("name", "secret"), SIGNED)
async def test_a_receipt_that_is_signed_with_another_secret_comes_again_and_again(
    tmp_path: Path, name: str, secret: str
) -> None:
    async with line(tmp_path, name) as own:
        own.pushes.secrets[secret] = "another"
        await sent(own, part(1, TEXT))
        async with asyncio.timeout(5):
            while own.smsc.stats.receipts_sent < 1:
                await asyncio.sleep(0.01)
        assert (own.smsc.waiting, own.news.receipts) == (1, [])
        own.pushes.secrets[secret] = own.settings.secrets[secret]
        await own.news.until(lambda: len(own.news.receipts) == 1)


@pytest.mark.parametrize("name", ASKED)
async def test_it_says_what_became_of_a_message_when_asked(tmp_path: Path, name: str) -> None:
    async with line(tmp_path, name, outcomes=("UNDELIV=1",)) as own:
        await sent(own, part(1, TEXT))
        provider_id = own.news.results[1].provider_id
        before = len(own.news.receipts)

        async with asyncio.timeout(10):
            while len(own.news.receipts) == before:
                await own.channel.ask([Asked(1, provider_id, "+79000000001")])
                await asyncio.sleep(0.05)
        assert str(own.news.receipts[-1].state) == "undelivered"


@pytest.mark.parametrize("name", LOOKED_UP)
async def test_a_lost_answer_is_cleared_up_by_our_own_id(tmp_path: Path, name: str) -> None:
    async with line(tmp_path, name, cut_after=1, receipt_delay=None) as own:
        await sent(own, part(1, TEXT))
        assert own.news.results[1].outcome is Outcome.DOUBT
        assert len(own.smsc.ledger) == 1
        await own.channel.ask([Asked(1, "", "+79000000001")])
        await own.news.until(lambda: bool(own.news.receipts))
        assert own.news.receipts[0].part_id == 1


@pytest.mark.parametrize("name", BRINGS_SMS)
async def test_a_parents_sms_is_brought_and_known_to_be_brought(tmp_path: Path, name: str) -> None:
    async with line(tmp_path, name) as own:
        sms = await own.smsc.inbound("79000000001", "СТОП", "3456")
        await own.news.until(lambda: bool(own.news.inbound))
        [came] = own.news.inbound
        assert (came.number, came.to, came.text) == ("+79000000001", "3456", "СТОП")
        async with asyncio.timeout(5):
            while sms.waiting:
                await asyncio.sleep(0.01)


async def test_what_is_to_be_fetched_is_fetched_and_no_address_of_ours_is_needed(
    tmp_path: Path,
) -> None:
    name = next(
        name
        for name, http in FILES.items()
        if all(http.get(one, {}).get("queue", {}).get("every") for one in ("receipts", "inbound"))
    )
    async with line(tmp_path, name, outcomes=("UNDELIV=79000000002",)) as own:
        own.pushes.receipts = own.pushes.inbound = ""
        await sent(own, part(1, TEXT), part(2, TEXT))
        await own.smsc.inbound("79000000001", "СТОП", "3456")
        await own.news.until(lambda: len(own.news.receipts) == 2 and bool(own.news.inbound))
        assert {str(one.state) for one in own.news.receipts} == {"delivered", "undelivered"}
        assert [(one.number, one.text) for one in own.news.inbound] == [("+79000000001", "СТОП")]
        async with asyncio.timeout(5):
            while own.smsc.waiting:
                await asyncio.sleep(0.01)


async def test_a_wrong_secret_is_not_let_in(tmp_path: Path) -> None:
    async with line(tmp_path, "madeup") as own:
        assert isinstance(own.settings.secrets, dict)
        own.settings.secrets["key"] = "wrong"
        await sent(own, part(1, TEXT))
        assert own.news.results[1].outcome is Outcome.FAILED
        assert own.smsc.ledger == []


async def test_lies_leave_doubt_and_never_a_second_sms(tmp_path: Path) -> None:
    name = next(one for one in PUSHING if "most" not in FILES[one]["send"])
    async with line(tmp_path, name, noise=0.05, cut=0.1, receipts="doubled") as own:
        await sent(own, *(part(n, TEXT) for n in range(1, 201)))
        taken = [one.number for one in own.smsc.ledger]
        assert len(taken) == len(set(taken))
        outcomes = {one.outcome for one in own.news.results.values()}
        assert {Outcome.ACCEPTED, Outcome.DOUBT} <= outcomes <= set(Outcome) - {Outcome.FAILED}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[smpp]\nhost = 'h'\n", "это не провайдер по HTTP"),
        ("[http", "не читается как TOML"),
    ],
)
def test_what_cannot_be_played_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Unplayable, match=said):
        read(file, {})
    result = CliRunner().invoke(app, ["simulator", "--provider", str(file)])
    assert (result.exit_code, said in result.output) == (2, True)


async def test_an_answer_that_cannot_be_made_is_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "madeup.toml"
    shutil.copy(DEFINITIONS / "madeup.toml", file)
    text = file.read_text("utf-8").replace(
        'code = "error"\n',
        'code = "error"\nok = { path = "length(results) > `7`", equals = true }\n',
        1,
    )
    file.write_text(text, encoding="utf-8")
    definition = read(file, {})
    pushes = Pushes(definition, Options())
    with pytest.raises(Unplayable, match="слишком сложное"):
        async with serving(definition, Smsc(Options(), carrier=pushes), pushes):
            pass
