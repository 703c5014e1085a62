"""The format of HTTP providers' files: what is refused, with line and key; its JSON Schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sms_diary.channels import spec
from sms_diary.channels.http import profile
from sms_diary.channels.spec import schema
from sms_diary.channels.spec.templates import fill, pieces
from sms_diary.cli import app
from sms_diary.errors import ConfigError
from sms_diary.resources import providers_dir
from tests.http_peer import DEFINITIONS

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = (providers_dir(),)
GOOD = """\
[provider]
name = "ours"
title = "Наш"
kind = "http"
verified = "no"

[http]
base_urls = ["https://api.example.ru/"]
secrets = ["key"]

[http.auth.headers]
X-Key = "{secret.key}"

[http.send]
verified = "no"
path = "send"
[http.send.fields]
to = "{phone:digits}"
text = "{text}"

[http.send.reply]
id = "id"

[[http.errors]]
code = [1, "5-9"]
failure = "rejected"

[[http.errors]]
http = 429
failure = "throttled"
delay = "retry-after"

[http.states]
delivered = "ok"

[http.receipts.push]
verified = "no"
state = "status"
id = "id"

[[http.receipts.push.verify]]
algo = "md5"
over = "{field.id}{secret.key}"
field = "sign"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "ours.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_good_file_is_read(tmp_path: Path) -> None:
    http = spec.read(written(tmp_path, GOOD)).http
    assert http is not None
    assert http.verified() == {"send": "no", "receipts.push": "no"}
    codes = http.errors[0].code
    assert codes is not None
    assert "7" in codes
    assert "10" not in codes


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("secrets =", "secret =", "строка 9, http.secret: такой настройки нет"),
        ('path = "send"', 'paht = "send"', "строка 16, http.send.paht: такой настройки нет"),
        ("{phone:digits}", "{phone}", "строка 14, http.send: такого вида у phone нет; бывает: {p"),
        ("{phone:digits}", "{fone}", "строка 14, http.send: слова {fone} нет; есть: secret"),
        ("{text}", "{text", "строка 14, http.send: фигурные скобки — только вокруг слова"),
        ("{text}", "{id}", "строка 14, http.send: {id} здесь не бывает; бывает: secret, phone"),
        ("{text}", "{secret.other}", "строка 7, http: секрет other не назван в secrets"),
        ("{text}", "{coding}", "строка 7, http: для {coding} нужна таблица coding: gsm7 и ucs2"),
        ('id = "id"\n\n[[', 'id = "a["\n\n[[', "строка 22, http.send.reply.id: нужен путь JMESP"),
        ('failure = "rejected"', 'failure = "no"', "строка 26, http.errors.1.failure: такого зна"),
        ('"retry-after"', '"soon"', "строка 31, http.errors.2.delay"),
        ("http = 429\n", "", "строка 28, http.errors.2: скажите, когда это правило"),
        ('code = [1, "5-9"]', "code = [1.5]", "строка 25, http.errors.1.code: нужен код"),
        ('delivered = "ok"', 'delivered = "ok"\nsent = "ok"', "http.states: слово «ok» стоит в д"),
        ('delivered = "ok"', 'arrived = "ok"', "строка 34, http.states.arrived: такой настройки"),
        ('state = "status"\n', "", "строка 36, http.receipts.push.state: нет обязательной"),
        ('id = "id"\n\n[[', 'split = ","\nid = "id"\n\n[[', "http.send.reply: split бывает толь"),
        ('id = "id"\n\n[[', "several = true\n\n[[", "http.send.reply: several бывает только"),
        ('id = "id"\n\n[[', "lines = true\n\n[[", "http.send.reply: lines бывает только вместе"),
        ("{secret.key}\"\nfield", "x\"\nfield", "строка 41, http.receipts.push.verify.1: подпи"),
        ('field = "sign"', 'field = "sign"\nheader = "X"', "строка 41, http.receipts.push.verify"),
        ('"md5"', '"crc32"', "строка 42, http.receipts.push.verify.1.algo: такого значения не"),
        ("https://api", "http://api", "строка 7, http: адрес без https бывает только у своего шл"),
        ('verified = "no"\npath', "path", "строка 14, http.send.verified: нет обязательной наст"),
        ('path = "send"', 'path = "send"\nmost = 5', "http.send: most больше одного бывает только"),
        ("code = [1", "dup = true\ncode = [1", None),
        ('failure = "rejected"', "dup = true", "http.errors.1: dup верят только после потерянного"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_and_key(
    tmp_path: Path, old: str, new: str, told: str | None
) -> None:
    assert GOOD.count(old) >= 1
    file = written(tmp_path, GOOD.replace(old, new, 1))
    if told is None:
        spec.read(file)
        return
    with pytest.raises(ConfigError) as caught:
        spec.read(file)
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


LISTED = """
[http.inbound.queue]
verified = "no"
fields = { since = "{since:unix}" }
reach = 3600
id = "id"
phone = "from"
text = "text"
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", None),
        ("reach = 3600\n", "", "http.inbound.queue: для {since:…} и {until:…} нужен reach"),
        ('id = "id"\n', "", "http.inbound.queue: с reach SMS приходят снова и снова: впишите id"),
        ("{since:unix}", "{ours}", "http.inbound.queue: {ours} здесь не бывает; бывает: secret, "),
        ("3600", "-1", "http.inbound.queue.reach"),
    ],
)
def test_a_list_of_the_last_hours_says_how_far_it_reaches_and_what_tells_sms_apart(
    tmp_path: Path, old: str, new: str, told: str | None
) -> None:
    file = written(tmp_path, GOOD + LISTED.replace(old, new))
    if told is None:
        spec.read(file)
        return
    with pytest.raises(ConfigError) as caught:
        spec.read(file)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("code = 5\nreason = 'Телефон выключен.'", None),
        ("code = 5\nfailure = 'blocked'", None),
        ("code = 5", "http.receipts.codes.1: скажите, что значит этот код: failure, reason или"),
        ("code = 5\nfailure = 'rejected'", "http.receipts.codes.1.failure"),
    ],
)
def test_a_code_beside_a_state_says_something(tmp_path: Path, said: str, told: str | None) -> None:
    file = written(tmp_path, f"{GOOD}\n[[http.receipts.codes]]\n{said}\n")
    if told is None:
        spec.read(file)
        return
    with pytest.raises(ConfigError) as caught:
        spec.read(file)
    assert told in str(caught.value)


def test_gaps_are_filled_and_empty_fields_left_out() -> None:
    values = {"text": "Оценка 5", "n": 3}
    made = fill(
        {
            "a": "{text}",
            "b": "{n}",
            "x[{n}]": ["{text}!", 1],
            "gone": "{sender}",
            "no": "-{sender}",
        },
        lambda gap: values.get(gap.word),
    )
    assert made == {"a": "Оценка 5", "b": 3, "x[3]": ["Оценка 5!", 1]}
    with pytest.raises(ValueError, match="скобки"):
        pieces("{}")


def test_the_schema_for_editors_is_up_to_date_and_speaks_of_every_file() -> None:
    stored = json.loads((ROOT / "docs" / "provider.schema.json").read_text("utf-8"))
    assert stored == schema.schema()
    assert stored["additionalProperties"] is False
    assert {"provider", "smpp", "http"} == set(stored["properties"])


# --- a route of a file


TWO_ADDRESSES = 'base_urls = ["https://api.example.ru/sys/", "https://www2.example.ru/sys/"]'
ROUTED = (
    GOOD.replace(
        'base_urls = ["https://api.example.ru/"]',
        TWO_ADDRESSES + '\nother_base_urls = ["https://api.example.kz/sys/"]',
    )
    .replace('secrets = ["key"]', 'secrets = ["key", "login"]')
    .replace('text = "{text}"', 'text = "{text}"\nlogin = "{secret.login}"')
)
POLLED = """
[http.receipts.poll]
verified = "no"
path = "status"
fields = { id = "{id}" }
state = "state"
after = 120

[http.inbound.push]
verified = "no"
phone = "from"
text = "text"
"""
UNFINISHED = 'unfinished = "Неизвестно, какими числами он называет состояния."\n'


def route(**changes: Any) -> dict[str, Any]:
    own = {"name": "main", "provider": "ours", "secrets": {"login": "x", "key": "y"}}
    return {**own, **changes}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, ...]:
    """A provider of one's own, one that is not finished, and those of the tests."""
    written(tmp_path, ROUTED + POLLED)
    other = ROUTED.replace('"ours"', '"half"').replace("base_urls", UNFINISHED + "base_urls", 1)
    (tmp_path / "half.toml").write_text(other, encoding="utf-8")
    return (tmp_path, DEFINITIONS, *SHIPPED)


INSIDE = {
    "provider": "madeup", "secrets": {"key": "x", "sign": "y"},
    "base_url": "http://10.0.0.5:13013/cgi-bin/",
}  # fmt: skip


def test_a_route_joins_its_own_fields_and_the_file(folders: tuple[Path, ...]) -> None:
    own = profile.load(
        route(source="SHKOLA", callback_token="t" * 16), folders, public_url="https://d.example.ru"
    ).settings
    assert own.urls == ("https://api.example.ru/sys", "https://www2.example.ru/sys")
    assert own.callback("receipts") == f"https://d.example.ru/callbacks/main/{'t' * 16}/receipts"
    assert (own.query_after, own.private) == (120.0, False)
    assert own.masked("login=x&to=y") == "login=***&to=***"
    assert own.carrying().whole


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"secrets": {"login": "x"}}, "в secrets нет key"),
        ({"secrets": {"login": "x", "key": "y", "z": "1"}}, "такого в secrets не бывает: z"),
        ({"provider": "smpp-generic"}, "оператор по SMPP, ему не нужны secrets"),
        ({"provider": "nobody"}, "Нет файла оператора «nobody»"),
        ({"provider": "half"}, "не закончен. Неизвестно, какими числами"),
        ({"base_url": "https://evil.example.ru/"}, "адреса base_url нет в файле провайдера ours"),
        ({"callback_token": "short"}, "callback_token короче 16 знаков"),
        ({**INSIDE, "base_url": ""}, "впишите base_url"),
    ],
)
def test_a_route_that_does_not_fit_its_file_is_refused(
    folders: tuple[Path, ...], changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        profile.load(route(**changes), folders, public_url="")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/", "https://10.0.0.5/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/", "https://100.64.0.1/", "https://2130706433/", "https://127.1/",
        "https://224.0.0.1/",
    ],
)  # fmt: skip
def test_an_address_of_the_inside_is_refused_before_anything_is_sent(
    tmp_path: Path, address: str
) -> None:
    written(tmp_path, ROUTED.replace(TWO_ADDRESSES, f'base_urls = ["{address}"]'))
    with pytest.raises(ConfigError, match="из внутренней сети"):
        profile.load(route(), (tmp_path,), public_url="")


def test_a_reseller_is_a_route_by_its_address_and_a_gateway_of_ones_own_may_be_inside(
    folders: tuple[Path, ...],
) -> None:
    kz = profile.load(route(base_url="https://api.example.kz/sys"), folders, public_url="")
    assert kz.settings.urls == ("https://api.example.kz/sys",)
    assert profile.load(route(**INSIDE), folders, public_url="").settings.private


def test_without_a_public_address_it_is_said_what_a_route_cannot_learn(
    folders: tuple[Path, ...],
) -> None:
    ours = profile.load(route(), folders, public_url="").settings
    assert profile.deaf(ours) == "ответов родителей не будет: впишите public_url и callback_token"
    bare = ROUTED + POLLED.replace(POLLED[: POLLED.index("[http.inbound")], "")
    written(folders[0], bare)
    said = profile.deaf(profile.load(route(), folders, public_url="").settings)
    assert said.startswith("отчётов о доставке не будет, ответов родителей не будет")


NOT_FINISHED = [
    name
    for name in spec.names(SHIPPED)
    if (http := spec.load(name, SHIPPED).http) is not None and http.unfinished
]


@pytest.mark.parametrize("name", NOT_FINISHED)
def test_a_file_that_is_not_finished_says_what_is_missing_and_makes_no_route(name: str) -> None:
    http = spec.load(name, SHIPPED).http
    assert http is not None
    own = route(provider=name, secrets=dict.fromkeys(http.secrets, "x"), base_url="")
    with pytest.raises(ConfigError, match=re.escape(http.unfinished)):
        profile.load(own, SHIPPED, public_url="")
    said = CliRunner().invoke(app, ["provider", "check", str(SHIPPED[0] / f"{name}.toml")])
    assert said.exit_code == 0
    assert f"Не закончен. {http.unfinished}" in said.output
    assert said.output.endswith("Файл верен, но не закончен: маршрута из него не сделать.\n")


def _keys(node: Any) -> set[str]:
    """Every key that the schema knows, at any depth."""
    if isinstance(node, list):
        return set().union(*map(_keys, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    return own.union(*map(_keys, node.values()))


def test_the_page_names_every_key_of_the_format() -> None:
    page = (ROOT / "docs" / "providers.md").read_text("utf-8")
    known = _keys(schema.schema()) - {"from", "to"}  # of a range of SMPP codes
    said = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", page))))
    assert known - said == set()
