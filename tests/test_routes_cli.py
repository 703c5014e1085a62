"""`route list|show|try`: what people are told, against the simulator and a scripted SMSC."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sms_diary.channels import spec
from sms_diary.channels.smpp import SmppChannel
from sms_diary.cli import app
from sms_diary.resources import providers_dir
from sms_diary.simulator import Options, Smsc
from tests.smpp_peer import (
    DELIVER,
    SUBMIT,
    SUBMIT_RESP,
    News,
    part,
    raw,
    read_submit,
    receipt_body,
    settings,
)
from tests.smpp_peer import Smsc as ScriptedSmsc

KEPT = "не из этой проверки"
OPERATOR = next(
    one
    for name in spec.names((providers_dir(),))
    if "destination_plus" in (one := spec.load(name, (providers_dir(),))).defaults
)
"""One whose file says much."""
NUMBER, SHOWN = "+79000000001", "+7900***0001"


def written(folder: Path, port: int, *more: str, **changes: str) -> Path:
    """A configuration with one route to a test peer; `more` are lines of TOML."""
    route = {
        "name": '"main"', "host": '"127.0.0.1"', "port": str(port), "system_id": '"demo"',
        "password": '"demo"', "source": '"SHKOLA"', "response_timeout": "5", "stop_timeout": "1",
        **changes,
    }  # fmt: skip
    lines = ["[[routes]]", *(f"{key} = {value}" for key, value in route.items())]
    file = folder / "sms-diary.toml"
    file.write_text("\n".join([*more, *lines]), encoding="utf-8")
    return file


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["route", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


async def tried(config: Path, *more: str, wait: str = "5", to: str = NUMBER) -> tuple[int, str]:
    """`route try`, run beside the peer it talks to."""
    return await asyncio.to_thread(
        command, "try", "main", "--to", to, "--wait", wait, "--config", str(config), *more
    )


@asynccontextmanager
async def simulated(**options: Any) -> AsyncIterator[Smsc]:
    smsc = Smsc(Options(**{"receipt_delay": 0.01, "redelivery_delay": 0.05, **options}))
    await smsc.start()
    try:
        yield smsc
    finally:
        await smsc.stop()


def taken(smsc: Smsc) -> list[str]:
    """The text of each part that the SMSC took, in order."""
    return [entry.fragment.text for entry in smsc.ledger]


# --- list and show


def test_the_list_names_every_route_with_provider_address_sender_and_limits(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, 2775, rate="20", window="7")
    with file.open("a", encoding="utf-8") as out:
        out.write('\n[[routes]]\nname = "spare"\nsystem_id = "x"\n')
        out.write(f'provider = "{OPERATOR.name}"\n')
    code, said = command("list", "--config", str(file))
    assert code == 0
    first, second = said.splitlines()
    assert first == (
        "main: оператор не назван, 127.0.0.1:2775, отправитель SHKOLA, 20 SMS/с, окно 7, "
        "соединений 1"
    )
    where = "{host}:{port}".format(**OPERATOR.defaults)
    assert second.startswith(f"spare: {OPERATOR.title}, {where}, отправитель (не задан), скорость")


def test_without_routes_the_list_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "sms-diary.toml"
    file.write_text("", encoding="utf-8")
    code, said = command("list", "--config", str(file))
    assert (code, "Впишите [[routes]]" in said) == (0, True)


def test_a_route_is_shown_with_the_source_of_every_setting_and_without_its_password(
    tmp_path: Path,
) -> None:
    file = written(
        tmp_path,
        3700,
        provider=f'"{OPERATOR.name}"',
        password='"tops8"',
        reply_to='"+79000000009"',
    )
    code, said = command("show", "main", "--config", str(file))
    assert code == 0
    rows = {}
    for name, value, source in re.findall(r"^  (\w+) = (.*?)  +(\S.*)$", said, re.M):
        rows[name] = (value, source)
    assert rows["port"] == ("3700", "маршрут")
    assert rows["source_ton"] == ("5", "файл оператора")
    assert rows["destination_plus"] == ("true", "файл оператора")
    assert rows["window"] == ("100", "по умолчанию")
    assert rows["reply_to"] == ('"+79000000009"', "маршрут")
    assert rows["password"] == ("задан", "маршрут")
    assert "tops8" not in said
    assert f"Оператор: {OPERATOR.title} ({OPERATOR.name}), по чужим программам" in said
    assert "Спросите в поддержке" in said


def test_a_password_from_a_file_is_named_by_its_file_alone(tmp_path: Path) -> None:
    secret = tmp_path / "smpp-password"
    secret.write_text("tops8\n", encoding="utf-8")
    file = written(tmp_path, 2775, password_file=f'"{secret}"')
    _, said = command("show", "main", "--config", str(file))
    assert f"файл {secret}" in said
    assert "tops8" not in said


def test_the_operators_own_codes_are_shown(tmp_path: Path) -> None:
    file = with_own_codes(tmp_path, 2775)
    _, said = command("show", "main", "--config", str(file))
    assert "  код 0x401: balance, Кончился пакет. Купите новый." in said
    assert "  код 0x410-0x412: rejected, Оператор отказался от этого текста." in said


@pytest.mark.parametrize("verb", [["show", "other"], ["try", "other", "--to", NUMBER]])
def test_an_unknown_route_is_refused_with_those_that_there_are(
    tmp_path: Path, verb: list[str]
) -> None:
    code, said = command(*verb, "--config", str(written(tmp_path, 2775)))
    assert code == 2
    assert "Маршрута «other» нет. Какие есть: main." in said


def with_own_codes(folder: Path, port: int) -> Path:
    own = folder / "operators"
    own.mkdir()
    (own / "ours.toml").write_text(
        '[provider]\nname = "ours"\ntitle = "Наш"\nkind = "smpp"\nverified = "no"\n'
        '[[smpp.codes]]\ncode = 0x401\nfailure = "balance"\nscope = "account"\n'
        'reason = "Кончился пакет. Купите новый."\n'
        '[[smpp.codes]]\ncode = { from = 0x410, to = 0x412 }\nfailure = "rejected"\n',
        encoding="utf-8",
    )
    return written(folder, port, f'providers = "{own}"', provider='"ours"')


# --- try: it works


async def test_a_good_route_delivers_and_tells_each_step(tmp_path: Path) -> None:
    async with simulated() as smsc:
        code, said = await tried(written(tmp_path, smsc.port), "--text", "Проверка")
        assert taken(smsc) == ["Проверка"]
        provider_id = smsc.ledger[0].message_id
    assert code == 0, said
    steps = [line for line in said.splitlines() if not line.startswith("   ")]
    assert steps[0] == "Если сервис сейчас работает, оператор может отказать во втором входе."
    assert steps[1] == f"Маршрут main, номер {SHOWN}, SMS: 1 (кириллица)."
    assert [step[:2] for step in steps[2:6]] == ["1.", "2.", "3.", "4."]
    assert steps[6:] == ["Проверка удалась."]
    assert "   Оператор впустил." in said
    assert f"   Часть 1 из 1: принята, номер у оператора {provider_id}" in said
    assert "   Часть 1 из 1: доставлена." in said
    assert NUMBER not in said
    # Nothing is stored: neither a database nor a key.
    assert os.listdir(tmp_path) == ["sms-diary.toml"]


async def test_without_a_text_the_usual_one_is_sent(tmp_path: Path) -> None:
    async with simulated() as smsc:
        code, _ = await tried(written(tmp_path, smsc.port), to="8 (900) 000-00-01")
        assert taken(smsc)[0].startswith("Проверка связи: SMS-дневник работает")
    assert code == 0


@pytest.mark.parametrize("long", ["udh8", "udh16", "sar"])
async def test_a_long_text_goes_in_parts_and_each_is_told(tmp_path: Path, long: str) -> None:
    text = "Длинная проверка связи. " * 7
    async with simulated() as smsc:
        file = written(tmp_path, smsc.port, long=f'"{long}"', window="1")
        code, said = await tried(file, "--text", text.strip())
        assert len(smsc.ledger) == 3
        assert "".join(taken(smsc)) == text.strip()
    assert code == 0, said
    assert [f"Часть {n} из 3: доставлена." in said for n in (1, 2, 3)] == [True] * 3


async def test_a_route_that_takes_whole_texts_gets_one_submit(tmp_path: Path) -> None:
    async with simulated() as smsc:
        file = written(tmp_path, smsc.port, long='"payload"')
        code, said = await tried(file, "--text", "я" * 300)
        assert taken(smsc) == ["я" * 300]
    assert code == 0, said
    assert "SMS: 5 (кириллица)" in said


@pytest.mark.parametrize(
    "options",
    [
        {"receipt_ids": "hex"},
        {"receipts": {"early"}},
        {"receipts": {"doubled", "shuffled"}},
        {"receipts": {"intermediate"}},
        {"unknown_receipts": 1.0},
    ],
)
async def test_receipts_are_understood_in_whatever_way_they_come(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    async with simulated(**options) as smsc:
        code, said = await tried(written(tmp_path, smsc.port), "--text", "я" * 100)
    assert code == 0, said
    assert said.count("доставлена.") == 2
    assert (KEPT in said) is ("unknown_receipts" in options)


async def test_an_older_notice_does_not_undo_a_delivery(tmp_path: Path) -> None:
    def answer(_: object, got: Any) -> bytes:
        late = [receipt_body("7"), receipt_body("7", "ENROUTE")]
        return raw(SUBMIT_RESP, got.sequence, b"7\0") + b"".join(
            raw(DELIVER, number, body) for number, body in enumerate(late, 1)
        )

    async with ScriptedSmsc(submit=answer) as smsc:
        code, said = await tried(written(tmp_path, smsc.port), wait="1")
    assert code == 0, said


async def test_a_route_without_receipts_is_good_when_the_operator_takes_the_sms(
    tmp_path: Path,
) -> None:
    async with simulated() as smsc:
        code, said = await tried(written(tmp_path, smsc.port, registered_delivery="0"))
    assert code == 0
    assert "Отчётов о доставке этот маршрут не получает" in said


async def test_where_only_failures_are_reported_silence_is_good(tmp_path: Path) -> None:
    async with simulated() as smsc:
        file = written(tmp_path, smsc.port, registered_delivery="2")
        code, said = await tried(file, wait="1")
    assert code == 0
    assert "за это время неудачи не было" in said


async def test_several_connections_are_tried_with_one(tmp_path: Path) -> None:
    async with simulated() as smsc:
        code, _ = await tried(written(tmp_path, smsc.port, sessions="3"))
        assert (code, smsc.stats.binds) == (0, 1)


# --- try: it does not, and says what to do


async def test_a_wrong_password_is_named_and_tried_once(tmp_path: Path) -> None:
    async with simulated(password="right") as smsc:
        code, said = await tried(written(tmp_path, smsc.port))
        assert smsc.ledger == []
    assert code == 1
    assert "   Соединение есть." in said
    assert "(ESME_RINVPASWD): Оператор не принял пароль. Проверьте password" in said
    assert "остановите его" not in said
    assert said.endswith("Проверка не удалась.\n")


async def test_a_second_bind_that_is_refused_points_at_the_service(tmp_path: Path) -> None:
    async with simulated(refuse_binds=100) as smsc:
        code, said = await tried(written(tmp_path, smsc.port))
    assert code == 1
    assert "(ESME_RALYBND): Под этим именем уже вошли." in said
    assert "вход занят им: остановите его на время" in said


async def test_where_nobody_listens_address_and_port_are_to_be_checked(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listened on
        code, said = await tried(written(tmp_path, taken.getsockname()[1]))
    assert code == 1
    assert "никто не слушает. Проверьте host и port" in said
    assert "Вхожу" not in said


async def test_a_host_that_does_not_exist_is_named(tmp_path: Path) -> None:
    code, said = await tried(written(tmp_path, 2775, host='"nowhere.invalid"'))
    assert code == 1
    assert "Не вышло: сервера с таким именем нет. Проверьте host" in said


async def test_a_server_that_hangs_up_at_the_bind_is_told(tmp_path: Path) -> None:
    def hang_up(connection: Any, _: object) -> None:
        connection.cut()

    async with ScriptedSmsc(bind=hang_up) as smsc:
        code, said = await tried(written(tmp_path, smsc.port))
    assert code == 1
    assert "сервер не дал войти и не сказал почему. Проверьте port" in said


async def test_a_throttled_sms_is_explained(tmp_path: Path) -> None:
    async with simulated(throttle=1.0) as smsc:
        code, said = await tried(written(tmp_path, smsc.port))
    assert code == 1
    assert "отказ (ESME_RTHROTTLED). SMS уходят быстрее, чем разрешено." in said
    assert "Жду отчёта" not in said


async def test_the_operators_own_code_is_explained_by_its_file(tmp_path: Path) -> None:
    async with simulated(refuse=("0x401=1",)) as smsc:
        code, said = await tried(with_own_codes(tmp_path, smsc.port))
    assert code == 1
    assert "отказ (0x00000401). Кончился пакет. Купите новый." in said


async def test_no_answer_to_the_sms_leaves_its_fate_open(tmp_path: Path) -> None:
    def cut(connection: Any, _: object) -> None:
        connection.cut()

    async with ScriptedSmsc(submit=cut) as smsc:
        code, said = await tried(written(tmp_path, smsc.port))
    assert code == 1
    assert "Часть 1 из 1: ответа нет. Неизвестно, ушла ли она" in said


async def test_no_receipt_in_time_is_told_with_what_to_do(tmp_path: Path) -> None:
    async with simulated(receipt_delay=None) as smsc:
        code, said = await tried(written(tmp_path, smsc.port), wait="1")
        assert len(smsc.ledger) == 1
    assert code == 1
    assert "4. Жду отчёта о доставке, не дольше 1 с." in said
    assert "Отчёта нет. SMS оператор принял" in said
    assert "--wait" in said


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("UNDELIV", "не доставлено. Проверьте номер и телефон (код оператора 069: спросите у него"),
        ("EXPIRED", "срок вышел, а телефон не нашёлся"),
        ("REJECTD", "отклонено после приёма"),
        ("UNKNOWN", "оператор не знает, что стало с SMS"),
    ],
)
async def test_a_receipt_of_failure_is_told_with_the_operators_code(
    tmp_path: Path, state: str, told: str
) -> None:
    async with simulated(outcomes=(f"{state}=1",), receipt_error="069") as smsc:
        code, said = await tried(written(tmp_path, smsc.port))
    assert code == 1
    assert told in said


@pytest.mark.parametrize("to", ["12", "+375290000001", "школа"])
async def test_what_is_no_number_is_refused_before_anything_is_sent(
    tmp_path: Path, to: str
) -> None:
    code, said = await tried(written(tmp_path, 1), to=to)
    assert code == 2
    assert "это не российский мобильный номер" in said


# --- what is not of the test stays the operator's


async def test_news_for_the_service_are_left_to_the_operator(tmp_path: Path) -> None:
    async with simulated(receipt_delay=0.2) as smsc:
        route = settings(smsc.port, system_id="demo", password="demo")
        news = News()
        before = SmppChannel(route)
        await before.start(news.reports)
        await news.until(before.ready)
        await before.send([part(7)])
        await news.until(lambda: bool(news.results))
        await before.stop()
        await smsc.inbound("79000000005", "СТОП", "1234")

        code, said = await tried(written(tmp_path, smsc.port))
        assert code == 0, said
        assert KEPT in said
        assert smsc.stats.inbound_acked == 0

        after = SmppChannel(route)
        await after.start(news.reports)
        await news.until(lambda: bool(news.inbound) and bool(news.receipts))
        await after.stop()
    assert [sms.text for sms in news.inbound] == ["СТОП"]
    assert news.results[0].provider_id in {report.provider_id for report in news.receipts}


async def test_the_sms_goes_out_as_the_route_and_its_file_say(tmp_path: Path) -> None:
    async with ScriptedSmsc() as smsc:
        file = written(tmp_path, smsc.port, provider=f'"{OPERATOR.name}"', registered_delivery="0")
        code, _ = await tried(file, "--text", "ok")
        (got,) = smsc.of(SUBMIT)
    sent = read_submit(got.body)
    assert code == 0
    assert (sent.source, sent.destination) == ((5, 1, b"SHKOLA"), (1, 1, b"+79000000001"))
    assert (sent.coding, sent.validity) == (8, b"000000010000000R")
