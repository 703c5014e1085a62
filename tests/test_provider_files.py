"""Providers' files: those that ship, what is refused in them, and how a route's settings join."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from sms_diary import config
from sms_diary.channels import spec
from sms_diary.channels.smpp import SmppSettings, profile
from sms_diary.channels.smpp.profile import Source
from sms_diary.channels.smpp.settings import VendorCode
from sms_diary.channels.spec.smpp import Meaning
from sms_diary.config import Route, Settings, load, provider_folders, route_values
from sms_diary.errors import ConfigError
from sms_diary.fields import SmppFields
from sms_diary.model import Failure, Scope
from sms_diary.resources import providers_dir

SHIPPED = (providers_dir(),)
DOCS = (Path(__file__).resolve().parent.parent / "docs" / "providers.md").read_text("utf-8")
OWN = {"name": "main", "system_id": "school", "password": "secret"}
GOOD = """\
# Наш оператор
[provider]
name = "ours"
title = "Наш"
kind = "smpp"
verified = "no"

[smpp]
host = "smpp.example.ru"
port = 2775
source_ton = 5
rate = 20

[[smpp.codes]]
code = 0x401
failure = "balance"
scope = "account"
delay = 600
reason = "Кончился пакет. Купите новый."

[[smpp.codes]]
code = { from = 0x410, to = 0x412 }
failure = "rejected"
"""


def written(folder: Path, text: str, name: str = "ours") -> Path:
    file = folder / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return file


# --- what ships


OVER_SMPP = [name for name in spec.names(SHIPPED) if spec.load(name, SHIPPED).http is None]
WITHOUT_HOST = next(one for one in OVER_SMPP if "host" not in spec.load(one, SHIPPED).defaults)


@pytest.mark.parametrize("name", spec.names(SHIPPED))
def test_every_file_that_ships_says_how_far_it_was_checked(name: str) -> None:
    provider = spec.load(name, SHIPPED)
    assert provider.verified != "live"  # nobody has tried any: change it with a proof
    assert re.search("[а-яё]{3}", provider.note)
    assert f"`{name}.toml`" in (providers_dir() / "README.md").read_text("utf-8")
    assert f"`{name}`" in DOCS


@pytest.mark.parametrize("name", OVER_SMPP)
def test_every_smpp_file_that_ships_makes_a_route(name: str) -> None:
    provider = spec.load(name, SHIPPED)
    values = {"host": "smpp.example.ru", "source": "SHKOLA", **provider.defaults, **OWN}
    settings = SmppSettings(**values)
    settings.zone()


# --- what is in a file


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    provider = spec.read(written(tmp_path, GOOD))
    assert (provider.name, provider.title, provider.verified) == ("ours", "Наш", "no")
    assert provider.defaults == {
        "host": "smpp.example.ru", "port": 2775, "source_ton": 5, "rate": 20.0,
    }  # fmt: skip
    balance, rejected = provider.codes
    assert (balance.codes, balance.failure, balance.scope) == (
        range(0x401, 0x402), Failure.BALANCE, Scope.ACCOUNT,
    )  # fmt: skip
    assert (balance.delay, balance.reason) == (600.0, "Кончился пакет. Купите новый.")
    assert (rejected.codes, rejected.scope) == (range(0x410, 0x413), Scope.MESSAGE)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('host = "smpp', 'hots = "smpp', "строка 9, smpp.hots: такой настройки нет"),
        ("rate = 20", 'bind = "receiver"', "строка 12, smpp.bind: такого значения не бывает; быв"),
        ("port = 2775", "port = 99999", "строка 10, smpp.port: слишком большое значение"),
        ("rate = 20", 'rate = "быстро"', "строка 12, smpp.rate: нужно число"),
        ("rate = 20", 'system_id = "x"', "строка 12, smpp.system_id: такой настройки нет"),
        ('name = "ours"', 'name = "theirs"', "строка 3, provider.name: имя должно быть как у файл"),
        ('title = "Наш"\n', "", "строка 2, provider.title: нет обязательной настройки"),
        ('kind = "smpp"', 'kind = "soap"', "строка 5, provider.kind: такого значения не бывает"),
        ('kind = "smpp"', 'kind = "http"', "раздел [http] нужен там, где kind = http"),
        ('verified = "no"', 'verified = "yes"', "строка 6, provider.verified: такого значения"),
        ("[smpp]", "[smtp]", "строка 8, smtp: такой настройки нет"),
        ('failure = "rejected"', 'failure = "odd"', "строка 23, smpp.codes.2.failure: такого знач"),
        ('scope = "account"', 'scope = "school"', "строка 17, smpp.codes.1.scope: такого знач"),
        ("delay = 600", "delay = -1", "строка 18, smpp.codes.1.delay: слишком малое значение"),
        ("0x412", "0x9999", "строка 22, smpp.codes.2.code: нужен код"),
        ("code = 0x401", "code = 0", "строка 15, smpp.codes.1.code: нужен код"),
        ("code = 0x401", "code = true", "строка 15, smpp.codes.1.code: нужен код"),
        ("code = 0x401", 'code = "0x401"', "строка 15, smpp.codes.1.code: нужен код"),
        ("code = 0x401", "code = 0x411", "строка 8, smpp: код 0x411 объяснён дважды"),
        ("reason =", "reasons =", "строка 19, smpp.codes.1.reasons: такой настройки нет"),
        ("[provider]", "[provider", "не TOML, строка 2"),
    ],
)
def test_what_is_wrong_is_refused_with_file_line_and_key(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in GOOD
    file = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as refused:
        spec.read(file)
    assert told in str(refused.value)
    assert str(file) in str(refused.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("port = 2775", "port = 0").replace('"balance"', '"money"')
    with pytest.raises(ConfigError) as refused:
        spec.read(written(tmp_path, text))
    assert re.findall(r"строка (\d+)", str(refused.value)) == ["10", "16"]


def test_a_line_is_found_behind_comments_and_texts_that_look_like_keys(tmp_path: Path) -> None:
    note = 'note = """\n[smpp]\nport = 1\n"""\n# port = 2\n\n[smpp]'
    text = GOOD.replace("[smpp]", note, 1).replace("port = 2775", "port = 0")
    text += 'reason = """Так надо.\n[smpp]\nport = 3\n"""\n'
    with pytest.raises(ConfigError) as refused:
        spec.read(written(tmp_path, text))
    [line] = re.findall(r"строка (\d+)", str(refused.value))
    assert text.splitlines()[int(line) - 1] == "port = 0"


@pytest.mark.parametrize("form", ["smpp = { prot = 1 }", "smpp.prot = 1"])
def test_a_mistake_in_an_unusual_spelling_is_told_all_the_same(tmp_path: Path, form: str) -> None:
    text = form + "\n" + GOOD[: GOOD.index("[smpp]")]
    with pytest.raises(ConfigError, match=r"строка 1, smpp\.prot: такой настройки нет"):
        spec.read(written(tmp_path, text))


def test_a_file_that_is_no_text_is_told_without_its_octets(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="не читается"):
        spec.read(file)


# --- where a route's settings come from


def test_the_routes_own_word_wins_over_the_file_and_the_file_over_the_defaults(
    tmp_path: Path,
) -> None:
    written(tmp_path, GOOD)
    own = {**OWN, "provider": "ours", "rate": 0.0, "dest_npi": 1}
    found = profile.load(own, (tmp_path,))
    settings = found.settings
    assert (settings.rate, settings.source_ton, settings.window) == (0.0, 5, 100)
    sources = {name: found.source(name) for name in ("rate", "dest_npi", "host", "window")}
    assert sources == {
        "rate": Source.ROUTE, "dest_npi": Source.ROUTE, "host": Source.PROVIDER,
        "window": Source.DEFAULT,
    }  # fmt: skip
    assert settings.vendor_codes[0x401] == VendorCode(
        Failure.BALANCE, Scope.ACCOUNT, 600.0, "Кончился пакет. Купите новый."
    )
    assert set(settings.vendor_codes) == {0x401, 0x410, 0x411, 0x412}


def test_a_file_of_ones_own_comes_before_the_one_that_ships(tmp_path: Path) -> None:
    first, second = OVER_SMPP[:2]
    written(tmp_path, GOOD.replace('"ours"', f'"{first}"'), first)
    folders = provider_folders(Settings(providers=tmp_path))
    assert spec.load(first, folders).title == "Наш"
    assert spec.load(second, folders).title == spec.load(second, SHIPPED).title != "Наш"
    assert provider_folders(Settings()) == SHIPPED


def test_an_unknown_provider_is_refused_with_those_that_there_are() -> None:
    known = ", ".join(spec.names(SHIPPED))
    with pytest.raises(ConfigError, match=rf"«smpp-nobody».*{known}"):
        profile.load({**OWN, "provider": "smpp-nobody"}, SHIPPED)


def test_a_route_without_an_address_from_anybody_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigError, match="Маршрут main: нет host"):
        profile.load({**OWN, "provider": WITHOUT_HOST}, SHIPPED)
    with pytest.raises(ConfigError, match="Маршрут main: нет port"):
        profile.load({**OWN, "host": "smpp.example.ru"}, SHIPPED)


# --- the configuration says the same


NOT_THE_CHANNELS = {
    "provider", "password_file", "reply_to", "backup", "urgent", "out_after", "price",
}  # fmt: skip


def test_whatever_the_channel_can_be_told_a_route_can_say_with_the_same_default() -> None:
    told = {field.name: field for field in dataclasses.fields(SmppSettings)}
    assert set(Route.model_fields) - NOT_THE_CHANNELS == set(told) - {"vendor_codes", "of_phones"}
    for name, field in told.items():
        if field.default is not dataclasses.MISSING:
            assert Route.model_fields[name].default == field.default, name


def test_only_what_a_route_says_itself_is_handed_on() -> None:
    route = Route(
        name="main", system_id="school", password=SecretStr("secret"), rate=0, reply_to="1234"
    )
    assert route_values(route) == {
        "name": "main", "system_id": "school", "password": "secret", "rate": 0.0,
    }  # fmt: skip


def route(**changes: Any) -> Route:
    return Route(**{"name": "main", "system_id": "school", **changes})


@pytest.mark.parametrize("reply_to", ["", "1234", "+79000000000", "79000000000"])
def test_a_way_back_is_a_number_or_none(reply_to: str) -> None:
    assert route(source="SHKOLA", reply_to=reply_to).reply_to == reply_to


@pytest.mark.parametrize("source", ["1234", "+79000000000", ""])
def test_the_sender_is_a_way_back_where_it_is_a_number(source: str) -> None:
    assert route(source=source, reply_to="sender").reply_to == "sender"


@pytest.mark.parametrize(
    "changes",
    [
        {"reply_to": "SHKOLA"}, {"reply_to": "12"}, {"source": "SHKOLA", "reply_to": "sender"},
        {"long": "udh"}, {"validity": "absolut"}, {"registered_delivery": 4}, {"latin_coding": 8},
        {"default_alphabet": "koi8"}, {"sessions": 0}, {"provider": "../x"}, {"bind": "both"},
    ],
)  # fmt: skip
def test_a_wrong_word_of_a_route_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        route(**changes)


def test_a_mistake_of_a_route_is_told_in_russian_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "sms-diary.toml"
    file.write_text(
        '[[routes]]\nname = "main"\nsystem_id = "x"\nsource = "SHKOLA"\nreply_to = "sender"\n'
        '[[routes]]\nname = "two"\nsystem_id = "x"\nlong = "udh"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert "routes.0: reply_to = sender, а на имя отправителя ответить нельзя" in str(refused.value)
    assert "routes.1.long: такого значения не бывает; бывает: udh8, udh16" in str(refused.value)


# --- the page about it


def test_the_page_names_every_key_and_word_of_the_format() -> None:
    keys = [*spec.About.model_fields, *Meaning.model_fields]
    words = [*spec.VERIFIED_RU, *Failure, *Scope, "smpp"]
    assert [word for word in [*keys, *words] if f"`{word}`" not in DOCS] == []
    missing = [name for name in SmppFields.model_fields if f"`{name}`" not in DOCS]
    assert missing == []


def test_the_example_of_the_page_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    example, over_http = re.findall(r"```toml\n(\[provider\].*?)```", DOCS, re.S)
    assert spec.read(written(tmp_path, over_http, "our-http")).http is not None
    name = re.findall(r'^name = "(.+)"', example, re.M)[0]
    provider = spec.read(written(tmp_path, example, name))
    assert provider.codes
    assert config.provider_folders(Settings(providers=tmp_path))[0] == tmp_path
