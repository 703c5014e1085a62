"""Options from what a person or a script wrote: names and values, in a file or as JSON.

What lives here: reading, and saying in Russian what is wrong. What does not: the options
(`options.py`).
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from pydantic import ValidationError

from sms_diary.errors import ConfigError
from sms_diary.simulator.options import Options


def read(written: str, given: Mapping[str, object] | None = None) -> Options:
    """Return the options of `written`: JSON, or the path of a JSON or TOML file; "" is nothing.

    `given` wins over it, name by name. Raises ConfigError with what is wrong and where.
    """
    return options_of({**(_names(written) if written else {}), **(given or {})})


def options_of(names: Mapping[str, object]) -> Options:
    """Return the options of these names and values; ConfigError when one is unknown or wrong."""
    known = [field.name for field in fields(Options)]
    for name in names:
        if name not in known:
            raise ConfigError(
                f"Имитатор: нет настройки «{name}». Есть такие: {', '.join(sorted(known))}"
            )
    try:
        return Options(**names)  # type: ignore[arg-type]  # it checks them itself
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise ConfigError(
            f"Имитатор: настройка «{name}» не может быть такой: {first['input']!r}. "
            f"Что можно, сказано в docs/simulator.md ({first['msg']})"
        ) from error


def _names(written: str) -> dict[str, object]:
    text, suffix = written, ".json"
    if not written.lstrip().startswith("{"):
        path = Path(written)
        suffix = path.suffix
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"Имитатор: не читается файл настроек {written}: {error}") from error
    try:
        names = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise ConfigError(f"Имитатор: настройки написаны с ошибкой: {error}") from error
    if not isinstance(names, dict):
        raise ConfigError('Имитатор: настройки — это имена и значения: {"cut": 0.001}')
    return names
