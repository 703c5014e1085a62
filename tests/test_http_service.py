"""The whole service over HTTP: an event comes in, a provider gets the SMS, its push ends it.

And what `route list`, `route show`, `route try` and `check` say of such a route.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from sms_diary.channels import spec
from sms_diary.cli import app
from sms_diary.clock import MINUTE, ManualClock
from sms_diary.config import HttpRoute, Settings, Web
from sms_diary.resources import providers_dir
from tests.conftest import NOW
from tests.http_peer import DEFINITIONS, Provider, cut, serving
from tests.journal_peer import at_the_door, eventually, mark
from tests.seeding import column

TOKEN = "0123456789abcdef"
PUBLIC = "https://d.example.ru"


def settings_of(folder: Path, provider: Provider) -> Settings:
    route: dict[str, Any] = {
        "name": "main", "provider": "madeup", "base_url": provider.address, "source": "SHKOLA",
        "secrets": {"key": "k-e-y", "sign": "s-i-g-n"}, "callback_token": TOKEN,
    }  # fmt: skip
    return Settings(
        database=f"sqlite:{folder}/d.db", key_file=folder / "d.key", web=Web(port=0),
        routes=(HttpRoute(**route),), providers=DEFINITIONS, public_url=PUBLIC,
    )  # fmt: skip


async def test_a_mark_goes_out_and_its_receipt_comes_back_by_push(tmp_path: Path) -> None:
    async with serving() as provider, at_the_door(settings_of(tmp_path, provider)) as door:
        database = door.service.base.database
        await door.journal.post([mark()])
        await eventually(lambda: _states(database, "sent"))
        [sent] = provider.seen[0].json
        assert sent["to"] == int(door.subscribed[0].number)
        address = door.service.address + sent["notify"].removeprefix(PUBLIC)
        body = json.dumps([{"uid": "U1", "ref": sent["ref"], "state": "delivered"}]).encode()
        made = hmac.new(b"s-i-g-n", body, hashlib.sha256).hexdigest()
        async with aiohttp.ClientSession() as session:
            forged = await _push(session, address, body, "sha256=00")
            assert forged == (401, "NO")
            assert await column(database, "select state from part") == ["sent"]
            assert await _push(session, address, body, f"sha256={made}") == (200, "OK")
        assert await column(database, "select state from part") == ["delivered"]
        ready, lamps = await door.service.monitor.ready()
        assert (ready, lamps["route main"]) == (True, "ok")


async def test_a_lost_answer_is_cleared_up_by_asking_for_our_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_diary.unanswered.LOOK_UP_AFTER", 0)
    monkeypatch.setattr("sms_diary.unanswered.POLL", 0.1)
    async with serving() as provider:
        provider.faults.append(provider.after_taking(cut))
        async with at_the_door(settings_of(tmp_path, provider)) as door:
            database = door.service.base.database
            await door.journal.post([mark()])
            await eventually(lambda: _states(database, "delivered"))
    assert max(provider.taken.values()) == 1
    assert provider.turns == 1


async def test_a_lamp_says_why_an_account_is_paused(tmp_path: Path) -> None:
    async with serving() as provider:
        provider.faults.append(provider.answer(400, '{"error": "no-money"}'))
        async with at_the_door(settings_of(tmp_path, provider)) as door:
            await door.journal.post([mark()])

            async def paused() -> bool:
                return not (await door.service.monitor.ready())[0]

            await eventually(paused)
            _, lamps = await door.service.monitor.ready()
    assert "кончились деньги" in lamps["route main"]


async def test_a_lamp_and_figures_tell_of_a_low_balance_while_messages_go_on(
    tmp_path: Path,
) -> None:
    async with serving() as provider:  # it has 41.50
        made = settings_of(tmp_path, provider)
        [main] = made.routes
        poor = main.model_copy(update={"balance_low": 50.0})
        rich = main.model_copy(update={"name": "rich", "balance_low": 41.5})
        made = made.model_copy(update={"routes": (poor, rich)})
        async with at_the_door(made) as door:
            monitor = door.service.monitor

            async def lit() -> bool:
                return (await monitor.ready())[1]["route main"].startswith("low: ")

            await eventually(lit)
            ready, lamps = await monitor.ready()
            page = (await monitor.metrics()).decode()
            await door.journal.post([mark()])
            await eventually(lambda: _states(door.service.base.database, "sent"))
    assert ready
    assert lamps["route rich"] == "ok"
    assert "осталось 41.50, меньше 50" in lamps["route main"]
    assert 'sms_diary_route_balance{route="main"} 41.5' in page
    assert 'sms_diary_route_balance_low{route="main"} 1.0' in page
    assert 'sms_diary_route_balance_low{route="rich"} 0.0' in page
    assert 'sms_diary_route_spent{route="main"} 0.0' in page


async def test_an_account_without_money_is_followed_by_the_next_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_diary.failover.POLL", 0.05)
    clock = ManualClock(NOW)
    async with serving() as poor, serving() as rich:
        poor.fault = lambda _turn: poor.answer(400, '{"error": "no-money"}')
        made = settings_of(tmp_path, poor)
        [main] = made.routes
        spare = main.model_copy(update={"name": "spare", "base_url": rich.address})
        routes = (main.model_copy(update={"backup": ("spare",)}), spare)
        made = made.model_copy(update={"routes": routes})
        async with at_the_door(made, clock=clock) as door:
            database = door.service.base.database
            await door.journal.post([mark()])
            await eventually(lambda: _states(database, "retry"))
            clock.advance(2 * MINUTE)
            await eventually(lambda: _states(database, "sent"))
            assert await column(database, "select route from part") == ["spare"]
            # What is new does not try the poor one first.
            await door.journal.post([mark(subject="Химия")])

            async def both() -> bool:
                return len(rich.taken) == 2

            await eventually(both)
    assert (sum(poor.taken.values()), poor.turns) == (0, 1)


async def _states(database: Any, state: str) -> bool:
    return await column(database, "select state from part") == [state]


async def _push(
    session: aiohttp.ClientSession, address: str, body: bytes, sign: str
) -> tuple[int, str]:
    headers = {"X-Sign": sign, "Content-Type": "application/json"}
    async with session.post(address, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


# --- the command line


def written(folder: Path, address: str = "http://127.0.0.1:1") -> Path:
    file = folder / "sms-diary.toml"
    (folder / "key").write_text("very-secret-key\n", encoding="utf-8")
    file.write_text(
        f"""
database = "sqlite:{folder}/d.db"
key_file = "{folder}/d.key"
providers = "{DEFINITIONS}"
public_url = "{PUBLIC}"
[[routes]]
name = "main"
provider = "madeup"
base_url = "{address}"
source = "SHKOLA"
callback_token = "{TOKEN}"
[routes.secrets]
key = {{ file = "{folder}/key" }}
sign = "very-secret-sign"
""",
        encoding="utf-8",
    )
    return file


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_a_route_over_http_is_listed_and_shown_without_its_secrets(tmp_path: Path) -> None:
    file = written(tmp_path)
    code, listed = run("route", "list", "--config", str(file))
    assert (code, listed.startswith("main: Выдуманный, http://127.0.0.1:1")) == (0, True)
    code, shown = run("route", "show", "main", "--config", str(file))
    assert code == 0
    assert f"{PUBLIC}/callbacks/main/{TOKEN}/receipts" in shown
    assert "отправка: не проверено" in shown
    assert "very-secret" not in shown
    code, checked = run("check", "--config", str(file))
    assert (code, "маршрут main: http://127.0.0.1:1, настройки верны" in checked) == (0, True)


def test_a_wrong_secret_is_named_by_check(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text("utf-8").replace("sign =", "sing ="), encoding="utf-8")
    code, said = run("check", "--config", str(file))
    assert (code, "в secrets нет sign" in said) == (2, True)


async def test_a_trial_shows_request_and_outcome_and_hides_what_must_be(tmp_path: Path) -> None:
    async with serving() as provider:
        file = written(tmp_path, provider.address)
        command = ("route", "try", "main", "--to", "+79000000001", "--config", str(file))
        code, said = await asyncio.to_thread(run, *command)
        assert code == 0, said
        assert "Принята, номер у провайдера U1" in said
        assert re.search(r"   HTTP 200: \{\"results\": .*\"uid\": \"U1\"", said)
        assert "Доставлено" in said
        assert "very-secret" not in said
        assert "79000000001" not in said
        provider.faults.append(provider.answer(400, '{"error": "no-money"}'))
        code, said = await asyncio.to_thread(run, *command)
    assert code == 1
    assert 'HTTP 400: {"error": "no-money"}' in said
    assert "Отказ (no-money). Кончились деньги. Пополните счёт." in said


def test_providers_are_listed_shown_and_checked(tmp_path: Path) -> None:
    file = written(tmp_path)
    code, said = run("provider", "list", "--config", str(file))
    assert code == 0
    assert "madeup: Выдуманный, HTTP, не проверено" in said
    files = {name: spec.load(name, (providers_dir(),)) for name in spec.names((providers_dir(),))}
    over_http = {name: (one, one.http) for name, one in files.items() if one.http is not None}
    for name, (one, http) in over_http.items():
        assert (f"{name}: {one.title}, HTTP, не закончен\n" in said) == bool(http.unfinished)
    name, http = next((n, http) for n, (_, http) in over_http.items() if http.optional_secrets)
    code, said = run("provider", "show", name, "--config", str(file))
    [optional] = http.optional_secrets
    secrets = ", ".join((*http.secrets, f"{optional} (можно без него)"))
    assert (code, f"Секреты (secrets): {secrets}\n" in said) == (0, True)
    code, said = run("provider", "check", str(DEFINITIONS / "madeup.toml"))
    assert (code, said.endswith("Файл верен.\n")) == (0, True)
    wrong = tmp_path / "madeup.toml"
    text = (DEFINITIONS / "madeup.toml").read_text("utf-8")
    wrong.write_text(text.replace("concurrent = 3", "concurent = 3"), encoding="utf-8")
    code, said = run("provider", "check", str(wrong))
    assert (code, "строка 12, http.concurent: такой настройки нет" in said) == (2, True)
    code, said = run("provider", "callbacks", "--config", str(file))
    assert (code, f"{PUBLIC}/callbacks/main/{TOKEN}/receipts" in said) == (0, True)
