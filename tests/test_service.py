"""`sms-diary` as people run it: real processes, a configuration file, signals, exit codes, logs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sms_diary.app import opened
from sms_diary.config import EXAMPLE, load
from sms_diary.store import schools
from tests import seeding
from tests.journal_peer import Journal, eventually, mark

ROOT = Path(__file__).resolve().parent.parent
SLUG = "school-5"
PATIENCE = 30.0
ABOUT_KEY = "резервная копия базы бесполезна"
_ADDRESS = re.compile(r"Сервис работает: (http://\S+)")
_SMPP_PORT = re.compile(r"Имитатор SMSC: 127\.0\.0\.1:(\d+)")


@dataclass
class Program:
    """A running `sms-diary`; its errors go to a file."""

    process: asyncio.subprocess.Process
    log: Path
    said: list[str]

    async def until(self, pattern: re.Pattern[str]) -> str:
        """Wait for a line of its output; the pattern's first group."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            async for line in self.process.stdout:
                self.said.append(line.decode())
                if found := pattern.search(self.said[-1]):
                    return found.group(1)
        raise AssertionError(f"it ended: {self.said} {self.log.read_text()}")

    async def ended(self) -> int:
        """Its exit code, once it has ended; the rest of its output is kept."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            self.said += [line.decode() async for line in self.process.stdout]
            return await self.process.wait()


class Machine:
    """A folder in which commands run, without the settings of whoever runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SMS_DIARY_") and name != "CREDENTIALS_DIRECTORY"
        } | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
        self._count = 0

    async def _exec(self, *arguments: str, **streams: Any) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sms_diary", *arguments, cwd=self.folder, env=self.env, **streams
        )

    async def command(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """Run a command to its end; exit code, output and errors."""
        pipe = asyncio.subprocess.PIPE
        process = await self._exec(*arguments, stdin=pipe, stdout=pipe, stderr=pipe)
        async with asyncio.timeout(PATIENCE):
            out, errors = await process.communicate(typed.encode())
        assert "Traceback" not in errors.decode()
        return process.returncode or 0, out.decode(), errors.decode()

    @asynccontextmanager
    async def program(self, *arguments: str) -> AsyncIterator[Program]:
        """A command that runs until the block ends."""
        self._count += 1
        log = self.folder / f"{arguments[0]}-{self._count}.log"
        with log.open("wb") as errors:
            process = await self._exec(
                *arguments, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        try:
            yield Program(process, log, [])
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def configure(self, *, smpp_port: int | None = None, more: str = "") -> None:
        route = f"""
            [[routes]]
            name = "main"
            host = "127.0.0.1"
            port = {smpp_port}
            system_id = "demo"
            password_file = "smpp-password"
            source = "SHKOLA"
            """
        (self.folder / "smpp-password").write_text("demo\n")
        text = f"{more}\n[web]\nport = 0\n{route if smpp_port else ''}"
        (self.folder / "sms-diary.toml").write_text(text)

    async def add_school(self) -> tuple[str, str]:
        """`school add`; the secret and the token that it printed."""
        code, out, _ = await self.command("school", "add", SLUG, "--short", "Школа 5",
                                          "--settle", "0", "--live")  # fmt: skip
        assert code == 0
        secret, token = (re.search(rf"^{n}=(\S+)$", out, re.M) for n in ("webhook_secret", "token"))
        assert secret is not None
        assert token is not None
        return secret.group(1), token.group(1)

    async def add_families(self, count: int) -> list[str]:
        """Pupils p0, p1 … with a parent who agreed; their numbers."""
        path = self.folder / "sms-diary.toml"
        made = load(path).model_copy(
            update={
                "database": f"sqlite:{self.folder / 'data' / 'sms-diary.db'}",
                "key_file": self.folder / "data" / "sms-diary.key",
            }
        )
        async with opened(made) as base, base.database.transaction() as q:
            school = await schools.by_slug(q, SLUG)
            assert school is not None
            [class_id] = await seeding.classes(q, base.tools, school, "5А")
            ids = await seeding.pupils(q, base.tools, school, class_id, count)
            pairs = [(pupil_id, seeding.phone(n)) for n, pupil_id in enumerate(ids)]
            await seeding.subscribe(q, base.tools, school, pairs)
        return [number for _, number in pairs]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def _ledger(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# ---------------------------------------------------------------- the whole way


async def test_a_signed_mark_arrives_at_another_smpp_server_and_its_receipt_comes_back(
    machine: Machine,
) -> None:
    ledger = machine.folder / "ledger.jsonl"
    long = "Завтра родительское собрание: кабинет 24, начало в 18:00, приносите дневники и ручки."
    smsc = machine.program("simulator", "--smpp-port", "0", "--web-port", "0", "--receipt-delay",
                           "0.05", "--ledger", str(ledger))  # fmt: skip
    async with smsc as simulator, aiohttp.ClientSession() as http:
        machine.configure(smpp_port=int(await simulator.until(_SMPP_PORT)))
        secret, token = await machine.add_school()
        numbers = await machine.add_families(2)
        async with machine.program("serve") as service:
            address = await service.until(_ADDRESS)
            journal = Journal(http, address, SLUG, secret, token)
            announcement = {
                "kind": "announcement.posted", "audience": {"pupils": [{"id": "p1"}]},
                "text": long, "date": "2099-01-01", "until": "2099-01-01", "urgent": True,
            }  # fmt: skip
            assert (await journal.post([mark(0), announcement])).status == 202
            service.process.send_signal(signal.SIGHUP)
            await eventually(_delivered(journal, 2))
            code, out, errors = await machine.command("health", "--url", address)
            assert (code, json.loads(out), errors) == (0, {"status": "ok"}, "")
            await _refuses_a_second_one(machine)
            service.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(8):
                assert await service.ended() == 0
        assert any("Останавливаюсь" in line for line in service.said)
    _check_ledger(_ledger(ledger), numbers, long)
    _check_log(service.log.read_text(), numbers, long, token)
    code, _, errors = await machine.command("health", "--url", address)
    assert code == 1
    assert errors.startswith("Сервис не отвечает")


def _delivered(journal: Journal, count: int) -> Callable[[], Awaitable[bool]]:
    async def all_of_them() -> bool:
        page = await journal.get("/v1/messages?state=delivered")
        return len(page.json["messages"]) == count

    return all_of_them


async def _refuses_a_second_one(machine: Machine) -> None:
    code, out, errors = await machine.command("serve")
    assert (code, out) == (2, "")
    assert "уже обслуживает другой процесс" in errors
    assert errors.count("\n") == 1


def _check_ledger(taken: list[dict[str, Any]], numbers: list[str], long: str) -> None:
    """UCS-2 throughout; a long text in parts with one reference, which join to it again."""
    assert {part["data_coding"] for part in taken} == {8}
    assert {part["sender"] for part in taken} == {"SHKOLA"}
    [short] = [part for part in taken if part["number"] == numbers[0].lstrip("+")]
    assert short["udh"] is None
    assert "математика: 5" in short["text"].lower()
    parts = sorted((part for part in taken if part["number"] == numbers[1].lstrip("+")),
                   key=lambda part: part["udh"]["seq"])  # fmt: skip
    assert len(parts) == 2
    assert len({part["udh"]["ref"] for part in parts}) == 1
    assert [(p["udh"]["seq"], p["udh"]["total"]) for p in parts] == [(1, 2), (2, 2)]
    assert long.rstrip(".") in "".join(part["text"] for part in parts)


def _check_log(log: str, numbers: list[str], long: str, token: str) -> None:
    lines = [json.loads(line) for line in log.splitlines()]
    assert any("settings are read at start only" in line["event"] for line in lines)
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    digits = re.sub(r"[^0-9]", "", log)
    for secret in (*(number[2:] for number in numbers), token, long[:20], "Белкина"):
        assert secret not in log
    assert not re.search(r"\+?79[0-9]{9}", log)
    assert numbers[0].lstrip("+") not in digits


# ---------------------------------------------------------------- beginning


async def test_the_first_command_that_makes_the_key_says_so_and_the_next_does_not(
    machine: Machine,
) -> None:
    machine.configure()
    async with machine.program("serve") as service:
        await service.until(_ADDRESS)
        said = "".join(service.said)
        assert ABOUT_KEY in said
        assert "data/sms-diary.key" in said
        service.process.terminate()
        assert await service.ended() == 0
    key = machine.folder / "data" / "sms-diary.key"
    assert key.stat().st_mode & 0o777 == 0o600
    async with machine.program("serve") as service:
        await service.until(_ADDRESS)
        assert ABOUT_KEY not in "".join(service.said)
        service.process.send_signal(signal.SIGINT)
        assert await service.ended() == 0


async def test_from_init_to_staff_each_command_does_what_it_says(machine: Machine) -> None:
    code, out, _ = await machine.command("init")
    assert (code, (machine.folder / "sms-diary.toml").read_text()) == (0, EXAMPLE)
    assert "sms-diary school add" in out
    code, _, errors = await machine.command("init")
    assert (code, "не тронут" in errors) == (2, True)

    code, out, errors = await machine.command("check")
    assert (code, errors) == (0, "")
    assert ABOUT_KEY in out
    assert "маршрутов нет" in out

    code, out, errors = await machine.command("school", "add", SLUG, "--name", "Школа № 5")
    assert (code, errors) == (0, "")
    assert "проверочном режиме" in out
    code, _, errors = await machine.command("school", "add", SLUG)
    assert (code, errors) == (2, f"Школа «{SLUG}» уже есть.\n")

    typed = "8 (900) 000-10-01\n"
    code, out, errors = await machine.command("staff", "add", SLUG, typed=typed)
    assert (code, errors) == (0, "")
    assert "0001001" not in re.sub(r"[^0-9*]", "", out)
    code, _, errors = await machine.command("staff", "add", SLUG, typed="02\n")
    assert (code, "не номер мобильного" in errors) == (2, True)

    assert (await machine.command("school", "mode", SLUG, "live"))[0] == 0
    assert (await machine.command("school", "mode", SLUG, "fast"))[0] == 2
    code, out, _ = await machine.command("school", "list")
    assert (code, out) == (0, f"{SLUG}\tШкола № 5\tEurope/Samara\tрежим: рабочий\n")
    code, _, errors = await machine.command("school", "mode", "none", "live")
    assert (code, "Школы «none» нет" in errors) == (2, True)


async def test_a_new_secret_can_end_the_old_ones(machine: Machine) -> None:
    machine.configure()
    first, _ = await machine.add_school()
    code, out, _ = await machine.command("school", "secret", SLUG)
    assert code == 0
    assert "отозваны" not in out
    code, out, _ = await machine.command("school", "secret", SLUG, "--revoke")
    assert code == 0
    assert "Прежние отозваны (4)" in out
    last = re.findall(r"webhook_secret=(\S+)", out)
    database = machine.folder / "data" / "sms-diary.db"
    made = load(machine.folder / "sms-diary.toml").model_copy(
        update={"database": f"sqlite:{database}",
                "key_file": machine.folder / "data" / "sms-diary.key"}
    )  # fmt: skip
    async with opened(made) as base, base.database.reading() as q:
        school = await schools.by_slug(q, SLUG)
        assert school is not None
        assert await schools.webhook_secrets(q, base.tools, school.id) == last != [first]


@pytest.mark.parametrize("command", ["serve", "check"])
async def test_a_wrong_setting_is_named_in_russian(machine: Machine, command: str) -> None:
    cases = {
        "[web]\nport = 'many'": "web.port: нужно целое число",
        "[web]\nport = 70000": "web.port: слишком большое значение",
        "[web]\nhots = '0.0.0.0'": "web.hots: такой настройки нет",
        "databse = 'x'": "databse: такой настройки нет",
        "[[routes]]\nname = 'main'\nhost = 'x'\nport = 2775": "routes.0.system_id: нет обязательной",
        "web = [": "не TOML",
    }
    for text, sentence in list(cases.items()) if command == "check" else list(cases.items())[:1]:
        (machine.folder / "sms-diary.toml").write_text(text)
        code, out, errors = await machine.command(command)
        assert (code, out) == (2, "")
        assert sentence in errors
    assert not (machine.folder / "data").exists()


async def test_wrong_settings_that_only_the_program_can_know_end_it_too(machine: Machine) -> None:
    (machine.folder / "sms-diary.toml").write_text('database = "mysql://user:sekret@host/db"')
    code, _, errors = await machine.command("serve")
    assert code == 2
    assert "(database)" in errors
    assert "sekret" not in errors
    machine.configure(smpp_port=1)
    (machine.folder / "smpp-password").unlink()
    code, _, errors = await machine.command("serve")
    assert code == 2
    assert "не читается password_file smpp-password" in errors
    code, _, errors = await machine.command("serve", "--config", "none.toml")
    assert (code, "sms-diary init" in errors) == (2, True)
    code, _, errors = await machine.command("serve", "--now", "noon")
    assert (code, "Не понято время" in errors) == (2, True)


async def test_environment_and_secrets_directory_take_the_place_of_the_file(
    machine: Machine,
) -> None:
    machine.configure(more='database = "sqlite:from-file.db"\nlog = "plain"')
    secrets = machine.folder / "secrets"
    secrets.mkdir()
    (secrets / "sms_diary_database").write_text("sqlite:from-secret.db")
    machine.env |= {"CREDENTIALS_DIRECTORY": str(secrets), "SMS_DIARY_KEY_FILE": "from-env.key"}
    assert (await machine.command("check"))[0] == 0
    made = {path.name for path in machine.folder.iterdir()}
    assert {"from-secret.db", "from-env.key"} <= made
    assert "from-file.db" not in made
    machine.env["SMS_DIARY_WEB__PORT"] = "many"
    code, _, errors = await machine.command("check")
    assert (code, "web.port: нужно целое число" in errors) == (2, True)


async def test_help_tells_what_the_options_mean(machine: Machine) -> None:
    wanted = {
        ("school", "add", "--help"): ["--settle", "ждать исправления", "--budget", "--zone"],
        ("school", "secret", "--help"): ["--revoke"],
        ("serve", "--help"): ["--config", "--now"],
        ("--help",): ["serve", "school", "staff", "import", "check", "init", "health", "demo"],
    }
    for command, words in wanted.items():
        code, out, _ = await machine.command(*command)
        assert code == 0
        assert [word for word in words if word not in out] == []


# ---------------------------------------------------------------- no room on the disk


async def test_a_full_disk_is_a_503_and_the_service_lives_on(machine: Machine) -> None:
    machine.configure()
    secret, token = await machine.add_school()
    await machine.add_families(1)
    async with machine.program("serve") as service, aiohttp.ClientSession() as http:
        journal = Journal(http, await service.until(_ADDRESS), SLUG, secret, token)
        assert (await journal.post(mark(0))).status == 202
        # No file of this process may grow beyond this: what a full disk says, for it alone.
        unlimited = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
        size = max(path.stat().st_size for path in (machine.folder / "data").iterdir())
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (size + 8192, unlimited[1]))
        many = [mark(0, lesson=1 + n % 20, n=1 + n // 20, subject="История") for n in range(400)]
        answers = [await journal.post(many, message_id=f"msg_full_{n}") for n in range(3)]
        assert [answer.status for answer in answers] == [503] * 3
        assert (await journal.send("GET", "/healthz")).status == 200
        assert (await journal.get("/v1/messages")).status == 200
        for n in range(3):
            assert (await journal.get(f"{journal.events}/msg_full_{n}")).status == 404
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, unlimited)
        again = await journal.post(many, message_id="msg_full_0")
        assert (again.status, again.json["created"]) == (202, 400)
        service.process.terminate()
        assert await service.ended() == 0
    assert '"error": "OperationalError"' in service.log.read_text()
