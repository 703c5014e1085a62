"""Settings: `SMS_DIARY_*` before the secrets directory before `sms-diary.toml`; checked as one.

Read by the outermost layer only; everybody else gets plain values. Errors are Russian and name
the setting. Secrets never show in a repr.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from sms_diary.errors import ConfigError
from sms_diary.fields import SmppFields, Strict, sentence
from sms_diary.resources import providers_dir

DEFAULT_FILE = Path("sms-diary.toml")


class Web(Strict):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)


_NAME = r"^[a-z0-9][a-z0-9-]*$"
_REPLY_TO = re.compile(r"|sender|\+?[0-9]{3,15}")


class Route(SmppFields):
    """An account at an operator or aggregator: its own fields, and whatever the provider's file
    says otherwise."""

    name: str = Field(min_length=1, max_length=40, pattern=_NAME)
    provider: str | None = Field(None, min_length=1, max_length=40, pattern=_NAME)
    """The file in `providers/` whose settings hold where the route has none."""
    system_id: str
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    source: str = ""
    reply_to: str = ""
    """How texts say where to answer: "" nowhere, "sender", or a number."""
    address_range: str = ""
    addr_ton: int = Field(0, ge=0, le=0xFF)
    addr_npi: int = Field(0, ge=0, le=0xFF)
    local_address: str = ""
    ca_file: str = ""
    trace: str = ""
    trace_personal: bool = False

    @field_validator("reply_to")
    @classmethod
    def _is_a_way_back(cls, reply_to: str) -> str:
        if _REPLY_TO.fullmatch(reply_to) is None:
            raise ValueError("пусто, sender или номер, на который отвечать")
        return reply_to

    @model_validator(mode="after")
    def _a_name_cannot_be_answered(self) -> Self:
        named = self.source and not self.source.removeprefix("+").isdecimal()
        if named and self.reply_to == "sender":
            raise ValueError(
                "reply_to = sender, а на имя отправителя ответить нельзя: укажите номер или уберите"
            )
        return self

    def secret(self) -> str:
        """The password itself, from its file if one is named."""
        if self.password_file is None:
            return self.password.get_secret_value()
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except OSError as wrong:
            raise ConfigError(
                f"Маршрут {self.name}: не читается password_file {self.password_file}."
            ) from wrong


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
    routes: tuple[Route, ...] = ()
    templates: Path | None = None
    """A folder of SMS texts instead of those that ship."""
    providers: Path | None = None
    """A folder of providers' files of one's own, before those that ship."""
    log: Literal["json", "plain"] = "json"
    lease_seconds: float = Field(30.0, ge=1)
    """How long a dead process's routes stay its own (PostgreSQL)."""

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
    return settings


def _explained(wrong: ValidationError) -> str:
    lines = []
    for error in wrong.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in error["loc"])
        lines.append(f"  {place}: {sentence(error)}")
    return "\n".join(lines)


def route_values(route: Route) -> dict[str, Any]:
    """What the route itself says to its channel (`channels.smpp.profile.load`), no defaults."""
    own = route.model_dump(exclude_unset=True, exclude={"password", "password_file", "reply_to"})
    return own | {"password": route.secret()}


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
