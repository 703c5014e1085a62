"""The format of HTTP providers' files: what is refused, with line and key; its JSON Schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sms_diary.channels import spec
from sms_diary.channels.http import profile
from sms_diary.channels.spec import schema
from sms_diary.channels.spec.templates import fill, pieces
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
    assert "7" in http.errors[0].code  # type: ignore[operator]
    assert "10" not in http.errors[0].code  # type: ignore[operator]


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


def route(**changes: Any) -> dict[str, Any]:
    own = {"name": "main", "provider": "smscru", "secrets": {"login": "x", "password": "y"}}
    return {**own, **changes}


def test_a_route_joins_its_own_fields_and_the_file() -> None:
    own = profile.load(
        route(source="SHKOLA", callback_token="t" * 16), SHIPPED, public_url="https://d.example.ru"
    ).settings
    assert own.urls == ("https://smsc.ru/sys", "https://www2.smsc.ru/sys")
    assert own.callback("receipts") == f"https://d.example.ru/callbacks/main/{'t' * 16}/receipts"
    assert (own.query_after, own.private) == (120.0, False)
    assert own.masked("login=x&psw=y") == "login=***&psw=***"
    assert own.carrying().whole


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"secrets": {"login": "x"}}, "в secrets нет password"),
        ({"secrets": {"login": "x", "password": "y", "z": "1"}}, "такого в secrets не бывает: z"),
        ({"provider": "smpp-smscru"}, "оператор по SMPP, ему не нужны secrets"),
        ({"provider": "nobody"}, "Нет файла оператора «nobody»"),
        ({"provider": "mts-exolve"}, "не закончен. Неизвестно, какими числами"),
        ({"base_url": "https://evil.example.ru/"}, "адреса base_url нет в файле провайдера smscru"),
        ({"callback_token": "short"}, "callback_token короче 16 знаков"),
        ({"provider": "kannel", "secrets": {"username": "x", "password": "y"}}, "впишите base_url"),
    ],
)
def test_a_route_that_does_not_fit_its_file_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        profile.load(route(**changes), SHIPPED, public_url="")
    assert told in str(caught.value)


def test_a_reseller_is_a_route_by_its_address_and_a_gateway_of_ones_own_may_be_inside() -> None:
    kz = profile.load(route(base_url="https://smsc.kz/sys"), SHIPPED, public_url="")
    assert kz.settings.urls == ("https://smsc.kz/sys",)
    inside = route(
        provider="kannel", secrets={"username": "x", "password": "y"},
        base_url="http://10.0.0.5:13013/cgi-bin/",
    )  # fmt: skip
    assert profile.load(inside, SHIPPED, public_url="").settings.private


def test_without_a_public_address_it_is_said_what_a_route_cannot_learn() -> None:
    smsc = profile.load(route(), SHIPPED, public_url="").settings
    assert profile.deaf(smsc) == "ответов родителей не будет: впишите public_url и callback_token"
    kannel = route(
        provider="kannel", secrets={"username": "x", "password": "y"}, base_url="http://10.0.0.5"
    )
    said = profile.deaf(profile.load(kannel, SHIPPED, public_url="").settings)
    assert said.startswith("отчётов о доставке не будет, ответов родителей не будет")


def test_no_provider_is_named_in_any_python_file() -> None:
    """A provider is data: whoever adds one adds two files and no code."""
    names = {name.removeprefix("smpp-") for name in spec.names((*SHIPPED, DEFINITIONS))}
    names -= {"generic", "kannel", "jasmin", "madeup"}
    package = ROOT / "sms_diary"
    guilty = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in [*(package / "channels").rglob("*.py"), *(package / "api").rglob("*.py")]
        for name in names
        if name in file.read_text("utf-8").lower()
    ]
    assert guilty == []


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
