"""A route's settings from where they come: its own fields, its provider's file, the defaults.

The first that says something wins. Reading the configuration is `config.py`'s work, the file's
form `channels.spec`'s; what the values mean stands in `settings.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from sms_diary.channels import spec
from sms_diary.channels.smpp.settings import SmppSettings, VendorCode
from sms_diary.channels.spec import Provider
from sms_diary.errors import ConfigError
from sms_diary.values import value


class Source(StrEnum):
    """Where a setting comes from, the strongest first."""

    ROUTE = "route"
    PROVIDER = "provider"
    DEFAULT = "default"


@value
class Profile:
    """What a route is told, and by whom."""

    settings: SmppSettings
    provider: Provider | None
    sources: Mapping[str, Source]
    """By the name of the setting; only the strongest two, all others are defaults."""

    def source(self, name: str) -> Source:
        return self.sources.get(name, Source.DEFAULT)


def load(own: Mapping[str, Any], folders: Iterable[Path]) -> Profile:
    """A route from its own fields (`provider` among them, or not) and the provider's file.

    Raises ConfigError when the file is missing or wrong, or the whole cannot be a route.
    """
    own = dict(own)
    name = own.pop("provider", None)
    provider = None if name is None else spec.load(name, folders)
    defaults = provider.defaults if provider else {}
    values = {**defaults, **own}
    for needed in ("host", "port"):
        if values.get(needed) is None:
            raise ConfigError(
                f"Маршрут {own['name']}: нет {needed}. Впишите адрес и порт сервера из письма "
                "оператора."
            )
    return Profile(
        SmppSettings(
            **values,
            vendor_codes=_vendor_codes(provider),
            of_phones=provider.of_phones if provider else (),
        ),
        provider,
        dict.fromkeys(defaults, Source.PROVIDER) | dict.fromkeys(own, Source.ROUTE),
    )


def _vendor_codes(provider: Provider | None) -> dict[int, VendorCode]:
    if provider is None:
        return {}
    return {
        status: VendorCode(code.failure, code.scope, code.delay, code.reason)
        for code in provider.codes
        for status in code.codes
    }
