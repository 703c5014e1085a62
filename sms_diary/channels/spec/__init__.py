"""Providers' files: what is known of an operator, as data (`providers/*.toml`).

A file says who the provider is, how far its statements were checked, the settings that a route of
it starts from, and what the operator's own codes mean in our words. Everything is checked; what is
wrong is told in Russian with file, line and key. Nothing in a file is run. What becomes of the
values is the channels' work (`channels.smpp.profile`, `channels.http`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from sms_diary.channels.spec.http import Http
from sms_diary.channels.spec.lines import Lines
from sms_diary.channels.spec.meanings import OfPhone
from sms_diary.channels.spec.smpp import Smpp
from sms_diary.errors import ConfigError
from sms_diary.fields import Strict, sentence
from sms_diary.model import Failure, Scope
from sms_diary.values import value

VERIFIED_RU: dict[str, str] = {
    "live": "проверено на настоящем операторе",
    "documentation": "по документации оператора, на нём самом не проверено",
    "clients": "по чужим программам, которые с ним работают; на нём самом не проверено",
    "no": "не проверено",
}
"""How far the statements of a file can be trusted."""


@value
class Code:
    """What an operator's own codes mean."""

    codes: range
    failure: Failure
    scope: Scope
    delay: float
    """Seconds before the next try; 0 = as retry.py says."""
    reason: str
    """In Russian; "" = the usual sentence for the failure."""


@value
class Provider:
    """One file, checked."""

    name: str
    title: str
    verified: str
    """A key of `VERIFIED_RU`."""
    note: str
    """In Russian: what is known from where, and what is not."""
    defaults: Mapping[str, Any]
    """Fields of `SmppFields` that the file sets."""
    codes: tuple[Code, ...]
    http: Http | None = None
    """Of a provider over HTTP; then there are no `defaults` and `codes`."""
    of_phones: tuple[OfPhone, ...] = ()
    """What the codes of its receipts say of phones."""


def load(name: str, folders: Iterable[Path]) -> Provider:
    """The provider of this name from the first folder that has it. Raises ConfigError."""
    folders = tuple(folders)
    for folder in folders:
        file = folder / f"{name}.toml"
        if file.is_file():
            return read(file)
    known = ", ".join(names(folders)) or "ни одного"
    raise ConfigError(f"Нет файла оператора «{name}». Какие есть: {known}.")


def names(folders: Iterable[Path]) -> list[str]:
    """Providers that there are files of, in order."""
    return sorted({file.stem for folder in folders for file in folder.glob("*.toml")})


def read(file: Path) -> Provider:
    """One file. Raises ConfigError that names file, line and key of everything wrong in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(
            f"Файл оператора {file} не читается: проверьте права и кодировку (UTF-8)."
        ) from wrong
    try:
        found = File.model_validate(tomllib.loads(text), context=file.stem)
    except tomllib.TOMLDecodeError as wrong:
        raise ConfigError(f"Файл оператора {file} — не TOML{_at_line(wrong)}.") from wrong
    except ValidationError as wrong:
        lines = Lines(text)
        told = [
            f"  {lines.told(error['loc'])}: {sentence(error)}"
            for error in wrong.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join([f"Ошибка в файле оператора {file}:", *told])) from wrong
    about, smpp = found.provider, found.smpp
    return Provider(
        about.name, about.title, about.verified, about.note,
        smpp.model_dump(exclude_unset=True, exclude={"codes", "receipts"}),
        tuple(Code(one.code, one.failure, one.scope, one.delay, one.reason) for one in smpp.codes),
        found.http,
        found.http.receipts.codes if found.http else smpp.receipts,
    )  # fmt: skip


def _at_line(wrong: tomllib.TOMLDecodeError) -> str:
    found = re.search(r"at line (\d+)", str(wrong))
    return f", строка {found[1]}" if found else ""


class About(Strict):
    """`[provider]`: who it is."""

    name: str
    title: str = Field(min_length=1)
    kind: Literal["smpp", "http"]
    verified: Literal["live", "documentation", "clients", "no"]
    note: str = ""

    @field_validator("name")
    @classmethod
    def _as_the_file(cls, name: str, info: ValidationInfo) -> str:
        if name != info.context:
            raise ValueError(f"имя должно быть как у файла: {info.context}")
        return name


class File(Strict):
    """A whole file."""

    provider: About
    smpp: Smpp = Smpp()
    http: Http | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> File:
        if (self.provider.kind == "http") != (self.http is not None):
            raise ValueError("раздел [http] нужен там, где kind = http, и только там")
        if self.http is not None and self.smpp.model_fields_set:
            raise ValueError("раздела [smpp] там, где kind = http, не бывает")
        return self
