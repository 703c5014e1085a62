"""Settings: `SMS_DIARY_*` before the secrets directory before `sms-diary.toml`; checked as one.

Read by the outermost layer only; everybody else gets plain values. Errors are Russian and name
the setting. Secrets never show in a repr.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from sms_diary.errors import ConfigError

DEFAULT_FILE = Path("sms-diary.toml")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(_Section):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)


class Route(_Section):
    """An account at an operator or aggregator; most fields are the SMPP channel's own."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$")
    host: str
    port: int = Field(ge=1, le=65535)
    system_id: str
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    system_type: str = ""
    source: str = ""
    source_ton: int | None = None
    source_npi: int | None = None
    dest_ton: int = 1
    dest_npi: int = 1
    destination_plus: bool = False
    default_alphabet: Literal["gsm7", "ucs2-only"] = "gsm7"
    send_reference: bool = False
    receipt_zone: str = "UTC"
    window: int = Field(100, ge=1, le=10_000)
    rate: float = Field(0.0, ge=0)
    enquire_link: float = Field(30.0, gt=0)
    response_timeout: float = Field(30.0, gt=0)
    tls: bool = False
    ca_file: str = ""

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


_SENTENCES = {
    "missing": "нет обязательной настройки",
    "extra_forbidden": "такой настройки нет",
    "int_parsing": "нужно целое число",
    "int_type": "нужно целое число",
    "float_parsing": "нужно число",
    "bool_parsing": "нужно true или false",
    "string_type": "нужна строка в кавычках",
    "literal_error": "такого значения не бывает",
    "string_pattern_mismatch": "только латинские строчные буквы, цифры и дефис",
    "greater_than_equal": "слишком малое значение",
    "less_than_equal": "слишком большое значение",
    "greater_than": "слишком малое значение",
}


def _explained(wrong: ValidationError) -> str:
    lines = []
    for error in wrong.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in error["loc"])
        lines.append(f"  {place}: {_SENTENCES.get(error['type'], 'значение не подходит')}")
    return "\n".join(lines)


def route_values(route: Route) -> dict[str, Any]:
    """The route's settings as the SMPP channel takes them."""
    values = route.model_dump(exclude={"password", "password_file"})
    return values | {"password": route.secret()}


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
# host = "smpp.example.ru"
# port = 2775
# system_id = "school"
# password_file = "data/smpp-password"   # или SMS_DIARY_ROUTES в окружении
# source = "SCHOOL"                      # имя отправителя, зарегистрированное у оператора
# window = 100                           # сколько частей ждут ответа одновременно
# rate = 50                              # не больше частей в секунду; 0 — без ограничения
"""
