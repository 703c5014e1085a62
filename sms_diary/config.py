"""Settings: `SMS_DIARY_*` before the secrets directory before `sms-diary.toml`; checked as one.

Read by the outermost layer only; everybody else gets plain values. Errors are Russian and name
the setting. Secrets never show in a repr.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from sms_diary.errors import ConfigError
from sms_diary.fields import Answerable, Followed, Priced, SmppFields, Strict, sentence
from sms_diary.resources import providers_dir

DEFAULT_FILE = Path("sms-diary.toml")


class Web(Strict):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    proxies: tuple[str, ...] = Field(("127.0.0.1", "::1"), max_length=20)
    """Whose X-Forwarded-For is believed."""


class Numbers(Strict):
    """When a number that nothing arrives at is written to no more."""

    failing_days: int = Field(14, ge=3, le=90)
    failing_messages: int = Field(3, ge=2, le=100)
    undelivered_days: int = Field(90, ge=14, le=365)


_NAME = r"^[a-z0-9][a-z0-9-]*$"
_PUBLIC_URL = re.compile(r"|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


class Route(SmppFields, Answerable, Followed, Priced):
    """An account at an operator or aggregator over SMPP: its own fields, and whatever the
    provider's file says otherwise."""

    name: str = Field(min_length=1, max_length=40, pattern=_NAME)
    provider: str | None = Field(None, min_length=1, max_length=40, pattern=_NAME)
    """The file in `providers/` whose settings hold where the route has none."""
    system_id: str
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    address_range: str = ""
    addr_ton: int = Field(0, ge=0, le=0xFF)
    addr_npi: int = Field(0, ge=0, le=0xFF)
    local_address: str = ""
    ca_file: str = ""
    trace: str = ""
    trace_personal: bool = False

    def secret(self) -> str:
        """The password itself, from its file if one is named."""
        if self.password_file is None:
            return self.password.get_secret_value()
        return _from_file(self.name, "password_file", self.password_file)


class SecretFile(Strict):
    file: Path


class HttpRoute(Answerable, Followed, Priced):
    """An account at a provider over HTTP; it is one by its `secrets`."""

    name: str = Field(min_length=1, max_length=40, pattern=_NAME)
    provider: str = Field(min_length=1, max_length=40, pattern=_NAME)
    secrets: dict[str, SecretStr | SecretFile]
    """By the names that the provider's file gives them: values, or files that hold them."""
    base_url: str = ""
    callback_token: SecretStr | SecretFile = SecretStr("")
    """What stands in the address to which the provider brings receipts."""
    proxy: str = ""
    ca_file: str = ""
    rate: float = Field(0.0, ge=0)
    gap: float = Field(0.0, ge=0, le=86_400)
    concurrent: int | None = Field(None, ge=1, le=64)
    query_after: float = Field(0.0, ge=0)
    balance_low: float = Field(0.0, ge=0)

    def secret(self, name: str, given: SecretStr | SecretFile) -> str:
        if isinstance(given, SecretFile):
            return _from_file(self.name, name, given.file)
        return given.get_secret_value()


def _from_file(route: str, name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"Маршрут {route}: не читается {name} {file}.") from wrong


def _kind(given: Any) -> str:
    is_http = isinstance(given, HttpRoute) or (isinstance(given, dict) and "secrets" in given)
    return _HTTP if is_http else _SMPP


_SMPP, _HTTP = "smpp", "http"
AnyRoute = Annotated[
    Annotated[Route, Tag(_SMPP)] | Annotated[HttpRoute, Tag(_HTTP)], Discriminator(_kind)
]


class Settings(BaseSettings):
    """Everything that can be set. A missing file is an empty one."""

    model_config = SettingsConfigDict(
        env_prefix="SMS_DIARY_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    database: str = "sqlite:data/sms-diary.db"
    """`sqlite:PATH` or `postgresql://…`."""
    database_wait: float = Field(10.0, gt=0, le=60)
    """Seconds for which a write waits while another program holds the SQLite file."""
    key_file: Path = Path("data/sms-diary.key")
    web: Web = Web()
    numbers: Numbers = Numbers()
    routes: tuple[AnyRoute, ...] = ()
    templates: Path | None = None
    """A folder of SMS texts instead of those that ship."""
    providers: Path | None = None
    """A folder of providers' files of one's own, before those that ship."""
    public_url: str = ""
    """How providers reach this service from outside; "" = not at all."""
    log: Literal["json", "plain"] = "json"
    watch: dict[str, Path] = {}
    """School → the folder whose new files are imported."""
    lease_seconds: float = Field(30.0, ge=1)
    """How long a dead process's routes stay its own (PostgreSQL)."""

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if _PUBLIC_URL.fullmatch(url) is None:
            raise ValueError("нужен адрес вида https://sms.school.example.ru")
        return url.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # no .env: two places are enough
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, file_secret_settings, toml


def load(file: Path | None) -> Settings:
    """Settings from `file` (or `sms-diary.toml` here, if there is one) and the environment.

    Paths in the file are relative to where the command runs. The secrets directory is
    `$CREDENTIALS_DIRECTORY` (systemd) or /run/secrets. Raises ConfigError.
    """
    path = file or DEFAULT_FILE
    if file is not None and not file.exists():
        raise ConfigError(f"Нет файла настроек {file}. Его создаёт команда: sms-diary init")
    secrets = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/run/secrets"))

    class Loaded(Settings):
        model_config = SettingsConfigDict(
            toml_file=path, secrets_dir=secrets if secrets.is_dir() else None
        )

    try:
        settings = Loaded()
    except ValidationError as wrong:
        raise ConfigError(f"Ошибка в настройках ({path}):\n{_explained(wrong)}") from wrong
    except SettingsError as wrong:  # its text quotes the value, which may be a password
        raise ConfigError(
            "Переменная SMS_DIARY_… или файл из каталога секретов не читается: списки и разделы "
            "(SMS_DIARY_ROUTES, SMS_DIARY_WEB) пишутся как JSON."
        ) from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise ConfigError(f"Файл {path} — не TOML: {wrong}") from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(
            f"Файл {path} не читается: проверьте права и кодировку (UTF-8)."
        ) from wrong
    names = [route.name for route in settings.routes]
    if len(set(names)) < len(names):
        raise ConfigError("Два маршрута названы одинаково: у каждого своё имя (name).")
    for route in settings.routes:
        _check_orders(route, names)
    return settings


def _check_orders(route: Route | HttpRoute, names: Sequence[str]) -> None:
    for key, order in (("backup", (route.name, *route.backup)), ("urgent", route.urgent)):
        if unknown := [name for name in order if name not in names]:
            raise ConfigError(f"Маршрут {route.name}: в {key} нет маршрута «{unknown[0]}».")
        if len(set(order)) < len(order):
            raise ConfigError(f"Маршрут {route.name}: в {key} маршрут назван дважды.")


def _explained(wrong: ValidationError) -> str:
    lines = []
    for error in wrong.errors(include_url=False, include_input=False):
        # The kind of a route is ours, not a key of the file.
        place = ".".join(
            str(part)
            for at, part in enumerate(error["loc"])
            if not (part in (_SMPP, _HTTP) and at == 2)  # noqa: PLR2004  # routes.0.smpp.name
        )
        lines.append(f"  {place}: {sentence(error)}")
    return "\n".join(lines)


def route_values(route: Route | HttpRoute) -> dict[str, Any]:
    """What the route itself says to its channel (`channels.*.profile.load`), no defaults."""
    ours = {"reply_to", *Followed.model_fields, *Priced.model_fields}
    if isinstance(route, Route):
        own = route.model_dump(exclude_unset=True, exclude={"password", "password_file", *ours})
        return own | {"password": route.secret()}
    own = route.model_dump(exclude_unset=True, exclude={"secrets", "callback_token", *ours})
    secrets = {name: route.secret(name, given) for name, given in route.secrets.items()}
    token = route.secret("callback_token", route.callback_token)
    return own | {"secrets": secrets, "callback_token": token}


def provider_folders(settings: Settings) -> tuple[Path, ...]:
    """Where providers' files are looked for, the first that has one wins."""
    own = () if settings.providers is None else (settings.providers,)
    return (*own, providers_dir())


EXAMPLE = """\
# Настройки «SMS-дневника». Проверить: sms-diary check
database = "sqlite:data/sms-diary.db"
key_file = "data/sms-diary.key"   # без копии этого файла резервная копия базы бесполезна

[web]
host = "127.0.0.1"
port = 8080

# Договор с оператором или агрегатором (SMPP 3.4). Без маршрута сообщения только копятся.
# [[routes]]
# name = "main"
# provider = "smpp-generic"              # что известно об операторе: sms-diary route show main
# host = "smpp.example.ru"
# port = 2775
# system_id = "school"
# password_file = "data/smpp-password"   # или SMS_DIARY_ROUTES в окружении
# source = "SCHOOL"                      # имя отправителя, зарегистрированное у оператора
# window = 100                           # сколько частей ждут ответа одновременно
# rate = 50                              # не больше частей в секунду; 0 — без ограничения
"""
