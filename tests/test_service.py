"""`sms-diary` as people run it: real processes, a configuration file, signals, exit codes, logs."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from typer.testing import CliRunner

from sms_diary.app import opened
from sms_diary.cli import app
from sms_diary.config import EXAMPLE, Settings, load
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
        """`school add`, open at all hours; the secret and the token that it printed."""
        within = functools.partial(asyncio.to_thread, CommandLine(self.folder))
        code, out, _ = await within("school", "add", SLUG, "--short", "Школа 5", "--settle", "0",
                                    "--live")  # fmt: skip
        assert code == 0
        hours = ("rhythms=marks=now", "day_from=0:00", "day_to=24:00", "off_days=[]")
        assert (await within("school", "set", SLUG, *hours))[0] == 0
        secret, token = (re.search(rf"^{n}=(\S+)$", out, re.M) for n in ("webhook_secret", "token"))
        assert secret is not None
        assert token is not None
        return secret.group(1), token.group(1)

    async def add_families(self, count: int) -> list[str]:
        """Pupils p0, p1 … with a parent who agreed; their numbers."""
        async with opened(_settings_in(self.folder)) as base, base.database.transaction() as q:
            school = await schools.by_slug(q, SLUG)
            assert school is not None
            [class_id] = await seeding.classes(q, base.tools, school, "5А")
            ids = await seeding.pupils(q, base.tools, school, class_id, count)
            pairs = [(pupil_id, seeding.phone(n)) for n, pupil_id in enumerate(ids)]
            await seeding.subscribe(q, base.tools, school, pairs)
        return [number for _, number in pairs]


def _settings_in(folder: Path) -> Settings:
    """The defaults, for a program that runs in this folder."""
    data = folder / "data"
    return Settings(database=f"sqlite:{data / 'sms-diary.db'}", key_file=data / "sms-diary.key")


@pytest.fixture
def machine(cli: CommandLine) -> Machine:
    return Machine(cli.folder)


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
            today = datetime.now(ZoneInfo("Europe/Samara")).date().isoformat()
            assert (await journal.post([mark(0, date=today), announcement])).status == 202
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
    assert not re.search(r"(?<!\d)\+?79\d{9}(?!\d)", log)
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


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Commands within this process: what they print and how they end, without a start each."""

    folder: Path

    def __call__(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code, output and errors."""
        result = CliRunner().invoke(app, arguments, input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    for name in [name for name in os.environ if name.startswith("SMS_DIARY_")]:
        monkeypatch.delenv(name)
    return CommandLine(tmp_path)


def test_init_writes_the_example_once_and_check_accepts_it(cli: CommandLine) -> None:
    code, out, _ = cli("init")
    assert (code, (cli.folder / "sms-diary.toml").read_text()) == (0, EXAMPLE)
    assert "sms-diary school add" in out
    code, _, errors = cli("init")
    assert (code, "не тронут" in errors) == (2, True)
    code, out, errors = cli("check")
    assert (code, errors) == (0, "")
    assert ABOUT_KEY in out
    assert "маршрутов нет" in out


def test_schools_are_added_shown_and_switched(cli: CommandLine) -> None:
    code, out, errors = cli("school", "add", SLUG, "--name", "Школа № 5")
    assert code == 0
    assert ABOUT_KEY in errors
    assert "проверочном режиме" in out
    code, out, _ = cli("school", "list")
    assert (code, out) == (0, f"{SLUG}\tШкола № 5\tEurope/Samara\tрежим: проверочный\n")
    assert cli("school", "mode", SLUG, "live")[0] == 0
    assert "режим: рабочий" in cli("school", "list")[1]
    for wrong, sentence in (
        (("school", "add", SLUG), f"Школа «{SLUG}» уже есть."),
        (("school", "add", "Школа"), "латинские строчные буквы"),
        (("school", "add", "school-6", "--zone", "Mars/Utopia"), "Нет часового пояса"),
        (("school", "mode", SLUG, "fast"), "Режим бывает test"),
        (("school", "mode", "none", "live"), "Школы «none» нет"),
    ):
        code, out, errors = cli(*wrong)
        assert (code, out) == (2, "")
        assert sentence in errors


def test_a_staff_number_is_read_from_the_input_and_printed_masked(cli: CommandLine) -> None:
    cli("school", "add", SLUG)
    code, out, errors = cli("staff", "add", SLUG, typed="8 (900) 000-10-01\n")
    assert (code, errors) == (0, "")
    assert "+7900***1001" in out
    assert "0001001" not in re.sub(r"[^0-9*]", "", out)
    code, _, errors = cli("staff", "add", SLUG, typed="02\n")
    assert (code, "не номер мобильного" in errors) == (2, True)


def test_a_new_secret_can_end_the_old_ones(cli: CommandLine) -> None:
    first = _secret(cli("school", "add", SLUG)[1])
    code, out, _ = cli("school", "secret", SLUG)
    assert (code, "отозваны" in out) == (0, False)
    second = _secret(out)
    assert asyncio.run(_secrets(cli.folder)) == [second, first]
    code, out, _ = cli("school", "secret", SLUG, "--revoke")
    assert (code, "Прежние отозваны (4)" in out) == (0, True)
    assert asyncio.run(_secrets(cli.folder)) == [_secret(out)]


def _secret(printed: str) -> str:
    found = re.search(r"^webhook_secret=(whsec_\S+)$", printed, re.M)
    assert found is not None
    return found.group(1)


async def _secrets(folder: Path) -> list[str]:
    """The webhook secrets that are live."""
    async with opened(_settings_in(folder)) as base, base.database.reading() as q:
        school = await schools.by_slug(q, SLUG)
        assert school is not None
        return list((await schools.webhook_secrets(q, base.tools, school.id)).values())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[web]\nport = 'many'", "web.port: нужно целое число"),
        ("[web]\nport = 70000", "web.port: слишком большое значение"),
        ("[web]\nhots = '0.0.0.0'", "web.hots: такой настройки нет"),
        ("databse = 'x'", "databse: такой настройки нет"),
        ("database_wait = 0", "database_wait: слишком малое значение"),
        ("[[routes]]\nname = 'a'\nhost = 'x'\nport = 1", "routes.0.system_id: нет обязательной"),
        ("web = [", "не TOML"),
    ],
)
def test_a_wrong_setting_is_named_in_russian(cli: CommandLine, text: str, sentence: str) -> None:
    (cli.folder / "sms-diary.toml").write_text(text)
    for command in ("serve", "check"):
        code, _, errors = cli(command)
        assert code == 2
        assert sentence in errors


def test_an_address_of_a_database_that_is_none_is_not_repeated(cli: CommandLine) -> None:
    (cli.folder / "sms-diary.toml").write_text("database = 'mysql://user:sekret@host/db'")
    code, out, errors = cli("check")
    assert (code, "(database)" in errors) == (2, True)
    assert "sekret" not in out + errors


def test_what_serve_cannot_start_with_is_said_in_one_sentence(cli: CommandLine) -> None:
    for arguments, sentence in (
        (("--config", "none.toml"), "sms-diary init"),
        (("--now", "noon"), "Не понято время"),
    ):
        code, _, errors = cli("serve", *arguments)
        assert (code, errors.count("\n")) == (2, 1)
        assert sentence in errors


async def test_a_password_file_that_is_missing_ends_serve_in_russian(machine: Machine) -> None:
    machine.configure(smpp_port=1)
    (machine.folder / "smpp-password").unlink()
    code, _, errors = await machine.command("serve")
    assert code == 2
    assert "не читается password_file smpp-password" in errors
    assert errors.count("\n") == 1


def test_environment_then_secrets_directory_then_the_file(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(cli.folder).configure(
        more='database = "sqlite:from-file.db"\nkey_file = "from-file.key"\ndatabase_wait = 3'
    )
    secrets = cli.folder / "secrets"
    secrets.mkdir()
    (secrets / "sms_diary_database").write_text("sqlite:from-secret.db")
    (secrets / "sms_diary_key_file").write_text("from-secret.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets))
    monkeypatch.setenv("SMS_DIARY_KEY_FILE", "from-env.key")
    monkeypatch.setenv("SMS_DIARY_WEB__PORT", "8123")
    made = load(None)
    assert made.database == "sqlite:from-secret.db"
    assert made.key_file == Path("from-env.key")
    assert (made.database_wait, made.web.port) == (3, 8123)
    assert cli("check")[0] == 0
    assert {"from-secret.db", "from-env.key"} <= {path.name for path in cli.folder.iterdir()}


def test_settings_that_cannot_be_read_are_no_traceback_and_quote_nothing(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cli.folder / "sms-diary.toml"
    file.write_bytes('log = "журнал"'.encode("cp1251"))
    code, _, errors = cli("check")
    assert (code, "UTF-8" in errors) == (2, True)
    file.unlink()
    monkeypatch.setenv("SMS_DIARY_ROUTES", '[{"password": "sekret"')
    code, _, errors = cli("check")
    assert (code, "SMS_DIARY_ROUTES" in errors) == (2, True)
    assert "sekret" not in errors


def test_help_tells_what_the_options_mean(cli: CommandLine) -> None:
    wanted = {
        ("school", "add", "--help"): ["--settle", "ждать исправления", "--budget", "--zone"],
        ("school", "secret", "--help"): ["--revoke"],
        ("serve", "--help"): ["--config", "--now", "--role", "fanout", "PostgreSQL"],
        ("messages", "--help"): ["doubt", "resolve"],
        ("messages", "resolve", "--help"): ["sent|repeat", "72 часов"],
        ("--help",): [
            "serve",
            "school",
            "staff",
            "import",
            "check",
            "init",
            "health",
            "demo",
            "messages",
        ],
    }
    for command, words in wanted.items():
        code, out, _ = cli(*command)
        assert code == 0
        assert [word for word in words if word not in out] == []


def test_roles_of_processes_are_refused_where_one_process_serves_the_database(
    cli: CommandLine,
) -> None:
    code, _, errors = cli("serve", "--role", "web")
    assert (code, errors.count("\n")) == (2, 1)
    assert "бывают только с PostgreSQL" in errors
    code, _, errors = cli("serve", "--role", "web,doorman")
    assert (code, errors.count("\n")) == (2, 1)
    assert "--role бывает web, fanout, send или all" in errors


# ---------------------------------------------------------------- command-line writers

HEADING = "ФИО ученика;Класс;ФИО родителя;Телефон;Согласие на SMS;Дата согласия;Источник согласия"


def _class_list(folder: Path, number: int) -> str:
    """A file with a class of families that nobody has yet; its name."""
    rows = [
        f"Новиков Егор {number}-{n};6А;Новикова Анна {n};+7900777{number:02d}{n:02d};да;"
        "01.09.2026;форма SMS-1"
        for n in range(100)
    ]
    path = folder / f"list-{number}.csv"
    path.write_text("\r\n".join([HEADING, *rows]), encoding="utf-8")
    return path.name


async def test_lists_are_imported_and_schools_added_while_the_service_is_sending(
    machine: Machine,
) -> None:
    smsc = machine.program(
        "simulator", "--smpp-port", "0", "--web-port", "0", "--receipt-delay", "0"
    )
    async with smsc as simulator, aiohttp.ClientSession() as http:
        machine.configure(smpp_port=int(await simulator.until(_SMPP_PORT)))
        secret, token = await machine.add_school()
        await machine.add_families(20)
        async with machine.program("serve") as service:
            journal = Journal(http, await service.until(_ADDRESS), SLUG, secret, token)
            over = asyncio.Event()
            sending = asyncio.create_task(_marks_until(over, journal))
            # One after the other, and each beside the other writers.
            for number in range(2):
                commands = await asyncio.gather(
                    machine.command(
                        "import", "contacts", _class_list(machine.folder, number),
                        "--school", SLUG, "--by", "Завуч",
                    ),
                    machine.command("school", "add", f"school-{number + 10}"),
                )  # fmt: skip
                assert [(code, errors) for code, _, errors in commands] == [(0, "")] * 2
            over.set()
            posted = await sending
            assert posted > 100
            page = await journal.get("/v1/subscriptions?limit=200")
            assert "next" in page.json
            await eventually(_all_delivered(journal))
        log = service.log.read_text()
    assert "locked" not in log
    assert "OperationalError" not in log


async def _marks_until(over: asyncio.Event, journal: Journal) -> int:
    """Up to ten batches of marks a second; how many marks were accepted."""
    batch = 0
    while not over.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await over.wait()
        batch += 1
        when = {"lesson": batch % 12, "n": 1 + batch // 12 % 20}
        events = [mark(n, str(2 + batch % 4), **when) for n in range(20)]
        assert (await journal.post(events)).status == 202
    return batch * 20


def _all_delivered(journal: Journal) -> Callable[[], Awaitable[bool]]:
    async def nothing_is_on_its_way() -> bool:
        pages = [
            await journal.get(f"/v1/messages?state={state}&limit=1")
            for state in ("queued", "sending", "sent")
        ]
        return not any(page.json["messages"] for page in pages)

    return nothing_is_on_its_way


# ---------------------------------------------------------------- no room on the disk


async def test_a_full_disk_is_a_503_and_the_service_lives_on(machine: Machine) -> None:
    machine.configure()
    secret, token = await machine.add_school()
    await machine.add_families(1)
    async with machine.program("serve") as service, aiohttp.ClientSession() as http:
        journal = Journal(http, await service.until(_ADDRESS), SLUG, secret, token)
        assert (await journal.post(mark(0))).status == 202
        # No file of this process is written beyond this: what a full disk says, for it alone.
        unlimited = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (65_536, unlimited[1]))
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
