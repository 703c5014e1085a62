"""A route over HTTP from its own fields and its provider's file, checked as a whole.

Reading the configuration is `config.py`'s work, the file's form `channels.spec`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sms_diary.channels import spec
from sms_diary.channels.http.client import host_of, is_public
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec import Provider
from sms_diary.channels.spec.http import Http
from sms_diary.errors import ConfigError
from sms_diary.values import value

MIN_TOKEN = 16


@value
class Profile:
    """What a route is told, and by which file."""

    settings: HttpSettings
    provider: Provider


def load(own: Mapping[str, Any], folders: Iterable[Path], *, public_url: str) -> Profile:
    """Raises ConfigError when the file is missing, wrong or unfinished, or does not fit."""
    own = dict(own)
    name = own["name"]
    provider = spec.load(own.pop("provider"), folders)
    http = provider.http
    if http is None:
        raise ConfigError(
            f"Маршрут {name}: {provider.name} — оператор по SMPP, ему не нужны secrets. Впишите "
            "system_id и password."
        )
    if http.unfinished:
        raise ConfigError(
            f"Маршрут {name}: файл провайдера {provider.title} не закончен. {http.unfinished}"
        )
    secrets = _secrets(name, http, own.pop("secrets"))
    token = own.pop("callback_token", "")
    if token and len(token) < MIN_TOKEN:
        raise ConfigError(
            f"Маршрут {name}: callback_token короче {MIN_TOKEN} знаков, его можно угадать."
        )
    urls = _urls(name, provider, http, own.pop("base_url", ""))
    settings = HttpSettings(
        title=provider.title, spec=http, secrets=secrets, urls=urls, private=http.self_hosted,
        public_url=public_url, token=token, rate=own.pop("rate", http.rate),
        gap=own.pop("gap", http.gap),
        concurrent=own.pop("concurrent", http.concurrent),
        query_after=own.pop("query_after", _query_after(http)), **own,
    )  # fmt: skip
    return Profile(settings, provider)


def _secrets(name: str, http: Http, given: Mapping[str, str]) -> dict[str, str]:
    if missing := [one for one in http.secrets if not given.get(one)]:
        raise ConfigError(f"Маршрут {name}: в secrets нет {', '.join(missing)}.")
    if strange := set(given) - {*http.secrets, *http.optional_secrets}:
        raise ConfigError(
            f"Маршрут {name}: такого в secrets не бывает: {', '.join(sorted(strange))}. Бывает: "
            f"{', '.join((*http.secrets, *http.optional_secrets))}."
        )
    return dict(given)


def _urls(name: str, provider: Provider, http: Http, own: str) -> tuple[str, ...]:
    """The route's own address where the file knows it, or the gateway is one's own."""
    known = (*http.base_urls, *http.other_base_urls)
    if own and not http.self_hosted and own.rstrip("/") not in {one.rstrip("/") for one in known}:
        raise ConfigError(
            f"Маршрут {name}: адреса base_url нет в файле провайдера {provider.name}. Какие есть: "
            f"{', '.join(known)}."
        )
    urls = (own,) if own else http.base_urls
    if not urls:
        raise ConfigError(f"Маршрут {name}: впишите base_url, адрес вашего шлюза.")
    if not http.self_hosted and not all(is_public(host_of(url)) for url in urls):
        raise ConfigError(f"Маршрут {name}: адрес провайдера — из внутренней сети, так не бывает.")
    return tuple(url.rstrip("/") for url in urls)


def _query_after(http: Http) -> float:
    return http.receipts.poll.after if http.receipts.poll is not None else 0.0


def deaf(settings: HttpSettings) -> str:
    """What a route cannot learn, in Russian, for whoever checks the settings; "" for nothing."""
    receipts, inbound = settings.spec.receipts, settings.spec.inbound
    told: list[str] = []
    reached = settings.callback("receipts") is not None
    if not reached and receipts.poll is None and receipts.queue is None:
        told.append("отчётов о доставке не будет")
    if not reached and inbound.push is not None and inbound.queue is None:
        told.append("ответов родителей не будет")
    if not told:
        return ""
    return f"{', '.join(told)}: впишите public_url и callback_token"
